"""A headless Chromium with software WebGL: the one that tests and benchmarks drive."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from jne_engine.core.errors import InputError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_RENDERER = """() => {
  const gl = document.createElement('canvas').getContext('webgl2');
  if (!gl) return 'no WebGL2';
  const names = gl.getExtension('WEBGL_debug_renderer_info');
  return gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
}"""


def find_chromium() -> str:
    """Return the path of a Chromium or Chrome.

    Raises
    ------
    InputError
        If there is none.
    """
    for candidate in ["/usr/bin/chromium", *filter(None, map(shutil.which, _NAMES))]:
        if Path(candidate).exists():
            return candidate
    fix = "install one: apt-get install chromium"
    raise InputError("Chromium", " or ".join(_NAMES), "none on PATH", fix)


@contextmanager
def open_chromium(*more: str) -> Iterator[Browser]:
    """Run one headless Chromium while the block lasts.

    Parameters
    ----------
    more : str
        Flags beside :data:`FLAGS`.

    Raises
    ------
    InputError
        If Playwright or Chromium is missing.
    """
    if find_spec("playwright") is None:
        fix = "pip install -r requirements-dev.txt"
        raise InputError("Chromium", "the package playwright", "no such package", fix)
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, headless=True, args=[*FLAGS, *more]
        )
        try:
            yield browser
        finally:
            browser.close()


def describe_chromium(browser: Browser) -> dict[str, str]:
    """Return what a figure depends on: Chromium's version and what draws WebGL."""
    page = browser.new_page()
    renderer = str(page.evaluate(_RENDERER))
    page.close()
    return {"chromium": browser.version, "renderer": renderer}
