"""Curvature is what geometry says of spheres, and tells gyri from sulci on a real cortex."""

import numpy as np
import pytest

from jne_engine.cortex.spaces import Mesh
from jne_engine.cortex.surfaces import load_sulcal_depth, load_surface
from jne_engine.viewer.surfaces import compute_mean_curvature


def sphere(radius):
    mesh = load_surface("fsaverage4", "sphere")["left"]
    unit = mesh.coordinates / np.linalg.norm(mesh.coordinates, axis=1, keepdims=True)
    return Mesh((radius * unit + [5, -3, 2]).astype(np.float32), mesh.faces)


@pytest.mark.parametrize("radius", [10.0, 100.0])
@pytest.mark.parametrize("smoothing", [0, 5])
def test_a_sphere_has_one_over_its_radius_everywhere(radius, smoothing):
    found = compute_mean_curvature(sphere(radius), smoothing=smoothing)
    np.testing.assert_allclose(found.mean(), -1 / radius, rtol=0.01)
    off = np.abs(found * radius + 1)
    assert (off > 0.01).sum() <= 12  # the vertices with five neighbours
    assert off.max() < 0.15


def test_it_does_not_matter_which_way_triangles_are_turned():
    mesh = load_surface("fsaverage3", "white")["left"]
    turned = Mesh(mesh.coordinates, mesh.faces[:, ::-1])
    np.testing.assert_allclose(
        compute_mean_curvature(turned), compute_mean_curvature(mesh), atol=1e-6
    )


def test_every_vertex_has_the_slow_formulas_value():
    mesh = load_surface("fsaverage3", "white")["right"]
    points = mesh.coordinates.astype(float)
    found = compute_mean_curvature(mesh, smoothing=0)
    for v in range(0, len(points), 61):
        pull, normal, area = np.zeros(3), np.zeros(3), 0.0
        for face in mesh.faces[(mesh.faces == v).any(axis=1)]:
            _, j, k = np.roll(face, -int(np.flatnonzero(face == v)[0]))
            cross = np.cross(points[j] - points[v], points[k] - points[v])
            area += np.linalg.norm(cross) / 6
            normal += cross
            for end, opposite in ((j, k), (k, j)):
                a, b = points[v] - points[opposite], points[end] - points[opposite]
                pull += a @ b / np.linalg.norm(np.cross(a, b)) * (points[v] - points[end])
        expected = -0.5 * (pull / (2 * area)) @ normal / np.linalg.norm(normal)
        assert found[v] == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_sulci_of_a_real_cortex_are_positive():
    mesh, depth = load_surface("fsaverage5", "white")["left"], load_sulcal_depth("fsaverage5")
    found = compute_mean_curvature(mesh)
    assert np.isfinite(found).all()
    assert np.corrcoef(found, depth["left"])[0, 1] > 0.4


def test_a_vertex_without_a_triangle_has_none():
    mesh = sphere(10)
    lone = Mesh(np.vstack([mesh.coordinates, [[0, 0, 0]]]).astype(np.float32), mesh.faces)
    found = compute_mean_curvature(lone)
    assert np.isnan(found[-1])
    assert np.isfinite(found[:-1]).all()
