"""Which voxels of a map to show, and how many each mask hides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from jne_engine.analysis.maps import choose_roi_set, read_map
from jne_engine.analysis.nonlinearity import read_nonlinear
from jne_engine.core.arrays import BoolArray, Float32Array
from jne_engine.core.errors import InputError
from jne_engine.model.measures import Measure, find_measure, list_measures, name_stability
from jne_engine.runs.store import Run

SHOWN = "Shown"
NO_VALUE = "No value"
SHARES = frozenset(m.name for m in list_measures("map") if m.name.startswith("nonlinear_share"))
"""The maps of the nonlinear share and its bounds."""
MASK_COLUMNS = ["mask", "n_hidden", "n_hidden_first"]


@dataclass(frozen=True)
class Masks:
    """What a reader hides; None and empty hide nothing.

    Parameters
    ----------
    significant : bool
        Leave out voxels that are not significant.
    q : float, optional
        Level of the nonlinear encoder's q (false discovery rate); the run's own by default.
    min_r2 : float, optional
        Leave out voxels whose nonlinear R² (fraction of variance) is below.
    min_ceiling : float, optional
        Leave out voxels whose noise ceiling (%) is below, or unknown.
    rois : tuple of str
        Leave out voxels outside all of these ROIs.
    preset : str, optional
        ROI set that names them; the run's first one by default.
    threshold : float, optional
        Leave out values of the map below; in a diverging map, values nearer to 0.
    nonlinear : {"", "shares", "all"}
        On which maps to leave out voxels that are not nonlinear, or not known to be: on none, on
        those of the nonlinear share, or on all.
    above_floor : str
        Measure of :data:`~jne_engine.model.measures.STABLE`: leave out voxels whose mean over
        seeds is within the floor of shuffled pairings, or not known.
    """

    significant: bool = True
    q: float | None = None
    min_r2: float | None = None
    min_ceiling: float | None = None
    rois: tuple[str, ...] = ()
    preset: str | None = None
    threshold: float | None = None
    nonlinear: Literal["", "shares", "all"] = ""
    above_floor: str = ""


@dataclass(frozen=True, eq=False)
class Hidden:
    """One mask.

    Parameters
    ----------
    label, shown_label : str
        What is hidden, and what is left, in words.
    voxels : numpy.ndarray of bool, shape (n_voxels,)
        Which voxels it hides.
    holds_for_labels : bool
        Whether it hides labels too, as those of ROIs and tiers, which are known everywhere.
    only : frozenset of str
        The maps that it is for; all where empty.
    """

    label: str
    shown_label: str
    voxels: BoolArray
    holds_for_labels: bool = False
    only: frozenset[str] = frozenset()


def list_masks(run: Run, masks: Masks) -> tuple[Hidden, ...]:
    """Return the masks that depend on the voxel alone, not on the map's value.

    Parameters
    ----------
    run : Run
        A complete run.
    masks : Masks
        What to hide.

    Raises
    ------
    InputError
        If there is no such ROI or preset.
    """
    found = []
    if masks.significant:
        level = float(run.manifest.spec["fdr_q"]) if masks.q is None else masks.q
        q = run.stage("scores").read_array("q_nonlinear")
        name = "significant voxels" if masks.q is None else f"q < {level:g}"
        found.append(Hidden(f"Not significant (q ≥ {level:g})", name, ~(q < level)))
    if masks.nonlinear:
        own = f"{float(run.manifest.spec['fdr_q']):g}"
        label, shown = f"Not nonlinear (q ≥ {own}) or unknown", f"nonlinear (q < {own})"
        only = SHARES if masks.nonlinear == "shares" else frozenset[str]()
        found.append(Hidden(label, shown, ~read_nonlinear(run), only=only))
    if masks.above_floor:
        above = find_measure(name_stability(masks.above_floor)["above"])
        within = ~(read_map(run, above.name) == 1)
        label = f"{find_measure(masks.above_floor).label} within the floor or unknown"
        found.append(Hidden(label, above.label, within))
    for name, limit, label, unit in (
        ("r2_nonlinear", masks.min_r2, "R² nonlinear", ""),
        ("noise_ceiling", masks.min_ceiling, "Noise ceiling", " %"),
    ):
        if limit is not None:
            below = ~(read_map(run, name) >= limit)
            text = f"{limit:g}{unit}"
            found.append(Hidden(f"{label} below {text} or unknown", f"{label} ≥ {text}", below))
    if masks.rois:
        found.append(_hide_outside(run, masks))
    return tuple(found)


def select_masked(
    run: Run, name: str, masks: Masks, listed: Sequence[Hidden] | None = None
) -> BoolArray:
    """Return which voxels of a map to show, shape (n_voxels,); False where it has no value.

    Labels, as those of ROIs and tiers, are known everywhere: only the choice of ROIs hides them.

    Parameters
    ----------
    run : Run
        A complete run.
    name : str
        A map.
    masks : Masks
        What to hide.
    listed : sequence of Hidden, optional
        :func:`list_masks` of the same masks, where it is known already.
    """
    values = read_map(run, name, masks.preset)
    shown = np.isfinite(values)
    for hidden in _list_for(find_measure(name), values, masks, listed or list_masks(run, masks)):
        shown &= ~hidden.voxels
    return np.asarray(shown, dtype=np.bool_)


def name_masks(name: str, masks: Masks, listed: Sequence[Hidden]) -> str:
    """Say in words which voxels of a map are shown."""
    nothing = np.zeros(0, dtype=np.float32)
    parts = [h.shown_label for h in _list_for(find_measure(name), nothing, masks, listed)]
    return ", ".join(parts) or "voxels with a value"


def tabulate_masks(run: Run, name: str, masks: Masks) -> pd.DataFrame:
    """Count the voxels that each mask hides.

    Returns
    -------
    pandas.DataFrame
        Columns ``mask, n_hidden, n_hidden_first``: how many a mask hides, and how many of them
        no mask above it hides already, so that the last column adds up to all voxels. The first
        row counts voxels without a value, the last one those that are shown.
    """
    values = read_map(run, name, masks.preset)
    missing = Hidden(NO_VALUE, "", ~np.isfinite(values))
    listed = _list_for(find_measure(name), values, masks, list_masks(run, masks))
    left, rows = np.ones(values.shape, dtype=np.bool_), []
    for hidden in (missing, *listed):
        rows.append((hidden.label, int(hidden.voxels.sum()), int((left & hidden.voxels).sum())))
        left &= ~hidden.voxels
    rows.append((SHOWN, int(left.sum()), int(left.sum())))
    return pd.DataFrame(rows, columns=MASK_COLUMNS)


def without_threshold(masks: Masks) -> Masks:
    """Return the masks of the maps that a threshold was not chosen for."""
    return replace(masks, threshold=None)


def _list_for(
    info: Measure, values: Float32Array, masks: Masks, listed: Sequence[Hidden]
) -> list[Hidden]:
    if not info.is_numeric:
        return [hidden for hidden in listed if hidden.holds_for_labels]
    own = [hidden for hidden in listed if not hidden.only or info.name in hidden.only]
    if masks.threshold is None:
        return own
    size = np.abs(values) if info.kind == "diverging" else values
    what = "|value|" if info.kind == "diverging" else "value"
    label, left = f"Below the threshold {masks.threshold:g}", f"{what} ≥ {masks.threshold:g}"
    return [*own, Hidden(label, left, size < masks.threshold)]


def _hide_outside(run: Run, masks: Masks) -> Hidden:
    rois = choose_roi_set(run, masks.preset)
    if rois is None:
        raise InputError("ROI mask", "at least one ROI set", "none", "add ROIs to the dataset")
    inside = np.any([rois.mask(name) for name in masks.rois], axis=0)
    names = ", ".join(masks.rois)
    return Hidden(f"Outside {names}", f"inside {names}", ~inside, holds_for_labels=True)
