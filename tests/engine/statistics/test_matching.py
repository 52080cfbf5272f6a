"""Matched groups agree in what they are matched on, and only then lose its effect."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from jne_engine.analysis.statistics import (
    compare_matched_pairs,
    compute_matched_trend,
    compute_trend,
    match_groups,
)
from jne_engine.core.errors import InputError


@pytest.fixture
def covariates():
    rng = np.random.default_rng(0)
    return [rng.normal(m, 0.1, n) for m, n in ((0.2, 400), (0.3, 500), (0.35, 300))]


def test_groups_keep_equal_counts_a_bin_without_repeats(covariates):
    matching = match_groups(covariates, n_bins=10, n_draws=3, seed=1)
    for draw in matching.draws:
        for rows, covariate in zip(draw, covariates, strict=True):
            assert len(set(rows)) == len(rows) == matching.n
            counts, _ = np.histogram(covariate[rows], bins=matching.edges)
            np.testing.assert_array_equal(counts, matching.taken)
    for g, covariate in enumerate(covariates):
        counts, _ = np.histogram(covariate, bins=matching.edges)
        np.testing.assert_array_equal(matching.available[:, g], counts)
    np.testing.assert_array_equal(matching.taken, matching.available.min(axis=1))


def test_draws_differ_and_the_seed_decides_them(covariates):
    one, same, other = (match_groups(covariates, n_draws=2, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one.draws[0][0], same.draws[0][0])
    assert not np.array_equal(one.draws[0][0], one.draws[1][0])
    assert not np.array_equal(one.draws[0][0], other.draws[0][0])


def test_a_trend_that_only_the_covariate_makes_is_gone_and_another_stays(covariates):
    rng = np.random.default_rng(1)
    only = [c + rng.normal(0, 0.05, c.size) for c in covariates]
    own = [values + 0.1 * g for g, values in enumerate(only)]
    matching = match_groups(covariates, n_bins=30)
    assert compute_trend(only).p < 1e-6
    assert compute_matched_trend(only, matching).p > 0.01
    found = compute_matched_trend(own, matching)
    assert found.p < 1e-6
    assert found.n == (matching.n,) * 3
    assert found.n_draws == len(matching.draws)


def test_averages_are_over_the_draws(covariates):
    matching = match_groups(covariates, n_draws=4)
    found = compute_matched_trend(covariates, matching)
    each = [
        compute_trend([c[rows] for c, rows in zip(covariates, draw, strict=True)])
        for draw in matching.draws
    ]
    assert found.z == pytest.approx(np.mean([t.z for t in each]))
    assert found.p == pytest.approx(stats.norm.sf(found.z))
    assert found.effect == pytest.approx(np.mean([t.effect for t in each]))


def test_pairs_are_mann_whitney_tests_and_mirror_images(covariates):
    matching = match_groups(covariates, n_draws=1)
    values = [np.random.default_rng(2).normal(size=c.size) + c for c in covariates]
    found = {(c.first, c.second): c for c in compare_matched_pairs(values, matching)}
    parts = [v[rows] for v, rows in zip(values, matching.draws[0], strict=True)]
    for (i, j), c in found.items():
        expected = stats.mannwhitneyu(
            parts[i], parts[j], alternative="greater", method="asymptotic", use_continuity=False
        )
        assert (c.statistic, c.p) == pytest.approx((expected.statistic, expected.pvalue))
        assert c.effect == pytest.approx(1 - found[j, i].effect)
        assert (c.low, c.high) == pytest.approx((1 - found[j, i].high, 1 - found[j, i].low))


@pytest.mark.parametrize("second", [[5.0, 6.0], [], [np.nan]])
def test_nothing_in_common_is_told(second):
    matching = match_groups([[1.0, 2.0], second])
    assert matching.n == 0
    assert all(np.isnan(c.p) for c in compare_matched_pairs([[1.0, 2.0], second], matching))
    with pytest.raises(InputError, match="values in two groups"):
        compute_matched_trend([[1.0, 2.0], second], matching)
