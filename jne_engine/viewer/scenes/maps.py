"""Scenes of several maps, of one run or of several, with one camera."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from jne_engine.analysis import places
from jne_engine.analysis.across import GroupMap
from jne_engine.analysis.maps import (
    choose_roi_set,
    find_map,
    list_maps,
    list_presets,
    read_map,
    read_surface,
)
from jne_engine.analysis.masks import (
    Masks,
    list_masks,
    name_masks,
    select_masked,
)
from jne_engine.core.arrays import IntArray
from jne_engine.cortex.spaces import Hemisphere
from jne_engine.model.measures import find_measure
from jne_engine.runs.store import Run
from jne_engine.viewer.payload import ViewerScene
from jne_engine.viewer.scenes.run import list_run_maps, select_vertices
from jne_engine.viewer.scenes.surface import BESIDE, RunMap, build_on_surface

MOST_PANES = 4
MOST_OUTLINED = 300
"""Selected voxels that are outlined one by one."""
DIM = 0.25
"""Strength of the colours of what is not chosen."""
_DRAWN = replace(
    find_measure("r2_nonlinear"), name="drawn", label="In the drawn area", unit="",
    explanation=f"1 inside the drawn area, {DIM} outside.",
)  # fmt: skip


def build_masked_scene(
    run: Run, panes: tuple[str, ...], masks: Masks, beside: tuple[Run, ...] = ()
) -> ViewerScene | None:
    """Build a scene of a run's maps, and of the first of them in other runs.

    Parameters
    ----------
    run : Run
        Whose maps are offered, all of them.
    panes : tuple of str
        Maps to begin with, the chosen one first.
    masks : Masks
        What to hide, in every run alike; the threshold is the chosen map's.
    beside : tuple of Run
        Runs on the same surface that have the chosen map: each adds a pane.

    Returns
    -------
    ViewerScene or None
        None where the run's surface cannot be drawn.

    Notes
    -----
    A map of another run is named ``map@run id``.
    """
    maps = list_run_maps(run, panes[0], masks)
    if beside:
        maps = [_name_after(run, m) if m.info.name == panes[0] else m for m in maps]
    others = [_read_other(other, panes[0], masks) for other in beside]
    shown = (*panes, *(other.info.name for other in others))[:MOST_PANES]
    return build_on_surface(
        run,
        [*maps, *others],
        preset=masks.preset,
        panes=shown,
        shared_range=bool(beside),
        others=beside,
    )


def build_group_scene(
    runs: Sequence[Run], groups: Sequence[GroupMap], preset: str | None = None
) -> ViewerScene | None:
    """Build a scene of maps made of several runs.

    Parameters
    ----------
    runs : sequence of Run
        What the maps were made of; the surface and the ROIs of the first are drawn.
    groups : sequence of GroupMap
        What was made of the runs, one pane each.
    preset : str, optional
        ROI set; the run's first one by default.

    Returns
    -------
    ViewerScene or None
        None where the run's surface cannot be drawn.
    """
    panes = tuple(group.info.name for group in groups)[:MOST_PANES]
    maps = [_take(group) for group in groups]
    return build_on_surface(runs[0], maps, preset=preset, panes=panes, others=runs[1:])


def build_difference_scene(
    run: Run, other: Run, name: str, masks: Masks, difference: GroupMap
) -> ViewerScene | None:
    """Build a scene of one map in two runs and of their difference, three panes.

    Parameters
    ----------
    run, other : Run
        Two runs on one surface.
    name : str
        A map of both.
    masks : Masks
        What to hide in the two; the difference has its own mask.
    difference : GroupMap
        The first run's map minus the second's.

    Returns
    -------
    ViewerScene or None
        None where the runs' surface cannot be drawn.
    """
    own = _name_after(run, next(m for m in list_run_maps(run, name, masks) if m.info.name == name))
    maps = [own, _read_other(other, name, masks)]
    maps.append(_take(difference))
    panes = tuple(m.info.name for m in maps)
    return build_on_surface(run, maps, preset=masks.preset, panes=panes, others=(other,))


def build_selection_scene(
    run: Run, name: str, columns: Sequence[int], *, nonlinear: bool = False
) -> ViewerScene | None:
    """Build a scene of one map at the significant voxels, all but some of them dimmed.

    The colours of a voxel never change by what else is chosen. A few chosen ones are outlined;
    many outlines would hide the colours.

    Parameters
    ----------
    run : Run
        A complete run.
    name : str
        Map to show.
    columns : sequence of int
        Response columns at full strength; all where empty.
    nonlinear : bool
        Leave out voxels that are not nonlinear by their own q.

    Returns
    -------
    ViewerScene or None
        None where the run's surface cannot be drawn.
    """
    masks = Masks(nonlinear="all" if nonlinear else "")
    info, values, shown = find_map(run, name), read_map(run, name), select_masked(run, name, masks)
    label = name_masks(name, masks, list_masks(run, masks))
    maps = [RunMap(info, values, shown, label)]
    if columns:
        strength = np.full(values.shape, DIM, dtype=np.float32)
        strength[list(columns)] = 1
        maps.append(RunMap(_DRAWN, strength, shown, label))
    scene = build_on_surface(run, maps, panes=(name,))
    if scene is None or not columns:
        return scene
    own, drawn = scene.maps
    dimmed = replace(own, dimmed_by=drawn.name), replace(drawn, value_range=(0.0, 1.0))
    scene = replace(scene, maps=dimmed)
    few = len(columns) <= MOST_OUTLINED
    return mark_vertices(scene, places.find_marked(run, columns)) if few else scene


def mark_vertices(
    scene: ViewerScene,
    marked: Mapping[Hemisphere, IntArray],
    selected: Mapping[Hemisphere, Sequence[int]] | None = None,
) -> ViewerScene:
    """Return a scene with outlines around some vertices, and some that begin selected.

    What the scene does not draw, as the finer vertices of a stand-in surface, is left out.
    """
    drawn = {h: v[v < scene.surface.n_vertices(h)] for h, v in marked.items()}
    return select_vertices(replace(scene, marked=MappingProxyType(drawn)), selected or {})


def _take(group: GroupMap) -> RunMap:
    return RunMap(group.info, group.values, group.shown, group.shown_label, group.space)


def _read_other(run: Run, name: str, masks: Masks) -> RunMap:
    info = find_map(run, name)
    masks = _keep_known_rois(run, masks)
    listed = list_masks(run, masks)
    shown = select_masked(run, name, masks, listed)
    values = read_map(run, name, masks.preset)
    label = name_masks(name, masks, listed)
    levels = next(i for i in list_maps(run, masks.preset) if i.name == name).levels
    made = RunMap(replace(info, levels=levels), values, shown, label, read_surface(run))
    named = _name_after(run, made)
    return named._replace(info=replace(named.info, name=f"{name}{BESIDE}{run.run_id}"))


def _keep_known_rois(run: Run, masks: Masks) -> Masks:
    """Take the ROI set of another run's own where it lacks the chosen one."""
    preset = masks.preset if masks.preset in list_presets(run) else None
    rois = choose_roi_set(run, preset)
    known = () if rois is None else tuple(r for r in masks.rois if r in rois.names)
    return replace(masks, preset=preset, rois=known)


def _name_after(run: Run, run_map: RunMap) -> RunMap:
    info, manifest = run_map.info, run.manifest
    label = f"{info.label} · {manifest.subject}, layer {manifest.layer}"
    return run_map._replace(info=replace(info, label=label))
