"""A real Chromium, real Streamlit servers and a record of what went wrong in the browser."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
APPS = Path(__file__).resolve().parent / "apps"
START_SECONDS = 60.0

CHROMIUM_FLAGS = (
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
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        """Keep error messages only, with their place."""
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    @property
    def unexpected(self) -> list[str]:
        """Messages that no test said it expects."""
        return [e for e in self.errors if not any(part in e for part in self.ignored)]


@dataclass(frozen=True)
class StreamlitApp:
    """A running Streamlit server: its address and the file of its log."""

    url: str
    log: Path


def find_chromium() -> str:
    """Return the path of a Chromium or Chrome, or stop the tests with the remedy."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    candidates = ["/usr/bin/chromium", *filter(None, map(shutil.which, names))]
    for candidate in candidates:
        if Path(candidate).exists():
            return candidate
    raise pytest.UsageError("no Chromium found: install it, or run pytest -m 'not browser'")


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder as one that drives a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium with software WebGL for all tests."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=find_chromium(), headless=True, args=list(CHROMIUM_FLAGS)
        )
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Open a fresh 1280 x 720 browser profile."""
    fresh = browser.new_context(viewport={"width": 1280, "height": 720}, accept_downloads=True)
    yield fresh
    fresh.close()


@pytest.fixture
def problems() -> PageProblems:
    """Collect the page's console errors; a test adds what it expects to ``ignored``."""
    return PageProblems()


@pytest.fixture
def page(context: BrowserContext, problems: PageProblems) -> Iterator[Page]:
    """One page whose console errors fail the test that did not expect them."""
    fresh = context.new_page()
    fresh.set_default_timeout(20_000)
    problems.watch(fresh)
    yield fresh
    assert problems.unexpected == []


@pytest.fixture(scope="session")
def streamlit_app(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., StreamlitApp]]:
    """Start ``streamlit run SCRIPT`` on a free port; one server a script and environment.

    The fixture is a function ``start(script, env=None, args=())`` where ``script`` is a path or
    the name of a file in ``apps/``, ``env`` adds environment variables, and ``args`` follow ``--``.
    """
    running: dict[tuple[object, ...], StreamlitApp] = {}
    with contextlib.ExitStack() as stack:

        def start(
            script: str | Path, env: dict[str, str] | None = None, args: tuple[str, ...] = ()
        ) -> StreamlitApp:
            path = Path(script) if Path(script).is_absolute() else APPS / script
            key = (path, tuple(sorted((env or {}).items())), args)
            if key not in running:
                log = tmp_path_factory.mktemp("streamlit") / "server.log"
                running[key] = stack.enter_context(serve(path, env or {}, args, log))
            return running[key]

        yield start


@contextlib.contextmanager
def serve(
    script: Path, env: dict[str, str], args: tuple[str, ...], log: Path
) -> Iterator[StreamlitApp]:
    """Run one Streamlit server while the block lasts."""
    port = free_port()
    options = {
        "server.port": port,
        "server.address": "127.0.0.1",
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "streamlit", "run", str(script), *flags, "--", *args]
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", **env},
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_healthy(url, process, log)
            yield StreamlitApp(url=url, log=log)
        finally:
            stop(process)


def wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the server's health endpoint, or fail with its log."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if answers(f"{url}/_stcore/health"):
            return
        time.sleep(0.2)
    raise RuntimeError(f"Streamlit did not start: {log.read_text(errors='replace')[-2000:]}")


def answers(url: str) -> bool:
    """Say whether an address answers with 200 now."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server that this module started."""
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=10)
