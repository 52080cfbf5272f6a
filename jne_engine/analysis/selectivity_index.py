"""Whether a category leads a place: an index, its interval, and a permutation test.

Axes: s stimulus, c category, r place (the whole brain or an ROI), p permutation or resample.

For a category c and a place r, with the mean JNE-SS of the stimuli inside and outside of c,

    index = (inside − outside) / (inside + outside),

between −1 (only other stimuli are nonlinear there) and 1 (only these are); 0 says that it makes
no difference. It does not depend on the size of JNE-SS, so places can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from jne_engine.core.arrays import Float64Array
from jne_engine.model.scoring import correct_fdr, draw_bootstrap_counts
from jne_engine.runs.grouping import Grouping
from jne_engine.runs.store import Run, read_truth

N_PERMUTATIONS: Final = 2000
N_RESAMPLES: Final = 500
BLOCK: Final = 200
"""Permutations a matrix product; bounds memory at 200 × n_stimuli × n_places numbers."""
LEVEL: Final = 0.05


def compute_selectivity(
    means: pd.DataFrame,
    grouping: Grouping,
    *,
    n_permutations: int = N_PERMUTATIONS,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> pd.DataFrame:
    """Compute the selectivity index of each category in each place, and test it.

    Parameters
    ----------
    means : pandas.DataFrame, shape (n_test, n_places)
        JNE-SS of each stimulus in each place, from
        :func:`~jne_engine.analysis.selectivity.average_jne_ss`.
    grouping : Grouping
        Categories of the same stimuli.
    n_permutations : int
        How often the labels are shuffled among all stimuli, the same shuffles everywhere.
    n_resamples : int
        Bootstrap resamples of the stimuli, for the interval.
    seed : int
        Of shuffles and resamples.

    Returns
    -------
    pandas.DataFrame
        One row a category and place, in their orders: ``category, place, n_stimuli, inside,
        outside, index, low, high`` (95 % over stimuli, percentiles of the bootstrap), ``p``
        (one-sided: the share of shuffles, this one included, whose index is at least as large)
        and ``q`` (Benjamini-Hochberg over all categories and places). NaN where a place has no
        values, or a category holds all stimuli.

    References
    ----------
    The contrast index of Afraz, Kiani and Esteky (2006), Nature 442, 692-695. p counts the
    observed labels as one shuffle: Phipson and Smyth (2010), Stat. Appl. Genet. Mol. Biol. 9, 39.
    """
    values, members = means.to_numpy(dtype=np.float64), grouping.members.astype(np.float64)
    inside, outside = _average_sides(members.T @ values, members.sum(axis=0), values)
    index = compute_index(inside, outside)
    pvalues = _permute(values, members, index, n_permutations=n_permutations, seed=seed)
    low, high = _resample(values, members, n_resamples=n_resamples, seed=seed)
    n_categories, n_places = index.shape
    return pd.DataFrame(
        {
            "category": np.repeat(np.asarray(grouping.categories, dtype=object), n_places),
            "place": list(means.columns) * n_categories,
            "n_stimuli": np.repeat(grouping.sizes, n_places),
            "inside": inside.ravel(),
            "outside": outside.ravel(),
            "index": index.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
            "p": pvalues.ravel(),
            "q": correct_fdr(pvalues.ravel()),
        }
    )


def compute_index(inside: npt.ArrayLike, outside: npt.ArrayLike) -> Float64Array:
    """Return (inside − outside) / (inside + outside); NaN where both are 0 or one is unknown."""
    first, second = np.asarray(inside, dtype=np.float64), np.asarray(outside, dtype=np.float64)
    total = first + second
    index = np.full(np.broadcast(first, second).shape, np.nan)
    return np.asarray(np.divide(first - second, total, out=index, where=total > 0))


def tabulate_leading_categories(table: pd.DataFrame) -> pd.DataFrame:
    """Return which category leads each place, and how surely.

    Parameters
    ----------
    table : pandas.DataFrame
        What :func:`compute_selectivity` returns.

    Returns
    -------
    pandas.DataFrame
        One row a place with values, in their order: ``place``, then ``category, n_stimuli,
        index, low, high, p, q`` of the category with the largest index, ``runner_up`` with
        ``runner_up_index`` (empty and NaN where there is one category), and ``significant``
        (q < 0.05).
    """
    rows = []
    for place, part in table.dropna(subset="index").groupby("place", sort=False):
        ranked = part.sort_values("index", ascending=False, kind="stable")
        first = ranked.iloc[0]
        second = ranked.iloc[1] if len(ranked) > 1 else None
        row: dict[str, Any] = {"place": place, **{name: first[name] for name in _CLAIM}}
        row["runner_up"] = "" if second is None else second["category"]
        row["runner_up_index"] = np.nan if second is None else second["index"]
        rows.append({**row, "significant": bool(first["q"] < LEVEL)})
    columns = ["place", *_CLAIM, "runner_up", "runner_up_index", "significant"]
    return pd.DataFrame(rows, columns=columns)


_CLAIM: Final = ["category", "n_stimuli", "index", "low", "high", "p", "q"]


def rank_planted_categories(
    run: Run, maps: npt.NDArray[np.float32], grouping: Grouping
) -> pd.DataFrame | None:
    """Say how well each voxel's planted category is recovered, in a simulated run.

    A voxel's categories are ranked by their mean JNE-SS; the agreement is the share of the other
    categories that lie below the planted one: 1 where it comes first, 0.5 by chance.

    Parameters
    ----------
    run : Run
    maps : numpy.ndarray of float32, shape (n_categories, n_voxels)
        What :func:`~jne_engine.analysis.stimulus_maps.average_maps_by_category` returns.
    grouping : Grouping
        Its categories.

    Returns
    -------
    pandas.DataFrame or None
        One row a voxel with a planted category among these and with values: ``column, planted,
        agreement``. None for a run without a truth.
    """
    truth = read_truth(run.stage("dataset"))
    if truth is None or len(grouping.categories) < 2:
        return None
    number = {category: i for i, category in enumerate(grouping.categories)}
    planted = np.array([number.get(c, -1) for c in truth.preferred_category])
    columns = np.flatnonzero((planted >= 0) & np.isfinite(maps).all(axis=0))
    below = (maps[:, columns] < maps[planted[columns], columns]).sum(axis=0)
    names = np.asarray(grouping.categories, dtype=object)[planted[columns]]
    agreement = below / (len(grouping.categories) - 1)
    return pd.DataFrame({"column": columns, "planted": names, "agreement": agreement})


def _average_sides(
    sums: Float64Array, counts: Float64Array, values: Float64Array
) -> tuple[Float64Array, Float64Array]:
    """Return the means inside and outside of each category, each (n_categories, n_places)."""
    n_outside = len(values) - counts[:, None]
    rest = values.sum(axis=0) - sums
    outside = np.full_like(sums, np.nan)
    return sums / counts[:, None], np.divide(rest, n_outside, out=outside, where=n_outside > 0)


def _permute(
    values: Float64Array,
    members: Float64Array,
    index: Float64Array,
    *,
    n_permutations: int,
    seed: int,
) -> Float64Array:
    """Return one-sided p-values; the sum inside orders shuffles as the index does.

    All shuffles of a block are one product: members (c × s) times shuffled values (s × p·r).
    """
    rng = np.random.default_rng(seed)
    n_stimuli, n_places = values.shape
    observed = members.T @ values
    # Sums in another order differ in their last bits; equal ones count as equal.
    limit = (observed - 1e-9 * np.abs(observed))[:, None, :]
    reached = np.zeros(observed.shape)
    for size in _cut(n_permutations):
        rows = rng.permuted(np.tile(np.arange(n_stimuli), (size, 1)), axis=1).T
        sums = members.T @ values[rows].reshape(n_stimuli, size * n_places)
        reached += (sums.reshape(-1, size, n_places) >= limit).sum(axis=1)
    return np.where(np.isfinite(index), (1 + reached) / (1 + n_permutations), np.nan)


def _resample(
    values: Float64Array, members: Float64Array, *, n_resamples: int, seed: int
) -> tuple[Float64Array, Float64Array]:
    """Return the 2.5th and 97.5th percentile of the index over resamples of the stimuli."""
    counts = np.asarray(draw_bootstrap_counts(len(values), n_resamples, seed), dtype=np.float64)
    n_inside = counts @ members
    totals = counts @ values
    drawn = np.full((n_resamples, members.shape[1], values.shape[1]), np.nan)
    for place in range(values.shape[1]):
        sums = counts @ (members * values[:, [place]])
        outside = totals[:, [place]] - sums
        with np.errstate(divide="ignore", invalid="ignore"):
            n_outside = len(values) - n_inside
            drawn[:, :, place] = compute_index(sums / n_inside, outside / n_outside)
    return _percentiles(drawn)


def _percentiles(drawn: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return the limits of the middle 95 % of the resamples in which both sides had stimuli."""
    known = np.isfinite(drawn).any(axis=0)
    limits = np.full((2, *drawn.shape[1:]), np.nan)
    limits[:, known] = np.nanpercentile(drawn[:, known], [2.5, 97.5], axis=0)
    return limits[0], limits[1]


def _cut(total: int) -> Iterator[int]:
    for start in range(0, total, BLOCK):
        yield min(BLOCK, total - start)
