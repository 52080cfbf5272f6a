"""What a file does to its reader stays in the reader's process and comes back as one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jne_engine.errors import InputError, UnsafeFileError
from jne_engine.readers import child
from jne_engine.readers.child import read_in_child
from jne_engine.readers.labels import read_labels
from jne_engine.readers.meshes import read_mesh
from jne_engine.readers.parcels import RESULT, read_parcel, write_parcel
from jne_engine.readers.surface_values import read_surface_values
from jne_engine.readers.tables import read_table
from jne_engine.readers.volumes import read_volume
from tests.engine.readers.files import refused
from tests.engine.readers.image_files import (
    MAPS,
    cifti,
    gifti_labels,
    gifti_mesh,
    nifti,
    packed,
)


def assert_same(found: object, expected: object) -> None:
    """Require two results to agree in type and in everything they hold."""
    if isinstance(expected, np.ndarray):
        assert isinstance(found, np.ndarray)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    elif isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected)
    elif hasattr(expected, "items"):
        assert list(found) == list(expected)
        for key in expected:
            assert_same(found[key], expected[key])
    elif hasattr(expected, "__dataclass_fields__") or hasattr(expected, "_fields"):
        assert type(found) is type(expected)
        names = getattr(expected, "_fields", None) or expected.__dataclass_fields__
        for name in names:
            assert_same(getattr(found, name), getattr(expected, name))
    else:
        assert found == expected
        assert type(found) is type(expected)


CASES = {
    "a.dscalar.nii": (cifti(), read_surface_values),
    "lh.a.label.gii": (gifti_labels(), read_labels),
    "a.surf.gii": (gifti_mesh(), read_mesh),
    "a.nii.gz": (packed(nifti()), read_volume),
    "a.csv": (b"id,scene\n1,\"a, b\"\n2,\n", read_table),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_results_cross_without_loss(tmp_path: Path, name: str) -> None:
    content, read = CASES[name]
    (tmp_path / name).write_bytes(content)
    expected = read(tmp_path / name)
    folder = tmp_path / "parcel"
    folder.mkdir()
    write_parcel(folder, expected)
    assert_same(read_parcel(folder, max_bytes=10**6), expected)


def test_a_file_is_read_in_a_child_with_its_options(tmp_path: Path) -> None:
    (tmp_path / "a.label.gii").write_bytes(gifti_labels())
    labels = read_in_child("labels", tmp_path / "a.label.gii", options={"hemi": "right"})
    assert_same(labels, read_labels(tmp_path / "a.label.gii", hemi="right"))


def test_a_refusal_comes_back_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.array([None]), allow_pickle=True)
    with refused("a.npy", "Python objects", error=UnsafeFileError):
        read_in_child("array", path)
    with refused("kind of file"):
        read_in_child("pickle", path)
    with refused("none.npy", "a file"):
        read_in_child("array", tmp_path / "none.npy")


@pytest.mark.parametrize(("deed", "match"), [
    ("crash", "SIGSEGV"), ("loop", "takes longer"), ("still", "takes longer"),
    ("memory", "MemoryError"), ("fail", "fails on"), ("object_array", "Python objects"),
    ("text", "type str"),
])  # fmt: skip
def test_a_reader_that_misbehaves_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deed: str, match: str
) -> None:
    monkeypatch.setattr(child, "_MODULE", "tests.engine.readers.evil_child")
    monkeypatch.setattr(child, "_STARTING_SECONDS", 4.0 if deed == "still" else 60.0)
    (tmp_path / f"{deed}.npy").write_bytes(b"x")
    seconds = 0.3 if "longer" in match else 20.0
    with pytest.raises(InputError, match=match) as caught:
        read_in_child("array", tmp_path / f"{deed}.npy", seconds=seconds, memory=2 * 2**30)
    assert str(caught.value).isprintable()


def test_a_child_knows_no_secrets_of_its_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "_MODULE", "tests.engine.readers.evil_child")
    monkeypatch.setenv("SECRET_TOKEN", "x")
    (tmp_path / "environment.npy").write_bytes(b"x")
    known = read_in_child("array", tmp_path / "environment.npy")
    np.testing.assert_array_equal(known, [0, 1])


@pytest.mark.parametrize("tree", [
    [1], {"array": "../secret"}, {"type": "Path", "fields": {}}, {"type": "Mesh", "fields": {}},
    {"tuple": 3}, {"mapping": [[1]]}, {"mapping": [[{"tuple": [[]]}, 1]]}, {"array": 7},
])  # fmt: skip
def test_a_result_is_as_untrusted_as_a_file(tmp_path: Path, tree: object) -> None:
    (tmp_path / RESULT).write_text(json.dumps(tree))
    with pytest.raises(InputError):
        read_parcel(tmp_path, max_bytes=100)


def test_a_result_may_not_take_more_than_the_limit(tmp_path: Path) -> None:
    write_parcel(tmp_path, MAPS)
    assert read_parcel(tmp_path, max_bytes=MAPS.nbytes).shape == MAPS.shape
    with refused("0.npy", "at most", error=UnsafeFileError):
        read_parcel(tmp_path, max_bytes=MAPS.nbytes - 1)
