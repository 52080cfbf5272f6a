"""The maps of a run: which it has, their values, where they lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from jne_engine.analysis.catalogue import MAPS, STORED_VARIANTS, MapInfo
from jne_engine.analysis.variant_maps import explain_variants, read_variant
from jne_engine.core.arrays import BoolArray, Float32Array
from jne_engine.core.checks import check_choice, check_length
from jne_engine.core.errors import InputError
from jne_engine.cortex.projection import Projection
from jne_engine.cortex.spaces import TIERS, CorticalSpace, Hemisphere, RoiSet, SurfaceSpace
from jne_engine.runs.store import Run, read_projection, read_roi_sets, read_space

OF_CEILING = ("r2_nonlinear_of_ceiling", "r2_linear_of_ceiling")
"""Maps of R² over noise ceiling; above 1 the ceiling is estimated too low, or R² by luck high."""


def list_maps(run: Run, preset: str | None = None) -> tuple[MapInfo, ...]:
    """Return the maps that a run has values for, in the order in which to offer them."""
    rois = choose_roi_set(run, preset)
    missing = set() if rois is not None else {"roi", "tier"}
    if not np.isfinite(run.stage("scores").read_array("noise_ceiling")).any():
        missing |= {"noise_ceiling", *OF_CEILING}
    if not run.stage("dataset").has_array("truth_nonlinear_share"):
        missing |= {"truth_nonlinear_share", "truth_signal_to_noise"}
    variants = () if explain_variants(run) else STORED_VARIANTS
    found = [info for info in (*MAPS[:1], *variants, *MAPS[1:]) if info.name not in missing]
    names = rois.names if rois is not None else ()
    return tuple(replace(i, levels=names) if i.name == "roi" else i for i in found)


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
    check_choice("map", name, (*_READERS, *_LABELLERS))
    if name in _LABELLERS:
        return _LABELLERS[name](_require_rois(run, preset))
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
    values: npt.NDArray[np.floating[Any]], info: MapInfo, threshold: float | None
) -> BoolArray:
    """Return which values a threshold leaves: in a diverging map, those far enough from 0."""
    if threshold is None or not info.is_numeric:
        return np.ones(values.shape, dtype=np.bool_)
    sizes = np.abs(values) if info.kind == "diverging" else values
    return np.asarray(sizes >= threshold, dtype=np.bool_)


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


def count_above_ceiling(run: Run, name: str) -> tuple[int, int]:
    """Return how many voxels have an R² above their ceiling, and how many R² but no ceiling.

    A ceiling of 0, or one that is not known, leaves the ratio undefined.
    """
    undefined = np.isfinite(read_map(run, name.removesuffix("_of_ceiling")))
    undefined &= ~np.isfinite(read_map(run, name))
    return int(select_above_ceiling(run, name).sum()), int(undefined.sum())


def list_presets(run: Run) -> tuple[str, ...]:
    """Return the names of a run's ROI sets, the default first."""
    return tuple(read_roi_sets(run.stage("dataset")))


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


def _read_stored_variant(name: str) -> Callable[[Run], npt.NDArray[Any]]:
    return lambda run: read_variant(run, name.removeprefix("jne_"))


def _compute_delta_r2(run: Run) -> npt.NDArray[Any]:
    scores = run.stage("scores")
    difference = scores.read_array("r2_nonlinear") - scores.read_array("r2_linear")
    return np.asarray(difference)


def _compute_jne_per_gain(run: Run) -> npt.NDArray[Any]:
    dispersion = run.stage("dispersion")
    jne, gain = dispersion.read_array("jne"), dispersion.read_array("gain")
    ratio = np.full(jne.shape, np.nan, dtype=np.float32)
    return np.divide(jne, gain, out=ratio, where=gain > 0)


def _divide_by_ceiling(name: str) -> Callable[[Run], npt.NDArray[Any]]:
    def divide(run: Run) -> npt.NDArray[Any]:
        scores = run.stage("scores")
        share, ceiling = scores.read_array(name), scores.read_array("noise_ceiling") / 100
        ratio = np.full(share.shape, np.nan, dtype=np.float32)
        return np.divide(share, ceiling, out=ratio, where=ceiling > 0)

    return divide


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


_READERS: dict[str, Callable[[Run], npt.NDArray[Any]]] = {
    **{name: _read_dispersion(name) for name in ("jne", "deviation_mean", "gain")},
    **{name: _read_scores(name) for name in ("r2_nonlinear", "r2_linear", "noise_ceiling")},
    **{n: _read_planted(n) for n in ("truth_nonlinear_share", "truth_signal_to_noise")},
    "jne_per_gain": _compute_jne_per_gain,
    "delta_r2": _compute_delta_r2,
    **{info.name: _read_stored_variant(info.name) for info in STORED_VARIANTS},
    **{name: _divide_by_ceiling(name.removesuffix("_of_ceiling")) for name in OF_CEILING},
    "significant": lambda run: read_significant(run).astype(np.float32),
}
_LABELLERS: dict[str, Callable[[RoiSet], Float32Array]] = {
    "tier": _label_tiers,
    "roi": _label_rois,
}
