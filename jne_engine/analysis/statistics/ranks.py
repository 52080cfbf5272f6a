"""Who exceeds whom: counts of ordered pairs between groups, ties counted half.

Axes: u distinct value, ascending; g group. Mann–Whitney's U, the Jonckheere–Terpstra statistic
and their effect sizes are all sums over one table of counts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

from jne_engine.analysis.estimates import CONFIDENCE, keep_finite
from jne_engine.core.arrays import Float64Array


def count_values(groups: Sequence[npt.ArrayLike]) -> Float64Array:
    """Count how often each distinct value occurs in each group.

    Parameters
    ----------
    groups : sequence of array_like
        Values of each group; not finite ones are left out.

    Returns
    -------
    numpy.ndarray of float64, shape (n_distinct, n_groups)
        Rows ascend by value.
    """
    parts = [keep_finite(g) for g in groups]
    labels = np.repeat(np.arange(len(parts)), [p.size for p in parts])
    distinct, codes = np.unique(np.concatenate(parts), return_inverse=True)
    return count_codes(codes, labels, (distinct.size, len(parts)))


def count_codes(
    codes: npt.NDArray[np.intp], labels: npt.NDArray[np.intp], shape: tuple[int, int]
) -> Float64Array:
    """Count pairs of (rank of a value, group) in a table of ``shape``."""
    flat = np.bincount(codes * shape[1] + labels, minlength=shape[0] * shape[1])
    return flat.reshape(shape).astype(np.float64)


def count_below(counts: Float64Array) -> Float64Array:
    """Return how many of each group lie below each distinct value, those at it counted half."""
    return np.asarray(np.cumsum(counts, axis=0) - counts / 2)


def count_wins(counts: Float64Array) -> Float64Array:
    """Return in how many pairs a value of group i exceeds one of group j, ties counted half.

    Returns
    -------
    numpy.ndarray of float64, shape (n_groups, n_groups)
        Entry (i, j) is Mann–Whitney's U of group i over group j.
    """
    return np.asarray(counts.T @ count_below(counts))


def sum_ordered(counts: Float64Array) -> float:
    """Return the Jonckheere–Terpstra statistic: wins of later groups over earlier ones."""
    return float(np.tril(count_wins(counts), -1).sum())


def count_ordered_pairs(sizes: Float64Array) -> float:
    """Return how many pairs of values lie in different groups."""
    return float((sizes.sum() ** 2 - (sizes**2).sum()) / 2)


def compute_effect(counts: Float64Array) -> tuple[float, float, float]:
    """Return the probability that a later group's value exceeds an earlier one's, with limits.

    The variance is that of the statistic's projection on single values (for two groups DeLong's),
    the 95 % interval symmetric on the logit scale.

    Returns
    -------
    tuple of float
        Effect, low and high limit; limits are NaN where groups hold one value or are separate.

    References
    ----------
    DeLong et al. (1988), Biometrics 44, 837-845.
    """
    sizes = counts.sum(axis=0)
    pairs = count_ordered_pairs(sizes)
    effect = sum_ordered(counts) / pairs
    spread = np.sqrt(_variance_of_projection(counts, sizes)) / pairs
    if not (0 < effect < 1 and spread > 0):
        return effect, float("nan"), float("nan")
    half = stats.norm.ppf(0.5 + CONFIDENCE / 2) * spread / (effect * (1 - effect))
    centre = np.log(effect / (1 - effect))
    low, high = 1 / (1 + np.exp(-(centre + np.array([-half, half]))))
    return effect, float(low), float(high)


def _variance_of_projection(counts: Float64Array, sizes: Float64Array) -> float:
    """Return Σ_g n_g · variance within g of the wins that one value takes part in."""
    if (sizes < 2).any():
        return 0.0
    below = count_below(counts)
    above = sizes - below
    # One value of group g takes part in: earlier groups below it, later groups above it.
    wins = np.cumsum(below, axis=1) - below + np.cumsum(above[:, ::-1], axis=1)[:, ::-1] - above
    mean = (counts * wins).sum(axis=0) / sizes
    squares = (counts * (wins - mean) ** 2).sum(axis=0)
    return float((sizes * squares / (sizes - 1)).sum())
