"""In Chromium brain, pictures, embedding and menus change each other, as the store says."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from jne_engine.analysis import groupings, maps, selectivity, summary
from jne_engine.runs.embedding import Embedding, EmbeddingSettings
from jne_engine.runs.embedding_store import find_embedding, write_embedding
from jne_engine.runs.store import Run
from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import ROOT, rest, wait_until_still
from tests.browser.cortex_probe import CortexProbe, brain_share
from tests.synthetic_run import write_synthetic_run

WAIT_MS = 60_000


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a run whose first 16 stimuli lie apart from the others in the embedding."""
    run = Run(write_synthetic_run(tmp_path_factory.mktemp("selectivity")))
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 3, (64, 2)) + np.where(np.arange(64) < 16, 0, 10)[:, None]
    line, clusters = np.arange(64, dtype=np.float32), (np.arange(64) >= 16).astype(np.int64)
    found = Embedding(points.astype(np.float32), line, clusters, (2, 3), (0.9, 0.5))
    write_embedding(find_embedding(run), found, EmbeddingSettings(), {})
    return run


@pytest.fixture(scope="module")
def app(streamlit_app, run):
    return streamlit_app(ROOT / "app.py", {"JNE_RUNS": str(run.path.parent)})


@pytest.fixture(scope="module")
def stored(run):
    return run.stage("dispersion").read_array("jne_ss")


@pytest.fixture
def open_page(page, app, problems):
    """Return a function that opens the page and waits for brain and pictures."""
    problems.ignored = ("/selectivity/_stcore/",)

    def open_page(query=""):
        page.goto(f"{app.url}/selectivity{query}")
        page.locator(".jne-gallery img").first.wait_for(timeout=WAIT_MS)
        return CortexProbe(page)

    return open_page


def find_pointable(probe, run):
    """Return the first significant vertex that the pointer finds, its column and its place."""
    for tile, vertex, column in find_visible(probe, run):
        place = next(p for p in probe.positions("left", vertex) if p["tile"] == tile)
        said = probe.hover_all([(place["x"], place["y"])])[0]
        if said is not None and said["vertex"] == vertex:
            return vertex, column, place
    return pytest.fail("no vertex could be pointed at")


def find_visible(probe, run, hemi="left"):
    """Return significant vertices in sight, with their tile and response column."""
    space, significant = maps.read_surface(run), maps.read_significant(run)
    columns = np.arange(space.n_voxels)[space.columns(hemi)]
    known = {int(v): int(c) for v, c in zip(space.vertices(hemi), columns, strict=True)}
    seen = probe.visible(hemi)
    return [(t, v, known[v]) for t, v in seen if v in known and significant[known[v]]]


def assert_map(probe, run, rows, stored):
    """Compare what the pointer reads with the mean of the store's rows."""
    _, column, place = find_pointable(probe, run)
    (text,) = probe.hover_all([(place["x"], place["y"])])[0]["values"].values()
    expected = stored[rows].astype(np.float64).mean(axis=0)
    assert float(text.split()[0]) == pytest.approx(expected[column], rel=1e-5)


def read_ranking(page):
    """Return row and caption of each picture."""
    rest(page)
    cells = page.locator(".jne-gallery button")
    rows = [int(cell.get_attribute("data-row")) for cell in cells.all()]
    return rows, [float(t) for t in cells.locator("span").all_inner_texts()]


def assert_ranking(page, values):
    """Compare the pictures with a place's values: the highest, in order."""
    rows, said = read_ranking(page)
    expected = np.argsort(-values, kind="stable")[: len(rows)]
    assert rows == expected.tolist()
    assert said == pytest.approx([float(f"{v:.3g}") for v in values[expected]])


def wait_for_map(page, label):
    option = page.get_by_label("Map of pane 1").locator("option:checked")
    expect(option).to_have_text(re.compile(f"JNE-SS: {label}"), timeout=WAIT_MS)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def choose_region(page, option):
    rest(page)
    page.get_by_test_id("stMultiSelect").locator("input").first.click()
    page.get_by_role("option", name=option, exact=True).click()


def test_a_click_on_a_vertex_ranks_the_pictures_by_its_values(page, open_page, run, stored):
    probe = open_page()
    vertex, column, place = find_pointable(probe, run)
    page.mouse.click(place["x"], place["y"])
    page.wait_for_url(f"**vertices=left%3A{vertex}*")
    expect(page.get_by_text(f"Pictures by JNE-SS in left vertex {vertex}")).to_be_visible()
    expect(page.get_by_text(f"Categories by mean JNE-SS in left vertex {vertex}")).to_be_visible()
    assert_ranking(page, stored[:, column].astype(np.float64))
    choose_region(page, "V4")
    expect(page.get_by_text("Pictures by JNE-SS in V4")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".cv-root").get_by_role("button", name="Clear")).to_be_hidden()
    assert "vertices" not in page.url


def test_a_picture_shows_its_own_map_and_pressed_again_the_categorys(page, open_page, run, stored):
    probe = open_page("?category=face")
    members = groupings.read_grouping(run, "labels:category").member("face")
    wait_for_map(page, "face")
    assert_map(probe, run, members, stored)
    picture = page.locator(".jne-gallery button").nth(2)
    row = int(picture.get_attribute("data-row"))
    picture.focus()
    page.keyboard.press("Enter")
    wait_for_map(page, f"img{row + 16:04d}")
    expect(picture).to_have_attribute("aria-pressed", "true")
    assert_map(probe, run, [row], stored)
    page.keyboard.press("Enter")
    wait_for_map(page, "face")
    assert_map(probe, run, members, stored)


def surround_left_group(page, plot):
    """Return the corners of a line around the 16 points on the left of the embedding."""
    wait_until_still(page, plot)
    boxes = plot.locator(".point").evaluate_all(
        "(all) => all.map((p) => p.getBoundingClientRect())"
    )
    centres = np.array([[b["x"] + b["width"] / 2, b["y"] + b["height"] / 2] for b in boxes])
    group = centres[centres[:, 0] < (centres[:, 0].min() + centres[:, 0].max()) / 2]
    assert len(group) == 16
    (left, top), (right, bottom) = group.min(axis=0) - 12, group.max(axis=0) + 12
    return [(left, top), (right, top), (right, bottom), (left, bottom), (left, top + 4)]


def draw(page, corners):
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=5)
    page.mouse.up()


def test_a_lasso_on_the_embedding_shows_the_mean_map_and_a_link_restores_it(
    page, open_page, run, stored, context
):
    probe = open_page()
    plot = page.get_by_role("figure", name="Stimuli in two dimensions").locator(".js-plotly-plot")
    plot.scroll_into_view_if_needed()
    draw(page, surround_left_group(page, plot))
    page.wait_for_url("**picked=0-15*")
    wait_for_map(page, "picked stimuli")
    assert_map(probe, run, list(range(16)), stored)
    assert set(read_ranking(page)[0]) == set(range(16))
    again = context.new_page()
    again.goto(page.url)
    wait_for_map(again, "picked stimuli")
    page.locator(".st-key-back-stimuli button").click()
    expect(page.get_by_text("Mean JNE-SS of picked")).to_have_count(0)


def test_a_region_goes_to_every_linked_view(page, open_page, run):
    open_page("?scale=raw")
    choose_region(page, "PPA")
    expect(page.get_by_text("Categories by mean JNE-SS in PPA")).to_be_visible()
    means, grouping = (
        selectivity.average_jne_ss(run)["PPA"],
        groupings.read_grouping(run, "labels:category"),
    )
    assert_ranking(page, means.to_numpy())
    table = selectivity.tabulate_category_means(means, grouping)
    dots = page.locator(".js-plotly-plot").filter(has=page.locator(".errorbar")).first
    rest(page)
    drawn = dots.evaluate("(plot) => [plot.data[0].y.map(String), [...plot._fullData[0].x]]")
    assert [label.split(" (")[0] for label in drawn[0]] == table["category"].tolist()
    np.testing.assert_allclose(drawn[1], table["mean_jne_ss"], rtol=1e-6)
    heat = page.locator(".js-plotly-plot:has(.heatmaplayer image)").first
    frame = heat.evaluate("(plot) => plot.layout.shapes[0].x0 + 0.5")
    assert list(summary.list_places(run))[round(frame)] == "PPA"
    assert_accessible(page)


def test_all_views_are_on_the_first_screen_and_a_cell_chooses_both(page, open_page, run):
    probe = open_page()
    rest(page)
    assert brain_share(probe, (1280, 720)) >= 0.15
    for what in (".jne-gallery img", ".heatmaplayer image", ".scatterlayer .points"):
        assert page.locator(what).first.bounding_box()["y"] < 640, what
    heat = page.locator(".js-plotly-plot:has(.heatmaplayer image)").first
    wait_until_still(page, heat)
    spot = heat.evaluate(CELL_SPOT, [1, 2])
    names = heat.evaluate("(p) => [p.data[0].y[1], p.data[0].x[2]]")
    page.mouse.click(*spot)
    page.wait_for_url(f"**category={names[0]}*")
    expect(page.get_by_text(f"Pictures by JNE-SS in {names[1]}")).to_be_visible()
    wait_for_map(page, names[0])


CELL_SPOT = """(plot, [row, column]) => {
  const {xaxis: x, yaxis: y} = plot._fullLayout, box = plot.getBoundingClientRect();
  return [box.x + x._offset + x.d2p(column), box.y + y._offset + y.d2p(row)];
}"""


def test_the_brain_takes_no_more_room_when_it_arrives(own_page, app, problems):
    """What lies below keeps its place, so that a line drawn there meets the figure."""
    problems.ignored = ("/selectivity/_stcore/",)
    own_page.add_init_script(
        """window.seen = new Set(); setInterval(() => {
        const box = document.querySelector(".st-key-stimuli_brain_box");
        if (box) window.seen.add(Math.round(box.getBoundingClientRect().height)); }, 20)"""
    )
    own_page.goto(f"{app.url}/selectivity")
    own_page.locator(".cv-canvas").first.wait_for(timeout=WAIT_MS)
    wait_until_still(own_page, own_page.locator(".st-key-stimuli_brain_box"))
    reserved = own_page.evaluate("() => [...window.seen].filter((height) => height > 400)")
    assert len(reserved) == 1
