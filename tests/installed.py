"""What an installed wheel must do, run by its own Python in a folder outside any checkout.

Imports nothing of the tests, which are not there.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jne_engine
from jne_engine.bench.sessions import SessionSizes, drive
from jne_engine.bench.viewer.server import APPS, find_free_port, serve
from jne_engine.core.resources import find_dashboard
from jne_engine.datasets.previewing import ask_child
from jne_engine.jobs.run_export import make_run_html
from jne_engine.runs.store import find_runs
from jne_engine.simulations.live import LiveSimulator

PROGRAM = Path(sys.executable).with_name("jne-engine")
START_S = 60
SIZES = (
    "n_train", "n_test", "n_images", "n_features", "n_voxels", "n_hidden", "n_blocks", "max_epochs",
)  # fmt: skip


def run(*arguments: str) -> str:
    """Run the program that the wheel installs; return what it prints."""
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextmanager
def app(root: str) -> Iterator[int]:
    """Serve the dashboard while the block lasts; gives its port."""
    port = find_free_port()
    command = [PROGRAM, "app", "--headless", "--port", str(port), "--out", root]
    with subprocess.Popen(command) as server:
        try:
            wait_for(port)
            yield port
        finally:
            server.terminate()


def wait_for(port: int) -> None:
    """Wait until a server takes a reader's connection."""
    end = time.monotonic() + START_S
    while True:
        try:
            assert connect(port, "127.0.0.1") == 101
        except ConnectionError:
            assert time.monotonic() < end, "no answer"
            time.sleep(0.2)
        else:
            return


def connect(port: int, host: str) -> int:
    """Return the status that a reader's connection gets under a host's name."""
    wanted = {
        "Host": host,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/_stcore/stream", headers=wanted)
        return connection.getresponse().status
    finally:
        connection.close()


def listens_elsewhere(port: int) -> bool:
    """Tell whether another address of this machine answers on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.2", port)) == 0


def check_pages(dashboard: Path) -> int:
    """Run every page on the folder of runs; return how many there are."""
    from streamlit.testing.v1 import AppTest

    names = sorted(path.stem for path in dashboard.glob("pages/[a-z]*.py"))
    for name in names:
        page = AppTest.from_file(str(dashboard / "app.py"), default_timeout=120)
        page.switch_page(f"pages/{name}.py").run()
        assert not page.exception, (name, page.exception)
        assert not page.error, (name, [error.value for error in page.error])
        assert page.header, name
    assert len(names) >= 10, names
    return len(names)


def main() -> None:
    """Walk from the small demo to the served dashboard."""
    dashboard = find_dashboard()
    assert dashboard == Path(jne_engine.__file__).parent / "dashboard"
    assert Path(jne_engine.__file__).is_relative_to(sys.prefix)

    print("demo", run("demo", "--small", "--quiet", "--out", "runs"))
    (stored,) = find_runs(Path("runs"))
    run("export", str(stored.path), "--to", "html", "--file", "brain.html")
    assert 'id="payload"' in Path("brain.html").read_text(encoding="utf-8")
    print("export", Path("brain.html").stat().st_size, "bytes")

    assert b'id="payload"' in make_run_html(stored)
    opened = jne_engine.open_run(stored.path)
    assert opened.plot_brain().save("notebook.html").stat().st_size > 100_000
    print("from Python", len(opened.to_dataframe()), "voxels")
    sizes = dict.fromkeys(SIZES, 10)
    print("preview", ask_child("run", sizes)["memory_bytes"], "bytes")
    live = LiveSimulator()
    answer = live.submit("activations", {}).result(timeout=120)
    print("live simulation", type(answer).__name__)
    live.close()

    os.environ["JNE_RUNS"] = "runs"
    print("pages", check_pages(dashboard))
    with app("runs") as port:
        assert connect(port, "somewhere.example") == 403, "the packaged settings are not in force"
        assert not listens_elsewhere(port)
        tiny = SessionSizes(n_sessions=2, seconds=1.0, think_s=(0.0, 0.1))
        print("app", len(drive(f"http://127.0.0.1:{port}", tiny)), "reruns")
    with serve(APPS / "pin_app.py", Path("pin.log"), {"JNE_RUNS": "runs"}):
        print("bench's page answers")


if __name__ == "__main__":
    main()
