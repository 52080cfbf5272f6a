"""ROIs that a person has drawn: which a run has, and how one is kept under a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from jne_engine.core.areas import WHOLE_BRAIN
from jne_engine.core.arrays import IntArray
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import HEMISPHERES, TIERS, Hemisphere, RoiSet, SurfaceSpace
from jne_engine.cortex.surfaces import GEOMETRIES
from jne_engine.runs.drawn_rois import DRAWN_ROIS, FOLDER, DrawnRoi
from jne_engine.runs.store import Run, read_projection, read_roi_sets, read_space

Vertices = Mapping[Hemisphere, Sequence[int]]

DRAWN: Final = "drawn"
"""Name of the set of drawn ROIs."""
_RESERVED = (WHOLE_BRAIN, *TIERS)


def stamp_drawn(run: Run) -> int:
    """Return what changes when an ROI is drawn, renamed or deleted: nanoseconds, 0 for none."""
    folder = run.path.parent / FOLDER
    return folder.stat().st_mtime_ns if folder.is_dir() else 0


def list_drawn(run: Run) -> tuple[DrawnRoi, ...]:
    """Return the drawn ROIs that hold in a run: its subject's, or those on the same template."""
    kept = DRAWN_ROIS.list(run.path.parent)[0]
    # A projection takes seconds to read, and most folders hold no drawn ROI.
    drawn = read_drawn(run) if kept else None
    if drawn is None:
        return ()
    surface, subject = drawn[0].surface, run.manifest.subject
    return tuple(
        roi
        for roi in kept
        if roi.surface == surface and (surface in GEOMETRIES or roi.subject == subject)
    )


def read_drawn_set(run: Run) -> RoiSet | None:
    """Return the drawn ROIs that hold in a run over its columns, None where there are none.

    One that has the name of an ROI of the data itself, in another run than its own, says so.
    """
    rois = list_drawn(run)
    drawn = read_drawn(run) if rois else None
    if drawn is None:
        return None
    masks = np.zeros((len(rois), run.manifest.counts["n_voxels"]), dtype=np.bool_)
    for row, roi in enumerate(rois):
        masks[row, match_vertices(*drawn, roi.vertices)] = True
    sets = read_roi_sets(run.stage("dataset"))
    names = _tell_apart((roi.name for roi in rois), {n for s in sets.values() for n in s.names})
    preset = DRAWN if DRAWN not in sets else f"{DRAWN} here"
    return RoiSet(preset, "Drawn by hand on a map", names, (None,) * len(rois), masks)


def unite(own: RoiSet | None, drawn: RoiSet | None) -> RoiSet | None:
    """Return an ROI set with the drawn ROIs behind its own."""
    if own is None or drawn is None:
        return drawn if own is None else own
    return replace(
        own,
        names=(*own.names, *drawn.names),
        tiers=(*own.tiers, *drawn.tiers),
        masks=np.concatenate([own.masks, drawn.masks]),
    )


def keep_roi(run: Run, name: str, vertices: Vertices, *, shown: str, by: str = "") -> DrawnRoi:
    """Keep vertices as an ROI of every run on a run's surface.

    Parameters
    ----------
    run : Run
        The run on whose brain it was drawn.
    name : str
        New, and no ROI of the data itself.
    vertices : mapping of hemisphere to sequence of int
        At least one with a response.
    shown : str
        Name of the map that was shown.
    by : str
        Who drew it, empty where nobody signs in.

    Raises
    ------
    InputError
        If the name is taken, or no voxel of the run is at the vertices.
    StoreError
        If the disk is full or not writable.
    """
    check_name(run, name)
    drawn = read_drawn(run)
    if drawn is None:
        raise InputError(run.run_id, "a run on a surface", "none", "draw on another run")
    if not match_vertices(*drawn, vertices).size:
        fix = "draw around coloured cortex"
        raise InputError(name, "at least one voxel of this run", "bare cortex only", fix)
    whole = {h: tuple(sorted({int(v) for v in vertices.get(h, ())})) for h in HEMISPHERES}
    surface, subject = drawn[0].surface, run.manifest.subject
    roi = DrawnRoi(name, surface, subject, whole, run=run.run_id, map=shown, by=by)
    DRAWN_ROIS.save(run.path.parent, roi)
    return roi


def rename_roi(run: Run, name: str, new: str) -> None:
    """Give a drawn ROI another name, which must be new as for :func:`keep_roi`."""
    if new != name:
        check_name(run, new, but=name)
        DRAWN_ROIS.rename(run.path.parent, name, new)


def check_name(run: Run, name: str, *, but: str = "") -> None:
    """Require a name that no ROI has, in whatever case, ``but`` for one.

    Raises
    ------
    InputError
        If it is taken.
    """
    kept = [roi.name for roi in DRAWN_ROIS.list(run.path.parent)[0] if roi.name != but]
    own = [n for rois in read_roi_sets(run.stage("dataset")).values() for n in rois.names]
    for whose, names in (("of the data", (*own, *_RESERVED)), ("that was drawn", kept)):
        if name.casefold() in {n.casefold() for n in names}:
            raise InputError(name, "a new name", f"an ROI {whose} of that name", "choose another")


def match_vertices(space: SurfaceSpace, at: IntArray, vertices: Vertices) -> IntArray:
    """Return the response columns at some vertices, ascending and each once.

    Parameters
    ----------
    space, at
        What :func:`read_drawn` returns.
    vertices : mapping of hemisphere to sequence of int
        Those without a response are left out.
    """
    wanted = {h: np.asarray(vertices.get(h, ()), dtype=np.int64) for h in HEMISPHERES}
    found = [at[space.columns(h)][np.isin(space.vertices(h), wanted[h])] for h in HEMISPHERES]
    return np.unique(np.concatenate(found))


def read_drawn(run: Run) -> tuple[SurfaceSpace, IntArray] | None:
    """Return the vertices that show a run, and the column that stands at each of them."""
    return _read_drawn(run.path, run.manifest.key)


@lru_cache(maxsize=4)
def _read_drawn(path: Path, key: str) -> tuple[SurfaceSpace, IntArray] | None:
    """Read it once: a run never changes, and of a volume it takes the whole projection."""
    del key  # another run at the same place has another one
    stage = Run(path).stage("dataset")
    space, projection = read_space(stage), read_projection(stage)
    if isinstance(space, SurfaceSpace):
        return space, np.arange(space.n_voxels, dtype=np.int64)
    return None if projection is None else (projection.space, projection.nearest)


def _tell_apart(names: Iterable[str], taken: set[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for wanted in names:
        name = wanted
        while name in taken or name in kept:
            name = f"{name} ({DRAWN})"
        kept.append(name)
    return tuple(kept)
