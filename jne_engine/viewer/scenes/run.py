"""A run's maps as a scene for the cortical viewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from jne_engine.analysis.maps import list_maps, read_map, read_significant
from jne_engine.analysis.masks import (
    Masks,
    list_masks,
    name_masks,
    select_masked,
    without_threshold,
)
from jne_engine.core.arrays import AnyArray
from jne_engine.cortex.spaces import Hemisphere
from jne_engine.model.measures import find_measure, list_measures
from jne_engine.runs.store import Run, has_projection
from jne_engine.viewer.payload import ViewerScene
from jne_engine.viewer.scenes.surface import RunMap, build_on_surface


def build_run_scene(
    run: Run,
    chosen: str = "jne",
    *,
    preset: str | None = None,
    significant: bool = True,
    threshold: float | None = None,
) -> ViewerScene | None:
    """Build the viewer's scene of a stored run.

    Parameters
    ----------
    run : Run
    chosen : str
        Map to begin with.
    preset : str, optional
        ROI preset; the run's first by default.
    significant : bool
        Show significant voxels only.
    threshold : float, optional
        Hide values of the chosen map below this one.

    Returns
    -------
    ViewerScene or None
        None where the run's surface cannot be drawn.
    """
    masks = Masks(significant=significant, threshold=threshold, preset=preset)
    maps = list_run_maps(run, chosen, masks)
    return build_on_surface(run, maps, preset=preset, panes=(chosen,))


def list_run_maps(run: Run, chosen: str, masks: Masks) -> list[RunMap]:
    """Return all maps of a run under masks; the threshold is the chosen map's alone."""
    listed, others = list_masks(run, masks), without_threshold(masks)
    projected = has_projection(run.stage("dataset"))  # then values at vertices count
    maps = []
    for info in list_maps(run, masks.preset):
        if info.kind != "mask":
            own = masks if info.name == chosen else others
            drawn = without_threshold(own) if projected else own
            shown = select_masked(run, info.name, drawn, listed)
            values = read_map(run, info.name, masks.preset)
            label = name_masks(info.name, own, listed)
            limit = own.threshold if projected else None
            maps.append(RunMap(info, values, shown, label, threshold=limit))
    return maps


def build_variant_scene(run: Run, variants: pd.DataFrame) -> ViewerScene | None:
    """Build a scene of the four variants of JNE side by side.

    Parameters
    ----------
    run : Run
        The run that the variants were computed from.
    variants : pandas.DataFrame
        Table ``maps`` of :func:`jne_engine.simulations.run_variants.compute_run_variants`: one
        row a voxel, its ``significant`` and a column a variant.

    Returns
    -------
    ViewerScene or None
        None where the run's surface cannot be drawn.
    """
    maps = []
    for info in list_measures("variant"):
        values = variants[info.name].to_numpy(dtype=np.float32)
        shown = variants["significant"].to_numpy(dtype=np.bool_) & np.isfinite(values)
        maps.append(RunMap(info, values, shown, "significant voxels"))
    return build_on_surface(run, maps, panes=tuple(shown.info.name for shown in maps))


def build_stimulus_scene(
    run: Run,
    values: AnyArray,
    *,
    label: str,
    selected: Mapping[Hemisphere, Sequence[int]],
    preset: str | None = None,
) -> ViewerScene | None:
    """Build a scene of the mean JNE-SS of some stimuli at the significant voxels.

    Parameters
    ----------
    run : Run
    values : numpy.ndarray, shape (n_voxels,)
        Mean JNE-SS at every response column.
    label : str
        Of which stimuli, in a few words.
    selected : mapping of hemisphere to sequence of int
        Vertices that begin selected; what the scene does not draw is left out.
    preset : str, optional
        ROI preset; the run's first by default.

    Returns
    -------
    ViewerScene or None
        None where the run's surface cannot be drawn.
    """
    shown = read_significant(run) & np.isfinite(values)
    info = find_measure("jne_ss")
    explanation = f"{info.explanation[:-1]}, averaged over the stimuli."
    info = replace(info, label=f"{info.label}: {label}", explanation=explanation)
    maps = [RunMap(info, values, shown, "significant voxels")]
    scene = build_on_surface(run, maps, preset=preset, panes=("jne_ss",))
    return None if scene is None else select_vertices(scene, selected)


def select_vertices(
    scene: ViewerScene, selected: Mapping[Hemisphere, Sequence[int]]
) -> ViewerScene:
    """Return a scene with vertices that begin selected.

    What the scene does not draw, as the finer vertices of a stand-in surface, is left out.
    """
    drawn = {
        hemi: tuple(v for v in vertices if v < scene.surface.n_vertices(hemi))
        for hemi, vertices in selected.items()
    }
    return replace(scene, selected=MappingProxyType(drawn))
