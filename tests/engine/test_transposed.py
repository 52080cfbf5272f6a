"""A matrix whose axes are exchanged is told in one line, with what to do."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.io

from jne_engine.core.errors import InputError
from jne_engine.datasets.description import read_dataset


@pytest.mark.parametrize(
    ("turned", "expected"),
    [
        (
            ("responses",),
            r"responses.npy: expected \(n_stimuli, n_voxels\), found \(200, 60\), col",
        ),
        (("features",), r"features.npy: expected \(n_stimuli, n_features\), found \(7, 60\), col"),
        (
            ("features", "responses"),
            r"features.npy and responses.npy: expected .* found \(7, 60\) and \(200, 60\), col",
        ),
    ],
)
def test_transposed_matrices_are_one_line(tmp_path, turned, expected):
    rng = np.random.default_rng(0)
    for name, n in (("features", 7), ("responses", 200)):
        values = rng.standard_normal((60, n)).astype(np.float32)
        np.save(tmp_path / f"{name}.npy", values.T if name in turned else values)
    with pytest.raises(InputError, match=expected) as caught:
        read_dataset(tmp_path)
    assert "transpose: one row a stimulus" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_lengths_are_not_called_transposed(tmp_path):
    np.save(tmp_path / "features.npy", np.ones((60, 7), np.float32))
    np.save(tmp_path / "responses.npy", np.ones((61, 200), np.float32))
    with pytest.raises(InputError, match="expected 60 stimuli as features, found 61"):
        read_dataset(tmp_path)


@pytest.mark.parametrize("axes", [(2, 1, 0), (1, 0, 2), (0, 2, 1), (1, 2, 0), (2, 0, 1)])
@pytest.mark.parametrize("suffix", ["npy", "mat"])
def test_repeats_with_other_axes_are_one_line(tmp_path, axes, suffix):
    rng = np.random.default_rng(0)
    for name, n in (("features", 7), ("responses", 9)):
        np.save(tmp_path / f"{name}.npy", rng.standard_normal((60, n)).astype(np.float32))
    repeats = rng.standard_normal((3, 6, 9)).transpose(axes)  # of 6 test stimuli
    if suffix == "npy":
        np.save(tmp_path / "test_repeats.npy", repeats)
    else:
        scipy.io.savemat(tmp_path / "test_repeats.mat", {"repeats": repeats})
    expected = rf"test_repeats.{suffix}: expected \(n_repeats, 6, 9\), found .*other order"
    with pytest.raises(InputError, match=expected) as caught:
        read_dataset(tmp_path)
    assert "MATLAB's files have theirs reversed" in str(caught.value)


def test_repeats_of_other_lengths_are_not_called_reversed(tmp_path):
    for name, shape in (("features", (60, 7)), ("responses", (60, 9)), ("test_repeats", (3, 5, 9))):
        np.save(tmp_path / f"{name}.npy", np.random.default_rng(0).normal(size=shape))
    with pytest.raises(InputError, match=r"expected \(n_repeats, 6, 9\), found \(5, 9\)"):
        read_dataset(tmp_path)
