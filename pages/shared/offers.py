"""A button that asks for a job, and how far that job is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from jne_engine.jobs import JobRecord, Jobs, JobSpec
from pages.shared import jobs
from pages.shared.access import READER_HINT, may_change
from pages.shared.queue import show_progress
from pages.shared.widgets import one_line_errors, plain

POLL_S = 1.0


def offer_job(label: str, request: Callable[[], JobSpec], kind: str, **payload: Any) -> None:
    """Show a button that asks for a job, or the job itself, polled while it is active.

    Parameters
    ----------
    label : str
        Of the button.
    request : callable
        Returns the job to ask for.
    kind : str
        Its kind.
    payload : dict
        By what of its payload the job is found again.
    """
    record = jobs.find_job(kind, **payload)
    active = record is not None and record.is_active
    st.fragment(_show, run_every=POLL_S if active else None)(label, request, kind, payload, active)


def _show(
    label: str, request: Callable[[], JobSpec], kind: str, payload: Mapping[str, Any], active: bool
) -> None:
    """Show the job while it is active, else the button."""
    record = jobs.find_job(kind, **payload)
    if (record is not None and record.is_active) != active:
        st.rerun()  # the whole page: the result may be there
    if record is not None and active:
        _show_active(record)
        return
    if record is not None and record.state == "failed":
        st.caption(f":red[:material/error: {plain(record.message)}]")
    allowed = may_change()
    if st.button(label, key=f"ask.{kind}", disabled=not allowed, icon=":material/play_arrow:",
                 help=None if allowed else READER_HINT):  # fmt: skip
        with one_line_errors():
            jobs.submit([request()])
            st.rerun()


def _show_active(record: JobRecord) -> None:
    """Show progress and the way to stop it."""
    show_progress(record)
    st.button("Cancel", key=f"cancel.{record.id}", icon=":material/stop_circle:",
              disabled=record.state == "cancelling" or not may_change(), on_click=jobs.change,
              args=(Jobs.cancel, record.id))  # fmt: skip
