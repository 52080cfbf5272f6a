"""Bootstrap intervals equal a plain loop over the same resamples."""

from __future__ import annotations

import numpy as np
import pytest

from jne_engine.analysis.statistics import bootstrap, estimate_mean, estimate_share, resample_means


def loop_means(values, n_resamples, seed):
    """Copy every resample, as the counts say, and take its mean."""
    means = []
    for block in bootstrap.draw_counts(len(values), n_resamples, seed):
        for row in block:
            resample = [v for v, times in zip(values, row, strict=True) for _ in range(int(times))]
            assert len(resample) == len(values)
            means.append(sum(resample) / len(resample))
    return np.array(means)


@pytest.mark.parametrize("block_values", [2_000_000, 37 * 9])
def test_resamples_equal_a_loop_in_one_block_or_many(monkeypatch, block_values):
    monkeypatch.setattr(bootstrap, "BLOCK_VALUES", block_values)
    x = np.random.default_rng(0).gamma(2, size=37) + 100
    np.testing.assert_allclose(
        resample_means(x, n_resamples=50, seed=3), loop_means(x, 50, 3), rtol=1e-12
    )


def test_mean_and_share_take_the_middle_95_percent_of_the_loop():
    rng = np.random.default_rng(1)
    x = rng.normal(2, 1, 40)
    found = estimate_mean([*x, np.nan], n_resamples=200, seed=5)
    expected = np.quantile(loop_means(x, 200, 5), [0.025, 0.975])
    assert (found.value, found.n) == (pytest.approx(x.mean()), 40)
    np.testing.assert_allclose([found.low, found.high], expected)
    found = estimate_share(x, 2.0, n_resamples=200, seed=5)
    expected = np.quantile(loop_means((x > 2).astype(float), 200, 5), [0.025, 0.975])
    assert found.value == pytest.approx((x > 2).mean())
    np.testing.assert_allclose([found.low, found.high], expected)


def test_the_interval_covers_the_mean_about_95_times_in_100():
    rng = np.random.default_rng(2)
    draws = [estimate_mean(rng.normal(size=60), n_resamples=400, seed=i) for i in range(400)]
    covered = np.mean([e.low <= 0 <= e.high for e in draws])
    assert 0.91 <= covered <= 0.98


@pytest.mark.parametrize(("values", "n"), [([], 0), ([np.nan], 0), ([3.0], 1)])
def test_too_few_values_leave_the_interval_undefined(values, n):
    found = estimate_mean(values)
    assert found.n == n
    assert np.isnan(found.low)
    assert np.isnan(found.high)


def test_the_seed_decides_the_interval():
    x = np.arange(20.0)
    assert estimate_mean(x, seed=1) == estimate_mean(x, seed=1) != estimate_mean(x, seed=2)
