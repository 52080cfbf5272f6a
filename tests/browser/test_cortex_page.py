"""The viewer on a Streamlit page: reading, selecting, surviving, and what travels."""

import numpy as np
import pytest
from playwright.sync_api import expect

from jne_engine.cortex.surfaces import N_VERTICES
from tests.browser.conftest import SIZE, rest
from tests.browser.cortex_probe import CortexProbe
from tests.browser.cortex_scene import HEMIS, roi_labels, values


@pytest.fixture
def traffic(page):
    sizes = []

    def watch(socket):
        socket.on("framereceived", lambda data: sizes.append(len(data)))
        socket.on("framesent", lambda data: sizes.append(len(data)))

    page.on("websocket", watch)
    yield sizes
    page.remove_listener("websocket", watch)


@pytest.fixture
def probe(page, traffic, streamlit_app):
    page.goto(streamlit_app("cortex_app.py").url)
    return CortexProbe(page)


def test_rounded_values_are_never_read_out_as_exact(page, streamlit_app, traffic):
    page.goto(streamlit_app("cortex_app.py").url + "?wire=float16")
    probe = CortexProbe(page)
    vertex, at = probe.find_visible_vertex("left")
    said = probe.hover(*at)["values"]["jne"]
    assert said.startswith("≈")
    page.wait_for_function(
        "(host) => host.__cortex.viewer.maps[0].isExact", arg=probe.host.element_handle()
    )
    exact = values("fsLR32k", "jne", "left")[vertex]
    assert np.float32(probe.hover(at[0] + 0.01, at[1])["values"]["jne"]) == exact


def test_a_link_brings_back_camera_and_shape(page, probe):
    probe.look("dorsal", shape=2)
    page.locator(".cv-stage").focus()
    page.keyboard.press("ArrowLeft")
    probe.settle()
    before = probe.camera()
    page.reload()
    again = CortexProbe(page)
    assert again.run("return [v.state.view, v.state.shape];") == ["dorsal", 2]
    np.testing.assert_allclose(again.camera()["orbit"], before["orbit"], atol=2e-3)


def test_the_camera_survives_every_control_rerun_and_map_change(page, probe):
    probe.drag([probe.stage_point(0.3, 0.4), probe.stage_point(0.36, 0.47)])
    page.mouse.move(*probe.stage_point(0.3, 0.4))
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    before = probe.camera()
    assert before["zoom"] > 1.1
    assert before["orbit"] != [0, 0, 0, 1]
    page.get_by_role("button", name="rerun").click()
    page.get_by_label("Map of pane 1").select_option(label="R²")
    page.get_by_label("Surface", exact=True).select_option(label="Pial")
    page.get_by_role("button", name="L", exact=True).click()
    page.get_by_role("button", name="L+R", exact=True).click()
    page.get_by_role("button", name="Colours").click()
    page.get_by_label("Threshold kind").select_option("percentile")
    page.get_by_label("Threshold", exact=True).fill("80")
    page.get_by_label("Opacity", exact=True).fill("0.5")
    page.get_by_label("Only vertices in the mask").uncheck()
    page.get_by_label("Colour map", exact=True).select_option("cividis")
    page.get_by_role("button", name="Regions").click()
    page.get_by_role("button", name="Fill", exact=True).click()
    page.get_by_title("Show or hide V1").click()
    page.get_by_label("+ Compare").select_option(index=2)
    page.get_by_role("button", name="Colours").first.click()
    page.get_by_label("Difference of the first two").click()
    page.keyboard.press("Escape")
    page.wait_for_timeout(800)
    assert probe.camera() == before
    page.get_by_role("button", name="Reset", exact=True).click()
    assert probe.camera()["zoom"] == 1


def test_a_pane_s_menu_stays_open_while_panes_come(page, probe):
    before_the_map_is_here = """
        const button = (text) => [...v.stage.querySelectorAll('.cv-head button')]
            .find((b) => b.textContent === text);
        v.actions.addPane(1);
        button('Colours').click();
        return v.stage.querySelectorAll('.cv-head').length;
    """
    assert probe.run(before_the_map_is_here) == 1
    difference = page.get_by_label("Difference of the first two")
    difference.focus()
    expect(page.get_by_label("Map of pane 2")).to_be_visible()
    expect(difference).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator(".cv-title")).to_be_visible()
    expect(difference).to_be_focused()
    expect(difference).to_be_checked()
    page.keyboard.press("Escape")
    expect(difference).not_to_be_visible()


STRIP = """const strip = v.stage.getRootNode().querySelector('.cv-strip');
  const all = [strip, ...strip.querySelectorAll('button')];
  const cut = all.filter((n) => n.scrollWidth > n.clientWidth);
  return [strip.clientWidth, cut.map((n) => n.textContent)];"""


def test_the_row_of_tools_is_cut_at_no_width(page, probe):
    widths = []
    for width in range(480, 1300, 60):
        page.set_viewport_size({"width": width, "height": SIZE["height"]})
        rest(page)
        width, cut = probe.run(STRIP)
        assert cut == [], width
        widths.append(width)
    page.set_viewport_size(SIZE)
    assert min(widths) <= 450
    assert max(widths) > 1000


# Everything but a new map: what a rerun costs with Streamlit's own messages.
LITTLE = 3_000
# What stands around a map's values in its message.
AROUND = 1_000


def wait_until_quiet(page, traffic):
    """Wait until nothing has travelled for a while."""
    seen = -1
    while len(traffic) != seen:
        rest(page)
        seen = len(traffic)
        page.wait_for_timeout(1000)


def begin_to_count(page, traffic):
    wait_until_quiet(page, traffic)
    traffic.clear()


def test_only_a_new_map_costs_bytes(page, probe, traffic):
    begin_to_count(page, traffic)
    box = page.locator(".cv-cut").bounding_box()
    probe.drag([(box["x"] + 12, box["y"] + 12), (box["x"] + 80, box["y"] + 12)])
    assert probe.run("return v.look(v.maps[0]).threshold.mode;") == "value"
    page.get_by_role("button", name="Colours").click()
    page.get_by_label("Colour map", exact=True).select_option("cividis")
    page.keyboard.press("Escape")
    probe.look("dorsal", open=0.5, shape=2, labelStyle="fill")
    probe.hover(*probe.stage_point(0.5, 0.4))
    page.wait_for_timeout(300)
    assert sum(traffic) == 0
    change_map(probe, "R²", 1, traffic)
    n_values = sum(N_VERTICES["fsLR32k"] for _ in HEMIS)
    assert n_values * 4 < sum(traffic) < n_values * (4 + 1 / 8) + LITTLE + AROUND
    traffic.clear()
    page.get_by_label("Map of pane 1").select_option(label="JNE")
    page.wait_for_timeout(300)
    assert sum(traffic) == 0


def test_a_rerun_and_a_selection_send_little(page, probe, traffic):
    begin_to_count(page, traffic)
    page.get_by_role("button", name="rerun").click()
    wait_until_quiet(page, traffic)
    assert 0 < sum(traffic) < LITTLE
    _, at = probe.find_visible_vertex("left")
    traffic.clear()
    page.mouse.click(*at)
    page.get_by_text('selection: {"left"').wait_for()
    wait_until_quiet(page, traffic)
    assert 0 < sum(traffic) < LITTLE


def test_a_rounded_map_with_its_mask_costs_two_bytes_a_vertex(page, streamlit_app, traffic):
    page.goto(streamlit_app("cortex_app.py").url + "?wire=float16&surface=fsaverage5")
    probe = CortexProbe(page)
    begin_to_count(page, traffic)
    change_map(probe, "R²", 1, traffic)
    assert 40_000 < sum(traffic) < 45_000
    for hemi in HEMIS:
        kept = probe.run("return [...v.maps[1].mask(a)];", hemi)
        np.testing.assert_array_equal(kept, values("fsaverage5", "r2", hemi) > 0.05)


def change_map(probe, label, index, traffic):
    """Choose a map in the first pane and wait until its values are here and the page is quiet."""
    probe.page.get_by_label("Map of pane 1").select_option(label=label)
    probe.wait_for_values(index)
    wait_until_quiet(probe.page, traffic)


def without_webgl(page):
    """Let a page have no WebGL2."""
    page.add_init_script(
        "const real = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
        " return kind === 'webgl2' ? null : real.call(this, kind, ...rest); };"
    )


def test_without_webgl_a_message_and_the_table_stand_in(own_page, streamlit_app):
    page = own_page
    without_webgl(page)
    page.goto(streamlit_app("cortex_app.py").url)
    page.get_by_text("This browser shows no 3-D graphics").wait_for()
    expect(page.locator(".cv-message")).to_contain_text("switch hardware acceleration on")
    page.get_by_text("Region means as a table").click()
    row = page.locator(".cv-means tbody tr", has_text="V1").first
    row.wait_for()  # the table is filled once it is opened
    mean, n = row.locator("td").all_inner_texts()[:2]
    both = np.concatenate([values("fsLR32k", "jne", h)[roi_labels(h) == 1] for h in HEMIS])
    assert float(mean) == pytest.approx(both.mean(), rel=0.01)
    assert int(n) == both.size


def test_fingers_turn_and_pinch_and_motion_is_left_out_on_demand(browser, streamlit_app):
    context = browser.new_context(viewport=SIZE, has_touch=True, reduced_motion="reduce")
    page = context.new_page()
    page.goto(streamlit_app("cortex_app.py").url)
    probe = CortexProbe(page)
    fingers = context.new_cdp_session(page)

    def touch(kind, *points):
        places = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    x, y = probe.stage_point(0.3, 0.5)
    touch("touchStart", (x, y))
    for step in (10, 20, 30):
        touch("touchMove", (x + step, y))
    touch("touchEnd")
    assert probe.camera()["orbit"][1] > 0.05
    assert probe.camera()["zoom"] == 1
    touch("touchStart", (x - 20, y), (x + 20, y))
    for step in (30, 40, 60):
        touch("touchMove", (x - step, y), (x + step, y))
    touch("touchEnd")
    assert probe.camera()["zoom"] > 1.5
    assert probe.run("v.morphTo(4); return v.state.shape;") == 4
    context.close()
