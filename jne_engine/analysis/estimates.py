"""Numbers with their 95 % intervals and counts: correlations, means, shares, medians."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from jne_engine.core.arrays import AnyArray, Float64Array

CONFIDENCE = 0.95
SMALLEST_SAMPLE = 4  # Fisher's interval divides by sqrt(n - 3)


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval.

    Parameters
    ----------
    value, low, high : float
        Estimate and limits; NaN where there are too few values.
    n : int
        Values that it is made of.
    """

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Correlation:
    """Pearson's r with its 95 % interval and the number of pairs.

    Parameters
    ----------
    r, low, high : float
        Coefficient and limits; NaN where fewer than four pairs or no variance leave it undefined.
    n : int
        Pairs that were finite in both.
    """

    r: float
    low: float
    high: float
    n: int


def correlate(first: AnyArray, second: AnyArray) -> Correlation:
    """Correlate two samples over the pairs that are finite in both.

    The interval is Fisher's, which takes the pairs as independent. Neighbouring voxels are
    not, so it is a lower bound of the real uncertainty.

    Parameters
    ----------
    first, second : numpy.ndarray of float, shape (n,)
        The two samples, in the same order.

    Returns
    -------
    Correlation
        Pearson's r in float64, with interval and count.
    """
    x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    finite = np.isfinite(x) & np.isfinite(y)
    x, y, n = x[finite], y[finite], int(finite.sum())
    if n < SMALLEST_SAMPLE or np.ptp(x) == 0 or np.ptp(y) == 0:
        return Correlation(np.nan, np.nan, np.nan, n)
    r = float(np.clip(np.corrcoef(x, y)[0, 1], -1.0, 1.0))
    half = stats.norm.ppf(0.5 + CONFIDENCE / 2) / np.sqrt(n - 3)
    with np.errstate(divide="ignore"):
        centre = np.arctanh(r)
    return Correlation(r, float(np.tanh(centre - half)), float(np.tanh(centre + half)), n)


def compute_mean(values: AnyArray) -> float:
    """Return the mean of the finite values in float64, NaN where there is none."""
    finite = keep_finite(values)
    return float(finite.mean()) if finite.size else float("nan")


def estimate_mean(values: npt.ArrayLike) -> Estimate:
    """Return the mean of the finite values with Student's interval.

    Parameters
    ----------
    values : array_like, shape (n,)
        Values of voxels, stimuli or subjects, taken as independent; not finite ones are left out.

    Returns
    -------
    Estimate
        The interval is NaN below two values.
    """
    x = keep_finite(values)
    if x.size < 2:
        return Estimate(float(x[0]) if x.size else np.nan, np.nan, np.nan, x.size)
    error = x.std(ddof=1) / np.sqrt(x.size)
    half = float(stats.t.ppf(0.5 + CONFIDENCE / 2, x.size - 1) * error)
    mean = float(x.mean())
    return Estimate(mean, mean - half, mean + half, x.size)


def estimate_share(values: npt.ArrayLike, cutoff: float) -> Estimate:
    """Return the share of the finite values above ``cutoff`` with Wilson's interval.

    Unlike Student's it stays within 0 and 1 and says something of a share of 0 or 1.

    Returns
    -------
    Estimate
        NaN throughout where there is no value.

    References
    ----------
    Brown, Cai & DasGupta (2001), Interval estimation for a binomial proportion, *Statistical
    Science* 16, doi 10.1214/ss/1009213286.
    """
    high = keep_finite(values) > cutoff
    if not high.size:
        return Estimate(np.nan, np.nan, np.nan, 0)
    found = stats.binomtest(int(high.sum()), high.size).proportion_ci(CONFIDENCE, method="wilson")
    return Estimate(float(high.mean()), float(found.low), float(found.high), high.size)


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


def keep_finite(values: npt.ArrayLike) -> Float64Array:
    """Return the finite values in float64."""
    x: Float64Array = np.asarray(values, dtype=np.float64).ravel()
    finite: Float64Array = x[np.isfinite(x)]
    return finite
