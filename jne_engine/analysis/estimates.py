"""Small statistics with their intervals and counts: correlations and means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from jne_engine.core.arrays import AnyArray

CONFIDENCE = 0.95
SMALLEST_SAMPLE = 4  # Fisher's interval divides by sqrt(n - 3)


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
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    return float(finite.mean()) if finite.size else float("nan")


def compute_mean_interval(values: AnyArray) -> tuple[float, float]:
    """Return Student's 95 % interval of the mean of the finite values.

    Returns
    -------
    tuple of float
        Low and high limit; NaN below two values.
    """
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    if finite.size < 2:
        return float("nan"), float("nan")
    error = finite.std(ddof=1) / np.sqrt(finite.size)
    half = float(stats.t.ppf(0.5 + CONFIDENCE / 2, finite.size - 1) * error)
    mean = float(finite.mean())
    return mean - half, mean + half
