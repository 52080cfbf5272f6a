"""The HTML deck, opened from disk without a network: keys, live figures, a brain that reads out."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from jne_engine.report import stories
from jne_engine.report.decks import read_deck, write_html
from tests.browser.cortex_probe import CortexProbe
from tests.story_samples import (
    DIFFERENCE,
    HOSTILE,
    N_SLABS,
    a_pin,
    panes_contents,
    tell_story,
)

N_SLIDES = 4
PANES = 3
"""Place of the slide with several brains, counted from 1."""
WRITE_DOWN = """(() => {
  globalThis.__written = [];
  const write = (kind, name) => {
    const real = kind[name];
    kind[name] = function (text, ...rest) {
      const box = this.canvas.getBoundingClientRect();
      const larger = this.getTransform().d * box.height / this.canvas.height;
      const size = parseFloat(/([\\d.]+)px/.exec(this.font)[1]) * larger;
      if (box.height) globalThis.__written.push([text, size]);
      return real.call(this, text, ...rest);
    };
  };
  for (const name of ['fillText', 'strokeText']) write(CanvasRenderingContext2D.prototype, name);
})()"""
"""Notes what is written on any canvas, and how large it stands on the page, CSS pixels."""
SMALL_TEXT = """() => {
  const LEAST = 18 - 0.1;  // a canvas has whole pixels
  const out = globalThis.__written.filter(([text, size]) => size < LEAST);
  const read = (text) => {
    const node = text.parentElement, style = getComputedStyle(node);
    const { width, height } = node.getBoundingClientRect();
    const matrix = node.getScreenCTM?.();
    const larger = matrix ? Math.hypot(matrix.a, matrix.b) : node.currentCSSZoom ?? 1;
    const size = parseFloat(style.fontSize) * larger;
    const seen = width && height && style.visibility === 'visible';
    if (seen && size < LEAST) out.push([text.textContent, size]);
  };
  const walk = (node) => {
    if (['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(node.nodeName)) return;
    if (node.nodeType === 3 && node.textContent.trim()) read(node);
    for (const child of node.childNodes) walk(child);
  };
  walk(document.body);
  return out;
}"""
BRAIN = "document.querySelector('.deck-slide:not([hidden]) .cortex-viewer')?.__cortex?.viewer"
LINE = ".deck-slide:not([hidden]) .scatterlayer .js-line"
THIN_LINES = """(line) => [...document.querySelectorAll(line)]
  .map((line) => parseFloat(getComputedStyle(line).strokeWidth)).filter((width) => width < 2)"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    root = tmp_path_factory.mktemp("deck")
    story = tell_story(root, N_SLIDES - 1)
    story = stories.add_pin(root, story.id, a_pin("Panes"), panes_contents())
    stories.move_pin(root, story.id, story.pins[-1].id, PANES - 1)
    return write_html(read_deck(root, story.id), root / "deck.html")


@pytest.fixture
def deck(context, own_page, file):
    page = own_page
    context.set_offline(True)
    context.add_init_script(WRITE_DOWN)
    requests = []
    page.on("request", lambda r: requests.append(r.url))
    page.on("dialog", lambda dialog: pytest.fail(f"code ran: {dialog.message}"))
    page.goto(file.as_uri())
    yield page
    assert [u for u in requests if not u.startswith(("file:", "blob:", "data:"))] == []


def shown(page):
    return page.locator(".deck-slide:not([hidden])")


def test_a_pinned_brain_begins_as_it_was_turns_and_reads_out_the_stored_float(deck):
    probe = CortexProbe(deck)
    assert probe.run("return v.state.view;") == "dorsal"
    assert probe.run("return v.look(v.maps[0]).colours;") == "magma"
    for _, vertex in probe.visible("left")[::60]:
        spot = probe.positions("left", vertex)[0]
        said = probe.hover(spot["x"], spot["y"])
        if said is None:
            continue
        stored = np.float32(said["vertex"]) / np.float32(7)
        assert np.float32(said["values"]["numbers"]) == stored
        assert said["vertex"] == vertex
        break
    else:
        raise AssertionError("nothing was read out")
    before = probe.camera()["orbit"]
    middle = probe.stage_point(0.5, 0.5)
    probe.drag([middle, (middle[0] + 80, middle[1] + 10)])
    assert probe.camera()["orbit"] != before


def test_the_keyboard_goes_through_the_slides_and_the_address_keeps_the_place(deck):
    expect(shown(deck).locator("h1")).to_have_text("Slide 1")
    for key, title in (("ArrowRight", "Slide 2"), ("Home", "Slide 1"), ("PageDown", "Slide 2")):
        deck.keyboard.press(key)
        expect(shown(deck).locator("h1")).to_have_text(title)
    expect(deck.locator(".deck-foot")).to_contain_text(f"2 / {N_SLIDES}")
    deck.reload()
    expect(shown(deck).locator("h1")).to_have_text("Slide 2")
    deck.keyboard.press("t")
    expect(deck.locator(".deck-timer")).to_have_text(re.compile("0:0[1-9]"))
    deck.keyboard.press("?")
    expect(deck.locator(".deck-help")).to_contain_text("speaker notes")
    deck.keyboard.press("Escape")
    expect(deck.locator(".deck-help")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_back_row_can_read_every_slide(deck, scheme):
    deck.emulate_media(color_scheme=scheme)
    deck.reload()
    for _ in range(N_SLIDES):
        shown(deck).locator(".cv-root[data-settled], .main-svg").first.wait_for()
        assert deck.evaluate(SMALL_TEXT) == []
        assert deck.evaluate(THIN_LINES, LINE) == []
        box = shown(deck).bounding_box()
        assert box["width"] == 1280
        deck.keyboard.press("ArrowRight")
    written = {text for text, _ in deck.evaluate("__written")}
    assert {"L", "R", "SIMULATED", "Numbers (count)", "↑ Signed", "even", "-40"} <= written
    assert len([text for text in written if text.startswith("slab ")]) >= N_SLABS // 2


def test_a_slide_of_several_brains_is_painted_as_it_was_pinned(deck):
    deck.goto(f"{deck.url.split('#')[0]}#slide={PANES}")
    deck.reload()
    probe = CortexProbe(deck)
    looks = probe.run("return v.shownMaps().map((m) => [m.name, v.look(m)]);")
    names = ["numbers", "signed", "parity", "numbers - signed"]
    assert [name for name, _ in looks] == names
    assert DIFFERENCE.items() <= looks[-1][1].items()
    assert looks[0][1]["second"] == "plane"
    assert probe.run("return v.state.hidden;") == {"Slabs": ["slab 1"]}
    assert "slab 1" not in {text for text, _ in deck.evaluate("__written")}
    probe.run("v.changeLook(3, { opacity: 0.5 }); v.onSettled();")
    deck.reload()  # what was changed on the slide stays, and so does the rest
    probe = CortexProbe(deck)
    look = probe.run("return v.look(v.shownMaps()[3]);")
    assert (look["opacity"], look["colours"]) == (0.5, DIFFERENCE["colours"])


def test_a_figure_answers_the_pointer(deck):
    deck.keyboard.press("ArrowRight")
    shown(deck).locator(".main-svg").first.wait_for()
    point = shown(deck).locator(".scatterlayer .point").nth(1).bounding_box()
    deck.mouse.move(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2)
    expect(shown(deck).locator(".hoverlayer .hovertext").first).to_be_visible()


def test_notes_open_in_a_second_window_and_words_are_inert(deck, context):
    deck.keyboard.press("End")
    words = HOSTILE.replace("\x07", "").strip()
    expect(shown(deck).locator("h1")).to_contain_text("<script>alert(1)</script>")
    with context.expect_page() as opened:
        deck.keyboard.press("n")
    notes = opened.value
    expect(notes.locator("body")).to_contain_text(words.split(" ")[0])
    assert notes.locator("script").count() == 0
    deck.keyboard.press("Home")
    expect(notes.locator("body")).to_contain_text("Next: Slide 2")


def test_every_one_of_twenty_brains_is_there_on_the_way_back(own_page, problems, tmp_path):
    story = tell_story(tmp_path, 20, n_brains=20)
    own_page.goto(write_html(read_deck(tmp_path, story.id), tmp_path / "deck.html").as_uri())
    alive = f"() => {{ const v = {BRAIN}; return v && !v.lost && v.root.dataset.settled; }}"
    for place in range(20):
        own_page.wait_for_function(alive)
        if place == 2:
            own_page.evaluate(f"{BRAIN}.setView('medial')")
            own_page.wait_for_function("location.hash.includes('medial')")
        own_page.keyboard.press("PageDown")
    for place in reversed(range(20)):
        own_page.wait_for_function(alive)
        assert own_page.evaluate(f"{BRAIN}.renderer.gl.isContextLost()") is False
        assert own_page.evaluate(f"{BRAIN}.state.view") == ("medial" if place == 2 else "dorsal")
        own_page.keyboard.press("PageUp")
    assert own_page.locator(".cortex-viewer canvas").count() <= 8 * 4
