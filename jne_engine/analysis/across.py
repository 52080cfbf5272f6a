"""Several runs on one surface: differences of two, means and consistency over subjects.

Runs are aligned vertex by vertex. Nothing is resampled: runs on different meshes share no vertex.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jne_engine.analysis.maps import read_map, read_significant, read_surface
from jne_engine.core.arrays import BoolArray, Float32Array, IntArray
from jne_engine.core.errors import InputError
from jne_engine.cortex.icosahedron import FSAVERAGE
from jne_engine.cortex.names import canonical_name
from jne_engine.cortex.spaces import HEMISPHERES, SurfaceSpace
from jne_engine.cortex.surfaces import GEOMETRIES
from jne_engine.model.measures import Measure, find_measure
from jne_engine.runs.store import Run

FEWEST = 2
"""Subjects that a vertex needs before it has a mean."""


@dataclass(frozen=True, eq=False)
class Aligned:
    """Runs on one surface, vertex by vertex.

    Parameters
    ----------
    space : SurfaceSpace
        All vertices at which any of the runs has a column.
    columns : numpy.ndarray of int64, shape (n_runs, n_vertices)
        Each run's response column at each vertex, -1 for none.
    """

    space: SurfaceSpace
    columns: IntArray

    def spread(self, run: int, values: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
        """Return one run's column values at every vertex, NaN where it has none."""
        own = self.columns[run]
        spread = np.full(own.shape, np.nan)
        spread[own >= 0] = values[own[own >= 0]]
        return spread


@dataclass(frozen=True, eq=False)
class GroupMap:
    """A map made of several runs, at the vertices of their common surface.

    Parameters
    ----------
    info : Measure
        What it is; its kind tells the colours.
    space : SurfaceSpace
        Where the values lie.
    values : numpy.ndarray of float32, shape (n_vertices,)
        NaN where there is none.
    shown : numpy.ndarray of bool, shape (n_vertices,)
        Vertices to show.
    shown_label : str
        Which these are, in words.
    """

    info: Measure
    space: SurfaceSpace
    values: Float32Array
    shown: BoolArray
    shown_label: str

    @property
    def n_values(self) -> int:
        """Vertices that have a value, shown or not."""
        return int(np.isfinite(self.values).sum())


def explain_apart(runs: Sequence[Run]) -> str:
    """Return why runs share no vertices, and what to do, in one line; empty where they do.

    Runs share vertices on fs_LR or on one mesh of fsaverage, whoever's they are; on any other
    surface only runs of one subject do, because vertex i of another subject lies elsewhere.
    """
    first, space = runs[0], read_surface(runs[0])
    for run in runs:
        other = read_surface(run)
        if other is None or space is None:
            return (
                f"{_name(run if other is None else first)} does not lie on a surface: voxels of"
                " different volumes are not the same places. Import the runs on fsaverage."
            )
        if canonical_name(other.surface) != canonical_name(space.surface):
            return (
                f"{_name(first)} lies on {space.surface}, {_name(run)} on {other.surface}: they"
                " share no vertices. Import both on one surface, as fsaverage."
            )
        if run.manifest.subject != first.manifest.subject and not _is_common(space.surface):
            return (
                f"{space.surface} is a subject's own surface: a vertex of {_name(first)} is"
                f" elsewhere in {_name(run)}. Import both on a common one, as fsaverage."
            )
    return ""


def align_runs(runs: Sequence[Run]) -> Aligned:
    """Find each run's column at every vertex of their common surface.

    Raises
    ------
    InputError
        If the runs share no vertices; see :func:`explain_apart`.
    """
    reason = explain_apart(runs)
    spaces = [space for space in map(read_surface, runs) if space is not None]
    if reason or len(spaces) != len(runs):
        fix = "choose runs on one surface"
        raise InputError("runs to compare", "runs on one surface", reason, fix)
    union = {h: np.unique(np.concatenate([s.vertices(h) for s in spaces])) for h in HEMISPHERES}
    space = SurfaceSpace(spaces[0].surface, union["left"], union["right"])
    return Aligned(space, np.stack([_find_columns(space, own) for own in spaces]))


def subtract_runs(first: Run, second: Run, name: str, *, significant: bool = True) -> GroupMap:
    """Subtract one run's map from another's, vertex by vertex.

    Parameters
    ----------
    first, second : Run
        Runs on one surface.
    name : str
        A numeric map that both have.
    significant : bool
        Show only vertices that are significant in both.

    Returns
    -------
    GroupMap
        first − second, NaN where either has no value.

    Raises
    ------
    InputError
        If the runs share no vertices, or the map holds labels.
    """
    runs = (first, second)
    info, aligned = _require_numeric(name), align_runs(runs)
    a, b = (aligned.spread(i, read_map(run, name)) for i, run in enumerate(runs))
    values = (a - b).astype(np.float32)
    shown = np.isfinite(values)
    if significant:
        for i, run in enumerate(runs):
            shown &= aligned.spread(i, read_significant(run)) == 1
    made = Measure(
        "difference",
        f"{info.label}: {_name(first)} − {_name(second)}",
        info.unit,
        "diverging",
        f"{info.label} of the first run minus that of the second, at the vertices of both.",
    )
    label = "significant in both runs" if significant else "vertices with a value in both runs"
    return GroupMap(made, aligned.space, values, shown, label)


def average_subjects(
    runs: Sequence[Run], name: str, *, significant: bool = True
) -> tuple[GroupMap, ...]:
    """Average a map over subjects, vertex by vertex.

    Every subject with a value at a vertex counts there, significant or not, so that the mean is
    not one of the best only.

    Parameters
    ----------
    runs : sequence of Run
        One run a subject, on a common surface.
    name : str
        A numeric map that all have.
    significant : bool
        Show only vertices that are significant in at least two subjects.

    Returns
    -------
    tuple of GroupMap
        Mean; standard deviation over subjects (ddof 1); share of the subjects with a value in
        which the vertex is significant; number of subjects with a value. The first three are
        NaN where fewer than two subjects have a value.

    Raises
    ------
    InputError
        If the runs share no vertices, a subject comes twice, or the map holds labels.
    """
    info, aligned = _require_numeric(name), align_runs(runs)
    _check_subjects(runs)
    values = np.stack([aligned.spread(i, read_map(run, name)) for i, run in enumerate(runs)])
    tested = np.stack([aligned.spread(i, read_significant(r)) for i, r in enumerate(runs)])
    there = np.isfinite(values)
    n = there.sum(axis=0)
    enough = n >= FEWEST
    mean = _divide(np.where(there, values, 0).sum(axis=0), n, enough)
    squares = np.where(there, values - mean, 0) ** 2
    sd = np.sqrt(_divide(squares.sum(axis=0), n - 1, enough))
    hits = ((tested == 1) & there).sum(axis=0)
    share = _divide(hits, n, enough)
    shown = enough & (hits >= FEWEST) if significant else enough
    label = f"significant in ≥ {FEWEST} subjects" if significant else f"≥ {FEWEST} subjects"
    counts = np.where(n > 0, n, np.nan)
    arrays = (mean, sd, share, counts)
    return tuple(
        GroupMap(made, aligned.space, array.astype(np.float32), shown & np.isfinite(array), label)
        for made, array in zip(_describe_group(info, len(runs)), arrays, strict=True)
    )


def choose_subjects(runs: Sequence[Run]) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
    """Return the first run of each subject, and the runs that this leaves out."""
    kept: dict[str, Run] = {}
    for run in runs:
        kept.setdefault(run.manifest.subject, run)
    chosen = tuple(kept.values())
    return chosen, tuple(run for run in runs if run not in chosen)


def _describe_group(info: Measure, n_subjects: int) -> tuple[Measure, ...]:
    of = f"{info.label}, {n_subjects} subjects"
    mean_text = f"Mean of {info.label} over the subjects with a value."
    return (
        Measure("group_mean", f"Mean {of}", info.unit, info.kind, mean_text),
        Measure(
            "group_sd", f"SD {of}", info.unit, "sequential",
            "Standard deviation over subjects (ddof 1).",
        ),
        Measure(
            "group_share", "Significant in share of subjects", "fraction of subjects",
            "sequential", "Share of the subjects with a value in which the vertex is significant.",
        ),
        Measure(
            "group_n", "Subjects with a value", "subjects", "sequential",
            "How many subjects have a value at the vertex.",
        ),
    )  # fmt: skip


def _divide(
    total: npt.NDArray[np.generic], count: npt.NDArray[np.int64], where: BoolArray
) -> npt.NDArray[np.float64]:
    quotients = np.full(count.shape, np.nan)
    np.divide(total, count, out=quotients, where=where)
    return quotients


def _find_columns(space: SurfaceSpace, own: SurfaceSpace) -> IntArray:
    """Return a run's column at each of a space's vertices, -1 for none."""
    parts = []
    for hemi in HEMISPHERES:
        columns = np.full(space.vertices(hemi).size, -1, dtype=np.int64)
        places = np.searchsorted(space.vertices(hemi), own.vertices(hemi))
        columns[places] = np.arange(own.vertices(hemi).size) + own.columns(hemi).start
        parts.append(columns)
    return np.concatenate(parts)


def _check_subjects(runs: Sequence[Run]) -> None:
    names = [run.manifest.subject for run in runs]
    if len(names) < FEWEST or len(set(names)) != len(names):
        fix = "choose one run of each of two or more subjects"
        raise InputError("mean over subjects", "different subjects", ", ".join(names), fix)


def _require_numeric(name: str) -> Measure:
    """Return a map's entry; labels have neither differences nor means."""
    info = find_measure(name)
    if not info.is_numeric:
        fix = "choose a map of numbers"
        raise InputError(info.label, "a map of numbers", "a map of labels", fix)
    return info


def _is_common(surface: str) -> bool:
    """Tell whether vertex i is the same place in every subject."""
    name = canonical_name(surface)
    return name in GEOMETRIES or name in FSAVERAGE


def _name(run: Run) -> str:
    return f"{run.manifest.subject} (layer {run.manifest.layer})"
