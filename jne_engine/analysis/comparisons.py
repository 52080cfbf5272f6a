"""One measure against another: linear against nonlinear R², estimate against truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.path import Path as MplPath

from jne_engine.analysis.estimates import Correlation, compute_mean, correlate
from jne_engine.analysis.maps import choose_roi_set, read_map, read_significant, select_known
from jne_engine.analysis.nonlinearity import read_nonlinear
from jne_engine.analysis.regions import select_voxels
from jne_engine.core.areas import WHOLE_BRAIN
from jne_engine.core.arrays import BoolArray
from jne_engine.model.measures import list_measures
from jne_engine.runs.store import Run

Outline = Sequence[tuple[float, float]]

TRUTH = "truth_nonlinear_share"


def compare_r2(run: Run, preset: str | None = None, *, drawn: bool = True) -> pd.DataFrame:
    """Correlate linear with nonlinear R² over the whole brain and within each ROI.

    ``drawn``: with ROIs that a person has drawn.

    Returns
    -------
    pandas.DataFrame
        Columns ``name, tier, n, r, low, high, mean_r2_linear, mean_r2_nonlinear``, over
        significant voxels; the whole brain first, then ROIs in hierarchical order.
    """
    rois = choose_roi_set(run, preset, drawn=drawn)
    names = [WHOLE_BRAIN, *(rois.names if rois is not None else ())]
    tiers = [None, *(rois.tiers if rois is not None else ())]
    linear, nonlinear = read_map(run, "r2_linear"), read_map(run, "r2_nonlinear")
    rows = []
    for name, tier in zip(names, tiers, strict=True):
        mask = select_voxels(run, rois, name)
        found = correlate(linear[mask], nonlinear[mask])
        means = compute_mean(linear[mask]), compute_mean(nonlinear[mask])
        rows.append((name, tier, found.n, found.r, found.low, found.high, *means))
    columns = ["name", "tier", "n", "r", "low", "high", "mean_r2_linear", "mean_r2_nonlinear"]
    return pd.DataFrame(rows, columns=columns)


def count_better(run: Run, roi: str = WHOLE_BRAIN) -> tuple[int, int]:
    """Return in how many significant voxels of an ROI the nonlinear R² is larger, and of how many.

    Voxels count whose two R² are finite.
    """
    pairs = tabulate_pairs(run, "r2_linear", "r2_nonlinear", roi)
    return int((pairs["r2_nonlinear"] > pairs["r2_linear"]).sum()), len(pairs)


def tabulate_pairs(
    run: Run,
    first: str,
    second: str,
    roi: str = WHOLE_BRAIN,
    preset: str | None = None,
    *,
    nonlinear: bool = False,
) -> pd.DataFrame:
    """Return two maps at the significant voxels of one ROI, with the voxels' columns.

    ``nonlinear``: of these, only voxels that are nonlinear too, by their own q.

    Returns
    -------
    pandas.DataFrame
        Columns ``column`` (response column of the run) and the two maps' names, finite in both.

    Raises
    ------
    InputError
        If there is no such map or ROI.
    """
    mask = select_voxels(run, choose_roi_set(run, preset), roi)
    if nonlinear:
        mask &= read_nonlinear(run)
    x, y = read_map(run, first), read_map(run, second)
    columns = np.flatnonzero(mask & np.isfinite(x) & np.isfinite(y))
    return pd.DataFrame({"column": columns, first: x[columns], second: y[columns]})


def select_inside(pairs: pd.DataFrame, areas: Sequence[Outline]) -> tuple[int, ...]:
    """Return the response columns of the pairs that lie inside any of some drawn areas.

    Parameters
    ----------
    pairs : pandas.DataFrame
        What :func:`tabulate_pairs` returns.
    areas : sequence of sequence of (float, float)
        Corners of each polygon, in the units of the two maps; fewer than three enclose nothing.

    Returns
    -------
    tuple of int
        Ascending.

    Notes
    -----
    A point is inside where a ray from it crosses the outline an odd number of times, as a lasso
    of the figure decides it.
    """
    points = pairs[[name for name in pairs.columns if name != "column"]].to_numpy(np.float64)
    inside = np.zeros(len(points), dtype=np.bool_)
    for area in areas:
        if len(area) >= 3:
            inside |= MplPath([*area, area[0]], closed=True).contains_points(points)
    return tuple(pairs["column"].to_numpy()[inside].tolist())


def has_truth(run: Run) -> bool:
    """Tell whether a run knows the planted nonlinearity: only simulated data do."""
    return run.stage("dataset").has_array(TRUTH)


def correlate_with_truth(run: Run, measure: str = "jne") -> Correlation | None:
    """Correlate a map with the planted nonlinear share over significant voxels.

    Returns
    -------
    Correlation or None
        None where the run knows no truth.
    """
    if not has_truth(run):
        return None
    return _correlate_with_truth(run, measure, read_significant(run))


def tabulate_recovery(run: Run) -> pd.DataFrame:
    """Return how well each measure recovers the planted nonlinear share, best first.

    Returns
    -------
    pandas.DataFrame
        Columns ``measure, r, low, high, n`` over significant voxels; empty without truth.
    """
    significant = read_significant(run)
    rows = []
    for measure in select_known(run, list_measures("truth")) if has_truth(run) else ():
        found = _correlate_with_truth(run, measure.name, significant)
        rows.append((measure.name, found.r, found.low, found.high, found.n))
    table = pd.DataFrame(rows, columns=["measure", "r", "low", "high", "n"])
    return table.sort_values("r", ascending=False, kind="stable", ignore_index=True)


def _correlate_with_truth(run: Run, measure: str, mask: BoolArray) -> Correlation:
    return correlate(read_map(run, measure)[mask], read_map(run, TRUTH)[mask])
