"""Dictionaries of arrays that numpy pickled: read exactly, and nothing in them is run."""

from __future__ import annotations

import os
from contextlib import suppress

import numpy as np
import pytest

from jne_engine.core.errors import InputError, JneError
from jne_engine.datasets.glmsingle.files import read_design
from jne_engine.formats.pickled_npy import read_pickled_npy

RNG = np.random.default_rng(0)
VALUES = {
    "large": RNG.normal(size=(6, 7, 8, 200)).astype(np.float32),
    "fortran": np.asfortranarray(RNG.normal(size=(60, 50, 9))),
    "swapped": np.arange(5, dtype=">i4"),
    "empty": np.zeros((0, 3)),
    "flags": np.array([True, False]),
    "list": [np.arange(3), np.float64(2.5), None, 3],
    "inner": {"sessionindicator": np.ones((1, 4))},
    "text": "x",
    "number": np.int64(7),
}


class Touch:
    """Make a file when it is unpickled by those who run pickles."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_values_are_those_that_were_saved(tmp_path):
    np.save(tmp_path / "a.npy", VALUES)
    found = read_pickled_npy(tmp_path / "a.npy")
    for key in ("large", "fortran", "swapped", "empty", "flags"):
        assert found[key].shape == VALUES[key].shape
        np.testing.assert_array_equal(found[key], VALUES[key])
    assert isinstance(found["large"], np.memmap)
    np.testing.assert_array_equal(found["list"][0], np.arange(3))
    assert found["list"][1:] == [2.5, None, 3]
    assert (found["text"], found["number"]) == ("x", 7)
    np.testing.assert_array_equal(found["inner"]["sessionindicator"], np.ones((1, 4)))


def test_code_in_a_file_is_not_run(tmp_path):
    np.save(tmp_path / "a.npy", {"x": Touch(tmp_path / "ran"), "y": np.arange(3)})
    found = read_pickled_npy(tmp_path / "a.npy")
    assert not (tmp_path / "ran").exists()
    assert found["x"] is None
    np.testing.assert_array_equal(found["y"], np.arange(3))
    np.load(tmp_path / "a.npy", allow_pickle=True)
    assert (tmp_path / "ran").exists(), "the file does hold code"


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95, 0.999])
def test_a_file_that_is_cut_short_is_one_line(tmp_path, share):
    np.save(tmp_path / "a.npy", VALUES)
    content = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(content[: int(len(content) * share)])
    with pytest.raises(JneError, match=r"a\.npy"):
        read_pickled_npy(tmp_path / "a.npy")


def test_a_changed_byte_is_an_error_or_another_value_and_never_code(tmp_path):
    np.save(tmp_path / "a.npy", {k: v for k, v in VALUES.items() if k not in ("large", "fortran")})
    content = (tmp_path / "a.npy").read_bytes()
    for at in RNG.integers(0, len(content), 400):
        changed = bytearray(content)
        changed[at] ^= 1 << int(RNG.integers(8))
        (tmp_path / "a.npy").write_bytes(changed)
        with suppress(JneError):  # any other exception would be a traceback to a person
            read_pickled_npy(tmp_path / "a.npy")


def test_plain_arrays_and_contradicting_designs_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3))
    with pytest.raises(InputError, match="a saved dictionary"):
        read_pickled_npy(tmp_path / "a.npy")
    np.save(tmp_path / "DESIGNINFO.npy", {"stimorder": [0, 1, 1], "numtrialrun": [2, 2]})
    with pytest.raises(InputError, match="numtrialrun"):
        read_design(tmp_path / "DESIGNINFO.npy")
