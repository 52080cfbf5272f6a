"""A run's maps as one interactive HTML file, made by a child process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from jne_engine.core.errors import JneError
from jne_engine.core.resources import find_dashboard
from jne_engine.runs.store import Run

LIMIT_SECONDS = 300
"""How long a child may take."""


def make_run_html(
    run: Run,
    *,
    chosen: str = "jne",
    significant: bool = True,
    threshold: float | None = None,
) -> bytes:
    """Return the file of :func:`~jne_engine.report.export.brain.export_run_html`, made by a child.

    The command line makes it in a process of its own: a page that waits for it leaves the
    server's other sessions alone, for it takes seconds.

    Raises
    ------
    JneError
        If the child does not end well; its last line tells why.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "brain.html"
        choices = ["--map", chosen, "--significant" if significant else "--all-voxels"]
        if threshold is not None:
            choices += [f"--threshold={threshold!r}"]
        command = [sys.executable, "-m", "jne_engine", "export", str(run.path.absolute())]
        try:
            done = subprocess.run(
                [*command, *choices, "--file", str(path)],
                cwd=find_dashboard(),
                capture_output=True,
                text=True,
                timeout=LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            expected = f"an answer within {LIMIT_SECONDS} s"
            raise JneError(run.run_id, expected, "none", "use the command line") from error
        if done.returncode != 0:
            said = done.stderr.strip().splitlines()
            raise JneError(run.run_id, "a file", said[-1] if said else "none", "see the message")
        return path.read_bytes()
