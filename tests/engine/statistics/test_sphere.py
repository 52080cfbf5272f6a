"""Rotations move columns as a plain search over all of them says."""

from __future__ import annotations

import numpy as np
import pytest

from jne_engine.analysis.statistics import draw_rotations, mirror_rotations, spin_columns
from jne_engine.analysis.statistics.sphere import NOWHERE, REACH
from jne_engine.core.errors import InputError
from jne_engine.cortex.surfaces import load_surface


@pytest.fixture(scope="module")
def sphere():
    mesh = load_surface("fsaverage3", "sphere")
    return [mesh[hemi].coordinates.astype(float) for hemi in ("left", "right")]


def search(points, rotation):
    """Return the column that comes nearest to each column, by the distances of all pairs."""
    points = points / np.linalg.norm(points, axis=1, keepdims=True)
    moved = np.array([rotation @ p for p in points])
    among = np.array([np.partition(np.linalg.norm(points - p, axis=1), 1)[1] for p in points])
    distances = np.array([np.linalg.norm(moved - p, axis=1) for p in points])
    near = distances.min(axis=1) < REACH * np.median(among)
    return np.where(near, distances.argmin(axis=1), NOWHERE)


def test_rotations_are_proper_and_seeded():
    rotations = draw_rotations(20, seed=1)
    for turn in (*rotations, *mirror_rotations(rotations)):
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(turn) == pytest.approx(1)
    np.testing.assert_array_equal(rotations, draw_rotations(20, seed=1))
    assert not np.array_equal(rotations, draw_rotations(20, seed=2))
    with pytest.raises(InputError, match="n_rotations"):
        draw_rotations(0)


def test_rotations_are_uniform():
    """The image of a pole has no preferred place: its coordinates are uniform in -1 to 1."""
    poles = draw_rotations(4000, seed=0)[:, :, 2]
    np.testing.assert_allclose(poles.mean(axis=0), 0, atol=0.03)
    np.testing.assert_allclose(poles.var(axis=0), 1 / 3, atol=0.02)


def test_columns_come_from_where_a_plain_search_finds_them(sphere):
    rng = np.random.default_rng(0)
    left, right = sphere[0][rng.random(642) < 0.8], sphere[1][sphere[1][:, 2] > 0]
    rotations = draw_rotations(3, seed=2)
    spun = spin_columns(left, right, rotations)
    mirrored = mirror_rotations(rotations)
    for i in range(3):
        np.testing.assert_array_equal(spun[i, : len(left)], search(left, rotations[i]))
        own = search(right, mirrored[i])
        expected = np.where(own == NOWHERE, NOWHERE, own + len(left))
        np.testing.assert_array_equal(spun[i, len(left) :], expected)
    assert (spun[:, len(left) :] == NOWHERE).any()  # half of the right sphere is bare


def test_no_turn_moves_nothing_and_hemispheres_move_alike(sphere):
    mirror_image = sphere[0] * [-1, 1, 1]
    n = len(sphere[0])
    still = spin_columns(sphere[0], mirror_image, np.eye(3)[None])
    np.testing.assert_array_equal(still[0], np.arange(2 * n))
    spun = spin_columns(sphere[0], mirror_image, draw_rotations(4, seed=3))
    np.testing.assert_array_equal(spun[:, :n] + n, spun[:, n:])


def test_an_empty_hemisphere_and_progress(sphere):
    calls = []
    spun = spin_columns(sphere[0], [], draw_rotations(40), lambda *a: calls.append(a))
    assert spun.shape == (40, 642)
    assert calls == [(20, 40), (40, 40)]
