"""Spin statistics equal loops over rotations, and keep their false positives at 5 %."""

from __future__ import annotations

import numpy as np
import pytest

from jne_engine.analysis.rotations import draw_least_distorted, measure_stretch
from jne_engine.analysis.statistics import (
    compute_trend,
    draw_rotations,
    measure_narrowing,
    spin_columns,
    spin_correlations,
    spin_differences,
    spin_trend,
)
from jne_engine.analysis.statistics.sphere import NOWHERE
from jne_engine.bench.spins import draw_null_maps
from jne_engine.cortex.surfaces import load_surface

N_ROTATIONS = 199


@pytest.fixture(scope="module")
def points():
    mesh = load_surface("fsaverage3", "sphere")
    left, right = (mesh[hemi].coordinates.astype(float) / 100 for hemi in ("left", "right"))
    wall = (left[:, 0] > 0.8), (right[:, 0] < -0.8)  # a bare cap where the medial wall would be
    return left[~wall[0]], right[~wall[1]]


@pytest.fixture(scope="module")
def spun(points):
    return spin_columns(*points, draw_rotations(N_ROTATIONS, seed=0))


def draw_maps(points, n_maps, *, width=0.35, seed=0):
    """Draw noise smoothed by a Gaussian of ``width`` radians on each hemisphere."""
    rng = np.random.default_rng(seed)
    parts = []
    for side in points:
        angle = np.arccos(np.clip(side @ side.T, -1, 1))
        parts.append(np.exp(-(angle**2) / (2 * width**2)) @ rng.normal(size=(len(side), n_maps)))
    return np.concatenate(parts).T


def rotate(values, row):
    return np.array([np.nan if i == NOWHERE else values[i] for i in row])


def correlate(a, b):
    both = np.isfinite(a) & np.isfinite(b)
    return np.corrcoef(a[both], b[both])[0, 1], both.sum()


def test_correlations_equal_a_loop(points, spun):
    x, y = draw_maps(points, 2)
    y[::7] = np.nan
    (found,) = spin_correlations(x, y[None], spun)
    observed, n = correlate(x, y)
    null = np.array([correlate(rotate(x, row), y)[0] for row in spun])
    assert found.observed == pytest.approx(observed)
    assert found.p == pytest.approx((1 + np.sum(np.abs(null) >= abs(observed))) / 200)
    assert (found.null_mean, found.n, found.n_rotations) == (pytest.approx(null.mean()), n, 199)
    assert found.n_usual < found.n  # the medial wall was carried somewhere


def test_correlations_of_whole_maps_equal_a_loop():
    """Where every column has a value, before and after a rotation."""
    sides = [load_surface("fsaverage3", "sphere")[hemi].coordinates for hemi in ("left", "right")]
    spun = spin_columns(*sides, draw_rotations(N_ROTATIONS, seed=1))
    assert (spun != NOWHERE).all()
    x, *others = draw_maps([side / 100.0 for side in sides], 3) + 4.0
    others.append(np.full_like(x, 2.0))
    found = spin_correlations(x, others, spun)
    for test, y in zip(found[:2], others, strict=False):
        observed, n = correlate(x, y)
        null = np.array([correlate(x[row], y)[0] for row in spun])
        assert test.observed == pytest.approx(observed)
        assert test.p == pytest.approx((1 + np.sum(np.abs(null) >= abs(observed))) / 200)
        assert (test.null_mean, test.null_high) == (
            pytest.approx(null.mean()),
            pytest.approx(np.quantile(null, 0.975)),
        )
        assert (test.n, test.n_usual, test.n_left_out) == (n, n, 0)
    assert np.isnan(found[2].observed), "a constant map goes with nothing"


def test_differences_and_trend_equal_loops(points, spun):
    x = draw_maps(points, 1)[0]
    x[5] = np.nan
    height = np.concatenate([side[:, 2] for side in points])
    groups = [height < -0.4, (height >= -0.4) & (height < 0.4), height >= 0.4]
    trend = spin_trend(x, groups, spun)
    assert trend.observed == pytest.approx(compute_trend([x[g] for g in groups]).effect)
    turned = [rotate(x, row) for row in spun]
    null = np.array([compute_trend([t[g] for g in groups]).effect for t in turned])
    assert trend.p == pytest.approx((1 + np.sum(null >= trend.observed)) / 200)
    assert trend.null_mean == pytest.approx(null.mean())
    found = spin_differences(x, [groups[2], groups[1]], [groups[0], groups[0]], spun)
    for place, test in zip((groups[2], groups[1]), found, strict=True):
        null = np.array([np.nanmean(t[place]) - np.nanmean(t[groups[0]]) for t in turned])
        assert test.observed == pytest.approx(np.nanmean(x[place]) - np.nanmean(x[groups[0]]))
        assert test.p == pytest.approx((1 + np.sum(null >= test.observed)) / 200)


def test_false_positives_of_null_maps_are_5_percent(points, spun):
    """200 unrelated smooth maps, each against the 199 others."""
    maps = draw_maps(points, 200, seed=11)
    hits = [
        test.p <= 0.05
        for i, one in enumerate(maps)
        for test in spin_correlations(one, np.delete(maps, i, axis=0), spun)
    ]
    assert abs(np.mean(hits) - 0.05) <= 0.02


def test_a_test_that_ignores_smoothness_would_fail_the_same_maps(points):
    """The maps are hard: Pearson's p calls most of them related."""
    r = np.corrcoef(draw_maps(points, 200, seed=11))[np.triu_indices(200, 1)]
    n = sum(map(len, points))
    assert np.mean(np.abs(r) > 1.96 / np.sqrt(n)) > 0.5


def test_related_maps_are_found(points, spun):
    x, noise = draw_maps(points, 2, seed=1)
    (found,) = spin_correlations(x, (x + 0.3 * noise)[None], spun)
    assert found.p == 1 / 200


def test_rotations_that_leave_too_little_are_left_out_and_told(points):
    patch = [side[side[:, 2] > 0.75] for side in points]
    spun = spin_columns(*patch, draw_rotations(N_ROTATIONS, seed=0))
    x, y = draw_maps(patch, 2)
    (found,) = spin_correlations(x, y[None], spun)
    assert found.n_left_out > 50
    assert found.n_rotations + found.n_left_out == N_ROTATIONS
    if found.n_rotations < 99:
        assert np.isnan(found.p)
    few = spin_correlations(x, y[None], spun[:50])[0]
    assert np.isnan(few.p)
    assert np.isfinite(few.observed)


def test_nothing_to_test_is_told(points, spun):
    nothing = np.full(spun.shape[1], np.nan)
    assert np.isnan(spin_correlations(nothing, nothing[None], spun)[0].p)
    empty = np.zeros(spun.shape[1], dtype=bool)
    assert np.isnan(spin_trend(np.arange(empty.size), [empty, ~empty], spun).p)


def test_the_rotations_kept_are_those_that_stretch_cortex_least():
    white, ball = load_surface("fsaverage3", "white"), load_surface("fsaverage3", "sphere")
    stretch = []
    for hemi in ("left", "right"):
        n = len(ball[hemi].coordinates)
        areas = [[0.0] * n, [0.0] * n]
        for which, mesh in enumerate((white[hemi], ball[hemi])):
            for face in mesh.faces:
                a, b, c = (mesh.coordinates[i].astype(float) for i in face)
                for i in face:
                    areas[which][i] += np.linalg.norm(np.cross(b - a, c - a)) / 2 / 3
        stretch += [np.log2(areas[0][i] / areas[1][i]) for i in range(n)]
    drawn = draw_rotations(40, seed=3)
    spun = spin_columns(ball["left"].coordinates, ball["right"].coordinates, drawn)
    distortion = [
        np.mean([abs(stretch[i] - stretch[j]) for i, j in enumerate(row) if j != NOWHERE])
        for row in spun
    ]
    kept = draw_least_distorted("fsaverage3", 10, seed=3)
    expected = [turn for i, turn in enumerate(drawn) if i in np.argsort(distortion)[:10]]
    np.testing.assert_array_equal(kept, expected)


@pytest.mark.parametrize("surface", ["fsaverage5", "fsLR32k"])
def test_every_packaged_sphere_knows_its_stretch(surface):
    kept = draw_least_distorted(surface, 5, n_candidates=2)
    assert kept.shape == (5, 3, 3)
    assert len(np.unique(kept, axis=0)) == 5


def test_narrowing_is_that_of_patches_which_overlap_less():
    rng = np.random.default_rng(0)
    stretch = rng.normal(size=12)
    spun = rng.integers(-1, 12, size=(4, 12)).astype(np.int32)
    spun[0], spun[1] = np.arange(12), NOWHERE
    found = measure_narrowing(stretch, spun)
    for ratio, row in zip(found[2:], spun[2:], strict=True):
        alike, overlap = [], []
        for here, there in enumerate(row):
            if there != NOWHERE:
                a, b = 2 ** -stretch[here], 2 ** -stretch[there]
                alike.append((a + b) / 2)
                overlap.append(2 / (1 / a + 1 / b))
        assert ratio == pytest.approx(np.sqrt(np.mean(alike) / np.mean(overlap)))
        assert ratio > 1
    assert found[:2] == pytest.approx(1), "in place, and nowhere"


def test_correlations_are_taken_as_wide_as_told(points, spun):
    x, y = draw_maps(points, 2)
    (plain,) = spin_correlations(x, y[None], spun)
    factors = np.linspace(1, 3, N_ROTATIONS)
    (wide,) = spin_correlations(x, y[None], spun, narrowing=factors)
    null = np.array([correlate(rotate(x, row), y)[0] for row in spun]) * factors
    assert wide.p == pytest.approx((1 + np.sum(np.abs(null) >= abs(plain.observed))) / 200)
    assert wide.null_high == pytest.approx(np.quantile(null, 0.975))
    assert wide.observed == plain.observed


def test_false_positives_of_maps_that_are_smooth_on_cortex_are_5_percent():
    """The sphere distorts them; 100 maps, each against the others."""
    maps = draw_null_maps("fsaverage3", 100, 20.0)
    ball = load_surface("fsaverage3", "sphere")
    turns = draw_least_distorted("fsaverage3", N_ROTATIONS)
    spun = spin_columns(ball["left"].coordinates, ball["right"].coordinates, turns)
    stretch = np.concatenate([measure_stretch("fsaverage3", h) for h in ("left", "right")])
    narrowing = measure_narrowing(stretch, spun)
    hits = [
        test.p <= 0.05
        for i, one in enumerate(maps)
        for test in spin_correlations(one, np.delete(maps, i, axis=0), spun, narrowing=narrowing)
    ]
    assert abs(np.mean(hits) - 0.05) <= 0.02
