"""A measure in each ROI or tier of a run: its values, means, and shares of high voxels.

Voxels are taken as independent, which neighbours are not, so intervals are lower bounds of the real
uncertainty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from jne_engine.analysis.estimates import estimate_mean, estimate_share
from jne_engine.analysis.maps import choose_roi_set, read_map, read_significant
from jne_engine.core.arrays import BoolArray, Float32Array
from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import TIERS
from jne_engine.runs.store import Run

By = Literal["roi", "tier"]
BY: tuple[By, ...] = ("roi", "tier")
MATCHED_ON = "r2_nonlinear"
HIGH_QUANTILE = 0.75

MEAN_COLUMNS = ["name", "tier", "n", "mean", "low", "high", "median"]
SHARE_COLUMNS = ["name", "tier", "n", "n_high", "share", "low", "high", "cutoff"]


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
    drawn: bool = True,
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
    drawn : bool
        With ROIs that a person has drawn.

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
    names, tiers, masks = list_masks(run, by, preset, drawn=drawn)
    rows = [np.flatnonzero(mask & shown) for mask in masks]
    parts = (tuple(array[r] for r in rows) for array in (values, r2))
    return Groups(by, names, tiers, *parts)


def list_masks(
    run: Run, by: By, preset: str | None = None, *, drawn: bool = True
) -> tuple[tuple[str, ...], tuple[str | None, ...], list[BoolArray]]:
    """Return names, tiers and masks over columns of a run's ROIs or tiers, lowest first."""
    rois = choose_roi_set(run, preset, drawn=drawn)
    if rois is None:
        return (), (), []
    if by == "roi":
        return rois.names, rois.tiers, list(rois.masks)
    there = tuple(tier for tier in TIERS if rois.tier_mask(tier).any())
    return there, there, [rois.tier_mask(tier) for tier in there]


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


def tabulate_means(groups: Groups) -> pd.DataFrame:
    """Return each group's mean with Student's 95 % interval over its voxels.

    Returns
    -------
    pandas.DataFrame
        Columns ``name, tier, n, mean, low, high, median``.
    """
    rows = []
    for name, tier, values in zip(groups.names, groups.tiers, groups.values, strict=True):
        found = estimate_mean(values)
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


def tabulate_high_shares(groups: Groups, cutoff: float) -> pd.DataFrame:
    """Return the share of each group's voxels above a cutoff, with Wilson's 95 % interval.

    Parameters
    ----------
    groups : Groups
    cutoff : float
        What :func:`compute_cutoff` returns.

    Returns
    -------
    pandas.DataFrame
        Columns ``name, tier, n, n_high, share, low, high, cutoff``.
    """
    rows = []
    for name, tier, values in zip(groups.names, groups.tiers, groups.values, strict=True):
        found = estimate_share(values, cutoff)
        n_high = int((values > cutoff).sum())
        rows.append((name, tier, found.n, n_high, found.value, found.low, found.high, cutoff))
    return pd.DataFrame(rows, columns=SHARE_COLUMNS)
