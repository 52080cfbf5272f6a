"""``app``: serve the dashboard."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from jne_engine.cli.jobs import out_option
from jne_engine.core.resources import find_dashboard


@click.command()
@out_option
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True)
@click.option("--headless", is_flag=True, help="Open no browser.")
def app(root: Path, port: int, headless: bool) -> None:
    """Serve the dashboard on 127.0.0.1, and open it in a browser; Ctrl-C ends it.

    Runs, and what the dashboard computes, lie in --out. Sign-in: docs/deploy.md.
    """
    settings = {
        "server.port": str(port),
        "server.headless": str(headless).lower(),
        "server.showEmailPrompt": "false",
    }
    flags = [f"--{name}={value}" for name, value in settings.items()]
    script = str(find_dashboard() / "app.py")
    command = [sys.executable, "-m", "streamlit", "run", script, *flags]
    environment = {**os.environ, "JNE_RUNS": str(root.absolute())}
    # The server takes this process's place, so that it alone hears Ctrl-C and a service's stop.
    os.execve(sys.executable, command, environment)
