"""Coarsening undoes the halving of edges, triangle by triangle."""

import numpy as np
import pytest

from jne_engine.core.errors import InputError
from jne_engine.cortex.icosahedron import FSAVERAGE, coarsen_faces
from jne_engine.cortex.names import canonical_name


def halved(faces, n):
    """Halve every edge, one triangle at a time; new vertices are appended."""
    middle = {}
    out = []
    for a, b, c in faces.tolist():
        ab, bc, ca = (
            middle.setdefault(frozenset(e), n + len(middle)) for e in ((a, b), (b, c), (c, a))
        )
        out += [[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]]
    return np.array(out), n + len(middle)


def icosahedron():
    ring = [[0, 1 + i, 1 + (i + 1) % 5] for i in range(5)]
    sides = [[1 + i, 6 + i, 1 + (i + 1) % 5] for i in range(5)]
    sides += [[1 + (i + 1) % 5, 6 + i, 6 + (i + 1) % 5] for i in range(5)]
    return np.array([*ring, *sides, *([11, 6 + (i + 1) % 5, 6 + i] for i in range(5))])


def turned(faces):
    """Return triangles as a set in which only the sense of rotation counts."""
    return {tuple(np.roll(f, -int(np.argmin(f))).tolist()) for f in faces}


@pytest.fixture(scope="module")
def levels():
    faces, n = icosahedron(), 12
    found = {}
    while n < 3000:
        found[n] = faces
        faces, n = halved(faces, n)
    return found


def test_coarsening_undoes_halving_in_any_order(levels):
    rng = np.random.default_rng(0)
    fine = np.array([np.roll(f, rng.integers(3)) for f in rng.permutation(levels[2562])])
    coarse = coarsen_faces(fine, "fsaverage4", "fsaverage3")
    assert turned(coarse) == turned(levels[642])
    assert len(coarse) == len(levels[642])


def test_the_same_mesh_stays(levels):
    assert coarsen_faces(levels[642], "fsaverage3", "fsaverage3") is levels[642]


def test_a_missing_fine_triangle_opens_the_coarse_one(levels):
    cut = coarsen_faces(levels[2562][1:], "fsaverage4", "fsaverage3")
    assert turned(levels[642]) - turned(cut) == turned(levels[642][:1])


def test_every_mesh_has_four_times_the_edges_of_the_one_before():
    assert list(FSAVERAGE.values()) == [10 * 4**k + 2 for k in (3, 4, 5, 6, 7)]
    assert canonical_name("fsaverage7") == "fsaverage"
    assert canonical_name("fsLR32k") == "fsLR32k"


def test_finer_than_it_is_a_mesh_cannot_become(levels):
    with pytest.raises(InputError, match="coarser than fsaverage3"):
        coarsen_faces(levels[642], "fsaverage3", "fsaverage4")
    with pytest.raises(InputError, match="fsaverage9"):
        coarsen_faces(levels[642], "fsaverage9", "fsaverage3")
