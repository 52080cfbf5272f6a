"""Jobs of the kind ``deck``: a story as one file to present."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jne_engine.jobs.kind import JobKind, Shown, Stage
from jne_engine.jobs.kinds.export import EXPORTS
from jne_engine.jobs.records import JobRecord, JobSpec

if TYPE_CHECKING:  # pages know kinds too, and wait for neither torch nor pandas
    from jne_engine.jobs.reports import JobReport
    from jne_engine.report.stories import Story


def request_deck(story: Story, form: str) -> JobSpec:
    """Return the job that writes a story, as it is now, as one file to present.

    Parameters
    ----------
    story : Story
        A story beside the runs.
    form : str
        One of :data:`~jne_engine.report.decks.formats.DECK_FORMATS`.
    """
    about = {"story": story.id, "changed": story.changed, "form": form}
    return JobSpec("deck", about, f"{story.name} as {form}")


def do_deck(payload: Mapping[str, Any], report: JobReport, cancelled: Callable[[], bool]) -> Path:
    """Write a story as one file below ``exports`` and return it.

    Parameters
    ----------
    payload : mapping
        As :func:`request_deck` makes it.
    report : JobReport
    cancelled : callable
        Not asked: every slide reports.
    """
    from jne_engine.report.decks import name_deck, read_deck, write_deck

    del cancelled
    deck, form = read_deck(report.root, payload["story"]), payload["form"]
    place = report.root / EXPORTS / name_deck(deck, payload["story"], form)
    report.identify(place)
    return write_deck(deck, place, form, functools.partial(report, "slides"))


def _find(record: JobRecord) -> dict[str, str]:
    return {"story": record.spec.payload["story"], "deck": record.spec.payload["form"]}


KIND = JobKind(
    "deck",
    "Slides",
    ":material/slideshow:",
    do_deck,
    {"slides": Stage("writing the slides", "slides")},
    Shown("present", _find, "To the file", ":material/download:"),
)
