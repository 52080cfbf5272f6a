"""Whether a measure rises along the visual hierarchy: the paper's Result III, as tables.

Groups are ROIs or tiers. Every function reads one finished run; voxels are taken as independent,
which neighbours are not, so intervals and p-values are lower bounds of the real uncertainty:
:mod:`jne_engine.analysis.spins` and :mod:`jne_engine.analysis.subjects` do without that.

A later table of claims can use :func:`tabulate_trends` (tier trend, raw and matched, with p, q and
effect) and :func:`tabulate_pairwise` (every ordered pair of ROIs or tiers).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from jne_engine.analysis.estimates import compute_mean
from jne_engine.analysis.roi_groups import By, Groups, drop_empty, read_groups
from jne_engine.analysis.statistics import (
    Matching,
    PairComparison,
    Trend,
    compare_matched_pairs,
    compare_pairs,
    compute_matched_trend,
    compute_trend,
    match_groups,
)
from jne_engine.model.scoring import correct_fdr
from jne_engine.runs.store import Run

ALPHA = 0.05

PAIR_COLUMNS = [
    *("first", "second", "n_first", "n_second", "u", "p", "q"),
    *("effect", "low", "high", "rank_biserial", "exceeds"),
]
TREND_COLUMNS = ["comparison", "n", "j", "z", "p", "q", "effect", "low", "high", "n_draws"]


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
