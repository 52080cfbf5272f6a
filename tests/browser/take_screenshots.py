"""Take the pictures of docs/screenshots: every page of the newest run, light and dark."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from jne_engine.bench.viewer.chromium import open_chromium
from jne_engine.bench.viewer.server import ROOT, serve

FOLDER = ROOT / "docs" / "screenshots"
PAGES = (
    "overview",
    "maps",
    "hierarchy",
    "selectivity",
    "models",
    "layers",
    "claims",
    "validation",
    "data",
)
SETTLE_MS = 4000
"""Plotly and the viewer draw after Streamlit says that the script has run."""


def take_screenshots(folder: Path = FOLDER) -> None:
    """Write one PNG a page and colour scheme, 1280 x 720."""
    folder.mkdir(parents=True, exist_ok=True)
    runs = os.environ.get("JNE_RUNS", str(ROOT / "runs"))
    log = Path(tempfile.mkdtemp()) / "server.log"
    with serve(ROOT / "app.py", log, {"JNE_RUNS": runs}) as app, open_chromium() as browser:
        for scheme in ("light", "dark"):
            for name in PAGES:
                path = folder / f"{name}-{scheme}.png"
                _take(browser, f"{app.url}/{'' if name == 'overview' else name}", scheme, path)


def _take(browser: Browser, url: str, scheme: str, path: Path) -> None:
    """Open a page in a fresh profile and write what a person sees first."""
    size = {"width": 1280, "height": 720}
    page = browser.new_page(viewport=size, color_scheme=scheme)
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
    take_screenshots(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
