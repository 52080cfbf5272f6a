"""The estimator in scikit-learn's manner: its contract, and the engine's numbers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils.estimator_checks import check_estimator

import jne_engine as jne

QUICK = {"n_hidden": 32, "n_blocks": 1, "max_epochs": 200, "patience": 20, "n_resamples": 20,
         "batch_size": 32, "learning_rate": 5e-3}  # fmt: skip


def test_scikit_learns_own_checks_pass():
    """Array API input is the one that scikit-learn leaves out unless SciPy is told to have it."""
    found = check_estimator(jne.NonlinearEncoder(**QUICK), on_fail=None, on_skip=None)
    others = {each["check_name"]: each["status"] for each in found if each["status"] != "passed"}
    assert set(others) <= {"check_array_api_input"}, others
    assert len(found) > 45


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((600, 8))
    w = rng.standard_normal((8, 6))
    linear = x @ w[:, :3]
    bent = np.abs(x @ w[:, 3:]) - 2
    y = np.concatenate([linear, bent], axis=1) + 0.3 * rng.standard_normal((600, 6))
    return x, 100 + 7 * y


@pytest.fixture(scope="module")
def fitted(arrays):
    return jne.NonlinearEncoder(**QUICK).fit(*arrays)


def test_it_tells_linear_from_nonlinear_voxels_and_predicts_in_their_units(fitted, arrays):
    x, y = arrays
    assert fitted.score(x[fitted.splits_.test], y[fitted.splits_.test]) > 0.6
    assert (fitted.nonlinear_share_[3:] > 0.5).all()
    assert (fitted.nonlinear_share_[:3] < 0.1).all()
    assert (fitted.q_nonlinearity_[3:] < 0.01).all()
    assert fitted.jne_.shape == (6,)
    assert fitted.jne_ss_.shape == (fitted.splits_.test.size, 6)


def test_its_numbers_are_those_of_the_stored_run(fitted, arrays, tmp_path):
    run = jne.fit(*arrays, out=tmp_path, progress=False, **QUICK)
    for name in ("jne", "jne_calibrated", "nonlinear_share", "nonlinear_share_low",
                 "nonlinear_share_high", "nonlinear_share_fitted", "q_nonlinearity"):  # fmt: skip
        np.testing.assert_allclose(getattr(fitted, f"{name}_"), run.map(name), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(fitted.jne_ss_, run.jne_ss(), rtol=1e-3, atol=1e-6)


def test_predictions_are_the_encoders_written_out(fitted, arrays):
    """Standardise, one hidden layer, one residual block, readout, back to units; by loops."""
    x, y = arrays
    train = fitted.splits_.train
    first, block, readout = (w.detach().double().numpy() for w in fitted.encoder_.parameters())
    mean, scale = y[train].mean(axis=0), y[train].std(axis=0)
    for row in (0, 17):
        z = (x[row] - x[train].mean(axis=0)) / x[train].std(axis=0)
        hidden = np.array([max(0.0, sum(w * v for w, v in zip(r, z, strict=True))) for r in first])
        added = np.array([max(0.0, float(r @ hidden)) for r in block])
        expected = np.array([float(r @ (hidden + added)) for r in readout]) * scale + mean
        np.testing.assert_allclose(fitted.predict(x[row : row + 1])[0], expected, rtol=1e-9)


def test_it_works_in_searches_and_folds(arrays):
    x, y = arrays[0][:150], arrays[1][:150, :2]
    encoder = jne.NonlinearEncoder(**{**QUICK, "max_epochs": 5})
    assert cross_val_score(encoder, x, y, cv=2).shape == (2,)
    search = GridSearchCV(encoder, {"n_hidden": [4, 8]}, cv=2).fit(x, y)
    assert search.best_params_["n_hidden"] in (4, 8)
    assert clone(encoder).get_params() == encoder.get_params()


def test_splits_and_groups_are_kept(arrays):
    x, y = arrays[0][:90], arrays[1][:90, 0]
    quick = jne.NonlinearEncoder(**{**QUICK, "max_epochs": 3})
    groups = np.repeat(np.arange(9), 10)
    splits = quick.fit(x, y, groups=groups).splits_
    held = [set(groups[getattr(splits, s)]) for s in ("train", "validation", "test")]
    assert sum(map(len, held)) == 9
    given = {"train": np.arange(70), "validation": np.arange(70, 80), "test": np.arange(80, 90)}
    np.testing.assert_array_equal(quick.fit(x, y, splits=given).splits_.test, given["test"])
    assert quick.predict(x).shape == (90,)
    with pytest.raises(jne.InputError, match="groups"):
        quick.fit(x, y, groups=groups[:5])
