"""ROIs and tiers of a run: tables of means."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from jne_engine.analysis.estimates import compute_mean, estimate_mean
from jne_engine.analysis.maps import choose_roi_set, read_map, read_significant, select_known
from jne_engine.core.areas import WHOLE_BRAIN
from jne_engine.core.arrays import BoolArray
from jne_engine.cortex.spaces import TIERS, RoiSet
from jne_engine.model.measures import list_measures
from jne_engine.runs.store import Run


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
        voxels (``mean_NAME``) of the measures of the list ``"region"`` that the run has, and the
        95 % interval of mean JNE (``jne_low, jne_high``). Empty where the run has no ROIs.

    Raises
    ------
    InputError
        If a preset is named that the run does not have.
    """
    rois = choose_roi_set(run, preset)
    if rois is None:
        return _tabulate(run, {"name": (), "tier": ()}, [])
    return _tabulate(run, {"name": rois.names, "tier": rois.tiers}, list(rois.masks))


def tabulate_tiers(run: Run, preset: str | None = None) -> pd.DataFrame:
    """Return counts and means of the primary, intermediate and higher-order tier.

    The columns are those of :func:`tabulate_rois` without ``name``; a tier counts each of its
    voxels once. Tiers that the run has no ROIs of have no voxels.
    """
    rois = choose_roi_set(run, preset)
    n_voxels = run.manifest.counts["n_voxels"]
    empty = np.zeros(n_voxels, dtype=np.bool_)
    masks = [empty if rois is None else rois.tier_mask(tier) for tier in TIERS]
    return _tabulate(run, {"tier": TIERS}, masks)


def tabulate_whole(run: Run) -> pd.DataFrame:
    """Return counts and means of all voxels: one row, as those of :func:`tabulate_rois`."""
    everywhere = np.ones(run.manifest.counts["n_voxels"], dtype=np.bool_)
    return _tabulate(run, {"name": (WHOLE_BRAIN,), "tier": (None,)}, [everywhere])


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


def name_columns(run: Run, columns: Sequence[int], preset: str | None = None) -> list[str]:
    """Return the ROIs that hold each of some response columns, ``""`` for none."""
    rois = choose_roi_set(run, preset)
    if rois is None:
        return ["" for _ in columns]
    inside = rois.masks[:, list(columns)]
    return [", ".join(np.asarray(rois.names, dtype=object)[own]) for own in inside.T]


def _tabulate(
    run: Run, keys: dict[str, tuple[str | None, ...]], masks: list[BoolArray]
) -> pd.DataFrame:
    """Return one row a mask: its keys, counts, and means over its significant voxels."""
    significant = read_significant(run)
    chosen = [mask & significant for mask in masks]
    columns: dict[str, object] = dict(keys)
    columns["n_voxels"] = [int(mask.sum()) for mask in masks]
    columns["n_significant"] = [int(mask.sum()) for mask in chosen]
    for measure in select_known(run, list_measures("region")):
        values = read_map(run, measure.name)
        columns[measure.mean_name] = [compute_mean(values[mask]) for mask in chosen]
    jne = [estimate_mean(read_map(run, "jne")[mask]) for mask in chosen]
    columns["jne_low"], columns["jne_high"] = [e.low for e in jne], [e.high for e in jne]
    return pd.DataFrame(columns)
