"""Computing a simulation in full size from the validation page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from jne_engine.jobs import JobRecord, Jobs, request_simulation
from jne_engine.store import Run
from pages.shared import jobs
from pages.shared.access import READER_HINT, may_change
from pages.shared.cached import tell_command
from pages.shared.queue import show_progress
from pages.shared.widgets import one_line_errors, plain

POLL_S = 1.0


def offer_full_size(name: str, run: Run | None) -> None:
    """Offer to compute a stored result, or show how far that is, and say which command does.

    Parameters
    ----------
    name : str
        Name of the result.
    run : Run or None
        Whose variants are asked for; no matter for the others.
    """
    about = _about(name, run)
    if about is None:
        st.caption("This run was computed without the queue: name its dataset in the command.")
    else:
        _offer(name, about)
        st.caption("The same from the command line:")
    st.code(tell_command(name, run), language="bash")


def _offer(name: str, about: dict[str, Any]) -> None:
    """Show the button or the job, polled while it is active."""
    record = jobs.find_job("simulate", name=name, **_only_run(about))
    active = record is not None and record.is_active
    st.fragment(_show, run_every=POLL_S if active else None)(name, about, active)


def _about(name: str, run: Run | None) -> dict[str, Any] | None:
    """Return what the job needs beside the name; None where that is not known."""
    if name != "variants":
        return {}
    maker = None if run is None else jobs.find_maker(run.path)
    if run is None or maker is None:
        return None
    return {"run": run.path, "data": dict(maker.spec.payload)}


def _only_run(about: dict[str, Any]) -> dict[str, str]:
    """Return by what a job is found again: the run's folder."""
    return {"run": str(Path(about["run"]).absolute())} if "run" in about else {}


def _show(name: str, about: dict[str, Any], active: bool) -> None:
    """Show the job while it is active, else the button."""
    record = jobs.find_job("simulate", name=name, **_only_run(about))
    if (record is not None and record.is_active) != active:
        st.rerun()  # the whole page: the result may be there
    if record is not None and active:
        _show_active(record)
        return
    if record is not None and record.state == "failed":
        st.caption(f":red[:material/error: {plain(record.message)}]")
    allowed = may_change()
    if st.button("Compute in full size", key=f"compute.{name}", disabled=not allowed,
                 icon=":material/play_arrow:",
                 help=None if allowed else READER_HINT):  # fmt: skip
        with one_line_errors():
            jobs.submit([request_simulation(name, **about)])
            st.rerun()


def _show_active(record: JobRecord) -> None:
    """Show progress and the way to stop it."""
    show_progress(record)
    st.button("Cancel", key=f"cancel.{record.id}", icon=":material/stop_circle:",
              disabled=record.state == "cancelling" or not may_change(), on_click=jobs.change,
              args=(Jobs.cancel, record.id))  # fmt: skip
