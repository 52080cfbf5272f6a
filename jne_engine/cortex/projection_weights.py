"""The weights with which voxels are shown on vertices: samples between two meshes, trilinear."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np

from jne_engine.core.arrays import Float32Array, Float64Array, IntArray
from jne_engine.core.errors import InputError
from jne_engine.cortex.projection import Projection, SamplePoints, Sheet, SubjectSurface
from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere, SurfaceSpace, VolumeSpace

N_DEPTHS: Final = 6
"""Samples between white matter and pial surface, which lie 1.5 to 4 mm apart."""
MIN_COVERAGE: Final = 0.1
"""Least share of a vertex's weight that must lie on the run's voxels."""


def sample_sheets(space: VolumeSpace, sheets: Mapping[Hemisphere, Sheet]) -> SamplePoints:
    """Return the points between white matter and pial surface, in voxels of a volume.

    Parameters
    ----------
    space : VolumeSpace
        Its affine and the meshes must use the same millimetres.
    sheets : mapping of hemisphere to Sheet
    """
    to_voxels = np.linalg.inv(space.affine)
    shares = np.linspace(0, 1, N_DEPTHS)[:, None, None]
    points: dict[Hemisphere, Float64Array] = {}
    for hemi, (white, pial) in sheets.items():
        inner, outer = (np.asarray(m.coordinates, dtype=np.float64) for m in (white, pial))
        places = inner + shares * (outer - inner)
        points[hemi] = places @ to_voxels[:3, :3].T + to_voxels[:3, 3]
    return MappingProxyType(points)


def build_projection(
    space: VolumeSpace,
    points: SamplePoints,
    *,
    surface: str,
    source: str,
    own: SubjectSurface | None = None,
) -> Projection:
    """Compute the weights with which the voxels of a volume are shown on a surface.

    Parameters
    ----------
    space : VolumeSpace
        Where the response columns lie.
    points : mapping of hemisphere to numpy.ndarray, shape (n_depths, n_vertices, 3)
        Where each vertex is sampled.
    surface : str
        Name of the surface.
    source : str
        What says where the samples lie.
    own : SubjectSurface, optional
        What to draw, where the surface is the subject's own.

    Raises
    ------
    InputError
        If no vertex has a voxel.

    Notes
    -----
    The weights are those of nilearn's ``vol_to_surf`` with ``interpolation="linear"``, the mean
    over depths included. One hemisphere of 230,000 vertices takes about 2 s.
    """
    parts = {hemi: _weigh(space, points[hemi]) for hemi in HEMISPHERES}
    left, right = (parts[hemi].vertices for hemi in HEMISPHERES)
    if left.size + right.size == 0:
        fix = "choose the surfaces of this subject, in the millimetres of the volume"
        raise InputError("projection", f"voxels near {source}", "none", fix)
    counts = np.concatenate([parts[hemi].counts for hemi in HEMISPHERES])
    n_all = sum(points[hemi].shape[1] for hemi in HEMISPHERES)
    n_depths = points["left"].shape[0]
    note = (
        f"Projected from voxels for display: each vertex is the mean of {n_depths} depths between"
        f" white matter and pial surface, linear between the voxels that have a value ({source});"
        " ROIs and masks are those of the nearest voxel, not averaged. Hovering reads the projected"
        " value; all other numbers, tables and pages are the voxels' own."
        f" {left.size + right.size:,} of {n_all:,} vertices lie on the run's voxels."
    )
    return Projection(
        SurfaceSpace(surface, left, right),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.concatenate([parts[hemi].columns for hemi in HEMISPHERES]),
        np.concatenate([parts[hemi].weights for hemi in HEMISPHERES]),
        note,
        own,
    )


class _Entries(NamedTuple):
    """The weights of one hemisphere: its vertices, their entries' counts, columns, weights."""

    vertices: IntArray
    counts: IntArray
    columns: IntArray
    weights: Float32Array


def _weigh(space: VolumeSpace, points: Float64Array) -> _Entries:
    """Sum trilinear weights over depths, and keep the vertices that lie on voxels."""
    lookup = np.full(space.shape, -1, dtype=np.int64)
    lookup[tuple(space.voxels.T)] = np.arange(space.n_voxels)
    found = [_weigh_depth(lookup, places) for places in points]
    keys, weights = (np.concatenate(part) for part in zip(*found, strict=True))
    keys, inverse = np.unique(keys, return_inverse=True)
    weights = np.bincount(inverse, weights / len(points), minlength=keys.size)
    vertices, columns = np.divmod(keys, space.n_voxels)
    coverage = np.bincount(vertices, weights, minlength=points.shape[1])
    # Weights of whole voxels add up to 1 - 1e-16 or so; single precision cannot tell.
    kept = (coverage[vertices] >= MIN_COVERAGE - 1e-6) & (weights > 1e-6)
    chosen, counts = np.unique(vertices[kept], return_counts=True)
    return _Entries(chosen, counts, columns[kept], weights[kept].astype(np.float32))


def _weigh_depth(lookup: IntArray, places: Float64Array) -> tuple[IntArray, Float64Array]:
    """Return (vertex · n_voxels + column) and weight of all corners that are columns."""
    limits = np.asarray(lookup.shape) - 1
    n_voxels = int(lookup.max()) + 1
    vertices = np.flatnonzero(((places >= 0) & (places <= limits)).all(axis=1))  # NaN is outside
    inside = places[vertices]
    base = np.minimum(inside.astype(np.int64), np.maximum(limits - 1, 0))
    share = inside - base
    keys, weights = [], []
    for corner in product((0, 1), repeat=3):
        at = tuple(np.minimum(base + corner, limits).T)
        weight = np.where(corner, share, 1 - share).prod(axis=1)
        there = (lookup[at] >= 0) & (weight > 0)
        keys.append(vertices[there] * n_voxels + lookup[at][there])
        weights.append(weight[there])
    return np.concatenate(keys), np.concatenate(weights)
