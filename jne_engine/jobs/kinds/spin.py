"""Jobs of the kind ``spin``: a run's map against its own rotations on the sphere."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jne_engine.analysis.spins import SPINS, SpinSettings, compute_spin, name_spin
from jne_engine.jobs.reports import JobReport
from jne_engine.runs.results import write_result
from jne_engine.runs.store import open_run


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
