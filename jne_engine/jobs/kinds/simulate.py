"""Jobs of the kind ``simulate``: the full-size results that the validation page shows."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jne_engine.jobs.kind import JobKind, Shown, Stage
from jne_engine.jobs.records import JobRecord, JobSpec
from jne_engine.runs.folder import VALIDATION, locate_results

if TYPE_CHECKING:  # pages know kinds too, and wait for neither torch nor pandas
    from jne_engine.jobs.reports import JobReport
    from jne_engine.runs.results import SimulationResult


def request_simulation(
    name: str, *, run: Path | None = None, data: Mapping[str, Any] | None = None
) -> JobSpec:
    """Return the job that stores a simulation in full size.

    Parameters
    ----------
    name : str
        Of the stored result.
    run : pathlib.Path, optional
        For ``"variants"``: the run.
    data : mapping, optional
        Likewise: the payload of the job that computed it.
    """
    if run is None:
        return JobSpec("simulate", {"name": name}, f"simulation {name}")
    place = locate_results(run.absolute()) / name
    about = {"run": str(run.absolute()), "data": dict(data or {}), "result": str(place)}
    return JobSpec("simulate", {"name": name, **about}, f"simulation {name} · {run.name}")


def do_simulate(
    payload: Mapping[str, Any], report: JobReport, cancelled: Callable[[], bool]
) -> Path:
    """Compute a result in full size and return its folder below ``validation``.

    Parameters
    ----------
    payload : mapping
        ``name``: of the stored result; for ``"variants"`` also ``run``, the run's folder,
        ``data``, the payload of the job that computed it, and ``result``, where it is stored:
        once that has changed, asking again is another job.
    report : JobReport
    cancelled : callable
        Not asked: every block reports.
    """
    from jne_engine.analysis.validation import tell_command
    from jne_engine.runs.results import write_result
    from jne_engine.simulations.making import make

    del cancelled
    name, run = payload["name"], payload.get("run")
    root = report.root / VALIDATION if run is None else locate_results(Path(run))
    report.identify(root / name)
    report("simulate", 0, 1)
    work = functools.partial(_compute, payload, report)
    return write_result(make(work, tell_command(name, root, run)), root)


def _compute(payload: Mapping[str, Any], report: JobReport) -> SimulationResult:
    from jne_engine.jobs.kinds.run import open_dataset
    from jne_engine.runs.store import open_run
    from jne_engine.simulations.making import simulate_full_size
    from jne_engine.simulations.run_variants import compute_run_variants

    progress = functools.partial(report, "simulate")
    if payload["name"] != "variants":
        return simulate_full_size(payload["name"], progress)
    data = open_dataset(payload["data"], report)
    run = open_run(Path(payload["run"]))
    return compute_run_variants(run, data.features[data.splits.test], progress)


def _find(record: JobRecord) -> dict[str, str]:
    name = str(record.spec.payload["name"])
    return {"check": "networks" if name.startswith("networks") else name}


KIND = JobKind(
    "simulate",
    "Simulation",
    ":material/science:",
    do_simulate,
    {"simulate": Stage("simulating"), "read": Stage("reading the data")},
    Shown("validation", _find, icon=":material/verified:"),
)
