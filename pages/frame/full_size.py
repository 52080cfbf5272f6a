"""Computing a stored result in full size from the page that shows it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from jne_engine.jobs.kinds.simulate import request_simulation
from jne_engine.runs.store import Run
from pages.frame import jobs
from pages.frame.cached import tell_command
from pages.frame.offers import JobOffer, offer_job


def offer_full_size(name: str, run: Run | None, label: str = "Compute in full size") -> None:
    """Offer to compute a stored result, or show how far that is, and say which command does.

    Parameters
    ----------
    name : str
        Name of the result.
    run : Run or None
        Whose variants are asked for; no matter for the others.
    label : str
        Of the button.
    """
    about = _about(name, run)
    if about is None:
        st.caption("This run was computed without the queue: name its dataset in the command.")
    else:
        request = partial(request_simulation, name, **about)
        known_by = {"name": name, **_only_run(about)}
        offer_job(JobOffer(label, request, "simulate", known_by))
        st.caption("The same from the command line:")
    st.code(tell_command(name, run), language=None, wrap_lines=True)


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
