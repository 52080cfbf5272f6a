"""Jobs of the kind ``means``: mean JNE-SS over stimuli or places, too long for a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jne_engine.jobs.kind import JobKind, Shown, Stage
from jne_engine.jobs.records import JobRecord, JobSpec

if TYPE_CHECKING:  # pages know kinds too, and wait for neither torch nor pandas
    import numpy as np
    import numpy.typing as npt

    from jne_engine.jobs.reports import JobReport
    from jne_engine.runs.store import Run


def request_means(
    run: Path, *, grouping: tuple[str, str] | None = None, rows: Sequence[int] = ()
) -> JobSpec:
    """Return the job that keeps mean JNE-SS beside the runs.

    Parameters
    ----------
    run : pathlib.Path
        Folder of the run.
    grouping : tuple of str, optional
        Name and digest of the grouping whose categories' maps are wanted: a name alone does not
        say which stimuli it stands for.
    rows : sequence of int
        Else the test stimuli whose map is wanted; with neither, it is the means over places.
    """
    payload: dict[str, Any] = {"run": str(run.absolute())}
    if grouping is not None:
        payload |= {"grouping": grouping[0], "digest": grouping[1]}
    elif rows:
        payload["rows"] = list(rows)
    else:
        payload["places"] = True
    return JobSpec("means", payload, f"mean JNE-SS · {run.name}")


def do_means(payload: Mapping[str, Any], report: JobReport, cancelled: Callable[[], bool]) -> Path:
    """Keep means beside the runs and return their folder; at once where they are kept.

    Parameters
    ----------
    payload : mapping
        ``run``: folder of a run; then ``grouping``, the name of one of its groupings, or ``rows``,
        some of its test stimuli, for mean maps; ``places`` for the stimuli's means over its places.
    report : JobReport
    cancelled : callable
        Not asked: it is one pass of seconds.
    """
    from jne_engine.runs.folder import locate_means
    from jne_engine.runs.stimulus_means import find_means, keep_means
    from jne_engine.runs.store import open_run

    del cancelled
    run = open_run(Path(payload["run"]))
    name, make = _choose(run, payload)
    manifest, place = run.manifest, locate_means(run.path) / name
    report.identify(
        place, subject=manifest.subject, feature_set=manifest.feature_set, layer=manifest.layer
    )
    report("means", 0, 1)
    if find_means(run, name) is None:
        keep_means(run, name, make())
    report("means", 1, 1)
    return place


def _choose(
    run: Run, payload: Mapping[str, Any]
) -> tuple[str, Callable[[], npt.NDArray[np.floating[Any]]]]:
    from jne_engine.analysis.groupings import read_grouping
    from jne_engine.analysis.maps import choose_roi_set, read_significant
    from jne_engine.analysis.stimulus_maps import mark_stimuli
    from jne_engine.runs.stimulus_means import (
        STAGE,
        compute_maps,
        compute_place_means,
        name_maps,
        name_places,
        stack_places,
    )

    stage = run.stage(STAGE)
    if "grouping" in payload or "rows" in payload:
        asked = payload.get("grouping")
        members = (
            mark_stimuli(run, payload["rows"])
            if asked is None
            else read_grouping(run, asked).members
        )
        return name_maps(members), lambda: compute_maps(stage, members)
    masks = stack_places(read_significant(run), choose_roi_set(run, drawn=False))
    return name_places(masks), lambda: compute_place_means(stage, masks)


def _find(record: JobRecord) -> dict[str, str]:
    return {"run": Path(record.spec.payload["run"]).name}


KIND = JobKind(
    "means",
    "Mean maps",
    ":material/functions:",
    do_means,
    {"means": Stage("averaging JNE-SS")},
    Shown("selectivity", _find),
)
