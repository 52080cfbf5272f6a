"""The maps of a run: which it has, their values, which voxels to show, where they lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from jne_engine.checks import check_choice, check_length
from jne_engine.errors import InputError
from jne_engine.projection import Projection
from jne_engine.queries.catalogue import MAPS, MapInfo, MapKind
from jne_engine.spaces import TIERS, CorticalSpace, Hemisphere, RoiSet, SurfaceSpace
from jne_engine.store import Run, read_projection, read_roi_sets, read_space

Float32Array = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]


def list_maps(run: Run) -> tuple[MapInfo, ...]:
    """Return the maps that a run has values for, in the order in which to offer them."""
    rois = choose_roi_set(run)
    missing = set() if rois is not None else {"roi", "tier"}
    if not np.isfinite(run.stage("scores").read_array("noise_ceiling")).any():
        missing.add("noise_ceiling")
    if not run.stage("dataset").has_array("truth_nonlinear_share"):
        missing |= {"truth_nonlinear_share", "truth_signal_to_noise"}
    found = [info for info in MAPS if info.name not in missing]
    names = rois.names if rois is not None else ()
    return tuple(replace(i, levels=names) if i.name == "roi" else i for i in found)


def read_map(run: Run, name: str) -> Float32Array:
    """Return a map's value at every response column.

    Parameters
    ----------
    run : Run
        A complete run.
    name : str
        Name of one of :func:`list_maps`.

    Returns
    -------
    numpy.ndarray of float32, shape (n_voxels,)
        Values; NaN at invalid voxels and, for ROIs and tiers, outside of them. Levels of
        categorical maps are whole numbers.

    Raises
    ------
    InputError
        If there is no such map, or the run has no values for it.
    """
    check_choice("map", name, tuple(_READERS))
    return np.asarray(_READERS[name](run), dtype=np.float32)


def read_significant(run: Run) -> BoolArray:
    """Return which voxels are significant: q of the nonlinear encoder below the run's level.

    Returns
    -------
    numpy.ndarray of bool, shape (n_voxels,)
        False at invalid voxels, whose q is NaN.
    """
    quantiles = run.stage("scores").read_array("q_nonlinear")
    return np.asarray(quantiles < float(run.manifest.spec["fdr_q"]), dtype=np.bool_)


def select_shown(
    run: Run, name: str, *, significant: bool = True, threshold: float | None = None
) -> BoolArray:
    """Return which voxels of a map to show.

    Parameters
    ----------
    run : Run
        A complete run.
    name : str
        A map.
    significant : bool
        Leave out voxels that are not significant. Labels are known everywhere and stay.
    threshold : float, optional
        Leave out values below; in a diverging map, values nearer to 0.

    Returns
    -------
    numpy.ndarray of bool, shape (n_voxels,)
        False where the map has no value.
    """
    values = read_map(run, name)
    kind = next(info.kind for info in MAPS if info.name == name)
    shown = np.isfinite(values)
    if significant and kind in ("sequential", "diverging"):
        shown &= read_significant(run)
    return np.asarray(shown & select_above(values, kind, threshold), dtype=np.bool_)


def select_above(
    values: npt.NDArray[np.floating[Any]], kind: MapKind, threshold: float | None
) -> BoolArray:
    """Return which values a threshold leaves: in a diverging map, those far enough from 0."""
    if threshold is None or kind not in ("sequential", "diverging"):
        return np.ones(values.shape, dtype=np.bool_)
    sizes = np.abs(values) if kind == "diverging" else values
    return np.asarray(sizes >= threshold, dtype=np.bool_)


def count_shown(
    run: Run, name: str, *, significant: bool = True, threshold: float | None = None
) -> tuple[int, int]:
    """Return how many voxels of a map are shown and how many hidden, invalid ones included."""
    shown = select_shown(run, name, significant=significant, threshold=threshold)
    return int(shown.sum()), int((~shown).sum())


def choose_roi_set(run: Run, preset: str | None = None) -> RoiSet | None:
    """Return a run's ROI set by preset name, its first one by default, None if it has none.

    Raises
    ------
    InputError
        If a preset is named that the run does not have.
    """
    sets = read_roi_sets(run.stage("dataset"))
    if preset is not None:
        check_choice("ROI preset", preset, tuple(sets))
        return sets[preset]
    return next(iter(sets.values()), None)


def scatter_to_surface(
    values: npt.NDArray[Any], space: CorticalSpace | None, hemi: Hemisphere, *, n_vertices: int
) -> Float32Array:
    """Spread the values of response columns over one hemisphere's vertices.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_voxels,)
        One value a response column.
    space : SurfaceSpace
        Where the columns lie.
    hemi : {"left", "right"}
        Hemisphere.
    n_vertices : int
        Vertices of that hemisphere's mesh.

    Returns
    -------
    numpy.ndarray of float32, shape (n_vertices,)
        NaN where no column lies.

    Raises
    ------
    InputError
        If the columns do not lie on a surface, or lie beyond this mesh.
    """
    if not isinstance(space, SurfaceSpace):
        found = "a volume" if space is not None else "no known place"
        raise InputError("cortical space", "a surface", found, "use a run on a surface")
    check_length("map", len(values), space.n_voxels, unit="voxels", fix="pass one value a column")
    vertices = space.vertices(hemi)
    if vertices.size and int(vertices.max()) >= n_vertices:
        found = f"vertex {int(vertices.max())}"
        fix = f"use the mesh of {space.surface}"
        raise InputError(f"{hemi} mesh", f"more than {n_vertices} vertices", found, fix)
    spread = np.full(n_vertices, np.nan, dtype=np.float32)
    spread[vertices] = np.asarray(values, dtype=np.float32)[space.columns(hemi)]
    return spread


def read_surface(run: Run) -> SurfaceSpace | None:
    """Return a run's surface, None where its columns lie in a volume or nowhere known."""
    space = read_space(run.stage("dataset"))
    return space if isinstance(space, SurfaceSpace) else None


def read_run_projection(run: Run) -> Projection | None:
    """Return how a run's voxels are shown on a surface, None where they are not of a volume."""
    return read_projection(run.stage("dataset"))


def tell_why_bare(run: Run) -> str:
    """Return in one line why a run has no map of the brain, and what to do about it."""
    space = read_space(run.stage("dataset"))
    if space is None:
        return "Nobody said where its columns lie: name vertices or voxels in dataset.toml."
    if isinstance(space, SurfaceSpace):
        return f"Its surface {space.surface} is not on this machine: see “Surfaces” in the docs."
    told = next((n for n in run.manifest.notes if n.startswith("no map of the brain: ")), None)
    if told is not None:
        why = told.removeprefix("no map of the brain: ")
        return f"{why[0].upper()}{why[1:]}; then import again."
    return "Its voxels came without surfaces: import them again with surfaces, see the docs."


def _read_scores(name: str) -> Callable[[Run], npt.NDArray[Any]]:
    return lambda run: run.stage("scores").read_array(name)


def _read_dispersion(name: str) -> Callable[[Run], npt.NDArray[Any]]:
    return lambda run: run.stage("dispersion").read_array(name)


def _read_planted(name: str) -> Callable[[Run], npt.NDArray[Any]]:
    return lambda run: run.stage("dataset").read_array(name)


def _compute_delta_r2(run: Run) -> npt.NDArray[Any]:
    scores = run.stage("scores")
    difference = scores.read_array("r2_nonlinear") - scores.read_array("r2_linear")
    return np.asarray(difference)


def _compute_jne_per_gain(run: Run) -> npt.NDArray[Any]:
    dispersion = run.stage("dispersion")
    jne, gain = dispersion.read_array("jne"), dispersion.read_array("gain")
    ratio = np.full(jne.shape, np.nan, dtype=np.float32)
    return np.divide(jne, gain, out=ratio, where=gain > 0)


def _label_rois(run: Run) -> npt.NDArray[Any]:
    rois = _require_rois(run)
    return _label(rois, list(range(len(rois.names))))


def _label_tiers(run: Run) -> npt.NDArray[Any]:
    rois = _require_rois(run)
    return _label(rois, [None if tier is None else TIERS.index(tier) for tier in rois.tiers])


def _label(rois: RoiSet, levels: list[int | None]) -> npt.NDArray[Any]:
    """Return each column's level; where ROIs overlap, the lowest of the hierarchy."""
    labels = np.full(rois.masks.shape[1], np.nan, dtype=np.float32)
    for mask, level in reversed(list(zip(rois.masks, levels, strict=True))):
        if level is not None:
            labels[mask] = level
    return labels


def _require_rois(run: Run) -> RoiSet:
    rois = choose_roi_set(run)
    if rois is None:
        raise InputError("ROI map", "at least one ROI set", "none", "add ROIs to the dataset")
    return rois


_READERS: dict[str, Callable[[Run], npt.NDArray[Any]]] = {
    **{name: _read_dispersion(name) for name in ("jne", "deviation_mean", "gain")},
    **{name: _read_scores(name) for name in ("r2_nonlinear", "r2_linear", "noise_ceiling")},
    **{n: _read_planted(n) for n in ("truth_nonlinear_share", "truth_signal_to_noise")},
    "jne_per_gain": _compute_jne_per_gain,
    "delta_r2": _compute_delta_r2,
    "significant": lambda run: read_significant(run).astype(np.float32),
    "tier": _label_tiers,
    "roi": _label_rois,
}
