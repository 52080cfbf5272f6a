"""Jobs of the kind ``simulate``: the full-size results that the validation page shows."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jne_engine.analysis.validation import VALIDATION, tell_command
from jne_engine.jobs.kinds.run import open_dataset
from jne_engine.jobs.reports import JobReport
from jne_engine.runs.results import SimulationResult, write_result
from jne_engine.runs.store import open_run
from jne_engine.simulations.catalogue import make, simulate_full_size
from jne_engine.simulations.run_variants import compute_run_variants


def do_simulate(
    payload: Mapping[str, Any], report: JobReport, cancelled: Callable[[], bool]
) -> Path:
    """Compute a result in full size and return its folder below ``validation``.

    Parameters
    ----------
    payload : mapping
        ``name``: of the stored result; for ``"variants"`` also ``run``, the run's folder, and
        ``data``, the payload of the job that computed it.
    report : JobReport
    cancelled : callable
        Not asked: every block reports.
    """
    del cancelled
    name, root = payload["name"], report.root / VALIDATION
    report.identify(root / name)
    report("simulate", 0, 1)
    work = functools.partial(_compute, payload, report)
    return write_result(make(work, tell_command(name, root, payload.get("run"))), root)


def _compute(payload: Mapping[str, Any], report: JobReport) -> SimulationResult:
    progress = functools.partial(report, "simulate")
    if payload["name"] != "variants":
        return simulate_full_size(payload["name"], progress)
    data = open_dataset(payload["data"], report)
    run = open_run(Path(payload["run"]))
    return compute_run_variants(run, data.features[data.splits.test], progress)
