"""A real Chromium, real Streamlit servers and a record of what went wrong in the browser."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect
from playwright.sync_api import Error as PlaywrightError

from jne_engine.bench.viewer.chromium import open_chromium
from jne_engine.bench.viewer.server import StreamlitApp, serve

ROOT = Path(__file__).resolve().parents[2]
APPS = Path(__file__).resolve().parent / "apps"

SIZE = {"width": 1280, "height": 720}

PATIENCE_MS = 60_000
"""A page may wait for the other tests' work: no promise, but an end of waiting."""

expect.set_options(timeout=PATIENCE_MS)


QUIET = """() => {
  const app = document.querySelector('.stApp');
  const runs = app?.dataset.testScriptState !== 'notRunning';
  const now = performance.now();
  if (runs || window.restsIn !== app) Object.assign(window, { restsIn: app, ranAt: now });
  return !runs && now - window.ranAt > 400;
}"""


def rest(page: Page) -> None:
    """Wait until the page's script has ended, and no other has begun for 0.4 s.

    Before that, new parts stand beside old ones, and what is clicked may be drawn anew meanwhile.
    """
    page.evaluate("() => { window.restsIn = null; }")
    page.wait_for_function(QUIET)


def wait_until_still(page: Page, locator: Locator) -> None:
    """Wait until the page's script has ended and an element keeps its place, to draw on it.

    Streamlit keeps a figure invisible, but in its place, until it knows the figure's width.
    """
    expect(locator).to_be_visible()
    box = None
    for _ in range(60):
        rest(page)
        before, box = box, locator.bounding_box()
        if box is not None and box == before:
            return
        page.wait_for_timeout(500)
    raise AssertionError("the page does not come to rest")


@dataclass
class PageProblems:
    """Console errors and uncaught exceptions of one page.

    Parameters
    ----------
    errors : list of str
        Messages in the order in which they came.
    ignored : tuple of str
        Parts of messages that a test expects.
    """

    errors: list[str] = field(default_factory=list)
    ignored: tuple[str, ...] = ()

    def watch(self, page: Page) -> None:
        """Collect from now on what the page's console calls an error."""
        page.on("console", self._console)
        page.on("pageerror", self._uncaught)

    def unwatch(self, page: Page) -> None:
        """Collect nothing more of a page."""
        page.remove_listener("console", self._console)
        page.remove_listener("pageerror", self._uncaught)

    def _uncaught(self, error: object) -> None:
        """Keep an exception that nothing caught."""
        self.errors.append(f"uncaught: {error}")

    def _console(self, message: ConsoleMessage) -> None:
        """Keep error messages only, with their place."""
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    @property
    def unexpected(self) -> list[str]:
        """Messages that no test said it expects."""
        return [e for e in self.errors if not any(part in e for part in self.ignored)]


LONGEST = ("data", "present", "pages", "tasks", "sign_in", "below_path", "cortex_page",
           "cortex_views", "bench")  # fmt: skip
"""Files that take longest, which begin first, so that no worker is left with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives a browser; keep each file to one worker, the longest first."""
    here = Path(__file__).parent
    order = {here / f"test_{name}.py": place for place, name in enumerate(LONGEST)}
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=lambda item: order.get(item.path, len(order)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say with a failed test what its pages showed."""
    report = yield
    context = getattr(item, "funcargs", {}).get("context")
    if report.when == "call" and report.failed and context is not None:
        for page in context.pages:
            with contextlib.suppress(PlaywrightError):
                report.sections.append((f"page {page.url}", page.inner_text("body")))
    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium with software WebGL for all tests.

    WebGL paints as ever; the page around it is put together without SwiftShader, which would take
    as much of the processor as all else.
    """
    with open_chromium("--disable-gpu-compositing") as launched:
        yield launched


@pytest.fixture(scope="session")
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """Open one browser profile with one tab: Streamlit's own code stays compiled in it."""
    opened = browser.new_context(viewport=SIZE, accept_downloads=True)
    opened.new_page()
    yield opened
    opened.close()


@pytest.fixture
def context(profile: BrowserContext) -> Iterator[BrowserContext]:
    """Lend the profile without any other page, cookie or permission of another test."""
    yield profile
    for left in profile.pages[1:]:
        left.close()
    profile.clear_cookies()
    profile.clear_permissions()
    profile.set_offline(False)


@pytest.fixture
def problems() -> PageProblems:
    """Collect the page's console errors; a test adds what it expects to ``ignored``."""
    return PageProblems()


@pytest.fixture
def page(context: BrowserContext, problems: PageProblems) -> Iterator[Page]:
    """Lend the profile's tab; console errors fail the test that did not expect them.

    A test that adds scripts or listeners, or sets what the browser prefers, takes ``own_page``.
    """
    tab = context.pages[0]
    yield from watch_page(tab, problems)
    tab.goto("about:blank")
    assert problems.unexpected == []


@pytest.fixture
def own_page(context: BrowserContext, problems: PageProblems) -> Iterator[Page]:
    """Open a page that no other test sees, watched as ``page`` is."""
    yield from watch_page(context.new_page(), problems)
    assert problems.unexpected == []


def watch_page(page: Page, problems: PageProblems) -> Iterator[Page]:
    """Collect a page's errors while a test has it."""
    page.set_default_timeout(PATIENCE_MS)
    problems.watch(page)
    yield page
    problems.unwatch(page)


@pytest.fixture(scope="module")
def streamlit_app(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., StreamlitApp]]:
    """Start ``streamlit run SCRIPT`` on a free port; one server a script and environment.

    They end with the file: a score of idle ones would take a third of a core and 6 GB.

    The fixture is a function ``start(script, env=None, args=())`` where ``script`` is a path or
    the name of a file in ``apps/``, ``env`` adds environment variables, and ``args`` follow ``--``.
    """
    running: dict[tuple[object, ...], StreamlitApp] = {}
    stacks: list[contextlib.ExitStack] = []

    def start(
        script: str | Path, env: dict[str, str] | None = None, args: tuple[str, ...] = ()
    ) -> StreamlitApp:
        path = Path(script) if Path(script).is_absolute() else APPS / script
        key = (path, tuple(sorted((env or {}).items())), args)
        if key not in running:
            log = tmp_path_factory.mktemp("streamlit") / "server.log"
            stacks.append(contextlib.ExitStack())
            running[key] = stacks[-1].enter_context(serve(path, log, env, args))
        return running[key]

    yield start
    with ThreadPoolExecutor(max_workers=len(stacks) or 1) as pool:  # each takes seconds to end
        list(pool.map(contextlib.ExitStack.close, stacks))
