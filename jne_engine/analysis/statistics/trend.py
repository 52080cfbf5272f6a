"""Whether values rise along an order of groups: the Jonckheere–Terpstra test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from jne_engine.analysis.statistics.ranks import (
    compute_effect,
    count_ordered_pairs,
    count_values,
    sum_ordered,
)
from jne_engine.core.arrays import Float64Array
from jne_engine.core.errors import InputError


@dataclass(frozen=True)
class Trend:
    """A one-sided test that values rise from group to group.

    Parameters
    ----------
    statistic, expected, z, p : float
        J, its mean under no trend, its standardised value, and the one-sided p-value.
    effect, low, high : float
        Probability that a value of a later group exceeds one of an earlier group (0.5: no
        trend), with its 95 % interval.
    n : tuple of int
        Values of each group.
    n_draws : int
        Matched samples over which everything else was averaged; 1 for a plain test.
    """

    statistic: float
    expected: float
    z: float
    p: float
    effect: float
    low: float
    high: float
    n: tuple[int, ...]
    n_draws: int = 1


def compute_trend(groups: Sequence[npt.ArrayLike]) -> Trend:
    """Test whether values rise along the order of the groups.

    J = Σ_{i<j} #{x in i, y in j: x < y}, ties counted half; one-sided p by the normal
    approximation with the tie-corrected variance.

    Parameters
    ----------
    groups : sequence of array_like
        Values of each group, in the expected order; not finite ones are left out.

    Returns
    -------
    Trend
        z and p are NaN where all values are equal.

    Raises
    ------
    InputError
        If fewer than two groups hold values.

    References
    ----------
    Jonckheere (1954), Biometrika 41, 133-145. Hollander, Wolfe and Chicken (2014),
    *Nonparametric Statistical Methods*, section 6.2.
    """
    counts = count_values(groups)
    sizes = counts.sum(axis=0)
    if (sizes > 0).sum() < 2:
        found = f"{int((sizes > 0).sum())}"
        raise InputError("trend", "values in two groups or more", found, "choose more voxels")
    statistic, expected = sum_ordered(counts), count_ordered_pairs(sizes) / 2
    spread = np.sqrt(compute_variance(counts))
    z = float((statistic - expected) / spread) if spread > 0 else float("nan")
    n = tuple(int(size) for size in sizes)
    return Trend(statistic, expected, z, float(stats.norm.sf(z)), *compute_effect(counts), n=n)


def compute_variance(counts: Float64Array) -> float:
    """Return the variance of J under no trend, corrected for ties.

    Parameters
    ----------
    counts : numpy.ndarray of float64, shape (n_distinct, n_groups)
        What :func:`~jne_engine.analysis.statistics.ranks.count_values` returns.

    References
    ----------
    Hollander, Wolfe and Chicken (2014), equation 6.19.
    """
    n, sizes, ties = float(counts.sum()), counts.sum(axis=0), counts.sum(axis=1)

    def cubic(x: Float64Array) -> float:
        return float((x * (x - 1) * (2 * x + 5)).sum())

    def triples(x: Float64Array) -> float:
        return float((x * (x - 1) * (x - 2)).sum())

    def pairs(x: Float64Array) -> float:
        return float((x * (x - 1)).sum())

    first = (n * (n - 1) * (2 * n + 5) - cubic(sizes) - cubic(ties)) / 72
    second = triples(sizes) * triples(ties) / (36 * n * (n - 1) * (n - 2)) if n > 2 else 0.0
    return first + second + pairs(sizes) * pairs(ties) / (8 * n * (n - 1))
