"""Jobs of the kind ``export``: a run as one zip file in another tool's format."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jne_engine.jobs.kind import JobKind, Shown, Stage
from jne_engine.jobs.records import JobRecord, JobSpec

if TYPE_CHECKING:  # pages know kinds too, and wait for neither torch nor pandas
    from jne_engine.jobs.reports import JobReport


EXPORTS = "exports"
"""Folder below the folder of runs that holds the zip files."""


def request_export(
    run: Path, form: str, *, maps: Sequence[str] = (), significant: bool = False
) -> JobSpec:
    """Return the job that writes a run as one zip file in another tool's format.

    Parameters
    ----------
    run : pathlib.Path
        The run's folder.
    form : str
        One of :data:`~jne_engine.report.export.formats.FORMATS`.
    maps : sequence of str
        Maps to take; all where empty.
    significant : bool
        Replace the values of voxels that are not significant by NaN.
    """
    about = {"run": str(run.absolute()), "form": form, "maps": list(maps)}
    return JobSpec("export", {**about, "significant": significant}, f"{run.name} as {form}")


def do_export(payload: Mapping[str, Any], report: JobReport, cancelled: Callable[[], bool]) -> Path:
    """Write a run as a zip file below ``exports`` and return it.

    Parameters
    ----------
    payload : mapping
        As :func:`~jne_engine.jobs.kinds.export.request_export` makes it.
    report : JobReport
    cancelled : callable
        Not asked: every map reports.
    """
    from jne_engine.report.export.exporting import export_zip, name_export
    from jne_engine.runs.store import Run

    del cancelled
    run, form = Run(Path(payload["run"])), payload["form"]
    maps, significant = payload["maps"], payload["significant"]
    chosen = hashlib.sha256(",".join(maps).encode()).hexdigest()[:8] if maps else ""
    name = "-".join(x for x in (name_export(run, form, significant=significant), chosen) if x)
    place = report.root / EXPORTS / f"{name}.zip"
    report.identify(place, subject=run.manifest.subject)
    progress = functools.partial(report, "export")
    return export_zip(run, form, place, maps=maps, significant=significant, progress=progress)


def _find(record: JobRecord) -> dict[str, str]:
    return {"run": Path(record.spec.payload["run"]).name, "export": record.spec.payload["form"]}


KIND = JobKind(
    "export",
    "Export",
    ":material/archive:",
    do_export,
    {"export": Stage("writing the files", "maps")},
    Shown("overview", _find, "To the file", ":material/download:"),
)
