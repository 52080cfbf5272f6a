"""A run without a surface: its map in three planes of the volume, and its voxels by rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from nibabel.affines import apply_affine, voxel_sizes
from nibabel.orientations import io_orientation

from jne_engine.analysis.anatomy import cut_anatomy, find_extent
from jne_engine.analysis.maps import choose_roi_set, list_maps, read_map
from jne_engine.analysis.masks import Masks, select_masked
from jne_engine.core.arrays import BoolArray, Float32Array, Float64Array, IntArray
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import Anatomy, VolumeSpace
from jne_engine.model.measures import Measure
from jne_engine.runs.store import Run, read_anatomy, read_space

Voxel = tuple[int, int, int]

SIDES = (("left", "right"), ("posterior", "anterior"), ("inferior", "superior"))
"""The ends of the three world axes, negative first (RAS, as NIfTI counts millimetres)."""
PLANE_NAMES = ("sagittal", "coronal", "axial")
"""The plane that each world axis stands upright on."""
RANK_COLUMNS = ["rank", "column", "value", "shown", "roi", "x", "y", "z"]


@dataclass(frozen=True, eq=False)
class Plane:
    """One slice of a volume, one voxel thick; its values are those stored, none interpolated.

    Parameters
    ----------
    name : {"sagittal", "coronal", "axial"}
        Nearest of the three to how the grid lies.
    across, right, up : int
        Voxel axis that stands upright on the plane, and those that run along its sides.
    index, most : int
        Zero-based voxel index along ``across``, and the largest that there is.
    right_flipped, up_flipped : bool
        Whether indices rise towards the left or downwards, so that left is left and up is up.
    sides : tuple of str
        What lies at the left, right, lower and upper edge.
    columns : numpy.ndarray of int64, shape (n_up, n_right)
        Response column of each voxel, −1 where there is none.
    values : numpy.ndarray of float32, shape (n_up, n_right)
        The map's value; NaN where it has none or a mask hides it.
    beneath : numpy.ndarray of float32, optional
        The anatomical image there, as :func:`~jne_engine.analysis.anatomy.cut_anatomy` returns
        it; None where the run has none.
    """

    name: str
    across: int
    right: int
    up: int
    index: int
    most: int
    right_flipped: bool
    up_flipped: bool
    sides: tuple[str, str, str, str]
    columns: IntArray
    values: Float32Array
    beneath: Float32Array | None = None


@dataclass(frozen=True, eq=False)
class Slices:
    """One map in three planes through a voxel.

    Parameters
    ----------
    info : Measure
        The map.
    planes : tuple of Plane
        Sagittal, coronal, axial.
    at : tuple of int
        Zero-based (x, y, z) index of the voxel.
    millimetres : tuple of float
        Its place by the run's affine.
    column : int or None
        The response column there, if any.
    value : float
        The map's value there; NaN where it has none or a mask hides it.
    sizes : tuple of float
        Edge lengths of a voxel in millimetres, along x, y, z.
    box : tuple of (int, int)
        First and last index along x, y, z at which there is a response, or the anatomical image is
        not dark.
    low, high : float
        Range of the colours: 1st to 99th percentile of what is shown of the whole map, the same
        on both sides of 0 in a diverging one.
    n_shown : int
        How many voxels are shown, in the whole map.
    anatomy : str
        File of the anatomical image beneath; empty without.
    """

    info: Measure
    planes: tuple[Plane, ...]
    at: Voxel
    millimetres: tuple[float, float, float]
    column: int | None
    value: float
    sizes: tuple[float, float, float]
    box: tuple[tuple[int, int], ...]
    low: float
    high: float
    n_shown: int
    anatomy: str = ""


def read_volume(run: Run) -> VolumeSpace | None:
    """Return the volume that a run's columns lie in; None where they lie elsewhere."""
    space = read_space(run.stage("dataset"))
    return space if isinstance(space, VolumeSpace) else None


def is_volume(run: Run) -> bool:
    """Tell whether a run's columns lie in a volume."""
    return read_volume(run) is not None


def find_peak(run: Run, name: str, masks: Masks) -> int | None:
    """Return the column with the largest shown value; None where no voxel is shown."""
    values = _read_shown(run, name, masks)
    return None if not np.isfinite(values).any() else int(np.nanargmax(values))


def read_slices(run: Run, name: str, masks: Masks, at: Voxel | None = None) -> Slices:
    """Return one map in three planes through a voxel.

    Parameters
    ----------
    run : Run
        A complete run of a volume.
    name : str
        A map.
    masks : Masks
        What to hide.
    at : tuple of int, optional
        Zero-based (x, y, z) index; what lies beyond the grid is moved to its edge. By default
        the largest value shown, or the first voxel where nothing is.

    Raises
    ------
    InputError
        If the run's columns lie in no volume, or it has no such map.
    """
    space = read_volume(run)
    if space is None:
        fix = "use the ranked voxels"
        raise InputError(run.run_id, "a run of a volume", "columns elsewhere", fix)
    values = _read_shown(run, name, masks)
    if at is None:
        peak = find_peak(run, name, masks)
        at = _as_voxel(space.voxels[0 if peak is None else peak])
    at = _as_voxel(np.clip(at, 0, np.asarray(space.shape) - 1))
    column = next(iter(np.flatnonzero((space.voxels == at).all(axis=1)).tolist()), None)
    info = next(m for m in list_maps(run, masks.preset) if m.name == name)
    low, high = _choose_range(values, info)
    edges = voxel_sizes(space.affine)
    x, y, z = apply_affine(space.affine, at)
    anatomy = read_anatomy(run.stage("dataset"))
    return Slices(
        info=info,
        planes=tuple(_cut(space, values, anatomy, world, at) for world in range(3)),
        at=at,
        millimetres=(float(x), float(y), float(z)),
        column=column,
        value=float("nan") if column is None else float(values[column]),
        sizes=(float(edges[0]), float(edges[1]), float(edges[2])),
        box=find_extent(anatomy, space),
        low=low,
        high=high,
        n_shown=int(np.isfinite(values).sum()),
        anatomy="" if anatomy is None else anatomy.name,
    )


def rank_voxels(run: Run, name: str, masks: Masks) -> pd.DataFrame:
    """Return every voxel that has a value of a map, the largest first.

    Returns
    -------
    pandas.DataFrame
        Columns ``rank`` (from 1), ``column`` (zero-based response column), ``value`` (the stored
        float32), ``shown`` (whether no mask hides it), ``roi`` (the first of the chosen set that
        holds it, empty for none), and ``x, y, z``, its voxel, where the run is of a volume.
    """
    values = read_map(run, name, masks.preset)
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(-values[known], kind="stable")]
    table = pd.DataFrame(
        {
            "rank": np.arange(1, len(order) + 1),
            "column": order,
            "value": values[order],
            "shown": select_masked(run, name, masks)[order],
            "roi": _name_rois(run, masks.preset)[order],
        }
    )
    space = read_volume(run)
    if space is not None:
        table[["x", "y", "z"]] = space.voxels[order]
    return table


def _name_rois(run: Run, preset: str | None) -> npt.NDArray[np.object_]:
    rois = choose_roi_set(run, preset)
    names = np.full(run.manifest.counts["n_voxels"], "", dtype=object)
    if rois is not None:
        for name, mask in reversed(list(zip(rois.names, rois.masks, strict=True))):
            names[mask] = name
    return names


def _read_shown(run: Run, name: str, masks: Masks) -> Float32Array:
    values = read_map(run, name, masks.preset)
    shown: BoolArray = select_masked(run, name, masks)
    return np.where(shown, values, np.float32(np.nan)).astype(np.float32, copy=False)


def _choose_range(values: Float32Array, info: Measure) -> tuple[float, float]:
    """Return the range of the colours, as the surface viewer begins with it."""
    finite = values[np.isfinite(values)].astype(np.float64)
    if info.levels:
        return 0.0, float(max(len(info.levels) - 1, 1))
    if not finite.size:
        return 0.0, 1.0
    low, high = np.percentile(finite, (1, 99))
    if info.kind == "diverging":
        most = max(abs(low), abs(high))
        low, high = -most, most
    return (float(low), float(high)) if high > low else (float(low), float(low) + 1.0)


def _orient(affine: Float64Array) -> tuple[list[int], list[bool]]:
    """Return the voxel axis nearest to each world axis, and whether its indices fall along it.

    A grid whose axes nobody can tell (a matrix without an inverse) is taken as it lies.
    """
    found = io_orientation(affine)
    if not np.isfinite(found).all():
        return [0, 1, 2], [False, False, False]
    axes = [int(np.flatnonzero(found[:, 0] == world)[0]) for world in range(3)]
    return axes, [bool(found[axis, 1] < 0) for axis in axes]


def _cut(
    space: VolumeSpace,
    values: Float32Array,
    anatomy: Anatomy | None,
    world: int,
    at: Sequence[int],
) -> Plane:
    axes, flipped = _orient(space.affine)
    right_world, up_world = ((1, 2), (0, 2), (0, 1))[world]
    across, right, up = axes[world], axes[right_world], axes[up_world]
    inside = np.flatnonzero(space.voxels[:, across] == at[across])
    rows, places = space.voxels[inside, up], space.voxels[inside, right]
    columns = np.full((space.shape[up], space.shape[right]), -1, dtype=np.int64)
    columns[rows, places] = inside
    shown = np.full(columns.shape, np.nan, dtype=np.float32)
    shown[rows, places] = values[inside]
    beneath = None
    if anatomy is not None:
        beneath = cut_anatomy(
            anatomy, space, across=across, right=right, up=up, index=int(at[across])
        )
    return Plane(
        PLANE_NAMES[world], across, right, up, int(at[across]), space.shape[across] - 1,
        right_flipped=flipped[right_world], up_flipped=flipped[up_world],
        sides=(*SIDES[right_world], *SIDES[up_world]), columns=columns, values=shown,
        beneath=beneath,
    )  # fmt: skip


def _as_voxel(index: Sequence[int] | IntArray) -> Voxel:
    x, y, z = (int(i) for i in index)
    return x, y, z
