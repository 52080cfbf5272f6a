"""Cards, drawn areas and runs side by side, as a reader makes them in Chromium."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

from jne_engine.analysis import listing, maps, masks, peaks, places
from jne_engine.cortex.spaces import VolumeSpace
from jne_engine.runs.store import Run
from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import ROOT, SIZE, rest, wait_until_still
from tests.browser.cortex_probe import CortexProbe, brain_share
from tests.synthetic_run import write_synthetic_run

SELECTED_POINTS = """() => {
  const plot = [...document.querySelectorAll('.js-plotly-plot')].find(
    (p) => p._fullData?.some((t) => t.type === 'scattergl'));
  const trace = plot._fullData.find((t) => t.type === 'scattergl');
  return (trace.selectedpoints ?? []).map((i) => trace.customdata[i]);
}"""


RANGE = "const m = v.shownMaps()[0]; return [v.range(m).low, v.range(m).high];"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("subjects")
    for seed, subject in enumerate(("first", "second")):
        write_synthetic_run(folder, subject=subject, seed=seed, n_per_roi=24 - 4 * seed)
    return folder


@pytest.fixture(scope="module")
def runs(root):
    return {run.manifest.subject: run for run in listing.list_runs(root).runs}


@pytest.fixture(scope="module")
def app(streamlit_app, root):
    return streamlit_app(ROOT / "app.py", {"JNE_RUNS": str(root)})


@pytest.fixture(autouse=True)
def _expect_probes(problems):
    problems.ignored = ("/maps/_stcore/", "/models/_stcore/")


def wait_until(probe, script, argument=None, tries=100):
    """Wait for the viewer: it lives in a shadow root, which the page's own waits do not enter.

    Where the page puts other controls above it, the viewer is made anew and is not there at once.
    """
    for _ in range(tries):
        if probe.is_there() and probe.run(script, argument):
            return
        probe.page.wait_for_timeout(100)
    raise AssertionError(f"never: {script}")


def find_voxel(probe, run):
    """Return a vertex that has a voxel and where it can be clicked."""
    space, values = maps.read_surface(run), maps.read_map(run, "jne")
    known = {int(v): i for i, v in enumerate(space.left) if np.isfinite(values[i])}
    for tile, vertex in probe.visible("left"):
        if vertex in known:
            spot = next(p for p in probe.positions("left", vertex) if p["tile"] == tile)
            said = probe.hover(spot["x"], spot["y"])
            if said and said["vertex"] == vertex and said["hemi"] == "left":
                return vertex, known[vertex], (spot["x"], spot["y"])
    raise AssertionError("no voxel is in sight")


def test_a_clicked_vertex_has_a_card_of_the_stored_floats_and_a_link_restores_it(
    page, app, runs, context
):
    run = runs["first"]
    page.goto(f"{app.url}/maps?run={run.run_id}")
    probe = CortexProbe(page)
    vertex, column, spot = find_voxel(probe, run)
    page.mouse.click(*spot)
    title = f"left vertex {vertex}"
    page.get_by_role("heading", name=title).wait_for()
    check_card(page, run, column)
    again = context.new_page()
    again.goto(page.url)
    again.get_by_role("heading", name=title).wait_for(timeout=60_000)
    check_card(again, run, column)
    assert CortexProbe(again).run("return [...v.selection.left];") == [vertex]
    again.locator(".st-key-clear button").click()
    again.get_by_text("Peaks of").wait_for()
    wait_until(CortexProbe(again), "return v.choosing.isEmpty;")


def check_card(page, run, column):
    """Compare each value of the card with the store, bit by bit."""
    rows = page.locator(".st-key-vertex_values tbody tr")
    infos = [i for i in maps.list_maps(run) if i.kind in ("sequential", "diverging")]
    expect(rows).to_have_count(len(infos))
    rest(page)
    for row, info in enumerate(infos):
        cells = rows.nth(row).locator("th, td").all_inner_texts()
        stored = maps.read_map(run, info.name)[column]
        assert cells[0].strip() == info.label
        assert np.float32(cells[1]).tobytes() == stored.tobytes()


def test_a_lasso_in_a_scatter_lights_up_its_voxels(page, app, runs, context):
    run = runs["first"]
    page.goto(f"{app.url}/models?run={run.run_id}")
    probe = CortexProbe(page)
    assert brain_share(probe, (1280, 720)) >= 0.15
    before = probe.run(RANGE)
    plot = page.locator(".js-plotly-plot .plot-container .nsewdrag").first
    wait_until_still(page, plot)
    box = plot.bounding_box()
    path = [(0.35, 0.2), (0.85, 0.25), (0.8, 0.6), (0.55, 0.5), (0.4, 0.75), (0.35, 0.2)]
    probe.drag([(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in path])
    page.get_by_text("are in the drawn area").wait_for()
    columns = sorted(page.evaluate(SELECTED_POINTS))
    assert len(columns) > 5
    assert (
        probe.run("const m = v.shownMaps()[0]; return [v.range(m).low, v.range(m).high];") == before
    )
    check_lit(page, run, columns)
    again = context.new_page()
    again.goto(page.url)
    again.get_by_text("are in the drawn area").wait_for(timeout=60_000)
    check_lit(again, run, columns)


def check_lit(page, run, columns):
    """Require outlines and colours at exactly these voxels."""
    expected = {h: v.tolist() for h, v in places.find_marked(run, columns).items()}
    probe = CortexProbe(page)
    count = "return v.header.marked.reduce((sum, m) => sum + m.vertices.length, 0) === a;"
    wait_until(probe, count, len(columns))
    marked = probe.run("return v.header.marked;")
    assert {m["hemi"]: m["vertices"] for m in marked} == expected
    strength = "const of = v.scene.secondOf(v.shownMaps()[0]); return ['left', 'right'].map("
    lit = probe.run(
        f"{strength}(h) => [...of.values(h).keys()].filter((i) => of.values(h)[i] === 1));"
    )
    assert lit == [expected["left"], expected["right"]]
    assert probe.run("return v.look(v.shownMaps()[0]).second;") == "alpha"


def test_two_runs_side_by_side_keep_one_camera(page, app, runs):
    first, second = runs["first"].run_id, runs["second"].run_id
    page.goto(f"{app.url}/maps?run={first}&compare=runs&beside={second}")
    probe = CortexProbe(page)
    assert probe.run("return v.scene.paneNames();") == ["jne", f"jne@{second}"]
    before = probe.camera()
    start = probe.stage_point(0.25, 0.5)
    probe.drag([start, (start[0] + 40, start[1] + 25), (start[0] + 70, start[1] + 10)])
    turned = probe.camera()
    assert turned != before
    check_one_camera(probe)
    page.get_by_label("Map of pane 1").select_option(label="Gain")
    wait_until(probe, "return v.scene.paneNames()[1].startsWith('gain@');")
    assert probe.camera() == turned
    assert probe.run("return v.scene.paneNames();") == ["gain", f"gain@{second}"]
    assert probe.run("return v.state.shared;") is True
    check_one_camera(probe)


def check_one_camera(probe):
    left, right = (probe.tiles(pane)[0]["bodies"] for pane in (0, 1))
    assert [b["matrix"] for b in left] == [b["matrix"] for b in right]


def test_a_pane_is_taken_away_and_another_one_added(page, app, runs):
    page.goto(f"{app.url}/maps?run={runs['first'].run_id}&panes=gain,delta_r2")
    probe = CortexProbe(page)
    assert probe.run("return v.scene.paneNames();") == ["jne", "gain", "delta_r2"]
    page.get_by_role("button", name="Take pane 2 away").click()
    wait_until(probe, "return v.scene.paneNames().join() === 'jne,delta_r2';")
    page.get_by_label("+ Compare").select_option(index=2)
    wait_until(probe, "return v.state.panes.length === 3;")


def test_the_viewers_menus_break_no_rule_of_accessibility(page, app, runs):
    page.goto(f"{app.url}/maps?run={runs['first'].run_id}")
    page.get_by_label("+ Compare").select_option(index=2)
    for menu in ("Colours", "Regions", "Export", "?"):
        button = page.get_by_role("button", name=menu, exact=True).first
        button.click()
        expect(button).to_have_attribute("aria-expanded", "true")
        assert_accessible(page)
        page.keyboard.press("Escape")


def test_the_brain_fills_the_screen_and_nothing_wraps(page, app, runs):
    for size, least in (((1280, 720), 0.3), ((1920, 1080), 0.3), ((1024, 720), 0.2)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(f"{app.url}/maps?run={runs['first'].run_id}")
        probe = CortexProbe(page)
        rest(page)
        assert brain_share(probe, size) >= least, size
        for row in (".st-key-page_head > *", ".cv-strip > *"):
            middles = page.locator(row).evaluate_all(MIDDLES)
            assert max(middles) - min(middles) < 8, (size, row)
        chrome = page.locator(".cv-canvas").bounding_box()["y"]
        assert chrome < 3 * 40, "at most three rows stand above"
    page.set_viewport_size(SIZE)


MIDDLES = """(nodes) => nodes.map((n) => n.getBoundingClientRect())
  .filter((r) => r.width && r.height).map((r) => r.top + r.height / 2)"""


def test_the_threshold_of_the_bar_is_the_pages_and_the_counts_follow(page, app, runs):
    run = runs["first"]
    page.goto(f"{app.url}/maps?run={run.run_id}&threshold=0.4")
    probe = CortexProbe(page)
    wait_until(probe, "return v.actions.threshold() === 0.4;")
    check_counts(page, run, 0.4)
    probe.run("v.actions.barActions(0).setCut(0.61234);")
    page.wait_for_url("**threshold=0.612**")
    check_counts(page, run, 0.612)
    probe.run("v.actions.barActions(0).setCut(null);")
    page.wait_for_url(lambda url: "threshold" not in url.split("#")[0])


def check_counts(page, run, threshold):
    shown = masks.select_masked(run, "jne", masks.Masks(threshold=threshold))
    expect(page.get_by_text(f"{shown.sum():,} of {shown.size:,} voxels shown")).to_be_visible()


def test_words_find_a_vertex_and_a_peak_is_one_click_away(page, app, runs):
    run = runs["first"]
    page.goto(f"{app.url}/maps?run={run.run_id}")
    probe = CortexProbe(page)
    top = peaks.find_peaks(run, "jne", masks.Masks()).iloc[0]
    page.locator(".st-key-peaks button").first.click()
    page.get_by_role("heading", name=f"{top['hemisphere']} vertex {top['vertex']}").wait_for()
    wait_until(probe, f"return v.selection.{top['hemisphere']}.has({top['vertex']});")
    page.locator(".st-key-clear button").click()
    wait_until(probe, "return v.choosing.isEmpty;")
    box = page.get_by_label("Find an ROI, a vertex or an MNI coordinate")
    box.fill(f"{top['x']:.3f} {top['y']:.3f} {top['z']:.3f}")
    box.press("Enter")
    page.get_by_role("heading", name=f"{top['hemisphere']} vertex {top['vertex']}").wait_for()
    box.fill("V1")
    box.press("Enter")
    page.get_by_role("heading", name="vertices").wait_for()


def test_the_wheel_scrolls_the_page_and_zooms_with_ctrl(page, app, runs):
    page.goto(f"{app.url}/maps?run={runs['first'].run_id}")
    probe = CortexProbe(page)
    page.mouse.move(*probe.stage_point(0.5, 0.5))
    before = probe.camera()["zoom"]
    page.mouse.wheel(0, 200)
    page.wait_for_function("() => document.querySelector('.stMain').scrollTop > 0")
    assert probe.camera()["zoom"] == before
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    wait_until(probe, "return v.state.camera.zoom > a;", before)


VOXEL_SPOT = """(at) => {
  const plot = [...document.querySelectorAll('.js-plotly-plot')].find(
    (p) => p._fullData?.some((t) => t.type === 'heatmap'));
  const trace = plot._fullData.find((t) => t.type === 'scatter' && t.customdata?.includes(at));
  const i = trace.customdata.indexOf(at), box = plot.getBoundingClientRect();
  const {xaxis: x, yaxis: y} = {xaxis: plot._fullLayout[trace.xaxis.replace('x', 'xaxis')],
                                yaxis: plot._fullLayout[trace.yaxis.replace('y', 'yaxis')]};
  return [box.x + x._offset + x.l2p(trace.x[i]), box.y + y._offset + y.l2p(trace.y[i])];
}"""


def test_a_click_in_a_slice_goes_to_that_voxel(page, app, root):
    voxels = np.stack(np.unravel_index(np.arange(288) * 3, (12, 10, 8)), axis=1)
    space = VolumeSpace((12, 10, 8), np.diag([2.0, 2, 2, 1]), voxels, "native")
    run = Run(write_synthetic_run(root, subject="volume", space=space))
    page.goto(f"{app.url}/maps?run={run.run_id}&map=jne&at=6,4,4")
    page.get_by_text("at voxel (6, 4, 4)").wait_for()
    expect(page.locator(".js-plotly-plot .scatterlayer").first).to_be_attached()
    wait_until_still(page, page.locator(".js-plotly-plot").first)
    column = int(np.flatnonzero((voxels[:, 0] == 6) & (voxels[:, 1] == 7))[0])
    at = tuple(voxels[column].tolist())
    page.mouse.click(*page.evaluate(VOXEL_SPOT, ",".join(map(str, at))))
    page.get_by_text(f"at voxel {at}").wait_for()
    page.get_by_text(f"Voxel {column}: ").wait_for()
    assert f"at={'%2C'.join(map(str, at))}" in page.url
