"""Simulations that follow the controls: computed in a worker process, polled while they run."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from typing import Any

import streamlit as st

from jne_engine.runs.results import SimulationResult
from jne_engine.simulations.live import LiveSimulator
from pages.frame.widgets import one_line_errors

POLL_S = 0.3
PATIENCE_S = 0.5
"""How long a page waits before it shows the last figure: most answers are quicker."""
COMPUTING = "computing…"
_OWNER, _ASKED, _SHOWN = "live.owner", "live.asked", "live.shown"

Answer = Future[SimulationResult]


@dataclass(frozen=True)
class _Asked:
    """What this session asked for last."""

    name: str
    settings: Mapping[str, Any]
    answer: Answer


def show_live(
    name: str,
    settings: Mapping[str, Any],
    show: Callable[[SimulationResult], None],
    *,
    height: int,
) -> None:
    """Show a simulation at reduced size, the last one's figure until it is computed.

    Parameters
    ----------
    name : str
        Name of the simulation.
    settings : mapping
        What differs from the reduced settings.
    show : callable
        Draws a result.
    height : int
        CSS pixels of what it draws, reserved before there is anything, so that nothing jumps.
    """
    asked = _ask(name, settings)
    pending = not _wait(asked.answer)
    poll = st.fragment(_show, run_every=POLL_S if pending else None)
    poll(asked, show, height=height, pending=pending)


def _ask(name: str, settings: Mapping[str, Any]) -> _Asked:
    asked: _Asked | None = st.session_state.get(_ASKED)
    same = asked is not None and (asked.name, asked.settings) == (name, settings)
    if asked is None or not same or asked.answer.cancelled():
        owner = st.session_state.setdefault(_OWNER, uuid.uuid4().hex)
        asked = _Asked(name, settings, _start().submit(name, settings, owner=owner))
        st.session_state[_ASKED] = asked
    return asked


def _show(
    asked: _Asked, show: Callable[[SimulationResult], None], *, height: int, pending: bool
) -> None:
    """Show the answer or, while there is none, the last one and that it is old."""
    shown: dict[str, _Asked] = st.session_state.setdefault(_SHOWN, {})
    cancelled = asked.answer.cancelled()
    if pending and (cancelled or shown.get(asked.name) is asked):
        st.rerun()  # the whole page, which asks again, or ends the polling
    done = asked.answer.done() and not cancelled
    st.caption("Live, at reduced size: it follows the controls." if done else COMPUTING)
    if done:
        shown[asked.name] = asked
    with one_line_errors():
        if asked.name in shown:
            show(shown[asked.name].answer.result())
        else:
            st.container(height=height, border=False)


def _wait(answer: Answer) -> bool:
    try:
        answer.exception(timeout=PATIENCE_S)
    except (NotYet, CancelledError):
        return answer.done()
    return True


@st.cache_resource(show_spinner=False, on_release=LiveSimulator.close)
def _start() -> LiveSimulator:
    return LiveSimulator()
