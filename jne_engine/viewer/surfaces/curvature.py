"""Mean curvature of a mesh, which tells gyri from sulci where nobody measured their depth."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from jne_engine.core.arrays import Float32Array, Float64Array
from jne_engine.cortex.spaces import Mesh

SMOOTHING = 5
"""Rounds of averaging over neighbours: the second derivative of a measured mesh is noisy."""


def compute_mean_curvature(mesh: Mesh, *, smoothing: int = SMOOTHING) -> Float32Array:
    """Compute the mean curvature of every vertex, negative where the surface bulges outwards.

    With α and β the angles opposite an edge (v, j) and A a third of the area around v,

        K(v) = 1 / (2 A) · Σ_j (cot α + cot β) (x_v − x_j),   H = −½ K · n,

    where n points outwards: H = −1/r on a sphere of radius r, positive in sulci.

    Parameters
    ----------
    mesh : Mesh
        A closed surface in mm; triangles turned either way, but all alike.
    smoothing : int
        Rounds in which every vertex becomes the mean of its neighbours and itself.

    Returns
    -------
    numpy.ndarray of float32, shape (n_vertices,)
        In 1/mm; NaN at vertices without a triangle.

    References
    ----------
    Meyer, Desbrun, Schröder and Barr (2003), in Visualization and Mathematics III, 35-57, eq. 8.
    """
    points = np.asarray(mesh.coordinates, dtype=np.float64)
    corners = points[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    outward = 1.0 if (normals * (corners[:, 0] - points.mean(axis=0))).sum() >= 0 else -1.0
    area = _sum_at_corners(mesh, np.repeat(np.linalg.norm(normals, axis=1) / 6, 3)[:, None])[:, 0]
    normal = outward * _sum_at_corners(mesh, np.repeat(normals, 3, axis=0))
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    weights = _cotangents(mesh, corners)
    pull = weights.sum(axis=1).A1[:, None] * points - weights @ points
    known = area > 0
    curvature = np.full(len(points), np.nan)
    curvature[known] = -0.25 * (pull * normal).sum(axis=1)[known] / area[known]
    return _smooth(curvature, weights, smoothing).astype(np.float32)


def _cotangents(mesh: Mesh, corners: Float64Array) -> sparse.csr_matrix:
    """Return cot α + cot β of every edge, shape (n_vertices, n_vertices)."""
    n = len(mesh.coordinates)
    rows, columns, values = [], [], []
    for k in range(3):
        a = corners[:, (k + 1) % 3] - corners[:, k]
        b = corners[:, (k + 2) % 3] - corners[:, k]
        across = np.maximum(np.linalg.norm(np.cross(a, b), axis=1), 1e-12)
        rows.append(mesh.faces[:, (k + 1) % 3])
        columns.append(mesh.faces[:, (k + 2) % 3])
        values.append((a * b).sum(axis=1) / across)
    places = (np.concatenate(rows), np.concatenate(columns))
    half = sparse.csr_matrix((np.concatenate(values), places), shape=(n, n))
    return half + half.T


def _sum_at_corners(mesh: Mesh, values: Float64Array) -> Float64Array:
    n = len(mesh.coordinates)
    columns = [np.bincount(mesh.faces.ravel(), column, minlength=n) for column in values.T]
    return np.stack(columns, axis=1)


def _smooth(values: Float64Array, edges: sparse.csr_matrix, rounds: int) -> Float64Array:
    """Average over neighbours, unknown vertices left out."""
    near = sparse.csr_matrix((np.ones_like(edges.data), edges.indices, edges.indptr), edges.shape)
    near = near + sparse.identity(len(values), format="csr")
    known = np.isfinite(values).astype(np.float64)
    share = np.maximum(near @ known, 1e-12)
    for _ in range(rounds):
        values = np.where(known > 0, (near @ np.where(known > 0, values, 0)) / share, np.nan)
    return values
