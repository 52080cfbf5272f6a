"""The trend test equals counting pairs, and its approximation the permutation distribution."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from jne_engine.analysis.statistics import compute_trend
from jne_engine.analysis.statistics.ranks import compute_effect, count_values, count_wins
from jne_engine.analysis.statistics.trend import compute_variance
from jne_engine.core.errors import InputError


def count_by_hand(groups):
    """Count ordered pairs one by one."""
    total = 0.0
    for i, lower in enumerate(groups):
        for upper in groups[i + 1 :]:
            total += sum((y > x) + 0.5 * (y == x) for x in lower for y in upper)
    return total


def cut(values, sizes):
    return np.split(np.asarray(values, dtype=float), np.cumsum(sizes)[:-1])


@pytest.mark.parametrize("levels", [4, 50, None])
@pytest.mark.parametrize("sizes", [(12, 9, 15), (7, 20), (5, 6, 7, 8, 4)])
def test_statistic_equals_pair_counting(levels, sizes):
    rng = np.random.default_rng(len(sizes))
    x = rng.normal(size=sum(sizes)) if levels is None else rng.integers(0, levels, sum(sizes))
    found = compute_trend(cut(x, sizes))
    assert found.statistic == pytest.approx(count_by_hand(cut(x, sizes)))
    pairs = (sum(sizes) ** 2 - sum(n * n for n in sizes)) / 2
    assert found.effect == pytest.approx(found.statistic / pairs)
    assert found.n == sizes


@pytest.mark.parametrize(
    "values", [(1, 2, 3, 4, 5, 6, 7), (1, 1, 2, 2, 2, 3, 4), (0, 0, 0, 0, 0, 1, 1)]
)
def test_mean_and_variance_equal_those_over_all_permutations(values):
    sizes = (2, 3, 2)
    exact = np.array([count_by_hand(cut(order, sizes)) for order in permutations(values)])
    groups = cut(values, sizes)
    assert compute_trend(groups).expected == pytest.approx(exact.mean())
    assert compute_variance(count_values(groups)) == pytest.approx(exact.var())


def test_p_is_near_the_exact_permutation_p():
    sizes, values = (3, 3, 3), [1.0, 2.5, 3.0, 2.0, 4.0, 6.0, 5.0, 7.0, 6.0]
    observed = count_by_hand(cut(values, sizes))
    rng = np.random.default_rng(0)
    exact = [count_by_hand(cut(rng.permutation(values), sizes)) for _ in range(4000)]
    # The exact distribution is discrete; the normal curve passes through the middle of its steps.
    middle = (np.mean(np.array(exact) >= observed) + np.mean(np.array(exact) > observed)) / 2
    assert compute_trend(cut(values, sizes)).p == pytest.approx(middle, abs=0.01)


def test_two_groups_are_mann_whitney_without_continuity_correction():
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 9, 40), rng.integers(1, 11, 30)
    expected = stats.mannwhitneyu(
        y, x, alternative="greater", method="asymptotic", use_continuity=False
    )
    found = compute_trend([x, y])
    assert (found.statistic, found.p) == pytest.approx((expected.statistic, expected.pvalue))


def test_p_is_uniform_without_a_trend_and_one_sided():
    rng = np.random.default_rng(4)
    p = [compute_trend(cut(rng.normal(size=45), (15, 15, 15))).p for _ in range(500)]
    assert stats.kstest(p, "uniform").pvalue > 0.01
    falling = [np.arange(10.0) + 20, np.arange(10.0) + 10, np.arange(10.0)]
    assert compute_trend(falling).p > 0.999
    assert compute_trend(falling).effect == 0


def test_wins_of_all_groups_equal_scipy():
    rng = np.random.default_rng(5)
    groups = [rng.integers(0, 6, n) for n in (8, 11, 5)]
    wins = count_wins(count_values(groups))
    for i, j in permutations(range(3), 2):
        assert wins[i, j] == stats.mannwhitneyu(groups[i], groups[j]).statistic


def test_the_effects_variance_is_delongs():
    """Against the placements of single values, one by one."""
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=25), rng.normal(0.5, 1, 18)
    above = [np.mean([(b > a) + 0.5 * (a == b) for b in y]) for a in x]
    below = [np.mean([(b > a) + 0.5 * (a == b) for a in x]) for b in y]
    spread = np.sqrt(np.var(above, ddof=1) / 25 + np.var(below, ddof=1) / 18)
    effect, low, high = compute_effect(count_values([x, y]))
    assert effect == pytest.approx(np.mean(above))
    half = 1.959963984540054 * spread / (effect * (1 - effect))
    for limit, sign in ((low, -1), (high, 1)):
        assert np.log(limit / (1 - limit)) == pytest.approx(
            np.log(effect / (1 - effect)) + sign * half
        )


def test_the_effects_interval_covers_the_truth():
    rng = np.random.default_rng(7)
    truth = np.mean([stats.norm.cdf(d / np.sqrt(2)) for d in (0.5, 0.5, 1.0)])
    found = [compute_trend([rng.normal(m, 1, 40) for m in (0, 0.5, 1.0)]) for _ in range(400)]
    assert 0.91 <= np.mean([t.low <= truth <= t.high for t in found]) <= 0.98


def test_no_spread_and_no_groups():
    flat = compute_trend([[1.0, 1.0], [1.0, 1.0]])
    assert np.isnan(flat.p)
    assert flat.effect == 0.5
    with pytest.raises(InputError, match="values in two groups"):
        compute_trend([[1.0, 2.0], [np.nan], []])
    assert compute_trend([[1.0, np.nan], [], [2.0]]).n == (1, 0, 1)
