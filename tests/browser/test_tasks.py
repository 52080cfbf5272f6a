"""Everyday tasks from Cortical maps, in at most so many clicks, and by the keyboard alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect

from jne_engine.analysis import maps, masks, peaks, places
from jne_engine.report import stories
from tests.browser.conftest import SIZE, rest
from tests.browser.cortex_probe import SHARE, CortexProbe
from tests.browser.test_maps import app, find_voxel, root, runs, wait_until  # noqa: F401  (fixtures)


@pytest.fixture(autouse=True)
def _expect_probes(problems):
    problems.ignored = ("/maps/_stcore/", "/present/_stcore/")


class Hand:
    """One reader's hand, which counts what it does: clicks and drags, or presses of keys."""

    def __init__(self, page, url, run, *, keys):
        self.page, self.url, self.run, self.keys, self.count = page, url, run, keys, 0

    def begin(self, *, anew=False):
        """Count anew, on Cortical maps as the task before left it, or as a link opens it."""
        if anew:
            self.page.goto(f"{self.url}/maps?run={self.run.run_id}")
        probe = CortexProbe(self.page)
        self.rest()
        self.count = 0
        return probe

    def press(self, locator, key="Enter"):
        """Click an element; by keyboard, go to it, which must be a stop of Tab, and press a key."""
        expect(locator).to_be_enabled()
        self.count += 1
        if not self.keys:
            locator.click()
            return
        assert locator.evaluate("(n) => n.tabIndex") >= 0
        locator.focus()
        self.page.keyboard.press(key)

    def choose(self, locator, label):
        """Open a list and take one of its options, which are two clicks."""
        self.count += 2
        locator.select_option(label=label)

    def pick(self, box, text):
        """Open one of Streamlit's boxes and take an option."""
        self.count += 2
        box.focus() if self.keys else box.click()
        self.page.keyboard.type(text)
        if self.keys:
            self.page.keyboard.press("Enter")
        else:
            self.page.get_by_role("option").first.click()

    def rest(self):
        """Wait until the page's script has ended."""
        rest(self.page)


@pytest.fixture(params=["mouse", "keyboard"])
def hand(request, page, app, runs):  # noqa: F811
    return Hand(page, app.url, runs["first"], keys=request.param == "keyboard")


def test_everyday_tasks_take_few_clicks(hand, runs, root):  # noqa: F811
    save_region_means(hand)
    go_to_peak(hand)
    read_ceiling(hand)
    keep_drawn_region(hand)
    compare_maps(hand)
    compare_subjects(hand, runs)
    open_other_run(hand, runs)
    rank_images(hand)
    show_slide(hand, root)


def compare_maps(hand):
    probe = hand.begin()
    hand.choose(hand.page.get_by_label("+ Compare"), "R² nonlinear encoder")
    wait_until(probe, "return v.scene.paneNames().join() === 'jne,r2_nonlinear';")
    assert hand.count <= 2


def compare_subjects(hand, subjects):
    probe, other = hand.begin(anew=True), subjects["second"].run_id
    hand.press(hand.page.get_by_test_id("stPopoverButton").filter(has_text="Compare"))
    hand.press(hand.page.get_by_role("button", name="Other subjects, same layer"))
    wait_until(probe, "return v.scene.paneNames().join() === a;", f"jne,jne@{other}")
    assert hand.count <= 2


def open_other_run(hand, subjects):
    hand.begin()
    hand.pick(hand.page.get_by_label("Run", exact=False).first, "second")
    hand.page.wait_for_url(f"**run={subjects['second'].run_id}*")
    assert hand.count <= 2


def go_to_peak(hand):
    probe = hand.begin()
    top = peaks.find_peaks(hand.run, "jne", masks.Masks()).iloc[0]
    hand.press(hand.page.locator(".st-key-peaks button").first)
    wait_until(probe, f"return v.selection.{top['hemisphere']}.has({top['vertex']});")
    assert hand.count == 1


def read_ceiling(hand):
    probe = hand.begin()
    vertex, column, spot = find_voxel(probe, hand.run)
    if hand.keys:
        hand.page.locator(".cv-stage").focus()
        hand.page.keyboard.press("x")
        probe.run("v.actions.setCross(a);", probe.run(IN_STAGE, list(spot)))
        hand.page.keyboard.press("Enter")
    else:
        hand.page.mouse.click(*spot)
    hand.count += 1
    hand.page.get_by_role("heading", name=f"left vertex {vertex}").wait_for()
    hand.rest()
    row = hand.page.locator(".st-key-vertex_values tr").filter(has_text="Noise ceiling").first
    expect(row).to_be_in_viewport(ratio=1)
    said = row.locator("th, td").all_inner_texts()[1]
    assert np.float32(said) == maps.read_map(hand.run, "noise_ceiling")[column]
    assert hand.count == 1


IN_STAGE = "const b = v.stage.getBoundingClientRect(); return [a[0] - b.left, a[1] - b.top];"


def save_region_means(hand):
    hand.begin(anew=True)
    with hand.page.expect_download() as waiting:
        hand.press(hand.page.get_by_role("button", name="CSV", exact=True))
    table = pd.read_csv(waiting.value.path()).set_index("region")
    inside = maps.choose_roi_set(hand.run).mask("V4") & maps.read_significant(hand.run)
    values = maps.read_map(hand.run, "jne")[inside].astype(np.float64)
    assert table.loc["V4", "mean"] == pytest.approx(values.mean(), rel=1e-9)
    assert hand.count <= 2


def rank_images(hand):
    """FFA-1 of this subject lies on the right; the left is as many clicks away."""
    hand.begin()
    hand.press(hand.page.get_by_role("link", name="Stimulus selectivity"))
    hand.page.get_by_text("Pictures by JNE-SS in FFA-1").wait_for()
    hand.press(hand.page.get_by_role("radio", name="R", exact=True), "Space")
    expect(hand.page.get_by_text("Pictures by JNE-SS in FFA-1, right")).to_be_visible()
    assert hand.count <= 3


def keep_drawn_region(hand):
    probe = hand.begin()
    name = "Mine by keys" if hand.keys else "Mine"
    _, _, spot = find_voxel(probe, hand.run)
    if hand.keys:
        hand.page.locator(".cv-stage").focus()
        hand.page.keyboard.press("x")
        probe.run("v.actions.setCross(a);", probe.run(IN_STAGE, list(spot)))
        for key in ("Enter", "b", "b", "b"):
            hand.page.keyboard.press(key)
        hand.count += 2
    else:
        hand.press(hand.page.get_by_role("button", name="Lasso"))
        corners = [(-9, -9), (9, -9), (9, 9), (-9, 9), (-9, -9)]
        probe.drag([(spot[0] + x, spot[1] + y) for x, y in corners])
        hand.count += 1
    box = hand.page.get_by_label("Keep as an ROI, named")
    hand.press(box, "Shift")
    drawn = probe.run("return [[...v.selection.left], [...v.selection.right]];")
    hand.rest()
    hand.page.keyboard.type(name)
    hand.page.keyboard.press("Enter")
    hand.page.get_by_role("tab", name="Drawn ROIs").wait_for()
    expect(hand.page.locator(".st-key-maps_dock").get_by_text("ROI:")).to_contain_text(name)
    vertices = dict(zip(("left", "right"), map(sorted, drawn), strict=True))
    mask = maps.choose_roi_set(hand.run).mask(name)
    assert np.flatnonzero(mask).tolist() == places.find_columns(hand.run, vertices).tolist()
    assert mask.any()
    assert sum(map(len, drawn)) > 1
    assert hand.count <= 3


def show_slide(hand, folder):
    hand.begin(anew=True)
    hand.press(hand.page.get_by_role("button", name="Pin to story").first)
    message = hand.page.get_by_role("button", name="Use: JNE is highest in")
    title = message.inner_text().removeprefix("Use: ")
    message.click()
    expect(hand.page.get_by_label("Title")).to_have_value(title)
    expect(message).to_have_count(0)
    hand.press(hand.page.get_by_role("button", name="Pin and show"))
    hand.page.wait_for_url("**/present?*show=yes*")
    frame = hand.page.frame_locator("iframe")
    assert stories.list_stories(folder)[0][0].pins[-1].title == title
    assert hand.count <= 3
    slide = frame.locator(".deck-slide:not([hidden])")
    expect(slide.locator("h1")).to_have_text(title)
    slide.locator(".cv-root[data-settled]").wait_for()
    brain = slide.locator(".cortex-viewer")
    seen = f"(host, a) => {{ const v = host.__cortex.viewer; {SHARE} }}"
    assert brain.evaluate(seen, list(SIZE.values())) >= 0.45
