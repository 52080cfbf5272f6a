"""Intervals of means and shares equal their textbook formulas, and cover what they should."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jne_engine.analysis.estimates import estimate_mean, estimate_share

T_39 = 2.0226909200367595  # 97.5 % point of Student's t with 39 degrees of freedom
Z = 1.959963984540054  # 97.5 % point of the normal


def test_a_mean_has_students_interval():
    x = np.random.default_rng(1).normal(2, 1, 40)
    mean = sum(x) / 40
    error = math.sqrt(sum((v - mean) ** 2 for v in x) / 39) / math.sqrt(40)
    found = estimate_mean([*x, np.nan, np.inf])
    assert found.n == 40
    np.testing.assert_allclose(
        [found.value, found.low, found.high],
        [mean, mean - T_39 * error, mean + T_39 * error], rtol=1e-12,
    )  # fmt: skip


@pytest.mark.parametrize("n_high", [0, 7, 40])
def test_a_share_has_wilsons_interval_within_0_and_1(n_high):
    x = np.r_[np.full(n_high, 3.0), np.full(40 - n_high, 1.0), np.nan]
    found, p = estimate_share(x, 2.0), n_high / 40
    centre = (p + Z**2 / 80) / (1 + Z**2 / 40)
    half = Z / (1 + Z**2 / 40) * math.sqrt(p * (1 - p) / 40 + Z**2 / 6400)
    assert (found.value, found.n) == (p, 40)
    np.testing.assert_allclose([found.low, found.high], [centre - half, centre + half], atol=1e-12)
    assert 0 <= found.low < found.high <= 1


def test_the_intervals_cover_the_truth_about_95_times_in_100():
    rng = np.random.default_rng(2)
    means = [estimate_mean(rng.normal(size=20)) for _ in range(1000)]
    shares = [estimate_share(rng.normal(size=60), 1.0) for _ in range(1000)]
    above_one = 0.15865525393145707
    assert 0.935 <= np.mean([e.low <= 0 <= e.high for e in means]) <= 0.965
    assert 0.93 <= np.mean([e.low <= above_one <= e.high for e in shares]) <= 0.97


@pytest.mark.parametrize(("values", "n"), [([], 0), ([np.nan], 0), ([3.0], 1)])
def test_too_few_values_leave_the_interval_undefined(values, n):
    found = estimate_mean(values)
    assert found.n == n
    assert np.isnan(found.low)
    assert np.isnan(found.high)
