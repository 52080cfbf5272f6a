"""Maps at a run's columns as a scene for the cortical viewer, on the surface that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from jne_engine.analysis.drawn_rois import read_drawn_set
from jne_engine.analysis.maps import (
    choose_roi_set,
    read_run_projection,
    read_surface,
    scatter_to_surface,
    select_above,
)
from jne_engine.core.arrays import AnyArray
from jne_engine.core.palettes import TIER_COLOURS, region_colours
from jne_engine.cortex.projection import Projection
from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere, RoiSet, SurfaceSpace
from jne_engine.model.measures import Measure
from jne_engine.runs.store import Run
from jne_engine.viewer.payload import ViewerLabels, ViewerMap, ViewerScene, ViewerSurface
from jne_engine.viewer.surfaces import Display, choose_display, show_subject_surface

BESIDE = "@"
"""Between a map's name and the run that it is of, where that is not the scene's own."""

READOUT = ("jne", "nonlinear_share", "r2_nonlinear", "noise_ceiling")
"""Maps whose values every hover says."""


class RunMap(NamedTuple):
    """One map of a run: what it is, and its values at the response columns.

    Parameters
    ----------
    info : Measure
        Description.
    values : numpy.ndarray, shape (n_voxels,)
    shown : numpy.ndarray of bool, shape (n_voxels,)
        Columns to show.
    mask_label : str
        Which columns these are, in words.
    space : SurfaceSpace, optional
        Where the columns lie, if not where the scene's run has its own.
    threshold : float, optional
        Hide values below this one too.
    """

    info: Measure
    values: AnyArray
    shown: AnyArray
    mask_label: str = "voxels with a value"
    space: SurfaceSpace | None = None
    threshold: float | None = None

    def project(self, projection: Projection) -> RunMap:
        """Return the map at the vertices of a projection: labels and mask of the nearest voxel."""
        project = projection.project if self.info.is_numeric else projection.project_labels
        shown = projection.project_labels(self.shown)
        return self._replace(values=project(self.values), shown=shown)

    def select(self) -> AnyArray:
        """Return which values are shown: of the columns that are, those above the threshold."""
        return self.shown & select_above(self.values, self.info, self.threshold)


def build_on_surface(
    run: Run,
    maps: Sequence[RunMap],
    *,
    preset: str | None = None,
    panes: tuple[str, ...],
    shared_range: bool = False,
    others: Sequence[Run] = (),
) -> ViewerScene | None:
    """Build a scene of maps at a run's columns, None where its surface cannot be drawn.

    Parameters
    ----------
    run : Run
        Whose surface is drawn.
    maps : sequence of RunMap
        What can be shown.
    preset : str, optional
        ROI preset; the run's first by default.
    panes : tuple of str
        Names of the maps to begin with, side by side.
    shared_range : bool
        Begin with one colour range for all panes.
    others : sequence of Run
        Runs that maps were made of besides; a simulated one marks the scene as SIMULATED.
    """
    sets, projection = _choose_label_sets(run, preset), read_run_projection(run)
    shown = _find_display(run, projection)
    if shown is None:
        return None
    space, display = shown
    if projection is not None:
        maps = [m.project(projection) if m.space is None else m for m in maps]
        sets = tuple(replace(r, masks=projection.project_labels(r.masks)) for r in sets)
    manifest, ids = run.manifest, ", ".join(other.run_id for other in others)
    source = manifest.source.rstrip(".")
    return build_scene(
        space,
        display,
        maps,
        sets,
        panes=panes,
        title=f"{manifest.name}, {manifest.subject}",
        provenance=f"{source}. Run {run.run_id}{f', with {ids}' if ids else ''}.",
        simulated=any(each.manifest.simulated for each in (run, *others)),
        shared_range=shared_range,
        run=run.run_id,
    )


def _choose_label_sets(run: Run, preset: str | None) -> tuple[RoiSet, ...]:
    """Return the run's own ROIs and the drawn ones apart: one label a vertex hides no overlap."""
    own, drawn = choose_roi_set(run, preset, drawn=False), read_drawn_set(run)
    sets = {rois.preset: rois for rois in (own, drawn) if rois is not None}
    return tuple(sets.values())


def find_display(run: Run) -> tuple[SurfaceSpace, Display] | None:
    """Return where a run's columns lie on a surface, or are projected to, and what is drawn of it.

    Returns
    -------
    tuple of SurfaceSpace and Display, or None
        A surface by its name, or the one that the run carries; None where none can be drawn here.
    """
    return _find_display(run, read_run_projection(run))


def _find_display(run: Run, projection: Projection | None) -> tuple[SurfaceSpace, Display] | None:
    if projection is None:
        space = read_surface(run)
        display = None if space is None else choose_display(space)
    elif projection.own is not None:
        space, display = projection.space, show_subject_surface(projection.own)
    else:
        space = projection.space
        display = choose_display(space)
    if space is None or display is None:
        return None
    notes = ("" if projection is None else projection.note), display.note
    return space, replace(display, note=" ".join(notes).strip())


def can_draw(run: Run) -> bool:
    """Tell whether a run lies on a surface, or is projected to one, that can be drawn here."""
    return find_display(run) is not None


def build_scene(
    space: SurfaceSpace,
    display: Display,
    maps: Sequence[RunMap],
    roi_sets: Sequence[RoiSet],
    *,
    panes: tuple[str, ...],
    title: str,
    provenance: str,
    simulated: bool,
    shared_range: bool = False,
    run: str = "",
) -> ViewerScene:
    """Build the viewer's scene of a run.

    Parameters
    ----------
    space : SurfaceSpace
        Where the response columns lie.
    display : Display
        What is drawn of that surface.
    maps : sequence of RunMap
        What can be shown.
    roi_sets : sequence of RoiSet
        Regions to outline, the first set's to begin with.
    panes : tuple of str
        Names of the maps to begin with, side by side.
    title, provenance : str
        What exports of the viewer print.
    simulated : bool
        True stamps SIMULATED on the viewer.
    shared_range : bool
        Begin with one colour range for all panes.
    run : str
        What saved pictures are named after.
    """
    return ViewerScene(
        display.surface,
        tuple(_build_map(space, display, m) for m in maps),
        title=title,
        provenance=f"{provenance} {display.note}".strip(),
        note=display.note,
        simulated=simulated,
        labels=tuple(_build_labels(space, display, rois) for rois in roi_sets),
        shape=_choose_shape(display.surface),
        view="pair",
        fit=True,
        panes=panes,
        shared_range=shared_range,
        readout=tuple(m.info.name for m in maps if m.info.name in READOUT),
        run=run,
    )


def _build_map(space: SurfaceSpace, display: Display, run_map: RunMap) -> ViewerMap:
    """Spread one map and its mask over the vertices; a mask without gaps is left out."""
    info, space = run_map.info, run_map.space or space
    left, right = (_spread(space, display, run_map.values, hemi) for hemi in HEMISPHERES)
    shown = run_map.select()
    masks = [_spread(space, display, shown, hemi) == 1 for hemi in HEMISPHERES]
    whole = bool(shown.all())
    return ViewerMap(
        info.name,
        info.label,
        info.unit,
        left,
        right,
        kind="categorical" if info.kind == "mask" else info.kind,
        mask_left=None if whole else masks[0],
        mask_right=None if whole else masks[1],
        mask_label=run_map.mask_label,
        colours=info.colours,
        categories=() if info.is_numeric else _name_colours(info.levels),
    )


def _build_labels(space: SurfaceSpace, display: Display, rois: RoiSet) -> ViewerLabels:
    """Return the ROIs as numbers from 1; where they overlap, the lowest one is drawn."""
    columns = np.zeros(space.n_voxels, dtype=np.float32)
    for number, mask in reversed(list(enumerate(rois.masks, start=1))):
        columns[mask] = number
    left, right = (
        np.nan_to_num(_spread(space, display, columns, hemi)).astype(np.int64)
        for hemi in HEMISPHERES
    )
    title = f"{rois.preset} (approximate)" if rois.approximate else rois.preset
    return ViewerLabels(title, rois.names, left, right)


def _spread(
    space: SurfaceSpace, display: Display, values: AnyArray, hemi: Hemisphere
) -> npt.NDArray[np.float32]:
    """Spread columns over one hemisphere of the run's mesh and keep what is drawn."""
    spread = scatter_to_surface(values, space, hemi, n_vertices=display.n_vertices[hemi])
    return spread[: display.surface.n_vertices(hemi)]


def _choose_shape(surface: ViewerSurface) -> str:
    """Return the shape to begin with: inflated where there is one."""
    names = [shape.name for shape in surface.shapes]
    return "inflated" if "inflated" in names else names[0]


def _name_colours(levels: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return name and colour of each level: tiers and ROIs keep theirs everywhere."""
    known = dict(zip(levels, region_colours(levels), strict=True)) | dict(TIER_COLOURS)
    return tuple((level, known[level]) for level in levels)
