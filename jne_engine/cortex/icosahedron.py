"""The nested meshes of fsaverage: each is the beginning of the next finer one.

fsaverage's meshes are icosahedra whose edges are halved again and again; new vertices are
appended. Vertex i of fsaverage5 is therefore vertex i of fsaverage6 and of fsaverage, and what is
known at the finer mesh is known at the coarser one by taking its first vertices.

References
----------
Fischl et al. (1999), Hum. Brain Mapp. 8, 272-284.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from jne_engine.core.arrays import IntArray
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
        Turned as the finer triangles were.

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
