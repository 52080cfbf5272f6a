"""Comparing groups at equal values of something else: voxels matched on R².

Groups are cut into the same bins of the matching variable; from every bin each group gives as
many voxels as the smallest group has there, drawn without replacement. The draw is repeated, and
tests are averaged over the draws: z by its mean, p from that. A mean of standard normal values
that depend on one another has at most their variance, so that p is not too small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import numpy.typing as npt
from scipy import stats

from jne_engine.analysis.statistics.pairs import PairComparison, correct_pairs
from jne_engine.analysis.statistics.trend import Trend, compute_trend
from jne_engine.core.arrays import Float64Array, IntArray
from jne_engine.core.checks import check_length, check_positive

N_BINS = 20
N_DRAWS = 20


@dataclass(frozen=True, eq=False)
class Matching:
    """Matched samples of several groups.

    Parameters
    ----------
    edges : numpy.ndarray of float64, shape (n_bins + 1,)
        Bins of the matching variable over its common support; empty without one.
    available : numpy.ndarray of int64, shape (n_bins, n_groups)
        Voxels of each group in each bin.
    taken : numpy.ndarray of int64, shape (n_bins,)
        Voxels that each group gives of each bin.
    draws : tuple of tuple of numpy.ndarray of int64, shape (n,)
        For every draw and group, the chosen voxels as positions in that group.
    """

    edges: Float64Array
    available: IntArray
    taken: IntArray
    draws: tuple[tuple[IntArray, ...], ...]

    @property
    def n(self) -> int:
        """Voxels that each group keeps."""
        return int(self.taken.sum())


def match_groups(
    covariates: Sequence[npt.ArrayLike],
    *,
    n_bins: int = N_BINS,
    n_draws: int = N_DRAWS,
    seed: int = 0,
) -> Matching:
    """Draw samples of equal size and distribution over bins of a covariate.

    Parameters
    ----------
    covariates : sequence of array_like, each of shape (n_of_group,)
        What to match on, for each group; voxels without a finite value are never taken.
    n_bins : int
        Bins of equal width between the highest minimum and the lowest maximum.
    n_draws, seed : int
        Repeated draws and their seed.

    Returns
    -------
    Matching
        With ``n`` 0 where the groups have nothing in common.
    """
    check_positive("n_bins", n_bins)
    check_positive("n_draws", n_draws)
    parts = [np.asarray(c, dtype=np.float64) for c in covariates]
    if not parts:
        return Matching(
            np.empty(0), np.zeros((0, 0), np.int64), np.zeros(0, np.int64), ((),) * n_draws
        )
    edges = _find_edges(parts, n_bins)
    bins = [_find_bins(part, edges) for part in parts]
    n_found = max(len(edges) - 1, 0)
    available = np.stack([np.bincount(b[b >= 0], minlength=n_found) for b in bins], axis=1)
    taken = available.min(axis=1).astype(np.int64)
    rng = np.random.default_rng(seed)
    draws = tuple(tuple(_draw(rng, b, taken) for b in bins) for _ in range(n_draws))
    return Matching(edges, available.astype(np.int64), taken, draws)


def compute_matched_trend(groups: Sequence[npt.ArrayLike], matching: Matching) -> Trend:
    """Return the trend over matched samples, averaged over the draws.

    Parameters
    ----------
    groups : sequence of array_like
        Values of each group, in the order of the covariates that were matched.
    matching : Matching
        Matched samples.

    Raises
    ------
    InputError
        If nothing could be matched.
    """
    found = [compute_trend(sample) for sample in _samples(groups, matching)]
    names = ("statistic", "expected", "z", "effect", "low", "high")
    mean = {name: float(np.mean([getattr(t, name) for t in found])) for name in names}
    p = float(stats.norm.sf(mean["z"]))
    return Trend(**mean, p=p, n=found[0].n, n_draws=len(found))


def compare_matched_pairs(
    groups: Sequence[npt.ArrayLike], matching: Matching
) -> tuple[PairComparison, ...]:
    """Return all ordered pairs over matched samples, averaged over the draws.

    A pair is tested as a trend over two groups, which is Mann–Whitney's test by the normal
    approximation with tie correction. Parameters as in :func:`compute_matched_trend`; p is NaN
    where nothing could be matched.
    """
    orders = list(permutations(range(len(groups)), 2))
    if matching.n == 0:
        nan = float("nan")
        return tuple(PairComparison(i, j, 0, 0, nan, nan, nan, nan, nan, nan) for i, j in orders)
    upper = {
        (i, j): [compute_trend([sample[j], sample[i]]) for sample in _samples(groups, matching)]
        for i, j in orders
        if i < j
    }
    return correct_pairs(_average(i, j, upper) for i, j in orders)


def _average(i: int, j: int, upper: dict[tuple[int, int], list[Trend]]) -> PairComparison:
    """Average one pair's tests; the reverse of a pair is its mirror image."""
    found = upper[min(i, j), max(i, j)]
    mean = {n: float(np.mean([getattr(t, n) for t in found]))
            for n in ("statistic", "z", "effect", "low", "high")}  # fmt: skip
    n = found[0].n[0]
    if i < j:
        u, z, limits = mean["statistic"], mean["z"], (mean["effect"], mean["low"], mean["high"])
    else:
        u, z = n * n - mean["statistic"], -mean["z"]
        limits = 1 - mean["effect"], 1 - mean["high"], 1 - mean["low"]
    return PairComparison(i, j, n, n, u, float(stats.norm.sf(z)), float("nan"), *limits)


def _samples(groups: Sequence[npt.ArrayLike], matching: Matching) -> list[list[Float64Array]]:
    parts = [np.asarray(g, dtype=np.float64) for g in groups]
    check_length("groups", len(parts), len(matching.draws[0]), unit="groups",
                 fix="pass the groups that were matched")  # fmt: skip
    return [[p[rows] for p, rows in zip(parts, draw, strict=True)] for draw in matching.draws]


def _find_edges(parts: list[Float64Array], n_bins: int) -> Float64Array:
    """Return the bins over the support that all groups share, none where they share nothing."""
    finite = [p[np.isfinite(p)] for p in parts]
    if any(p.size == 0 for p in finite):
        return np.empty(0)
    low, high = max(p.min() for p in finite), min(p.max() for p in finite)
    return np.linspace(low, high, n_bins + 1) if low < high else np.empty(0)


def _find_bins(values: Float64Array, edges: Float64Array) -> IntArray:
    """Return each value's bin, −1 outside of the common support; the last bin is closed."""
    if edges.size == 0:
        return np.full(values.size, -1)
    bins = np.searchsorted(edges, values, side="right") - 1
    bins[values == edges[-1]] = edges.size - 2
    inside = (values >= edges[0]) & (values <= edges[-1])
    return np.where(inside, bins, -1).astype(np.int64)


def _draw(rng: np.random.Generator, bins: IntArray, taken: IntArray) -> IntArray:
    chosen = [
        rng.choice(np.flatnonzero(bins == i), size=n, replace=False)
        for i, n in enumerate(taken)
        if n > 0
    ]
    return np.concatenate(chosen) if chosen else np.empty(0, dtype=np.int64)
