"""Tests of whole maps against random rotations of one of them.

Voxels of a smooth map are not independent; a rotated map keeps its smoothness and loses its
place. The null distribution of every statistic is what it gives for the rotated map. Columns that
a rotation leaves without a value are left out of that rotation's statistic and counted; rotations
that leave too little are left out altogether.

References
----------
Alexander-Bloch et al. (2018), NeuroImage 178, 540-551.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jne_engine.analysis.estimates import CONFIDENCE
from jne_engine.analysis.statistics.ranks import count_codes, count_ordered_pairs, sum_ordered
from jne_engine.analysis.statistics.sphere import NOWHERE
from jne_engine.core.arrays import BoolArray, Float64Array, Int32Array
from jne_engine.core.checks import check_length

LEAST_SHARE = 0.1
"""Share of its columns that a group, or a pair of maps, must keep for a rotation to count."""

LEAST_COLUMNS = 10
LEAST_ROTATIONS = 99
BLOCK = 50


@dataclass(frozen=True)
class SpinTest:
    """One statistic against its values for rotated maps.

    Parameters
    ----------
    observed, p : float
        The statistic, and p = (1 + rotations that reach it) / (1 + rotations counted); NaN
        below 99 rotations counted.
    null_mean, null_low, null_high : float
        Mean and middle 95 % of the statistic over rotations.
    n : int
        Columns that the observed statistic is made of.
    n_usual : int
        Median number of columns that a counted rotation leaves.
    n_rotations, n_left_out : int
        Rotations counted, and those that left too little.
    """

    observed: float
    p: float
    null_mean: float
    null_low: float
    null_high: float
    n: int
    n_usual: int
    n_rotations: int
    n_left_out: int


def spin_correlations(
    first: npt.ArrayLike,
    others: npt.ArrayLike,
    spun: Int32Array,
    *,
    narrowing: Float64Array | None = None,
) -> tuple[SpinTest, ...]:
    """Test Pearson's r of a map with each of several maps, two-sided; the first is rotated.

    Parameters
    ----------
    first : array_like, shape (n_columns,)
        NaN where it has no value.
    others : array_like, shape (n_maps, n_columns)
        Likewise.
    spun : numpy.ndarray of int32, shape (n_rotations, n_columns)
        What :func:`~jne_engine.analysis.statistics.sphere.spin_columns` returns.
    narrowing : numpy.ndarray of float64, shape (n_rotations,), optional
        What :func:`~jne_engine.analysis.statistics.sphere.measure_narrowing` returns: each
        rotation's correlations are taken so many times.

    Returns
    -------
    tuple of SpinTest
        One a map.
    """
    x, y = np.asarray(first, dtype=np.float64), np.atleast_2d(np.asarray(others, dtype=np.float64))
    _check(x, spun)
    x, y = _centre(x), np.stack([_centre(row) for row in y])
    observed, n = _correlate(x[None], y)
    blocks = [_correlate(block, y) for block in _rotate(x, spun)]
    null, left = _join(blocks)
    if narrowing is not None:
        null = null * narrowing[:, None]
    kept = _keep(left, n)
    return tuple(
        _summarise(observed[0, i], null[:, i], kept[:, i], n[0, i], left[:, i], two_sided=True)
        for i in range(len(y))
    )


def spin_differences(
    values: npt.ArrayLike, inside: npt.ArrayLike, outside: npt.ArrayLike, spun: Int32Array
) -> tuple[SpinTest, ...]:
    """Test whether a map's mean in some places exceeds its mean in others, one-sided.

    Parameters
    ----------
    values : array_like, shape (n_columns,)
        Map that is rotated; NaN where it has no value.
    inside, outside : array_like of bool, shape (n_places, n_columns)
        Columns of each place, and those that it is compared with.
    spun : numpy.ndarray of int32, shape (n_rotations, n_columns)
        Rotations.

    Returns
    -------
    tuple of SpinTest
        One a place; ``n`` counts both sides.
    """
    x = np.asarray(values, dtype=np.float64)
    _check(x, spun)
    sides = [np.atleast_2d(np.asarray(side, dtype=np.float64)) for side in (inside, outside)]
    observed, n = _subtract(x[None], sides)
    blocks = [_subtract(block, sides) for block in _rotate(x, spun)]
    null, left = _join(blocks)
    kept: BoolArray = np.asarray(np.all(_keep(left, n), axis=1))
    n, left = n.sum(axis=1), left.sum(axis=1)
    return tuple(
        _summarise(observed[0, i], null[:, i], kept[:, i], n[0, i], left[:, i])
        for i in range(len(sides[0]))
    )


def spin_trend(
    values: npt.ArrayLike, groups: Sequence[npt.ArrayLike], spun: Int32Array
) -> SpinTest:
    """Test whether a map rises along an order of groups, one-sided.

    The statistic is the probability that a column of a later group exceeds one of an earlier
    group, as in :func:`~jne_engine.analysis.statistics.trend.compute_trend`.

    Parameters
    ----------
    values : array_like, shape (n_columns,)
        Map that is rotated; NaN where it has no value.
    groups : sequence of array_like of bool, shape (n_columns,)
        Columns of each group, in the expected order.
    spun : numpy.ndarray of int32, shape (n_rotations, n_columns)
        Rotations.
    """
    x = np.asarray(values, dtype=np.float64)
    _check(x, spun)
    members = [np.flatnonzero(np.asarray(g, dtype=np.bool_)) for g in groups]
    places, labels = (
        np.concatenate(members),
        np.repeat(np.arange(len(members)), list(map(len, members))),
    )
    distinct, codes = np.unique(x, return_inverse=True)
    codes = np.where(np.isfinite(x), codes, NOWHERE)
    whole = np.arange(x.size)[None]
    found = [_order(codes, row[places], labels, (distinct.size, len(members)))
             for row in (*whole, *spun)]  # fmt: skip
    effects, sizes = np.array([f[0] for f in found]), np.array([f[1] for f in found])
    kept: BoolArray = np.asarray(np.all(_keep(sizes, sizes[0]), axis=1))
    totals = sizes.sum(axis=1)
    return _summarise(effects[0], effects[1:], kept[1:], totals[0], totals[1:])


def _check(values: Float64Array, spun: Int32Array) -> None:
    fix = "pass rotations of the same columns"
    check_length("map", values.size, spun.shape[1], unit="columns", fix=fix)


def _rotate(values: Float64Array, spun: Int32Array) -> Iterator[Float64Array]:
    """Yield the rotated map in blocks of rotations; NaN where nothing came near."""
    padded = np.append(values, np.nan)  # NOWHERE takes the last one
    for start in range(0, len(spun), BLOCK):
        yield padded[spun[start : start + BLOCK]]


def _keep(left: Float64Array, n: Float64Array) -> BoolArray:
    return np.asarray(left >= np.maximum(LEAST_SHARE * n, LEAST_COLUMNS), dtype=np.bool_)


def _join(blocks: list[tuple[Float64Array, Float64Array]]) -> tuple[Float64Array, Float64Array]:
    return np.concatenate([b[0] for b in blocks]), np.concatenate([b[1] for b in blocks])


def _centre(values: Float64Array) -> Float64Array:
    """Return a map about its mean: r stays, and sums of squares lose no digits."""
    return values - np.nanmean(values) if np.isfinite(values).any() else values


def _correlate(rows: Float64Array, maps: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return r and the number of pairs of every row with every map, over finite pairs."""
    if np.isfinite(rows.sum(axis=1)).all() and np.isfinite(maps.sum(axis=1)).all():
        return _correlate_whole(rows, maps)
    known, there = np.isfinite(rows), np.isfinite(maps)
    x, y = np.where(known, rows, 0.0), np.where(there, maps, 0.0)
    a, b = known.astype(np.float64), there.astype(np.float64).T
    n = a @ b
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_x, mean_y = (x @ b) / n, (a @ y.T) / n
        covariance = (x @ y.T) / n - mean_x * mean_y
        spread = ((x**2) @ b / n - mean_x**2) * (a @ (y**2).T / n - mean_y**2)
        return np.where(spread > 0, covariance / np.sqrt(spread), np.nan), n


def _correlate_whole(rows: Float64Array, maps: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return the same where every value is known, in a third of the time."""
    n = rows.shape[1]
    mean_x, mean_y = rows.mean(axis=1)[:, None], maps.mean(axis=1)
    covariance = rows @ maps.T / n - mean_x * mean_y
    spread_x, spread_y = (np.einsum("rc,rc->r", part, part) / n for part in (rows, maps))
    spread = (spread_x[:, None] - mean_x**2) * (spread_y - mean_y**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.where(spread > 0, covariance / np.sqrt(spread), np.nan)
    return r, np.full(r.shape, float(n))


def _subtract(rows: Float64Array, sides: list[Float64Array]) -> tuple[Float64Array, Float64Array]:
    """Return mean inside − mean outside (row, place), and the counts of both (row, 2, place)."""
    known = np.isfinite(rows)
    x, a = np.where(known, rows, 0.0), known.astype(np.float64)
    counts = [a @ side.T for side in sides]
    with np.errstate(divide="ignore", invalid="ignore"):
        inside, outside = ((x @ s.T) / n for s, n in zip(sides, counts, strict=True))
    return inside - outside, np.stack(counts, axis=1)


def _order(
    codes: npt.NDArray[np.intp],
    sources: npt.NDArray[np.integer],
    labels: npt.NDArray[np.intp],
    shape: tuple[int, int],
) -> tuple[float, Float64Array]:
    """Return the trend's effect for the values that groups take from ``sources``, and sizes."""
    taken = np.where(sources == NOWHERE, NOWHERE, codes[sources])
    known = taken != NOWHERE
    counts = count_codes(taken[known], labels[known], shape)
    sizes = counts.sum(axis=0)
    pairs = count_ordered_pairs(sizes)
    return (sum_ordered(counts) / pairs if pairs else float("nan")), sizes


def _summarise(
    observed: float,
    null: Float64Array,
    kept: BoolArray,
    n: float,
    left: Float64Array,
    *,
    two_sided: bool = False,
) -> SpinTest:
    kept = kept & np.isfinite(null)
    values, n_kept = null[kept], int(kept.sum())
    nan = float("nan")
    if n_kept < LEAST_ROTATIONS or not np.isfinite(observed):
        return SpinTest(float(observed), nan, nan, nan, nan, int(n), 0, n_kept, len(null) - n_kept)
    reached = np.abs(values) >= abs(observed) if two_sided else values >= observed
    p = (1 + int(reached.sum())) / (1 + n_kept)
    return SpinTest(
        float(observed), p, float(values.mean()), *_find_limits(values),
        n=int(n), n_usual=int(np.median(left[kept])), n_rotations=n_kept,
        n_left_out=len(null) - n_kept,
    )  # fmt: skip


def _find_limits(draws: Float64Array) -> tuple[float, float]:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return float(low), float(high)
