"""The maps of a run: which it has, their values, where they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from jne_engine.analysis import stability_maps, variant_maps
from jne_engine.analysis.drawn_rois import read_drawn_set, unite
from jne_engine.core.arrays import BoolArray, Float32Array
from jne_engine.core.checks import check_choice, check_length
from jne_engine.core.errors import InputError
from jne_engine.cortex.projection import Projection
from jne_engine.cortex.spaces import TIERS, CorticalSpace, Hemisphere, RoiSet, SurfaceSpace
from jne_engine.model.measures import (
    BESIDE,
    MEASURES,
    STABILITY_STAGE,
    VARIANT_STAGE,
    Measure,
    find_measure,
    list_measures,
    list_sources,
    name_unit,
)
from jne_engine.runs.store import Run, read_projection, read_roi_sets, read_space, read_unit

OF_CEILING = tuple(m.name for m in list_measures("map") if m.name.endswith("_of_ceiling"))
"""Maps of R² over noise ceiling; above 1 the ceiling is estimated too low, or R² by luck high."""


def list_maps(run: Run, preset: str | None = None) -> tuple[Measure, ...]:
    """Return the maps that a run has values for, in the order in which to offer them."""
    rois = choose_roi_set(run, preset)
    levels = {} if rois is None else {"roi": rois.names, "tier": TIERS}
    missing = _find_missing(run) | ({"roi", "tier"} - levels.keys())
    found = [m for m in list_measures("map") if not list_sources(m) & missing]
    unit = read_unit(run.stage("dataset"))
    return tuple(replace(name_unit(m, unit), levels=levels.get(m.name, m.levels)) for m in found)


def find_map(run: Run, name: str) -> Measure:
    """Return a map by its name, with the unit that the run's responses have."""
    return name_unit(find_measure(name), read_unit(run.stage("dataset")))


def select_known(run: Run, measures: Iterable[Measure]) -> tuple[Measure, ...]:
    """Return the measures that a run has, without those that its version or data lack."""
    missing = _find_missing(run)
    return tuple(m for m in measures if not list_sources(m) & missing)


def _find_missing(run: Run) -> set[str]:
    """Return the names of the optional measures that a run stores no value of."""
    optional = [m for m in MEASURES.values() if m.optional and m.stage is not None]
    missing = variant_maps.list_missing(run) | stability_maps.list_missing(run)
    if not read_unit(run.stage("dataset")):
        missing |= {"response_mean", "response_scale"}
    return missing | {m.name for m in optional if m.stage not in BESIDE and not _has_values(run, m)}


def _has_values(run: Run, measure: Measure) -> bool:
    stage = run.stage(str(measure.stage))
    return stage.has_array(measure.name) and bool(np.isfinite(stage.read_array(measure.name)).any())


def read_map(run: Run, name: str, preset: str | None = None) -> Float32Array:
    """Return a map's value at every response column.

    Parameters
    ----------
    run : Run
        A complete run.
    name : str
        Name of one of :func:`list_maps`.
    preset : str, optional
        ROI set of the maps of ROIs and tiers; the run's first one by default.

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
    check_choice("map", name, [m.name for m in list_measures("map")])
    if name in _LABELLERS:
        return _LABELLERS[name](_require_rois(run, preset))
    if name == "significant":
        return read_significant(run).astype(np.float32)
    return np.asarray(_read(run, MEASURES[name]), dtype=np.float32)


def read_significant(run: Run) -> BoolArray:
    """Return which voxels are significant: q of the nonlinear encoder below the run's level.

    Returns
    -------
    numpy.ndarray of bool, shape (n_voxels,)
        False at invalid voxels, whose q is NaN.
    """
    quantiles = run.stage("scores").read_array("q_nonlinear")
    return np.asarray(quantiles < float(run.manifest.spec["fdr_q"]), dtype=np.bool_)


def select_above_ceiling(run: Run, name: str) -> BoolArray:
    """Return the voxels whose R² exceeds its noise ceiling, shape (n_voxels,).

    Raises
    ------
    InputError
        If the map is not one of :data:`OF_CEILING`.
    """
    check_choice("map of R² over ceiling", name, OF_CEILING)
    return np.asarray(read_map(run, name) > 1, dtype=np.bool_)


def select_above(
    values: npt.NDArray[np.floating[Any]], info: Measure, threshold: float | None
) -> BoolArray:
    """Return which values a threshold leaves: in a diverging map, those far enough from 0."""
    if threshold is None or not info.is_numeric:
        return np.ones(values.shape, dtype=np.bool_)
    sizes = np.abs(values) if info.kind == "diverging" else values
    return np.asarray(sizes >= threshold, dtype=np.bool_)


def choose_roi_set(run: Run, preset: str | None = None, *, drawn: bool = True) -> RoiSet | None:
    """Return a run's ROI set by preset name, its first one by default, None if it has none.

    Parameters
    ----------
    run : Run
    preset : str, optional
        One of :func:`list_presets`.
    drawn : bool
        With the ROIs that a person has drawn behind the set's own, which the data came with.

    Raises
    ------
    InputError
        If a preset is named that the run does not have.
    """
    own, mine = read_roi_sets(run.stage("dataset")), read_drawn_set(run)
    if preset is not None:
        check_choice("ROI preset", preset, (*own, *(() if mine is None else (mine.preset,))))
    if mine is not None and preset == mine.preset:
        return mine
    chosen = next(iter(own.values()), None) if preset is None else own[preset]
    return unite(chosen, mine if drawn else None)


def read_all_roi_sets(run: Run) -> dict[str, RoiSet]:
    """Return the data's ROI sets by preset name, and behind them the drawn ROIs as one."""
    sets, mine = read_roi_sets(run.stage("dataset")), read_drawn_set(run)
    return sets if mine is None else {**sets, mine.preset: mine}


def count_above_ceiling(run: Run, name: str) -> tuple[int, int]:
    """Return how many voxels have an R² above their ceiling, and how many R² but no ceiling.

    A ceiling of 0, or one that is not known, leaves the ratio undefined.
    """
    undefined = np.isfinite(read_map(run, name.removesuffix("_of_ceiling")))
    undefined &= ~np.isfinite(read_map(run, name))
    return int(select_above_ceiling(run, name).sum()), int(undefined.sum())


def list_presets(run: Run) -> tuple[str, ...]:
    """Return the names of a run's ROI sets, the default first."""
    return tuple(read_all_roi_sets(run))


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
        return "Voxel positions unknown: set `vertices` or `voxels` in dataset.toml."
    if isinstance(space, SurfaceSpace):
        return f"Its surface {space.surface} is not on this machine: see “Surfaces” in the docs."
    told = next((n for n in run.manifest.notes if n.startswith("no map of the brain: ")), None)
    if told is not None:
        why = told.removeprefix("no map of the brain: ")
        return f"{why[0].upper()}{why[1:]}; then import again."
    return "Its voxels came without surfaces: import them again with surfaces, see the docs."


def _read(run: Run, measure: Measure) -> npt.NDArray[Any]:
    """Return what a run stores of a measure, or compute it from what it stores of others."""
    if measure.compute is not None:
        return measure.compute(*(_read(run, MEASURES[name]) for name in measure.needs))
    if measure.stage == VARIANT_STAGE:
        return variant_maps.read_variant(run, measure.name)
    if measure.stage == STABILITY_STAGE:
        return stability_maps.read_stability(run, measure.name)
    return run.stage(str(measure.stage)).read_array(measure.name)


def _label_rois(rois: RoiSet) -> Float32Array:
    return _label(rois, list(range(len(rois.names))))


def _label_tiers(rois: RoiSet) -> Float32Array:
    return _label(rois, [None if tier is None else TIERS.index(tier) for tier in rois.tiers])


def _label(rois: RoiSet, levels: list[int | None]) -> Float32Array:
    """Return each column's level; where ROIs overlap, the lowest of the hierarchy."""
    labels = np.full(rois.masks.shape[1], np.nan, dtype=np.float32)
    for mask, level in reversed(list(zip(rois.masks, levels, strict=True))):
        if level is not None:
            labels[mask] = level
    return labels


def _require_rois(run: Run, preset: str | None) -> RoiSet:
    rois = choose_roi_set(run, preset)
    if rois is None:
        raise InputError("ROI map", "at least one ROI set", "none", "add ROIs to the dataset")
    return rois


_LABELLERS: dict[str, Callable[[RoiSet], Float32Array]] = {
    "tier": _label_tiers,
    "roi": _label_rois,
}
