"""Jobs of the kind ``deck``: a story as one file to present."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jne_engine.jobs.kinds.export import EXPORTS
from jne_engine.jobs.reports import JobReport
from jne_engine.report.decks import name_deck, read_deck, write_deck


def do_deck(payload: Mapping[str, Any], report: JobReport, cancelled: Callable[[], bool]) -> Path:
    """Write a story as one file below ``exports`` and return it.

    Parameters
    ----------
    payload : mapping
        As :func:`~jne_engine.jobs.request_deck` makes it.
    report : JobReport
    cancelled : callable
        Not asked: every slide reports.
    """
    del cancelled
    deck, form = read_deck(report.root, payload["story"]), payload["form"]
    place = report.root / EXPORTS / name_deck(deck, payload["story"], form)
    report.identify(place)
    return write_deck(deck, place, form, functools.partial(report, "slides"))
