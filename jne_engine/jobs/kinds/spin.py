"""Jobs of the kind ``spin``: a run's map against its own rotations on the sphere."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jne_engine.jobs.kind import JobKind, Shown, Stage
from jne_engine.jobs.records import JobRecord, JobSpec

if TYPE_CHECKING:  # pages know kinds too, and wait for neither torch nor pandas
    from jne_engine.analysis.spins import SpinSettings
    from jne_engine.jobs.reports import JobReport


def request_spin(run: Path, settings: SpinSettings, *, label: str = "") -> JobSpec:
    """Return the job that tests a run's map against its rotations.

    Parameters
    ----------
    run : pathlib.Path
        The run's folder.
    settings : SpinSettings
        What to test.
    label : str
        What a person calls it; the run's folder by default.
    """
    payload = {"run": str(run.absolute()), "settings": asdict(settings)}
    return JobSpec("spin", payload, label or f"spin test of {settings.measure}, {run.name}")


def do_spin(payload: Mapping[str, Any], report: JobReport, cancelled: Callable[[], bool]) -> Path:
    """Compute a spin test and return its folder below ``spins``.

    Parameters
    ----------
    payload : mapping
        ``run``: the run's folder; ``settings``: the values of
        :class:`~jne_engine.analysis.spins.SpinSettings`.
    report : JobReport
    cancelled : callable
        Not asked: every block of rotations reports.
    """
    from jne_engine.analysis.rotations import SPINS
    from jne_engine.analysis.spins import SpinSettings, compute_spin, name_spin
    from jne_engine.runs.results import write_result
    from jne_engine.runs.store import open_run

    del cancelled
    run, settings = open_run(Path(payload["run"])), SpinSettings(**payload["settings"])
    manifest = run.manifest
    report.identify(
        report.root / SPINS / name_spin(run.run_id, settings),
        subject=manifest.subject, feature_set=manifest.feature_set, layer=manifest.layer,
    )  # fmt: skip
    report("spin", 0, 1)
    result = compute_spin(run, settings, report.root, functools.partial(report, "spin"))
    return write_result(result, report.root / SPINS)


def _find(record: JobRecord) -> dict[str, str]:
    payload = record.spec.payload
    return {"run": Path(payload["run"]).name, "map": payload["settings"]["measure"]}


KIND = JobKind(
    "spin",
    "Spin test",
    ":material/rotate_right:",
    do_spin,
    {"spin": Stage("turning the map on the sphere", "rotations")},
    Shown("hierarchy", _find, icon=":material/leaderboard:"),
)
