"""A run's maps as one interactive HTML file, here or in a child process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from jne_engine import queries
from jne_engine.errors import InputError, JneError
from jne_engine.export.html import export_html
from jne_engine.figures.cortex import build_run_scene
from jne_engine.store import Run

LIMIT_SECONDS = 300
"""How long a child may take."""


def export_run_html(
    run: Run,
    path: Path,
    *,
    chosen: str = "jne",
    significant: bool = True,
    threshold: float | None = None,
) -> Path:
    """Write a run's maps as one interactive HTML file that needs no network.

    Parameters
    ----------
    run : Run
    path : pathlib.Path
        File to write; its folder must exist.
    chosen : str
        Map that the file shows first; it holds all.
    significant : bool
        Begin with significant voxels only.
    threshold : float, optional
        Begin with values of the chosen map from this one on.

    Returns
    -------
    pathlib.Path
        The written file.

    Raises
    ------
    InputError
        If the run's surface cannot be drawn, or it has no such map.
    """
    scene = build_run_scene(run, chosen, significant=significant, threshold=threshold)
    if scene is None:
        expected = "a surface that can be drawn"
        raise InputError(run.run_id, expected, "none", queries.tell_why_bare(run))
    return export_html(scene, path)


def make_run_html(
    run: Run,
    *,
    chosen: str = "jne",
    significant: bool = True,
    threshold: float | None = None,
) -> bytes:
    """Return the file of :func:`export_run_html`, made by the command line in a child process.

    A page that waits for it leaves the server's other sessions alone: it takes seconds.

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
                cwd=Path(__file__).parents[1],
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
