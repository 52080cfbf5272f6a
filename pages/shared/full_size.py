"""Computing what takes long from the page that shows it: simulations, spin tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from jne_engine.jobs import JobRecord, Jobs, JobSpec, request_simulation
from jne_engine.store import Run
from pages.shared import jobs
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
        spec = request_simulation(name, **about)
        offer_job(spec, "Compute in full size", name=name, **_only_run(about))
        st.caption("The same from the command line:")
    st.code(tell_command(name, run), language="bash")


def offer_job(spec: JobSpec, label: str, **payload: Any) -> None:
    """Offer to compute a stored result, or show how far that is, polled while it is active.

    Parameters
    ----------
    spec : JobSpec
        The job.
    label : str
        Of the button.
    payload : object
        By which values of its payload the job is found again.
    """
    record = jobs.find_job(spec.kind, **payload)
    active = record is not None and record.is_active
    st.fragment(_show, run_every=POLL_S if active else None)(spec, label, payload, active)


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


def _show(spec: JobSpec, label: str, payload: dict[str, Any], active: bool) -> None:
    """Show the job while it is active, else the button."""
    record = jobs.find_job(spec.kind, **payload)
    if (record is not None and record.is_active) != active:
        st.rerun()  # the whole page: the result may be there
    if record is not None and active:
        _show_active(record)
        return
    if record is not None and record.state == "failed":
        st.caption(f":red[:material/error: {plain(record.message)}]")
    if st.button(label, icon=":material/play_arrow:"):
        with one_line_errors():
            jobs.submit([spec])
            st.rerun()


def _show_active(record: JobRecord) -> None:
    """Show progress and the way to stop it."""
    show_progress(record)
    st.button("Cancel", key=f"cancel.{record.id}", icon=":material/stop_circle:",
              disabled=record.state == "cancelling", on_click=jobs.change,
              args=(Jobs.cancel, record.id))  # fmt: skip
