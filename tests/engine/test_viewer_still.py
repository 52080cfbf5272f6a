"""The still picture shows each pixel's nearest triangle in the colours that the viewer would."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from jne_engine.core import palettes
from jne_engine.viewer.payload import (
    ViewerLabels,
    ViewerMap,
    ViewerScene,
    ViewerShape,
    ViewerSurface,
    scene_header,
    still_hash,
)
from jne_engine.viewer.still import choose_range, draw_still, pack_still
from jne_engine.viewer.still.rasteriser import rasterise
from jne_engine.viewer.still.tiles import borders, draw_tile

CONSTANT = 0.75


def ball(n=24):
    """Return a sphere of latitude and longitude: points and triangles with fronts outside."""
    angles = np.linspace(0, np.pi, n)
    turns = np.linspace(0, 2 * np.pi, 2 * n, endpoint=False)
    theta, phi = (a.ravel() for a in np.meshgrid(angles, turns, indexing="ij"))
    points = np.stack(
        [np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=1
    )
    row, column = (a.ravel() for a in np.meshgrid(range(n - 1), range(2 * n), indexing="ij"))
    here, right = row * 2 * n + column, row * 2 * n + (column + 1) % (2 * n)
    below, corner = here + 2 * n, right + 2 * n
    faces = np.concatenate([np.stack([here, below, corner], 1), np.stack([here, corner, right], 1)])
    return (50 * points).astype(np.float32), faces


def make_scene(left, **changes):
    """Return two balls that carry one map."""
    points, faces = ball()
    n = len(points)
    sides = ("left", "right")
    shape = ViewerShape("pial", "Pial", dict.fromkeys(sides, points))
    surface = ViewerSurface(
        "ball", dict.fromkeys(sides, faces), dict.fromkeys(sides, np.zeros(n, np.float32)), (shape,)
    )
    values = np.broadcast_to(np.asarray(left, np.float32), n).copy()
    options = {"value_range": (0.0, 1.0)}
    scene_options = {"title": "Balls", "provenance": "seed 0"}
    scene_options |= {k: changes.pop(k) for k in ("labels", "simulated") if k in changes}
    shown = ViewerMap("jne", "JNE", "a.u.", values, values.copy(), **(options | changes))
    return ViewerScene(surface, (shown,), **scene_options)


def test_each_pixel_shows_the_nearest_triangle_that_faces_the_eye():
    rng = np.random.default_rng(3)
    points = rng.uniform(0, 18, size=(25, 3)).astype(np.float32)
    faces = rng.integers(0, 25, size=(24, 3))
    faces = faces[(np.diff(np.sort(faces), axis=1) > 0).all(axis=1)]
    seen = rasterise(points, faces, height=18, width=18)
    found = {(r, c): set(f) for r, c, f in zip(seen.row, seen.column, seen.corners, strict=True)}
    expected = {
        (r, c): face
        for r in range(18)
        for c in range(18)
        if (face := nearest_face(points, faces, c + 0.5, r + 0.5)) is not None
    }
    assert len(expected) > 100
    assert {k: set(v) for k, v in expected.items()} == found
    x, y = (seen.interpolate(points[:, axis]) for axis in (0, 1))
    np.testing.assert_allclose(x, seen.column + 0.5, atol=1e-3)
    np.testing.assert_allclose(y, seen.row + 0.5, atol=1e-3)


def nearest_face(points, faces, x, y):
    """Solve for barycentric coordinates triangle by triangle."""
    best, answer = -np.inf, None
    for face in faces:
        corners = points[face].astype(np.float64)
        edges = corners[1:] - corners[0]
        if np.cross(edges[0], edges[1])[2] >= 0:
            continue
        weights = np.linalg.solve(np.vstack([corners[:, :2].T, np.ones(3)]), [x, y, 1])
        if weights.min() >= 0 and weights @ corners[:, 2] > best:
            best, answer = weights @ corners[:, 2], tuple(int(v) for v in face)
    return answer


def test_off_the_picture_nothing_is_drawn_and_nothing_fails():
    points, faces = ball(8)
    assert rasterise(points + 500, faces, height=20, width=20).row.size == 0


def colours_of(scene, hemi="left", side="lateral"):
    """Return the colours of all pixels that the brain covers wholly."""
    tile = draw_tile(scene, hemi, side, height=80, width=90)
    return tile.colours[tile.colours[..., 3] == 1][:, :3]


def test_a_constant_map_paints_its_colour_and_nothing_else():
    colours = colours_of(make_scene(CONSTANT))
    expected = palettes.colour_map("viridis")[int(CONSTANT * 256)] / 255
    light = (colours @ expected) / (expected @ expected)
    assert len(colours) > 3000
    assert 0.3 < light.min() <= light.max() < 1.1
    assert np.abs(colours - light[:, None] * expected).max() < 0.01


@pytest.mark.parametrize(
    "changes",
    [{"left": np.nan}, {"left": CONSTANT, "threshold": 0.8}, {"left": CONSTANT, "mask": False}],
)
def test_nan_threshold_and_mask_leave_cortex_bare(changes):
    n = len(ball()[0])
    if "mask" in changes:
        changes = {"left": CONSTANT} | {f"mask_{h}": np.zeros(n, bool) for h in ("left", "right")}
    assert np.ptp(colours_of(make_scene(**changes)), axis=1).max() < 0.01


def test_a_two_sided_threshold_keeps_both_ends():
    low = make_scene(-0.9, kind="diverging", threshold=0.8, value_range=(-1.0, 1.0))
    assert np.ptp(colours_of(low), axis=1).min() > 0.1


def test_lateral_and_medial_are_right_in_both_hemispheres():
    """The front (y > 0) lies left on a left lateral and on a right medial view."""
    points, _ = ball()
    scene = make_scene(np.where(points[:, 1] > 5, CONSTANT, np.nan))
    for hemi, side, expected in (
        ("left", "lateral", "left"),
        ("left", "medial", "right"),
        ("right", "lateral", "right"),
        ("right", "medial", "left"),
    ):
        tile = draw_tile(scene, hemi, side, height=60, width=80)
        painted = np.ptp(tile.colours[..., :3], axis=2) * tile.colours[..., 3] > 0.1
        columns = np.nonzero(painted)[1]
        assert columns.size > 300
        assert (columns.mean() < 40) == (expected == "left")
        assert (columns < 40).mean() in (0, 1) or abs(columns.mean() - 40) > 8


def test_triangles_that_a_file_turned_inside_out_look_the_same():
    scene = make_scene(CONSTANT)
    faces = {h: f[:, ::-1] for h, f in scene.surface.faces.items()}
    turned = replace(scene, surface=replace(scene.surface, faces=faces))
    np.testing.assert_array_equal(colours_of(turned), colours_of(scene))


def test_categories_keep_their_colours_and_nan_is_bare():
    points, _ = ball()
    index = np.where(points[:, 2] > 0, 1.0, np.nan)
    colours = colours_of(
        make_scene(
            index, kind="categorical", categories=(("a", "#0072b2"), ("b", "#d55e00")),
            value_range=None,
        )
    )  # fmt: skip
    orange = np.array(palettes.rgb("#d55e00")) / 255
    share = np.ptp(colours, axis=1) > 0.1
    light = colours[share] @ orange / (orange @ orange)
    assert 0.4 < share.mean() < 0.6
    off = np.abs(colours[share] - light[:, None] * orange).max(axis=1)
    assert (off < 0.01).mean() > 0.9  # the edge's pixels are mixed with bare cortex


def test_borders_run_between_regions_and_not_along_the_rim():
    regions = np.array([[-1, -1, -1, -1], [-1, 0, 2, 2], [-1, 0, 2, 2]])
    assert borders(regions).astype(int).tolist() == [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0]]


@pytest.mark.parametrize(
    ("values", "changes", "expected"),
    [
        (np.linspace(0, 1, 101), {}, (0.0, 0.99)),
        (np.linspace(5, 6, 101), {}, (5.01, 5.99)),
        (np.linspace(-1, 2, 301), {"kind": "diverging"}, (-1.97, 1.97)),
        (np.full(9, 3.0), {}, (3.0, 6.0)),
        (np.full(9, np.nan), {}, (0.0, 1.0)),
        (np.linspace(0, 1, 101), {"value_range": (2.0, 3.0)}, (2.0, 3.0)),
    ],
)
def test_the_range_is_the_viewers(values, changes, expected):
    shown = ViewerMap("jne", "JNE", "", values.astype(np.float32), None, **changes)
    assert choose_range(shown) == pytest.approx(expected, abs=1e-5)


def test_the_picture_has_its_size_and_simulated_stamps_it():
    labels = ViewerLabels("areas", ("V1",), np.ones(len(ball()[0]), int), None)
    plain = make_scene(CONSTANT, labels=(labels,))
    stamped = replace(plain, simulated=True, title="costs $5 and $6")
    pictures = [np.asarray(Image.open(io.BytesIO(draw_still(s)))) for s in (plain, stamped)]
    assert [p.shape for p in pictures] == [(560, 1600, 3)] * 2
    stamp = palettes.rgb(palettes.SIMULATED_COLOUR)
    found = [
        int((np.abs(p[:70, 1300:].astype(int) - stamp) < 12).all(axis=2).sum()) for p in pictures
    ]
    assert found[0] == 0
    assert found[1] > 500


def test_the_header_names_the_picture_by_all_that_it_shows():
    scene = make_scene(CONSTANT)
    name = scene_header(scene, key="k")["fallback"]
    assert name == still_hash(scene) == pack_still(scene, b"RIFF").hash
    other = scene.maps[0]
    changes = [
        {"title": "Other"},
        {"simulated": True},
        {"maps": (replace(other, threshold=0.1),)},
        {"maps": (replace(other, left=other.left + 1),)},
        {"region_style": "off"},
    ]
    names = {still_hash(replace(scene, **change)) for change in changes}
    assert len(names | {name}) == len(changes) + 1
    assert name not in scene.blobs()
