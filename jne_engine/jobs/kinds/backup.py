"""Jobs of the kind ``backup``: bring a copy of the folder of runs up to date."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jne_engine.jobs.kind import JobKind, Stage
from jne_engine.jobs.records import JobSpec

if TYPE_CHECKING:
    from jne_engine.jobs.reports import JobReport


def request_backup(target: Path) -> JobSpec:
    """Return the job that copies the folder of runs to another folder."""
    return JobSpec("backup", {"target": str(target.absolute())}, f"backup to {target.name}")


def do_backup(payload: Mapping[str, Any], report: JobReport, cancelled: Callable[[], bool]) -> Path:
    """Copy the folder of runs and return the copy's folder."""
    from jne_engine.jobs.backup import back_up

    del cancelled
    target = Path(payload["target"])
    report.identify(target, subject="all runs")
    report("copy", 0, 1)
    back_up(report.root, target)
    report("copy", 1, 1)
    return target


KIND = JobKind(
    "backup", "Backup", ":material/backup:", do_backup, {"copy": Stage("copying the runs", "runs")}
)
