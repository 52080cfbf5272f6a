"""A Streamlit server of its own for one script, on a free port of this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jne_engine.core.errors import InputError
from jne_engine.core.resources import find_dashboard

ROOT = find_dashboard()
APPS = Path(__file__).resolve().parents[1] / "apps"
"""Scripts that are only ever run in a process of their own, never imported."""
START_SECONDS = 60.0
BELOW = "STREAMLIT_SERVER_BASE_URL_PATH"


@dataclass(frozen=True)
class StreamlitApp:
    """A running Streamlit server: its address and the file of its log."""

    url: str
    log: Path


@contextmanager
def serve(
    script: Path, log: Path, env: Mapping[str, str] | None = None, args: tuple[str, ...] = ()
) -> Iterator[StreamlitApp]:
    """Run one Streamlit server while the block lasts.

    Parameters
    ----------
    script : pathlib.Path
        What to run.
    log : pathlib.Path
        File that takes what the server prints.
    env : mapping of str to str, optional
        Added to the environment; :data:`BELOW` gives the server a path to lie below.
    args : tuple of str
        Follow ``--``.

    Raises
    ------
    InputError
        If the script is missing or the server does not start.
    """
    if not script.is_file():
        fix = "install the package again"
        raise InputError(str(script), "a Streamlit script", "no file", fix)
    port = find_free_port()
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
    more = {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1", **(env or {})}
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **more}, stdout=sink, stderr=subprocess.STDOUT
        )
        try:
            url = f"http://127.0.0.1:{port}/{more.get(BELOW, '')}".rstrip("/")
            _wait_until_healthy(url, process, log)
            yield StreamlitApp(url=url, log=log)
        finally:
            _stop(process)


def find_free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if _answers(f"{url}/_stcore/health"):
            return
        time.sleep(0.2)
    found = log.read_text(errors="replace")[-2000:] or "no output"
    raise InputError("Streamlit", f"an answer within {START_SECONDS:g} s", found, f"see {log}")


def _answers(url: str) -> bool:
    """Say whether an address answers with 200 now."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=10)
