"""Jobs of the kind ``stability``: what runs of the same data say together, kept as maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jne_engine.jobs.kind import JobKind, Shown, Stage
from jne_engine.jobs.records import JobRecord, JobSpec
from jne_engine.model.measures import name_stability

if TYPE_CHECKING:  # pages know kinds too, and wait for neither torch nor pandas
    from jne_engine.jobs.reports import JobReport


def request_stability(runs: Sequence[Path], measure: str, *, label: str = "") -> JobSpec:
    """Return the job that keeps the stability of a measure as maps.

    Parameters
    ----------
    runs : sequence of pathlib.Path
        Folders of runs of the same data, one of the whole data first: other seeds, halves,
        shuffled pairings.
    measure : str
        One of :data:`~jne_engine.model.measures.STABLE`.
    label : str
        What a person calls it.
    """
    payload = {"runs": [str(run.absolute()) for run in runs], "measure": measure}
    return JobSpec("stability", payload, label or f"stability of {measure}, {len(runs)} runs")


def do_stability(
    payload: Mapping[str, Any], report: JobReport, cancelled: Callable[[], bool]
) -> Path:
    """Put runs together and return the folder of their maps below ``stability``.

    Parameters
    ----------
    payload : mapping
        ``runs``: the runs' folders; ``measure``.
    report : JobReport
    cancelled : callable
        Not asked: it takes seconds.
    """
    from jne_engine.analysis.stability import keep_stability
    from jne_engine.analysis.stability_maps import STABILITY, name_stored
    from jne_engine.runs.store import open_run

    del cancelled
    runs, measure = [open_run(Path(path)) for path in payload["runs"]], payload["measure"]
    manifest = runs[0].manifest
    report.identify(
        report.root / STABILITY / name_stored(runs[0], measure),
        subject=manifest.subject, feature_set=manifest.feature_set, layer=manifest.layer,
    )  # fmt: skip
    report("stability", 0, 1)
    return keep_stability(runs, measure, report.root)


def _find(record: JobRecord) -> dict[str, str]:
    payload = record.spec.payload
    shown = name_stability(payload["measure"])["mean"]
    return {"run": Path(payload["runs"][0]).name, "map": shown}


KIND = JobKind(
    "stability",
    "Stability",
    ":material/repeat:",
    do_stability,
    {"stability": Stage("putting runs together")},
    Shown("maps", _find, icon=":material/neurology:"),
)
