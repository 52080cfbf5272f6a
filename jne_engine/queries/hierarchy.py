"""Whether a measure rises along the visual hierarchy: the paper's Result III, as tables.

Groups are ROIs or tiers. Every function reads one finished run; voxels are taken as independent,
which neighbours are not, so intervals and p-values are lower bounds of the real uncertainty:
:mod:`jne_engine.queries.spins` and :mod:`jne_engine.queries.subjects` do without that.

A later table of claims can use :func:`tabulate_trends` (tier trend, raw and matched, with p, q and
effect) and :func:`tabulate_pairwise` (every ordered pair of ROIs or tiers).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from jne_engine.checks import check_choice
from jne_engine.errors import InputError
from jne_engine.queries.maps import (
    BoolArray,
    Float32Array,
    choose_roi_set,
    read_map,
    read_significant,
)
from jne_engine.queries.statistics import compute_mean
from jne_engine.scoring import correct_fdr
from jne_engine.spaces import TIERS
from jne_engine.statistics import (
    Estimate,
    Matching,
    PairComparison,
    Trend,
    compare_matched_pairs,
    compare_pairs,
    compute_matched_trend,
    compute_trend,
    estimate_mean,
    estimate_share,
    match_groups,
)
from jne_engine.store import Run

By = Literal["roi", "tier"]
BY: tuple[By, ...] = ("roi", "tier")
MATCHED_ON = "r2_nonlinear"
HIGH_QUANTILE = 0.75
ALPHA = 0.05

MEAN_COLUMNS = ["name", "tier", "n", "mean", "low", "high", "median"]
SHARE_COLUMNS = ["name", "tier", "n", "n_high", "share", "low", "high", "cutoff"]
PAIR_COLUMNS = [
    *("first", "second", "n_first", "n_second", "u", "p", "q"),
    *("effect", "low", "high", "rank_biserial", "exceeds"),
]
TREND_COLUMNS = ["comparison", "n", "j", "z", "p", "q", "effect", "low", "high", "n_draws"]


@dataclass(frozen=True, eq=False)
class Groups:
    """A measure's values in ROIs or tiers, lowest of the hierarchy first.

    Parameters
    ----------
    by : {"roi", "tier"}
        What the groups are.
    names : tuple of str
        ROI names, or tiers.
    tiers : tuple of str or None
        Tier of each group.
    values, matched_on : tuple of numpy.ndarray of float32, each of shape (n_of_group,)
        Finite values of the measure, and the nonlinear R² of the same voxels. A voxel that lies
        in two ROIs counts in both; in a tier it counts once.
    """

    by: By
    names: tuple[str, ...]
    tiers: tuple[str | None, ...]
    values: tuple[Float32Array, ...]
    matched_on: tuple[Float32Array, ...]

    @property
    def n(self) -> tuple[int, ...]:
        """Voxels of each group."""
        return tuple(len(v) for v in self.values)


def read_groups(
    run: Run,
    measure: str = "jne",
    by: By = "roi",
    preset: str | None = None,
    *,
    significant_only: bool = True,
) -> Groups:
    """Read a measure's values in every ROI or tier.

    Parameters
    ----------
    run : Run
        A complete run.
    measure : str
        Name of a map.
    by : {"roi", "tier"}
        ROIs, or the tiers that the run has voxels of.
    preset : str, optional
        ROI set; the run's first one by default.
    significant_only : bool
        Leave out voxels that the nonlinear encoder does not predict.

    Returns
    -------
    Groups
        Without names where the run has no ROIs.

    Raises
    ------
    InputError
        If there is no such map, grouping or preset.
    """
    check_choice("grouping", by, BY)
    values, r2 = read_map(run, measure), read_map(run, MATCHED_ON)
    shown = np.isfinite(values)
    if significant_only:
        shown &= read_significant(run)
    names, tiers, masks = list_masks(run, by, preset)
    rows = [np.flatnonzero(mask & shown) for mask in masks]
    parts = (tuple(array[r] for r in rows) for array in (values, r2))
    return Groups(by, names, tiers, *parts)


def list_masks(
    run: Run, by: By, preset: str | None = None
) -> tuple[tuple[str, ...], tuple[str | None, ...], list[BoolArray]]:
    """Return names, tiers and masks over columns of a run's ROIs or tiers, lowest first."""
    rois = choose_roi_set(run, preset)
    if rois is None:
        return (), (), []
    if by == "roi":
        return rois.names, rois.tiers, list(rois.masks)
    there = tuple(tier for tier in TIERS if rois.tier_mask(tier).any())
    return there, there, [rois.tier_mask(tier) for tier in there]


def tabulate_means(groups: Groups, *, seed: int = 0) -> pd.DataFrame:
    """Return each group's mean with its 95 % bootstrap interval.

    Returns
    -------
    pandas.DataFrame
        Columns ``name, tier, n, mean, low, high, median``.
    """
    rows = []
    for name, tier, values in zip(groups.names, groups.tiers, groups.values, strict=True):
        found = estimate_mean(values, seed=seed)
        median = float(np.median(values)) if len(values) else float("nan")
        rows.append((name, tier, found.n, found.value, found.low, found.high, median))
    return pd.DataFrame(rows, columns=MEAN_COLUMNS)


def compute_cutoff(
    run: Run,
    measure: str = "jne",
    quantile: float = HIGH_QUANTILE,
    *,
    significant_only: bool = True,
) -> float:
    """Return the value above which a voxel of this run counts as high.

    Parameters
    ----------
    run, measure, significant_only
        As :func:`read_groups`.
    quantile : float
        Of all the run's voxels, in ROIs or not: 0.75 makes a quarter of them high.

    Returns
    -------
    float
        NaN where no voxel has a value.

    Raises
    ------
    InputError
        If ``quantile`` is not between 0 and 1.
    """
    if not 0 < quantile < 1:
        raise InputError("quantile", "between 0 and 1", f"{quantile:g}", "choose for instance 0.75")
    values = read_map(run, measure)
    shown = np.isfinite(values)
    if significant_only:
        shown &= read_significant(run)
    return float(np.quantile(values[shown], quantile)) if shown.any() else float("nan")


def tabulate_high_shares(groups: Groups, cutoff: float, *, seed: int = 0) -> pd.DataFrame:
    """Return the share of each group's voxels above a cutoff, with its bootstrap interval.

    Parameters
    ----------
    groups : Groups
    cutoff : float
        What :func:`compute_cutoff` returns.
    seed : int
        Of the resamples.

    Returns
    -------
    pandas.DataFrame
        Columns ``name, tier, n, n_high, share, low, high, cutoff``.
    """
    rows = []
    for name, tier, values in zip(groups.names, groups.tiers, groups.values, strict=True):
        found: Estimate = estimate_share(values, cutoff, seed=seed)
        n_high = int((values > cutoff).sum())
        rows.append((name, tier, found.n, n_high, found.value, found.low, found.high, cutoff))
    return pd.DataFrame(rows, columns=SHARE_COLUMNS)


def match_on_r2(groups: Groups, *, seed: int = 0) -> Matching:
    """Match the groups' voxels on nonlinear R²; groups without voxels match nothing."""
    return match_groups(groups.matched_on, seed=seed)


def tabulate_matching(groups: Groups, matching: Matching) -> pd.DataFrame:
    """Return how many voxels of each group were matched, and on which mean R².

    Returns
    -------
    pandas.DataFrame
        Columns ``name, n, n_matched, mean_r2, mean_r2_matched``; the last is over all draws.
    """
    rows = []
    for g, name in enumerate(groups.names):
        r2 = groups.matched_on[g]
        kept = [draw[g] for draw in matching.draws]
        mean = compute_mean(r2[np.concatenate(kept)])
        rows.append((name, len(r2), matching.n, compute_mean(r2), mean))
    columns = ["name", "n", "n_matched", "mean_r2", "mean_r2_matched"]
    return pd.DataFrame(rows, columns=columns)


def compute_tier_trend(
    run: Run,
    measure: str = "jne",
    preset: str | None = None,
    *,
    matched: bool = False,
    significant_only: bool = True,
    seed: int = 0,
) -> Trend | None:
    """Test whether a measure rises from tier to tier, over all voxels or those matched on R².

    Parameters
    ----------
    run, measure, preset, significant_only
        As :func:`read_groups`.
    matched : bool
        Compare voxels of equal nonlinear R² only.
    seed : int
        Of the matched draws.

    Returns
    -------
    Trend or None
        None where fewer than two tiers hold voxels, or nothing can be matched.
    """
    groups = read_groups(run, measure, "tier", preset, significant_only=significant_only)
    filled = drop_empty(groups)
    if len(filled.names) < 2:
        return None
    if not matched:
        return compute_trend(filled.values)
    matching = match_on_r2(filled, seed=seed)
    return compute_matched_trend(filled.values, matching) if matching.n else None


def tabulate_trends(
    run: Run,
    measure: str = "jne",
    preset: str | None = None,
    *,
    significant_only: bool = True,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the tier trend over all voxels and over voxels matched on R².

    Returns
    -------
    pandas.DataFrame
        Columns ``comparison`` ("all voxels", "matched on R²"), ``n`` (voxels of all tiers),
        ``j, z, p, q`` (Benjamini–Hochberg over the rows), ``effect, low, high`` and
        ``n_draws``; without the rows that cannot be computed.
    """
    rows = []
    for name, matched in (("all voxels", False), ("matched on R²", True)):
        t = compute_tier_trend(run, measure, preset, matched=matched,
                               significant_only=significant_only, seed=seed)  # fmt: skip
        if t is not None:
            values = (t.statistic, t.z, t.p, np.nan, t.effect, t.low, t.high, t.n_draws)
            rows.append((name, sum(t.n), *values))
    table = pd.DataFrame(rows, columns=TREND_COLUMNS)
    return table.assign(q=correct_fdr(table["p"].to_numpy(dtype=float)))


def tabulate_pairwise(
    run: Run,
    measure: str = "jne",
    by: By = "roi",
    preset: str | None = None,
    *,
    matched: bool = False,
    significant_only: bool = True,
    seed: int = 0,
) -> pd.DataFrame:
    """Test for every ordered pair of ROIs or tiers whether the first exceeds the second.

    Parameters
    ----------
    run, measure, by, preset, significant_only
        As :func:`read_groups`.
    matched : bool
        Compare voxels of equal nonlinear R² only; all groups are matched together.
    seed : int
        Of the matched draws.

    Returns
    -------
    pandas.DataFrame
        Columns ``first, second, n_first, n_second, u, p, q`` (over all pairs), ``effect``
        (probability that a voxel of the first exceeds one of the second) with ``low, high``,
        ``rank_biserial``, and ``exceeds``: q < 0.05, the 1 of the paper's matrix. Groups without
        voxels are left out.
    """
    groups = drop_empty(read_groups(run, measure, by, preset, significant_only=significant_only))
    return tabulate_group_pairs(groups, match_on_r2(groups, seed=seed) if matched else None)


def tabulate_group_pairs(groups: Groups, matching: Matching | None = None) -> pd.DataFrame:
    """Return the table of :func:`tabulate_pairwise` for groups that were read already."""
    pairs: Sequence[PairComparison] = ()
    if len(groups.names) > 1:
        pairs = (
            compare_pairs(groups.values)
            if matching is None
            else compare_matched_pairs(groups.values, matching)
        )
    rows = [
        (groups.names[c.first], groups.names[c.second], c.n_first, c.n_second, c.statistic,
         c.p, c.q, c.effect, c.low, c.high, c.rank_biserial, c.q < ALPHA)
        for c in pairs
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=PAIR_COLUMNS)


def drop_empty(groups: Groups) -> Groups:
    """Return the groups that hold voxels."""
    kept = [i for i, n in enumerate(groups.n) if n]
    return Groups(
        groups.by,
        tuple(groups.names[i] for i in kept),
        tuple(groups.tiers[i] for i in kept),
        tuple(groups.values[i] for i in kept),
        tuple(groups.matched_on[i] for i in kept),
    )
