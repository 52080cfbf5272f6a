"""Offsets and scales of features and responses change neither R² nor what is told about them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jne_engine.datasets.dataset import EncodingDataset, Provenance, Splits, StimulusTable
from jne_engine.model.scaling import Scaling, tell_far
from jne_engine.model.spec import RunSpec
from jne_engine.runs.pipeline import compute_run
from jne_engine.runs.store import read_scaling

MOVES = [(2, 1, 0, 1), (-40, 7, 0, 1), (0, 1e-3, 5, 100), (1e4, 300, -9, 0.01)]
"""Offset and scale of the responses, then of the features."""
SPEC = RunSpec(n_hidden=24, max_epochs=60, n_resamples=20, batch_size=64)


def make(x: np.ndarray, y: np.ndarray) -> EncodingDataset:
    n = len(x)
    rows = np.arange(n)
    return EncodingDataset(
        "linear", "S1", x.astype(np.float32), y.astype(np.float32),
        Splits(rows[: n // 2], rows[n // 2 : 3 * n // 4], rows[3 * n // 4 :]),
        StimulusTable(pd.DataFrame(index=[f"s{i}" for i in rows])), Provenance("made for a test"),
    )  # fmt: skip


def draw() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((800, 6))
    signal = x @ rng.standard_normal((6, 5)) / np.sqrt(6)
    return x, signal + 0.5 * rng.standard_normal(signal.shape)


def fit(x, y, root, spec=SPEC):
    return compute_run(make(x, y), spec, root)


def r2(run, name="linear"):
    return run.stage("scores").read_array(f"r2_{name}")


@pytest.fixture(scope="module")
def centred(tmp_path_factory):
    return fit(*draw(), tmp_path_factory.mktemp("centred"))


@pytest.mark.parametrize("moves", MOVES)
def test_a_linear_response_scores_the_same_whatever_its_offset_and_scale(centred, tmp_path, moves):
    offset, scale, shift, stretch = moves
    x, y = draw()
    moved = fit(shift + stretch * x, offset + scale * y, tmp_path)
    np.testing.assert_allclose(r2(moved), r2(centred), atol=0.01)
    np.testing.assert_allclose(r2(moved, "nonlinear"), r2(centred, "nonlinear"), atol=0.01)
    assert r2(centred)[:4].min() > 0.75


def test_means_and_scales_are_those_of_the_training_stimuli_only():
    rng = np.random.default_rng(1)
    values = (3e5 + rng.standard_normal((4000, 3)) * [1, 50, 0]).astype(np.float32)
    rows = np.arange(0, 4000, 3)
    values[1::3] = np.nan
    found = Scaling.fit(values, rows)
    wide = values[rows].astype(np.float64)
    np.testing.assert_allclose(found.mean, wide.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.scale[:2], wide.std(axis=0)[:2], rtol=1e-6)
    assert found.scale[2] == 1
    np.testing.assert_allclose(found.apply(values[rows])[:, 2], 0)


def test_the_run_keeps_what_was_taken_off_and_says_so(centred, tmp_path):
    x, y = draw()
    kept = read_scaling(centred.stage("dataset"), "response")
    np.testing.assert_allclose(kept.mean, y[:400].astype(np.float32).mean(axis=0), atol=1e-6)
    assert any("400 training stimuli" in note for note in centred.manifest.notes)
    assert not centred.manifest.warnings

    plain = fit(x, y + 2, tmp_path, RunSpec.paper(n_hidden=24, max_epochs=5, n_resamples=5))
    assert read_scaling(plain.stage("dataset"), "response") is None
    assert any("Responses: 5 of 5 columns" in line for line in plain.manifest.warnings)
    assert not any(line.startswith("Features") for line in plain.manifest.warnings)


def test_far_columns_are_counted_and_near_ones_are_not_told():
    near = Scaling(np.array([0.05, -0.05]), np.array([1.2, 0.8]))
    assert tell_far("features", near) is None
    far = Scaling(np.array([0.0, 3.0, 0.0]), np.array([1.0, 1.0, 0.01]))
    assert "2 of 3 columns" in tell_far("features", far)
