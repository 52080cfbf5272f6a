"""Where the simulated subject's vertices lie, and fields that vary smoothly over them."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from jne_engine.core.arrays import Float64Array, IntArray
from jne_engine.core.checks import check_positive
from jne_engine.cortex.rois import HCP_MMP
from jne_engine.cortex.spaces import HEMISPHERES, CorticalLabels, Hemisphere, SurfaceSpace
from jne_engine.cortex.surfaces import load_surface

NEIGHBOURS: tuple[str, ...] = (
    *("V3A", "V6", "V6A", "V7", "V8", "LO1", "LO2", "LO3", "PIT", "VMV1"),
    *("TE2p", "IPS1", "DVT", "TPOJ3"),
)
"""HCP-MMP areas around the ten ROIs that are simulated too."""


def choose_vertices(atlas: CorticalLabels, n_vertices: int | None) -> SurfaceSpace:
    """Return the vertices of the ten ROIs and their neighbours, or the middle of each area.

    Parameters
    ----------
    atlas : CorticalLabels
        HCP-MMP.
    n_vertices : int, optional
        About how many; of every area the same share is kept, the vertices nearest to its centre,
        so that what is kept hangs together.
    """
    labels = tuple(label for roi in HCP_MMP.rois for _, label in roi.labels) + NEIGHBOURS
    left, right = (atlas.vertices(hemi, labels) for hemi in HEMISPHERES)
    if n_vertices is not None:
        check_positive("n_vertices", n_vertices)
        share = min(n_vertices / (left.size + right.size), 1.0)
        left, right = (
            _keep_middles(atlas, hemi, part, share)
            for hemi, part in zip(HEMISPHERES, (left, right), strict=True)
        )
    return SurfaceSpace(atlas.surface, left, right)


def _keep_middles(
    atlas: CorticalLabels, hemi: Hemisphere, vertices: IntArray, share: float
) -> IntArray:
    """Return a share of each area's vertices, at least one: those nearest to its centre."""
    points = load_surface(atlas.surface, "midthickness")[hemi].coordinates
    kept = []
    for label in np.unique(atlas.index[hemi][vertices]):
        area = vertices[atlas.index[hemi][vertices] == label]
        far = np.linalg.norm(points[area] - points[area].mean(axis=0), axis=1)
        nearest = np.linalg.norm(points[area] - points[area[np.argmin(far)]], axis=1)
        kept.append(area[np.argsort(nearest, kind="stable")[: max(round(share * area.size), 1)]])
    return np.sort(np.concatenate(kept))


class Cortex:
    """Averages values over neighbouring vertices of the chosen ones."""

    def __init__(self, space: SurfaceSpace) -> None:
        meshes = load_surface(space.surface, "midthickness")
        blocks = [_adjacency(meshes[hemi].faces, space.vertices(hemi)) for hemi in HEMISPHERES]
        neighbours = sparse.block_diag(blocks, format="csr")
        counts = np.asarray(neighbours.sum(axis=1)).ravel()
        self._mean = sparse.diags_array(1 / counts) @ neighbours
        self.n_voxels = space.n_voxels

    def smooth(self, values: Float64Array, rounds: int) -> Float64Array:
        """Average values (n_voxels, …) ``rounds`` times over each vertex and its neighbours."""
        for _ in range(rounds):
            values = np.asarray(self._mean @ values)
        return values

    def field(self, rng: np.random.Generator, rounds: int, n_fields: int) -> Float64Array:
        """Draw smooth Gaussian fields of mean 0 and variance 1, (n_voxels, n_fields)."""
        fields = self.smooth(rng.standard_normal((self.n_voxels, n_fields)), rounds)
        standard: Float64Array = (fields - fields.mean(axis=0)) / fields.std(axis=0)
        return standard


def _adjacency(faces: IntArray, vertices: IntArray) -> sparse.csr_array:
    """Return which of the chosen vertices touch, themselves included, (n_chosen, n_chosen)."""
    column = np.full(int(faces.max()) + 1, -1)
    column[vertices] = np.arange(vertices.size)
    edges = column[faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)]
    edges = edges[(edges >= 0).all(axis=1)]
    loops = np.repeat(np.arange(vertices.size)[:, None], 2, axis=1)
    rows, columns = np.concatenate([edges, edges[:, ::-1], loops]).T
    ones = np.ones(rows.size)
    matrix = sparse.csr_array((ones, (rows, columns)), shape=(vertices.size, vertices.size))
    matrix.data[:] = 1.0  # an edge belongs to two faces
    return matrix
