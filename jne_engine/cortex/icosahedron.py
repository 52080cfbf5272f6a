"""The nested meshes of fsaverage: each is the beginning of the next finer one.

fsaverage's meshes are icosahedra whose edges are halved again and again; new vertices are
appended. Vertex i of fsaverage5 is therefore vertex i of fsaverage6 and of fsaverage, and what is
known at the finer mesh is known at the coarser one by taking its first vertices. FreeSurfer's
fsaverage3 and fsaverage4 come of another icosahedron file: vertex i of fsaverage3 is vertex i of
fsaverage4, but both are the first vertices of fsaverage5 in another order.

References
----------
Fischl et al. (1999), Hum. Brain Mapp. 8, 272-284.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from jne_engine.core.arrays import Float32Array, Float64Array, IntArray
from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError

FSAVERAGE: Mapping[str, int] = MappingProxyType(
    {
        "fsaverage3": 642,
        "fsaverage4": 2562,
        "fsaverage5": 10242,
        "fsaverage6": 40962,
        "fsaverage": 163842,
    }
)
"""Vertices of one hemisphere of each mesh, coarsest first; n = 10 * 4^k + 2."""


_HALVED_BY_ITSELF: Final = ("fsaverage3", "fsaverage4")
"""Meshes whose vertices stand in the order of :func:`_halve_icosahedron`."""

_ICOSAHEDRON: Final = (
    (0, 3, 4), (0, 4, 5), (0, 5, 1), (0, 1, 2), (0, 2, 3), (3, 2, 8), (3, 8, 9), (3, 9, 4),
    (4, 9, 10), (4, 10, 5), (5, 10, 6), (5, 6, 1), (1, 6, 7), (1, 7, 2), (2, 7, 8), (8, 11, 9),
    (9, 11, 10), (10, 11, 6), (6, 11, 7), (7, 11, 8),
)  # fmt: skip
"""Triangles of FreeSurfer's ``ic0.tri``, counted from 0."""


def order_vertices(surface: str, sphere: Float32Array) -> IntArray:
    """Return where the vertices of a mesh of fsaverage stand among those of fsaverage5.

    Parameters
    ----------
    surface : str
        ``"fsaverage5"`` or a coarser one.
    sphere : numpy.ndarray of float32, shape (10242, 3)
        fsaverage5's sphere.

    Returns
    -------
    numpy.ndarray of int64, shape (n_vertices,)
        In FreeSurfer's order of that mesh.
    """
    n = FSAVERAGE[surface]
    if surface not in _HALVED_BY_ITSELF:
        return np.arange(n, dtype=np.int64)
    directions = sphere / np.linalg.norm(sphere, axis=1, keepdims=True)
    found: IntArray = cKDTree(directions).query(_halve_icosahedron(n))[1].astype(np.int64)
    return found


def _halve_icosahedron(n_vertices: int) -> Float64Array:
    """Return the directions of FreeSurfer's ``ic4.tri`` or a coarser one, (n_vertices, 3)."""
    angles = np.deg2rad(np.array([72 * np.arange(5), 72 * np.arange(5) - 36]))
    ring = np.stack([2 * np.cos(angles), 2 * np.sin(angles)], axis=-1) / np.sqrt(5)
    heights = np.array([1, -1]) / np.sqrt(5)
    rings = [np.column_stack([ring[i], np.full(5, heights[i])]) for i in range(2)]
    points = np.vstack([[[0, 0, 1]], *rings, [[0, 0, -1]]])
    faces = list(_ICOSAHEDRON)
    while len(points) < n_vertices:
        middle: dict[frozenset[int], int] = {}
        finer = []
        for a, b, c in faces:
            edges = (frozenset(e) for e in ((a, c), (c, b), (b, a)))
            ac, cb, ba = (middle.setdefault(e, len(points) + len(middle)) for e in edges)
            finer += [(a, ba, ac), (ac, cb, c), (ba, cb, ac), (ba, b, cb)]
        new = np.array([points[list(edge)].sum(axis=0) for edge in middle])
        points = np.vstack([points, new / np.linalg.norm(new, axis=1, keepdims=True)])
        faces = finer
    return points


def coarsen_faces(faces: IntArray, finer: str, coarser: str) -> IntArray:
    """Undo the halving of edges: four triangles become one again.

    Parameters
    ----------
    faces : numpy.ndarray of int64, shape (n_faces, 3)
        Triangles of the finer mesh, or some of them: a coarse triangle is kept where its middle
        one is there with all three neighbours, so that the cuts of a flat map stay open.
    finer, coarser : str
        Names of :data:`FSAVERAGE`.

    Returns
    -------
    numpy.ndarray of int64, shape (about n_faces / 4^k, 3)
        Turned as the finer triangles were, and counted as the finer mesh counts its vertices.

    Raises
    ------
    InputError
        If a mesh is unknown, or ``coarser`` is not the coarser one.
    """
    names = list(FSAVERAGE)
    for name in (finer, coarser):
        check_choice("fsaverage mesh", name, names)
    if names.index(coarser) > names.index(finer):
        raise InputError(coarser, f"a mesh coarser than {finer}", "a finer one", "swap the two")
    for step in range(names.index(finer) - 1, names.index(coarser) - 1, -1):
        faces = _halve(faces, FSAVERAGE[names[step + 1]], FSAVERAGE[names[step]])
    return faces


def _halve(faces: IntArray, n_fine: int, n_coarse: int) -> IntArray:
    """Undo one halving: new vertices lie between two old ones, whose triangles they tell."""
    new = faces >= n_coarse
    corner = faces[new.sum(axis=1) == 2]
    turns = (corner < n_coarse).argmax(axis=1)
    corner = np.take_along_axis(corner, (turns[:, None] + np.arange(3)) % 3, axis=1)
    # A corner triangle (old, a, b) says which old vertex stands where a meets b.
    key = corner[:, 1] * n_fine + corner[:, 2]
    order = np.argsort(key)
    key, old = key[order], corner[order, 0]
    middle = faces[new.all(axis=1)]
    # In the middle triangle the edge between a and b runs the other way round.
    wanted = middle[:, [1, 2, 0]] * n_fine + middle[:, [0, 1, 2]]
    at = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
    whole = (key[at] == wanted).all(axis=1) if key.size else np.zeros(len(middle), dtype=bool)
    return np.asarray(old[at[whole]], dtype=np.int64) if key.size else faces[:0]
