"""ROIs and tiers of a run: tables of means."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jne_engine.analysis.estimates import compute_mean, compute_mean_interval
from jne_engine.analysis.maps import choose_roi_set, read_map, read_significant
from jne_engine.core.arrays import BoolArray
from jne_engine.cortex.spaces import TIERS, RoiSet
from jne_engine.runs.store import Run

MEANS = {
    "mean_r2_linear": "r2_linear",
    "mean_r2_nonlinear": "r2_nonlinear",
    "mean_jne": "jne",
    "mean_deviation": "deviation_mean",
    "mean_gain": "gain",
}
ROI_COLUMNS = ["name", "tier", "n_voxels", "n_significant", *MEANS, "jne_low", "jne_high"]
TIER_COLUMNS = ["tier", "n_voxels", "n_significant", *MEANS, "jne_low", "jne_high"]
WHOLE_BRAIN = "Whole brain"


def tabulate_rois(run: Run, preset: str | None = None) -> pd.DataFrame:
    """Return counts and means of every ROI, lowest of the hierarchy first.

    Parameters
    ----------
    run : Run
        A complete run.
    preset : str, optional
        ROI set; the run's first one by default.

    Returns
    -------
    pandas.DataFrame
        One row an ROI: ``name, tier, n_voxels, n_significant``, means over *significant*
        voxels of R², JNE, mean deviation and gain, and the 95 % interval of mean JNE
        (``jne_low, jne_high``). Empty where the run has no ROIs.

    Raises
    ------
    InputError
        If a preset is named that the run does not have.
    """
    rois = choose_roi_set(run, preset)
    if rois is None:
        return pd.DataFrame(columns=ROI_COLUMNS)
    labels = zip(rois.names, rois.tiers, strict=True)
    keys = [{"name": name, "tier": tier} for name, tier in labels]
    return _tabulate(run, keys, list(rois.masks))[ROI_COLUMNS]


def tabulate_tiers(run: Run, preset: str | None = None) -> pd.DataFrame:
    """Return counts and means of the primary, intermediate and higher-order tier.

    The columns are those of :func:`tabulate_rois` without ``name``; a tier counts each of its
    voxels once. Tiers that the run has no ROIs of have no voxels.
    """
    rois = choose_roi_set(run, preset)
    n_voxels = run.manifest.counts["n_voxels"]
    empty = np.zeros(n_voxels, dtype=np.bool_)
    masks = [empty if rois is None else rois.tier_mask(tier) for tier in TIERS]
    return _tabulate(run, [{"tier": tier} for tier in TIERS], masks)[TIER_COLUMNS]


def select_voxels(run: Run, rois: RoiSet | None, name: str) -> BoolArray:
    """Return the significant voxels of one ROI, or of the whole brain by its name.

    Raises
    ------
    InputError
        If there is no such ROI.
    """
    significant = read_significant(run)
    if name == WHOLE_BRAIN or rois is None:
        return significant
    return significant & rois.mask(name)


def _tabulate(run: Run, keys: list[dict[str, str | None]], masks: list[BoolArray]) -> pd.DataFrame:
    """Return one row a mask: its keys, counts, and means over its significant voxels."""
    significant = read_significant(run)
    maps = {column: read_map(run, name) for column, name in MEANS.items()}
    rows: list[dict[str, object]] = []
    for key, mask in zip(keys, masks, strict=True):
        chosen = mask & significant
        row: dict[str, object] = dict(key)
        row |= {"n_voxels": int(mask.sum()), "n_significant": int(chosen.sum())}
        row |= {column: compute_mean(values[chosen]) for column, values in maps.items()}
        row["jne_low"], row["jne_high"] = compute_mean_interval(maps["mean_jne"][chosen])
        rows.append(row)
    return pd.DataFrame(rows)
