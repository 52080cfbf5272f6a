"""Tests over subjects equal enumeration, scipy and the simulated truth."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from jne_engine.analysis.statistics import compare_within_subjects, fit_mixed_model
from jne_engine.core.errors import InputError


def test_p_counts_all_sign_flips():
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.4, 1, 6), rng.normal(0, 1, 6)
    d = first - second
    flips = [np.dot(signs, d) >= d.sum() for signs in product((1, -1), repeat=6)]
    found = compare_within_subjects(first, second)
    assert found.p == pytest.approx(np.mean(flips))
    expected = stats.permutation_test(
        (d,), np.mean, permutation_type="samples", alternative="greater", n_resamples=np.inf
    )
    assert found.p == pytest.approx(expected.pvalue)
    interval = stats.ttest_rel(first, second).confidence_interval()
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.effect == pytest.approx(d.mean() / d.std(ddof=1))


def test_four_subjects_cannot_go_below_one_sixteenth():
    found = compare_within_subjects([2.0, 3.0, 4.0, 5.0], [1.0, 1.5, 2.0, 2.5])
    assert found.p == found.smallest_p == 1 / 16
    assert (found.n, found.n_positive, found.exact) == (4, 4, True)


def test_many_subjects_are_flipped_at_random_near_the_t_test():
    rng = np.random.default_rng(1)
    first, second = rng.normal(0.3, 1, 40), rng.normal(0, 1, 40)
    found = compare_within_subjects(first, second)
    assert not found.exact
    expected = stats.ttest_rel(first, second, alternative="greater").pvalue
    assert found.p == pytest.approx(expected, abs=0.02)


def test_missing_and_single_subjects():
    assert compare_within_subjects([1.0, np.nan, 3.0], [0.0, 1.0, 1.0]).n == 2
    nobody = compare_within_subjects([np.nan], [1.0])
    assert nobody.n == 0
    assert np.isnan(nobody.p)
    alone = compare_within_subjects([2.0], [1.0])
    assert (alone.p, alone.smallest_p) == (0.5, 0.5)
    assert np.isnan(alone.low)


def plant(slope, *, n_subjects=4, seed=0):
    """Return means of three tiers with an intercept a subject and a planted slope."""
    rng = np.random.default_rng(seed)
    subjects = np.repeat([f"S{i}" for i in range(n_subjects)], 3)
    tiers = np.tile([0, 1, 2], n_subjects)
    values = np.repeat(rng.normal(1, 0.5, n_subjects), 3) + slope * tiers
    return values + rng.normal(0, 0.05, values.size), tiers, list(subjects)


def test_a_planted_slope_is_recovered_and_none_is_not_found():
    found = fit_mixed_model(*plant(0.3))
    assert found.low < 0.3 < found.high
    assert found.p < 1e-6
    assert (found.n_subjects, found.n_rows, found.converged) == (4, 12, True)
    nothing = fit_mixed_model(*plant(0.0))
    assert nothing.low < 0 < nothing.high
    assert nothing.p > 0.05


def test_a_balanced_slope_is_that_of_the_subjects_own_lines():
    """With all tiers in every subject, the fixed slope is the mean of the subjects' slopes."""
    values, tiers, subjects = plant(0.2, seed=3)
    slopes = [np.polyfit(tiers[i : i + 3], values[i : i + 3], 1)[0] for i in range(0, 12, 3)]
    assert fit_mixed_model(values, tiers, subjects).slope == pytest.approx(np.mean(slopes))


def test_a_fit_at_the_border_says_so():
    values, tiers, subjects = plant(0.3, seed=1)
    same = values - np.repeat(values.reshape(4, 3).mean(axis=1), 3)
    found = fit_mixed_model(same, tiers, subjects)
    assert found.notes


@pytest.mark.parametrize(
    ("values", "tiers", "subjects"),
    [([1, 2, 3, 4], [0, 1, 0, 1], ["a"] * 4), ([1, 2, 3, 4], [1] * 4, ["a", "b"] * 2),
     ([1, 2, 3, np.nan], [0, 1, 0, 1], ["a", "a", "b", "b"])],
)  # fmt: skip
def test_too_little_is_refused(values, tiers, subjects):
    with pytest.raises(InputError, match="two subjects, two tiers and four means"):
        fit_mixed_model(values, tiers, subjects)
