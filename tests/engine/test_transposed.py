"""A matrix whose axes are exchanged is told in one line, with what to do."""

from __future__ import annotations

import numpy as np
import pytest

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
