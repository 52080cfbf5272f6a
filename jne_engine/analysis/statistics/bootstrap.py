"""Percentile intervals by bootstrap: resample counts times values.

Axes: b resample, v voxel. A resample's mean is Σ_v C[b, v] x[v] / n, where row b of C says how
often each voxel was drawn; no resample is ever copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from jne_engine.core.arrays import Float64Array

CONFIDENCE = 0.95
N_RESAMPLES = 1000
BLOCK_VALUES = 2_000_000
"""Resample counts held at once (16 MB); a part of what a seed means."""


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval.

    Parameters
    ----------
    value, low, high : float
        Estimate and limits; NaN where there are too few values.
    n : int
        Values that it is made of; of a difference, both samples together.
    """

    value: float
    low: float
    high: float
    n: int


def estimate_mean(
    values: npt.ArrayLike, *, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> Estimate:
    """Return the mean of the finite values with its percentile interval.

    Parameters
    ----------
    values : array_like, shape (n_voxels,)
        Not finite ones are left out.
    n_resamples : int
        Number of resamples.
    seed : int
        Seed of the resample counts.

    Returns
    -------
    Estimate
        The interval is NaN below two values.

    References
    ----------
    Efron and Tibshirani (1993), *An Introduction to the Bootstrap*, chapter 13.
    """
    x = keep_finite(values)
    if x.size == 0:
        return Estimate(np.nan, np.nan, np.nan, 0)
    return _summarise(
        float(x.mean()), resample_means(x, n_resamples=n_resamples, seed=seed), x.size
    )


def estimate_share(
    values: npt.ArrayLike, cutoff: float, *, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> Estimate:
    """Return the share of the finite values above ``cutoff``, as :func:`estimate_mean`."""
    high = keep_finite(values) > cutoff
    return estimate_mean(high.astype(np.float64), n_resamples=n_resamples, seed=seed)


def estimate_median(values: npt.ArrayLike) -> Estimate:
    """Return the median of the finite values with its percentile bootstrap interval.

    Parameters
    ----------
    values : array_like, shape (n_voxels,)
        Not finite ones are left out.

    Returns
    -------
    Estimate
        The limits are those of infinitely many resamples, which need not be drawn: the m-th
        smallest value of a resample is at most x_(k) where m or more of its n draws are among the
        k smallest, P = P(Binomial(n, k / n) >= m). Of an even number of values the lower of both
        middle ones gives the low limit and the upper one the high one. NaN below two values.

    References
    ----------
    Efron and Tibshirani (1993), *An Introduction to the Bootstrap*, chapters 2 and 13.
    """
    x = np.sort(keep_finite(values))
    n = x.size
    if n < 2:
        return Estimate(float(x[0]) if n else np.nan, np.nan, np.nan, n)
    tail, among = (1 - CONFIDENCE) / 2, np.arange(1, n + 1) / n
    low = np.searchsorted(stats.binom.sf((n + 1) // 2 - 1, n, among), tail)
    high = np.searchsorted(stats.binom.sf(n // 2, n, among), 1 - tail)
    return Estimate(float(np.median(x)), float(x[low]), float(x[high]), n)


def resample_means(
    values: npt.ArrayLike, *, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> Float64Array:
    """Return the mean of each bootstrap resample of finite values.

    Parameters
    ----------
    values : array_like, shape (n_voxels,)
        At least two; of one value no resample differs, and all are NaN.
    n_resamples, seed : int
        As in :func:`estimate_mean`.

    Returns
    -------
    numpy.ndarray of float64, shape (n_resamples,)
    """
    x = np.asarray(values, dtype=np.float64)
    if x.size < 2:
        return np.full(n_resamples, np.nan)
    centre = float(x.mean())
    parts = [counts @ (x - centre) for counts in draw_counts(x.size, n_resamples, seed)]
    return centre + np.concatenate(parts) / x.size


def draw_counts(n: int, n_resamples: int, seed: int) -> Iterator[Float64Array]:
    """Yield the resample counts block by block, each (n_of_block, n); rows sum to ``n``.

    Drawn voxels are counted, which is several times as fast as drawing the counts themselves.
    """
    size = max(1, BLOCK_VALUES // n)
    rng = np.random.default_rng(seed)
    for start in range(0, n_resamples, size):
        rows = min(size, n_resamples - start)
        drawn = rng.integers(0, n, size=(rows, n), dtype=np.int32) + n * np.arange(rows)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
        yield counts.astype(np.float64)


def keep_finite(values: npt.ArrayLike) -> Float64Array:
    """Return the finite values in float64."""
    x: Float64Array = np.asarray(values, dtype=np.float64).ravel()
    finite: Float64Array = x[np.isfinite(x)]
    return finite


def find_limits(draws: Float64Array) -> tuple[float, float]:
    """Return the limits of the middle 95 % of resampled values."""
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return float(low), float(high)


def _summarise(value: float, draws: Float64Array, n: int) -> Estimate:
    return Estimate(value, *find_limits(draws), n)
