"""Scores equal scikit-learn, statsmodels and plain loops."""

import numpy as np
import pytest
from sklearn.metrics import r2_score
from statsmodels.stats.multitest import multipletests

from jne_engine.core.errors import InputError
from jne_engine.model import scoring
from jne_engine.model.scoring import (
    compute_bootstrap_pvalues,
    compute_noise_ceiling,
    compute_r2,
    correct_fdr,
    draw_bootstrap_counts,
)


def responses_and_predictions(n_stimuli=60, n_voxels=40, seed=0):
    """Draw voxels from unpredictable to well predicted, with means far from zero."""
    rng = np.random.default_rng(seed)
    signal = rng.standard_normal((n_stimuli, n_voxels))
    strength = np.linspace(0, 0.9, n_voxels)
    noise = rng.standard_normal((n_stimuli, n_voxels))
    return 5 + strength * signal + noise, 5 + strength * signal


def test_r2_equals_scikit_learn():
    y, p = responses_and_predictions()
    np.testing.assert_allclose(
        compute_r2(y, p), r2_score(y, p, multioutput="raw_values"), rtol=1e-12
    )


def test_constant_and_nan_voxels_are_marked_invalid():
    y, p = responses_and_predictions(n_voxels=5)
    y[:, 1], y[3, 2] = 4.0, np.nan
    for values in (compute_r2(y, p), compute_bootstrap_pvalues(y, p)):
        np.testing.assert_array_equal(np.isnan(values), [False, True, True, False, False])


def test_bootstrap_equals_a_resampling_loop_with_the_same_counts():
    y, p = responses_and_predictions()
    counts = draw_bootstrap_counts(60, 200, seed=3).astype(int)
    below = np.zeros(y.shape[1])
    for row in counts:
        rows = np.repeat(np.arange(60), row)
        below += r2_score(y[rows], p[rows], multioutput="raw_values") < 0
    expected = below / 200
    assert np.count_nonzero((expected > 0) & (expected < 1)) > 0  # the case is not trivial
    np.testing.assert_allclose(compute_bootstrap_pvalues(y, p, 200, seed=3), expected, atol=1e-6)


def test_blocks_of_voxels_change_nothing(monkeypatch):
    y, p = responses_and_predictions()
    repeats = np.stack([y, p, y - p])
    whole = compute_r2(y, p), compute_bootstrap_pvalues(y, p), compute_noise_ceiling(repeats)
    monkeypatch.setattr(scoring, "VOXEL_BLOCK", 7)
    parts = compute_r2(y, p), compute_bootstrap_pvalues(y, p), compute_noise_ceiling(repeats)
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-12)


def test_counts_are_reproducible_and_complete():
    counts = draw_bootstrap_counts(50, 20, seed=1)
    assert counts.shape == (20, 50)
    np.testing.assert_array_equal(counts.sum(axis=1), 50)
    np.testing.assert_array_equal(counts, draw_bootstrap_counts(50, 20, seed=1))
    assert not np.array_equal(counts, draw_bootstrap_counts(50, 20, seed=2))


def test_fdr_equals_statsmodels_and_leaves_nan_out():
    p = np.random.default_rng(0).uniform(size=50) ** 2
    expected = multipletests(p, method="fdr_bh")[1]
    with_gaps = np.full(60, np.nan)
    with_gaps[5:55] = p
    q = correct_fdr(with_gaps)
    np.testing.assert_allclose(q[5:55], expected, rtol=1e-12)
    assert np.isnan(q[:5]).all()
    assert np.isnan(q[55:]).all()


def test_fdr_of_nothing_is_nothing():
    assert np.isnan(correct_fdr([np.nan, np.nan])).all()


def test_noise_ceiling_equals_its_formula_voxel_by_voxel():
    rng = np.random.default_rng(2)
    signal = rng.standard_normal((1, 80, 6))
    repeats = signal * np.linspace(0, 2, 6) + rng.standard_normal((3, 80, 6))
    repeats = (repeats - repeats.mean(1, keepdims=True)) / repeats.std(1, keepdims=True)
    for voxel, actual in enumerate(compute_noise_ceiling(repeats)):
        noise = np.mean([np.var(repeats[:, s, voxel], ddof=1) for s in range(80)])
        ratio = np.sqrt(max(1 - noise, 0)) / np.sqrt(noise)
        assert actual == pytest.approx(100 * 3 * ratio**2 / (1 + 3 * ratio**2), rel=1e-10)


def test_noise_ceiling_of_identical_repeats_is_100_and_of_a_constant_is_invalid():
    repeats = np.random.default_rng(3).standard_normal((1, 20, 2)).repeat(3, axis=0)
    repeats[:, :, 1] = 1.0
    ceiling = compute_noise_ceiling(repeats)
    assert ceiling[0] == pytest.approx(100)
    assert np.isnan(ceiling[1])


def test_mismatched_shapes_are_refused():
    with pytest.raises(InputError, match=r"\(4, 3\) and \(4, 2\)"):
        compute_r2(np.zeros((4, 3)), np.zeros((4, 2)))
    with pytest.raises(InputError, match="repeats"):
        compute_noise_ceiling(np.zeros((4, 3)))


def test_the_ceiling_of_repeats_that_are_not_scaled_is_that_of_scaled_ones():
    rng = np.random.default_rng(4)
    signal = rng.standard_normal((1, 400, 3))
    repeats = signal + 0.9 * rng.standard_normal((3, 400, 3))
    scaled = (repeats - repeats.mean(axis=(0, 1))) / repeats.std(axis=(0, 1))
    expected = compute_noise_ceiling(scaled)
    found = compute_noise_ceiling([5, -3, 100] + repeats * [4, 0.01, 1], scaled=False)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    truth = 100 * 1 / (1 + 0.81 / 3)
    np.testing.assert_allclose(found, truth, atol=4)


def test_the_ceiling_of_mixed_counts_is_that_of_a_loop():
    rng = np.random.default_rng(5)
    repeats = rng.standard_normal((1, 60, 4)) + 0.7 * rng.standard_normal((3, 60, 4))
    repeats[2, 10:30] = np.nan
    repeats[1:, 30:45] = np.nan
    found = compute_noise_ceiling(repeats, scaled=False)
    for voxel in range(4):
        columns = [r[np.isfinite(r)] for r in repeats[:, :, voxel].T]
        noise = np.mean([c.var(ddof=1) for c in columns if c.size > 1])
        signal = max(np.concatenate(columns).var() - noise, 0)
        share = np.mean([1 / c.size for c in columns])
        assert found[voxel] == pytest.approx(100 * signal / (signal + noise * share), rel=1e-9)


def test_a_voxel_that_misses_one_presentation_that_others_have_has_no_ceiling():
    repeats = np.random.default_rng(6).standard_normal((2, 30, 3))
    repeats[1, 4, 2] = np.nan
    assert list(np.isnan(compute_noise_ceiling(repeats))) == [False, False, True]
