"""The viewer's pure functions: the same cases in Chromium always, and in node where it is."""

import functools
import http.server
import shutil
import subprocess
import threading

import pytest

from tests.browser.conftest import ROOT

NODE = shutil.which("node")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves the repository without a log."""

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def files():
    """Serve the modules as they are: they need no bundler."""
    handler = functools.partial(Quiet, directory=ROOT)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_every_case_holds_in_chromium(page, files, problems):
    problems.ignored = ("favicon.ico",)
    page.goto(f"{files}/tests/browser/cortex_units.mjs")
    outcome = page.evaluate(
        """async (url) => {
          const { cases } = await import(url);
          const wrong = [];
          for (const [name, check] of Object.entries(cases)) {
            try { await check(); } catch (error) { wrong.push(`${name}: ${error.message}`); }
          }
          return { count: Object.keys(cases).length, wrong };
        }""",
        f"{files}/tests/browser/cortex_units.mjs",
    )
    assert outcome["wrong"] == []
    assert outcome["count"] > 30


if NODE:

    def test_every_case_holds_in_node():
        script = ROOT / "tests" / "browser" / "run_units.mjs"
        done = subprocess.run([NODE, "--test", str(script)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-4000:]
