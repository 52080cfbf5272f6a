"""From a view to a talk: how soon a pin is kept, and a deck's first slide stands."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Literal

from jne_engine.bench.decks import N_BRAINS, N_SLIDES, SPACE, build_deck
from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.viewer.brain_page import IDLE, TIMEOUT_MS, Studio
from jne_engine.bench.viewer.server import APPS, serve
from jne_engine.bench.viewer.sizes import ViewerSizes
from jne_engine.report.decks import write_deck

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PIN_GOAL, SLIDE_GOAL = Goal(at_most=1), Goal(at_most=2)
WINDOW = (1280, 720)
VIEWS: tuple[tuple[str, int, Literal["light", "dark"]], ...] = (
    ("brain", 0, "light"), ("figure", 1, "light"), ("figure_dark", 1, "dark"),
)  # fmt: skip
"""Name, place of its button on the page, and theme of the page."""
_TOAST = "[data-testid=stToast]"
_WATCH = f"""(() => {{
  const log = globalThis.__pins = {{ clicked: 0, told: 0 }};
  const click = () => Object.assign(log, {{ clicked: performance.now(), told: 0 }});
  addEventListener('click', click, true);
  new MutationObserver(() => {{
    if (!log.told && document.querySelector('{_TOAST}')) log.told = performance.now();
  }}).observe(document, {{ childList: true, subtree: true }});
}})()"""
"""Notes when the page was clicked, and when a toast came after that."""
_DRAWN = ".cv-root[data-settled]"
_PAINTED = "() => document.querySelector('.cv-root')?.dataset.painted"
_RASTERISED = """() => {
  const { gl } = document.querySelector('.cortex-viewer').__cortex.viewer.renderer;
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  return performance.now();
}"""


def measure_pins(studio: Studio, sizes: ViewerSizes) -> Iterator[Row]:
    """Pin a brain and a figure again and again, as a reader does."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serve(APPS / "pin_app.py", folder / "server.log", {"JNE_RUNS": name}) as app:
            for view, place, theme in VIEWS:
                page = _open(studio.browser, theme)
                page.goto(app.url)
                page.locator(_DRAWN).wait_for()
                page.locator(".main-svg").first.wait_for()
                asked, kept = zip(*(_pin(page, place) for _ in range(sizes.n_visits)), strict=True)
                page.context.close()
                of = f"{_tell(view)}, median of {len(asked)}"
                how = f"s from “Pin to story” until the dialog shows the picture; {of}"
                yield Row(f"pin_dialog_s_{view}", median(asked), PIN_GOAL, how)
                how = f"s from “Pin” until the toast, written and synced; {of}"
                yield Row(f"pin_kept_s_{view}", median(kept), PIN_GOAL, how)


def measure_first_slide(studio: Studio, sizes: ViewerSizes) -> Iterator[Row]:
    """Open a deck from disk, each time in a fresh browser profile."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_deck(build_deck(), Path(folder) / "deck.html", "html")
        seconds = [_open_deck(studio.browser, path) for _ in range(sizes.n_visits)]
    how = (
        f"s from navigation to the file until its first slide, a brain on {SPACE}, is rasterised"
        f" (a pixel read back); {N_SLIDES} slides, {N_BRAINS} of them brains,"
        f" median of {len(seconds)}"
    )
    yield Row("deck_first_slide_s", median(seconds), SLIDE_GOAL, how)


def _open(browser: Browser, theme: Literal["light", "dark"] = "light") -> Page:
    width, height = WINDOW
    size = {"width": width, "height": height}
    page = browser.new_context(viewport=size, color_scheme=theme).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(TIMEOUT_MS)
    page.add_init_script(_WATCH)
    return page


def _pin(page: Page, place: int) -> tuple[float, float]:
    """Press the pin at a place of the page; return the seconds until dialog and until toast."""
    dialog = page.get_by_role("dialog")
    button = page.get_by_role("button", name="Pin to story").nth(place)
    page.locator(IDLE).wait_for()
    button.hover()
    start = time.perf_counter()
    button.click(force=True)
    dialog.locator("img").wait_for()
    pin = dialog.get_by_role("button", name="Pin", exact=True)
    pin.wait_for()
    asked = time.perf_counter() - start
    page.locator(IDLE).wait_for()
    pin.click()
    page.wait_for_function("() => __pins.told > 0", polling=50)
    log = page.evaluate("() => __pins")
    page.locator(_TOAST).first.wait_for(state="detached")
    return asked, (log["told"] - log["clicked"]) / 1000


def _open_deck(browser: Browser, path: Path) -> float:
    """Return the seconds from navigation until the first slide is there."""
    page = _open(browser)
    page.goto(path.as_uri(), wait_until="commit")
    page.wait_for_function(_PAINTED, polling="raf")
    seconds = float(page.evaluate(_RASTERISED)) / 1000
    page.context.close()
    return seconds


def _tell(view: str) -> str:
    what = {
        "brain": f"a brain on {SPACE} with one map shown",
        "figure": "a figure of 5,000 points",
        "figure_dark": "the same figure on a dark page, drawn anew in light",
    }
    return what[view]
