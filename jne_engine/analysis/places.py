"""Which response column stands at which drawn vertex, both ways."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jne_engine.analysis.drawn_rois import Vertices, match_vertices, read_drawn
from jne_engine.analysis.maps import choose_roi_set, read_surface
from jne_engine.core.areas import WHOLE_BRAIN
from jne_engine.core.arrays import IntArray
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere, VolumeSpace
from jne_engine.runs.store import Run, read_space


def find_columns(run: Run, vertices: Vertices) -> IntArray:
    """Return the response columns that stand at some vertices, ascending and each once.

    At a vertex of a projected run stands its nearest voxel, the one that weighs most in it.
    Vertices without a response are left out.

    Raises
    ------
    InputError
        If the run cannot be drawn on a surface.
    """
    drawn = read_drawn(run)
    if drawn is None:
        raise InputError(run.run_id, "a run on a surface", "none", "choose an ROI by its name")
    return match_vertices(*drawn, vertices)


def find_selected(run: Run, vertices: Vertices) -> tuple[int, ...]:
    """Return a run's response columns at some vertices; none where no surface shows it."""
    return () if read_drawn(run) is None else tuple(find_columns(run, vertices).tolist())


def find_marked(run: Run, columns: Sequence[int]) -> dict[Hemisphere, IntArray]:
    """Return the vertices at which some of a run's columns stand, ascending.

    Of a projected run these are all whose nearest voxel is among the columns: none, one or many
    a voxel. Nothing is returned where no surface shows the run.
    """
    drawn = read_drawn(run)
    if drawn is None:
        return {}
    space, at = drawn
    inside = np.isin(at, np.asarray(columns, dtype=np.int64))
    return {h: np.sort(space.vertices(h)[inside[space.columns(h)]]) for h in HEMISPHERES}


def find_region_columns(run: Run, names: Sequence[str], hemi: Hemisphere | None = None) -> IntArray:
    """Return the response columns inside any of some regions, ascending.

    Parameters
    ----------
    run : Run
    names : sequence of str
        ROIs, or the whole brain by its name.
    hemi : {"left", "right"}, optional
        Keep this hemisphere only; both by default.

    Raises
    ------
    InputError
        If a hemisphere is named of a run whose columns are no vertices of a surface.
    """
    rois, inside = choose_roi_set(run), np.zeros(run.manifest.counts["n_voxels"], dtype=np.bool_)
    for name, mask in () if rois is None else zip(rois.names, rois.masks, strict=True):
        inside |= mask & (name in names)
    inside |= WHOLE_BRAIN in names
    if hemi is not None:
        space = read_surface(run)
        if space is None:
            raise InputError(run.run_id, "a run on a surface", "none", "take both hemispheres")
        kept = np.arange(space.n_voxels)[space.columns(hemi)]
        inside &= np.isin(np.arange(inside.size), kept)
    return np.flatnonzero(inside)


def find_voxels(run: Run, columns: Sequence[int]) -> tuple[tuple[int, int, int], ...]:
    """Return the zero-based (x, y, z) voxel of some columns; none where the run is of no volume."""
    space = read_space(run.stage("dataset"))
    if not isinstance(space, VolumeSpace):
        return ()
    return tuple((int(x), int(y), int(z)) for x, y, z in space.voxels[list(columns)])
