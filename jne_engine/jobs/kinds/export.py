"""Jobs of the kind ``export``: a run as one zip file in another tool's format."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jne_engine.jobs.reports import JobReport
from jne_engine.report.export.exporting import export_zip, name_export
from jne_engine.runs.store import Run

EXPORTS = "exports"
"""Folder below the folder of runs that holds the zip files."""


def do_export(payload: Mapping[str, Any], report: JobReport, cancelled: Callable[[], bool]) -> Path:
    """Write a run as a zip file below ``exports`` and return it.

    Parameters
    ----------
    payload : mapping
        As :func:`~jne_engine.jobs.request_export` makes it.
    report : JobReport
    cancelled : callable
        Not asked: every map reports.
    """
    del cancelled
    run, form = Run(Path(payload["run"])), payload["form"]
    maps, significant = payload["maps"], payload["significant"]
    chosen = hashlib.sha256(",".join(maps).encode()).hexdigest()[:8] if maps else ""
    name = "-".join(x for x in (name_export(run, form, significant=significant), chosen) if x)
    place = report.root / EXPORTS / f"{name}.zip"
    report.identify(place, subject=run.manifest.subject)
    progress = functools.partial(report, "export")
    return export_zip(run, form, place, maps=maps, significant=significant, progress=progress)
