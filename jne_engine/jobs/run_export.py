"""A run's maps as one interactive HTML file, made by a child process."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from jne_engine.core.child import Child, ChildEndedError
from jne_engine.core.errors import JneError
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

    It takes seconds, and a page that waits for a child leaves the server's other sessions alone.

    Raises
    ------
    JneError
        What the export raises, or if the child does not end well.
    """
    choices = {"chosen": chosen, "significant": significant, "threshold": threshold}
    asked = json.dumps({"run": str(run.path.absolute()), "choices": choices}).encode()
    with Child(f"{__name__}:answer", seconds=LIMIT_SECONDS) as child:
        try:
            return child.ask(asked)
        except ChildEndedError as ended:
            expected, found = f"an answer within {LIMIT_SECONDS} s", str(ended)
            raise JneError(run.run_id, expected, found, "use the command line") from ended


def answer(request: bytes) -> bytes:
    """Make the file that :func:`make_run_html` asks for."""
    from jne_engine.report.export.brain import export_run_html

    asked = json.loads(request)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "brain.html"
        return export_run_html(Run(Path(asked["run"])), path, **asked["choices"]).read_bytes()
