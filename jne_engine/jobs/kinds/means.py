"""Jobs of the kind ``means``: mean JNE-SS over stimuli or places, too long for a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from jne_engine.analysis.groupings import read_grouping
from jne_engine.analysis.maps import choose_roi_set, read_significant
from jne_engine.analysis.stimulus_maps import mark_stimuli
from jne_engine.jobs.reports import JobReport
from jne_engine.runs.folder import locate_means
from jne_engine.runs.stimulus_means import (
    STAGE,
    compute_maps,
    compute_place_means,
    find_means,
    keep_means,
    name_maps,
    name_places,
    stack_places,
)
from jne_engine.runs.store import Run, open_run


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
    stage = run.stage(STAGE)
    if "grouping" in payload or "rows" in payload:
        asked = payload.get("grouping")
        members = (
            mark_stimuli(run, payload["rows"])
            if asked is None
            else read_grouping(run, asked).members
        )
        return name_maps(members), lambda: compute_maps(stage, members)
    masks = stack_places(read_significant(run), choose_roi_set(run))
    return name_places(masks), lambda: compute_place_means(stage, masks)
