"""Pins from real pages, arranged, presented with the keyboard, taken along, and opened again."""

from __future__ import annotations

import io
import json
from urllib.parse import urljoin

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import expect

from jne_engine.report import stories
from tests.browser.conftest import ROOT
from tests.browser.cortex_probe import CortexProbe
from tests.synthetic_run import write_synthetic_run

PAGES = ["", "maps", "hierarchy", "selectivity", "models", "layers", "validation"]
"""Pages with something to pin; claims has words, and links to these; data and present have none."""
SIMULATIONS = "validation"
"""The page that shows no run."""
MOST_APART = 0.5
"""Mean difference of two pictures of one view, of 255; those of one browser were equal."""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stories")
    write_synthetic_run(folder, subject="first", seed=0)
    return folder


@pytest.fixture(scope="module")
def app(streamlit_app, root):
    return streamlit_app(ROOT / "app.py", {"JNE_RUNS": str(root)})


@pytest.fixture(autouse=True)
def _expect_probes(problems):
    problems.ignored = ("/_stcore/",)


def pin_first(page):
    """Press the first pin of a page until its view is drawn, and keep it."""
    dialog = page.get_by_role("dialog")
    button = page.get_by_role("button", name="Pin to story").first
    button.wait_for()
    page.locator(".cv-root[data-settled], .js-plotly-plot .main-svg").first.wait_for()
    page.wait_for_timeout(600)  # what the reader has before the eyes is what is pinned
    button.click()
    dialog.get_by_role("button", name="Pin", exact=True).click()
    page.get_by_text("Pinned: slide").first.wait_for()
    expect(dialog).to_have_count(0)


def only_story(root):
    (story,), problems = stories.list_stories(root)
    assert not problems
    return story


@pytest.mark.timeout(900)  # seven pages, pinned, opened again and compared
def test_every_page_can_be_pinned_and_each_pin_leads_back(own_page, app, root):
    page = own_page
    page.goto(f"{app.url}/present")  # the sidebar takes its width with the second page
    page.get_by_text("No story yet").wait_for()
    for name in PAGES:
        page.goto(f"{app.url}/{name}")
        if name == "maps":
            change_brain(page)
        pin_first(page)
    story = only_story(root)
    assert [pin.page for pin in story.pins] == [name or "overview" for name in PAGES]
    for pin in story.pins:
        kept = stories.read_contents(root, story.id, pin.id)
        image = Image.open(io.BytesIO(kept.picture)).convert("L")
        assert ImageStat.Stat(image).stddev[0] > 3, pin.page  # something is drawn
        assert image.width > 1000
        assert pin.simulated
        assert bool(pin.runs) == (pin.page != SIMULATIONS)
        assert pin.address.get("run", "") in (pin.runs or ("",))
        assert (kept.brain is not None) == (pin.kind == "brain")
        assert (kept.figure is not None) == (kept.table is not None) == (pin.kind == "figure")
    check_same_views(page, app, root, story)
    arrange(page, app, root, story)
    present(page, app)


def change_brain(page):
    """Show a difference in other colours, and hide a region."""
    probe = CortexProbe(page)
    probe.run("""
      const { title, names } = v.scene.labelSet();
      v.change({ panes: [0, 1], difference: true, hidden: { [title]: [names[1]] } });
    """)
    page.locator(".cv-bar").nth(2).wait_for()
    probe.run("v.changeLook(2, { colours: 'berlin', opacity: 0.8 });")
    probe.settle()


def check_same_views(page, app, root, story):
    """Open each pin's address in a new session, on a dark page: the same numbers and picture."""
    page.goto(f"{app.url}/present")
    page.emulate_media(color_scheme="dark")
    rows = [page.locator(f".st-key-slide-{pin.id}") for pin in story.pins]
    links = [row.get_by_role("link", name="Open the view") for row in rows]
    addresses = [urljoin(page.url, link.get_attribute("href")) for link in links]
    for pin, address in zip(story.pins, addresses, strict=True):
        page.goto(address)
        pin_first(page)
        copy = only_story(root).pins[-1]
        kept, other = (stories.read_contents(root, story.id, p.id) for p in (pin, copy))
        stories.remove_pin(root, story.id, copy.id)
        check_same_contents(kept, other, pin.page)
        assert (copy.page, copy.title, copy.caption) == (pin.page, pin.title, pin.caption)
        if pin.page == "maps":
            check_changed_brain(json.loads(kept.view))
    page.emulate_media(color_scheme="light")


def check_same_contents(kept, other, where):
    """Compare numbers exactly and pictures nearly."""
    assert (other.table, other.brain) == (kept.table, kept.brain), where
    for part in ("figure", "view"):
        first, second = (json.loads(getattr(c, part) or "0") for c in (kept, other))
        assert first == second, where
    first, second = (Image.open(io.BytesIO(c.picture)).convert("RGB") for c in (kept, other))
    assert first.size == second.size, where
    apart = ImageChops.difference(first, second)
    assert np.mean(ImageStat.Stat(apart).mean) < MOST_APART, where
    if kept.vector is not None:
        assert len(other.vector) == pytest.approx(len(kept.vector), rel=0.05), where


def check_changed_brain(view):
    """Require what :func:`change_brain` changed."""
    first, second, difference = view["looks"]
    assert difference == f"{first} - {second}"
    assert view["looks"][difference]["colours"] == "berlin"
    assert "d=1" in view["link"]
    assert "x=" in view["link"]


def arrange(page, app, root, story):
    """Move, edit and delete slides by their buttons."""
    page.goto(f"{app.url}/present")
    first = story.pins[0]
    row = page.locator(f".st-key-slide-{first.id}")
    row.locator(f".st-key-down-{first.id} button").first.click()
    expect(row).to_contain_text("2. ")
    row.locator(f".st-key-edit-{first.id} button").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill("<b>A title</b>")
    dialog.get_by_label("Speaker notes").fill("Say it.")
    dialog.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("2. <b>A title</b>")
    expect(row).to_contain_text("Say it.")
    last = story.pins[-1]
    page.locator(f".st-key-delete-{last.id} button").first.click()
    dialog.get_by_role("button", name="Yes, delete it").click()
    expect(page.locator(f".st-key-slide-{last.id}")).to_have_count(0)
    after = only_story(root)
    assert [pin.id for pin in after.pins][:2] == [story.pins[1].id, first.id]
    assert after.pins[1].notes == "Say it."


def present(page, app):
    """Go through the slides by keys, and leave by Escape."""
    page.get_by_role("button", name="Present", exact=True).click()
    frame = page.frame_locator(".jne-window iframe")
    title = frame.locator(".deck-slide:not([hidden]) h1")
    title.wait_for()
    first = title.inner_text()
    page.keyboard.press("ArrowRight")
    expect(title).to_have_text("<b>A title</b>")
    page.keyboard.press("ArrowLeft")
    expect(title).to_have_text(first)
    assert "show=yes" in page.url
    page.keyboard.press("Escape")
    page.get_by_role("heading", name="Export").wait_for()
    assert "show" not in page.url


@pytest.mark.parametrize("label", ["HTML", "PowerPoint", "PDF", "Pictures"])
def test_every_file_is_made_by_the_worker_and_downloaded(page, app, root, label):
    if not stories.list_stories(root)[0]:
        page.goto(f"{app.url}/hierarchy")
        pin_first(page)
    page.goto(f"{app.url}/present")
    page.locator(".st-key-choice-deck").get_by_text(label, exact=True).click()
    page.get_by_role("button", name="Make the file", exact=True).click()
    with page.expect_download() as got:
        page.get_by_role("button", name="Download", exact=False).first.click(timeout=60_000)
    assert got.value.suggested_filename.startswith("SIMULATED-")
    assert got.value.path().stat().st_size > 5_000


def test_a_copied_link_names_the_run(page, app, context, root):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{app.url}/hierarchy")
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "/hierarchy?run=" in copied
