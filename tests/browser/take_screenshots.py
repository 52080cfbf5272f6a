"""Take the pictures of docs/screenshots: every page of the newest run, light and dark, two widths.

``python -m tests.browser.take_screenshots [FOLDER [HEIGHT]]``; a large height shows whole pages.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from jne_engine.bench.viewer.chromium import open_chromium
from jne_engine.bench.viewer.server import ROOT, serve

FOLDER = ROOT / "docs" / "screenshots"
PAGES = ("overview", "maps", "hierarchy", "selectivity", "models", "layers", "claims",
         "present", "validation", "data")  # fmt: skip
SIZES = {"": (1280, 720), "-1920": (1920, 1080)}
"""What file names end in, and the window that is shown."""
SETTLE_MS = 4000
"""Plotly and the viewer draw after Streamlit says that the script has run."""


def take_screenshots(folder: Path = FOLDER, height: int | None = None) -> None:
    """Write one PNG a page, colour scheme and width."""
    folder.mkdir(parents=True, exist_ok=True)
    runs = os.environ.get("JNE_RUNS", "runs")
    log = Path(tempfile.mkdtemp()) / "server.log"
    with serve(ROOT / "app.py", log, {"JNE_RUNS": runs}) as app, open_chromium() as browser:
        for scheme in ("light", "dark"):
            for name, (end, size) in itertools.product(PAGES, SIZES.items()):
                path = folder / f"{name}-{scheme}{end}.png"
                url = f"{app.url}/{'' if name == 'overview' else name}"
                _take(browser, url, scheme, path, (size[0], height or size[1]))


def _take(browser: Browser, url: str, scheme: str, path: Path, size: tuple[int, int]) -> None:
    """Open a page in a fresh profile and write what a person sees first."""
    window = {"width": size[0], "height": size[1]}
    page = browser.new_page(viewport=window, color_scheme=scheme)
    page.set_default_timeout(60_000)
    page.goto(url)
    page.get_by_test_id("stHeading").first.wait_for()
    page.get_by_test_id("stStatusWidget").wait_for(state="hidden")
    page.wait_for_function("() => !document.querySelector('[data-testid=stSkeleton]')")
    page.get_by_text("computing…").wait_for(state="hidden")
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=path)
    page.close()


if __name__ == "__main__":
    arguments = sys.argv[1:]
    take_screenshots(
        Path(arguments[0]) if arguments else FOLDER,
        int(arguments[1]) if len(arguments) > 1 else None,
    )
