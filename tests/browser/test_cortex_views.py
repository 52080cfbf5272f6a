"""What the viewer shows and reads, on one page that every test finds as it first was."""

import json

import numpy as np
import pytest
from matplotlib import image
from PIL import Image
from playwright.sync_api import expect

from jne_engine.cortex.surfaces import N_VERTICES, load_hcp_mmp, load_surface
from tests.browser.conftest import SIZE, watch_page
from tests.browser.cortex_checks import POSES, check_readout, is_covered, screen_triangles
from tests.browser.cortex_probe import CortexProbe
from tests.browser.cortex_scene import CONSTANT, HEMIS, REGIONS, make_scene, roi_labels, values

NOTHING = "selection: {}"
SHAPES = ("white", "midthickness", "pial", "inflated", "very_inflated", "flat")


@pytest.fixture(scope="module")
def loaded(browser, streamlit_app):
    """Open the page once; return its tab and the state that the viewer begins with."""
    context = browser.new_context(viewport=SIZE, accept_downloads=True)
    tab = context.new_page()
    tab.goto(streamlit_app("cortex_app.py").url)
    yield tab, CortexProbe(tab).run("return v.state;")
    context.close()


@pytest.fixture
def page(loaded, problems):
    """Lend the tab, watched as any other."""
    yield from watch_page(loaded[0], problems)
    assert problems.unexpected == []


@pytest.fixture
def probe(page, loaded):
    probe = CortexProbe(page)
    probe.begin_anew(loaded[1])
    page.get_by_text(NOTHING).wait_for()
    return probe


def received(page):
    """Return the selection that Python says it received."""
    text = page.get_by_text("selection:").inner_text()
    return json.loads(text.removeprefix("selection:"))


def test_hover_reads_exact_values_of_all_panes(probe):
    probe.run("v.change({ panes: [0, 1] });")
    probe.page.locator(".cv-bar").nth(1).wait_for()
    for pose in POSES:
        check_readout(probe, pose, ("jne", "r2"))


def test_click_and_shift_click_reach_python(page, probe):
    first, at = probe.find_visible_vertex("left")
    page.mouse.click(*at)
    page.get_by_text(json.dumps({"left": [first]})).wait_for()
    second, at = probe.find_visible_vertex("right", 3)
    page.keyboard.down("Shift")
    page.mouse.click(*at)
    page.keyboard.up("Shift")
    page.get_by_text(json.dumps({"left": [first], "right": [second]})).wait_for()


def test_lasso_selects_the_visible_vertices_inside(page, probe):
    page.get_by_role("button", name="Lasso", exact=True).click()
    _, (x, y) = probe.find_visible_vertex("left")
    corners = [(x - 25, y - 20), (x + 25, y - 20), (x + 25, y + 20), (x - 25, y + 20)]
    seen = [v for _, v in probe.visible("left")]
    off = np.abs(probe.places("left", seen) - [x, y])
    expected = {v for v, (dx, dy) in zip(seen, off, strict=True) if dx < 24 and dy < 19}
    probe.drag([*corners, corners[0]])
    page.get_by_text('"left":').wait_for()
    got = received(page)
    assert set(got) == {"left"}
    assert len(expected) > 20
    assert expected <= set(got["left"])
    off = np.abs(probe.places("left", got["left"]) - [x, y])
    assert (off <= [25.5, 20.5]).all()


def plain_range(viewer_map):
    """Return the ends of a map's colour range: 1st to 99th percentile of what its mask shows."""
    if viewer_map.value_range is not None:
        return viewer_map.value_range
    sides = []
    for hemi in HEMIS:
        side, mask = viewer_map.values(hemi), viewer_map.mask(hemi)
        sides.append(side[np.isfinite(side) & (True if mask is None else mask)])
    low, high = np.percentile(np.concatenate(sides).astype(np.float64), (1, 99))
    if viewer_map.kind == "diverging":
        reach = max(abs(low - viewer_map.centre), abs(high - viewer_map.centre))
        return viewer_map.centre - reach, viewer_map.centre + reach
    return (0.0 if 0 <= low < 0.5 * high else low), high


def test_each_map_begins_with_the_range_of_what_it_shows(page, probe):
    for index, viewer_map in enumerate(make_scene().maps[:3]):
        probe.run("v.change({ panes: [a] });", index)
        probe.wait_for_values(index)
        shown = probe.run("const { low, high } = v.range(v.maps[a]); return [low, high];", index)
        assert shown == pytest.approx(plain_range(viewer_map), rel=1e-5)


def test_the_table_follows_the_mask(page, probe):
    probe.run("v.change({ panes: [1] });")
    page.get_by_text("Region means as a table").click()
    caption = page.locator(".cv-means caption")
    expect(caption).to_contain_text("R²: vertices in the mask")
    r2 = [values("fsLR32k", "r2", h)[roi_labels(h) == 1] for h in HEMIS]
    r2 = np.concatenate(r2)
    place = page.locator(".cv-means thead th").all_inner_texts().index("R²") - 1
    cells = page.locator(".cv-means tbody tr", has_text="V1").first.locator("td")
    expect(cells.nth(place + 1)).to_have_text(str((r2 > 0.05).sum()))
    assert float(cells.nth(place).inner_text()) == pytest.approx(r2[r2 > 0.05].mean(), rel=0.01)
    probe.run("v.changeLook(0, { masked: false });")
    expect(caption).to_contain_text("R²: all with a value")
    expect(cells.nth(place + 1)).to_have_text(str(r2.size))


def landmarks():
    """Return known vertices of both hemispheres by name."""
    atlas = load_hcp_mmp()
    out = {}
    for hemi in HEMIS:
        points = load_surface("fsLR32k", "pial")[hemi].coordinates
        hand = np.array([-37.0 if hemi == "left" else 37.0, -25.0, 62.0])
        pick = {
            "V1 pole": ("V1", points[:, 1]),
            "FFC": (
                "FFC",
                np.linalg.norm(points - points[atlas.vertices(hemi, ("FFC",))].mean(0), axis=1),
            ),
            "hand": ("4", np.linalg.norm(points - hand, axis=1)),
            "frontal pole": ("10pp", -points[:, 1]),
        }
        for name, (area, cost) in pick.items():
            members = atlas.vertices(hemi, (area,))
            out[name, hemi] = int(members[np.argmin(cost[members])])
    return out


# View -> landmark -> (half for the left hemisphere, vertical half): of the tile that shows it.
EXPECTED = {
    "lateral": {
        "V1 pole": ("right", None),
        "frontal pole": ("left", None),
        "hand": (None, "upper"),
        "FFC": (None, "lower"),
    },
    "medial": {
        "V1 pole": ("left", None),
        "frontal pole": ("right", None),
        "hand": (None, "upper"),
        "FFC": (None, "lower"),
    },
    "dorsal": {
        "V1 pole": ("left", "lower"),
        "frontal pole": ("left", "upper"),
        "hand": ("left", None),
        "FFC": ("left", "lower"),
    },
    "ventral": {
        "V1 pole": ("right", "lower"),
        "frontal pole": ("right", "upper"),
        "hand": ("right", None),
        "FFC": ("right", "lower"),
    },
    "anterior": {
        "V1 pole": ("right", None),
        "frontal pole": ("right", None),
        "hand": ("right", "upper"),
        "FFC": ("right", "lower"),
    },
    "posterior": {
        "V1 pole": ("left", None),
        "frontal pole": ("left", None),
        "hand": ("left", "upper"),
        "FFC": ("left", "lower"),
    },
}
SEEN = {
    "lateral": ("hand",),
    "medial": (),
    "dorsal": ("hand",),
    "ventral": ("FFC",),
    "anterior": ("frontal pole",),
    "posterior": ("V1 pole",),
}
MIRRORED = {"left": "right", "right": "left", None: None}


@pytest.mark.parametrize("view", EXPECTED)
def test_known_vertices_land_in_the_expected_half(probe, view):
    probe.look(view, shape=SHAPES.index("pial"))
    known = landmarks()
    for hemi in HEMIS:
        (tile,) = [t for t in probe.tiles() if hemi in {b["hemi"] for b in t["bodies"]}]
        triangles = screen_triangles(tile, "pial")
        for name, (side, level) in EXPECTED[view].items():
            (place,) = probe.positions(hemi, known[name, hemi])
            side = side if hemi == "left" else MIRRORED[side]
            if side is not None:
                middle = place["rect"]["x"] + place["rect"]["width"] / 2
                if view in ("lateral", "medial"):
                    middle = _middle_of(probe, hemi)[0]
                assert (place["x"] < middle) == (side == "left"), (hemi, name)
            if level is not None:
                assert (place["y"] < _middle_of(probe, hemi)[1]) == (level == "upper"), (hemi, name)
        for name in SEEN[view]:
            assert not is_covered(triangles, hemi, known[name, hemi]), (hemi, name)
        if view == "medial":
            assert is_covered(triangles, hemi, known["hand", hemi])


def _middle_of(probe, hemi):
    """Return the middle of a hemisphere's picture in page pixels."""
    places = probe.places(hemi, list(range(0, N_VERTICES["fsLR32k"], 101)))
    return (places.min(axis=0) + places.max(axis=0)) / 2


def test_the_grid_shows_lateral_above_medial_and_left_beside_right(probe):
    probe.look("grid", shape=SHAPES.index("pial"))
    known = landmarks()
    left, right = (probe.positions(h, known["hand", h]) for h in HEMIS)
    assert [p["view"] for p in left] == ["lateral", "medial"]
    assert left[0]["y"] < left[1]["y"]
    assert left[0]["x"] < right[0]["x"]


def show_bare(probe, index):
    """Show a map without regions, once its values are here."""
    probe.run("v.change({ panes: [a], labelStyle: 'off' });", index)
    probe.wait_for_values(index)
    probe.settle()


def painted(pixels):
    """Return the colours of all pixels that show a brain, as floats."""
    return pixels[pixels[..., 3] == 255][:, :3].astype(float)


def test_a_constant_map_paints_its_colour_and_nothing_else(page, probe):
    show_bare(probe, 3)
    colours = painted(probe.pixels())
    lut = np.array(probe.run("return [...v.lut('viridis').bytes];")).reshape(-1, 3)
    check_colour(colours, lut[round(CONSTANT * 255)].astype(float))
    probe.run("v.changeLook(0, { log: true, range: [0.01, 10] });")
    ratio = np.log(CONSTANT / 0.01) / np.log(10 / 0.01)
    check_colour(painted(probe.pixels()), lut[round(ratio * 255)].astype(float))


def check_colour(colours, expected):
    """Every pixel of a brain has one colour, lighter or darker."""
    light = (colours @ expected) / (expected @ expected)
    assert len(colours) > 20_000
    assert light.min() > 0.3
    assert light.max() < 1.1
    assert np.abs(colours - light[:, None] * expected).max() < 5


def test_values_of_0_and_below_are_bare_on_a_logarithmic_range(page, probe):
    show_bare(probe, 2)
    probe.run("v.scene.maps[2].spec.kind = 'sequential';")
    assert (np.ptp(painted(probe.pixels()), axis=1) <= 3).mean() < 0.1
    probe.run("v.changeLook(0, { log: true, range: [0.001, 0.1], threshold: a });", NO_CUT)
    bare = np.ptp(painted(probe.pixels()), axis=1) <= 3
    share = np.mean([values("fsLR32k", "delta", hemi) <= 0 for hemi in HEMIS])
    assert bare.mean() == pytest.approx(share, abs=0.15)


NO_CUT = {"mode": "none", "amount": 0, "twoSided": False}


def test_below_the_threshold_and_nan_paint_none_of_it(page, probe):
    show_bare(probe, 4)
    grey = np.ptp(painted(probe.pixels()), axis=1) <= 3
    assert 0.2 < grey.mean() < 0.9
    cut = {"mode": "value", "amount": 0.9, "twoSided": False}
    probe.run("v.changeLook(0, { threshold: a });", cut)
    assert np.ptp(painted(probe.pixels()), axis=1).max() <= 3


def test_border_pixels_lie_between_two_labels(probe):
    probe.run("v.changeLook(0, { opacity: 0 }); v.change({ labelNames: false });")
    probe.settle()
    pixels = probe.pixels()
    rows, columns = np.nonzero((pixels[..., :3].min(axis=2) > 238) & (pixels[..., 3] == 255))
    assert len(rows) > 200
    chosen = np.random.default_rng(1).choice(len(rows), size=60, replace=False)
    neighbours = {hemi: _neighbours(hemi) for hemi in HEMIS}
    checked = 0
    for row, column in zip(rows[chosen], columns[chosen], strict=True):
        hit = probe.run("return v.pick(a[0], a[1]);", [float(column) + 0.5, float(row) + 0.5])
        if hit is None:
            continue
        labels = roi_labels(hit["hemi"])
        around = neighbours[hit["hemi"]][hit["vertex"]]
        near = {int(labels[n]) for v in around for n in neighbours[hit["hemi"]][v]}
        assert len(near) >= 2
        checked += 1
    assert checked > 40


def _neighbours(hemi):
    """Return each vertex's neighbours and itself."""
    faces = load_surface("fsLR32k", "pial")[hemi].faces
    out = [set() for _ in range(N_VERTICES["fsLR32k"])]
    for face in faces.tolist():
        for v in face:
            out[v].update(face)
    return out


def test_a_region_can_be_selected_by_name(page, probe):
    page.get_by_role("button", name="Regions").click()
    page.get_by_role("button", name="Select FFA-1").click()
    page.get_by_text('"right":').wait_for()
    label = list(REGIONS).index("FFA-1") + 1
    for hemi in HEMIS:
        assert received(page)[hemi] == np.flatnonzero(roi_labels(hemi) == label).tolist()


def test_keys_do_what_the_mouse_does(page, probe):
    page.locator(".cv-stage").focus()
    page.keyboard.press("3")
    assert probe.run("return v.state.view;") == "dorsal"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("+")
    assert probe.camera()["orbit"][1] < 0
    assert probe.camera()["zoom"] > 1
    page.keyboard.press("0")
    assert probe.run("return v.state.view;") == "lateral"
    page.keyboard.press("x")
    page.keyboard.press("l")
    assert "vertex" in page.locator(".cv-status").inner_text()
    page.keyboard.press("Enter")
    page.get_by_text('selection: {"left"').wait_for()


def test_pictures_carry_size_and_stamp(page, probe):
    page.get_by_role("button", name="Export").click()
    page.get_by_label("Width in pixels").fill("1600")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save PNG").click()
    with Image.open(waiting.value.path()) as picture:
        picture.verify()  # checksums of all chunks
        assert picture.width == 1600
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.01)
    assert waiting.value.suggested_filename.startswith("jne_")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save flat map as SVG").click()
    svg = waiting.value.path().read_text()
    assert "SIMULATED" in svg
    assert svg.count("M") > 500
    assert ">V1</text>" in svg
    assert make_scene().provenance in svg


def opaque_share(path, rows, columns):
    """Return how much of each cell of a picture is not transparent."""
    alpha = image.imread(path)[..., 3] > 0.5
    cells = [np.array_split(strip, columns, axis=1) for strip in np.array_split(alpha, rows)]
    return np.array([[cell.mean() for cell in strip] for strip in cells])


def test_a_large_picture_shows_what_a_small_one_shows(page, probe):
    page.get_by_role("button", name="Export").click()
    page.get_by_label("Ground").select_option("transparent")
    shares = []
    for width in (900, 3600):
        page.get_by_label("Width in pixels").fill(str(width))
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Save PNG").click()
        shares.append(opaque_share(waiting.value.path(), 8, 16))
    assert 0.2 < shares[0].mean() < 0.8
    np.testing.assert_allclose(shares[0], shares[1], atol=0.1)


def test_a_lost_context_comes_back(page, probe, problems):
    before = probe.pixels()
    probe.run("v.loser = v.renderer.gl.getExtension('WEBGL_lose_context'); v.loser.loseContext();")
    page.get_by_text("The graphics context was lost").wait_for()
    probe.run("v.loser.restoreContext();")
    page.locator(".cv-message").wait_for(state="hidden")
    after = probe.pixels()
    assert (after[..., 3] > 0).sum() > 10_000
    assert np.abs(after.astype(int) - before.astype(int)).max() <= 2
