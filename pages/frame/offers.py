"""What a page asks the worker for: a button, how far the job is, and the file that it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from jne_engine.formats.guard import readable_size
from jne_engine.jobs.queue import Jobs
from jne_engine.jobs.records import JobRecord, JobSpec
from pages.frame import jobs
from pages.frame.access import READER_HINT, explain_read_only, may_change
from pages.frame.plain import one_line_errors, plain
from pages.frame.queue import show_progress

POLL_S = 1.0


@dataclass(frozen=True)
class FileOffer:
    """How a file that a job left is offered.

    Parameters
    ----------
    mime : str
        What kind of file it is.
    what, tells : str
        Said below the download, before and after the file's name.
    """

    mime: str
    what: str = "One file"
    tells: str = "."


@dataclass(frozen=True)
class JobOffer:
    """A job that can be asked for.

    Parameters
    ----------
    label : str
        Of the button.
    request : callable
        Returns the job to ask for.
    kind : str
        Its kind.
    payload : mapping
        By what of its payload the job is found again.
    file : FileOffer, optional
        How the file is offered that a finished job left; none where the page shows the result.
    """

    label: str
    request: Callable[[], JobSpec]
    kind: str
    payload: Mapping[str, Any]
    file: FileOffer | None = None

    @classmethod
    def of(cls, spec: JobSpec, label: str, file: FileOffer | None = None) -> JobOffer:
        """Return the offer of a job that is found again by all of its payload."""
        return cls(label, lambda: spec, spec.kind, spec.payload, file)


def offer_job(offer: JobOffer) -> None:
    """Show a button that asks for a job, or the job itself, polled while it is active."""
    record = jobs.find_job(offer.kind, **offer.payload)
    active = record is not None and record.is_active
    st.fragment(_show, run_every=POLL_S if active else None)(offer, active=active)


def _show(offer: JobOffer, *, active: bool) -> None:
    """Show the job while it is active; else the file that it left, or the button."""
    record = jobs.find_job(offer.kind, **offer.payload)
    if (record is not None and record.is_active) != active:
        st.rerun()  # the whole page: the result may be there
    if record is not None and active:
        _show_active(record)
        return
    if record is not None and record.state == "failed":
        st.caption(f":red[:material/error: {plain(record.message)}]")
    if record is None or record.state != "done" or not _offer_file(offer.file, record):
        _show_button(offer)


def _show_active(record: JobRecord) -> None:
    show_progress(record)
    st.button("Cancel", key=f"cancel.{record.id}", icon=":material/stop_circle:",
              disabled=record.state == "cancelling" or not may_change(), on_click=jobs.change,
              args=(Jobs.cancel, record.id))  # fmt: skip


def _show_button(offer: JobOffer) -> None:
    allowed = may_change()
    icon = ":material/play_arrow:" if offer.file is None else ":material/archive:"
    if st.button(offer.label, key=f"ask.{offer.kind}", disabled=not allowed, icon=icon,
                 help=None if allowed else explain_read_only() or READER_HINT):  # fmt: skip
        with one_line_errors():
            jobs.submit([offer.request()])
            st.rerun()


def _offer_file(file: FileOffer | None, record: JobRecord) -> bool:
    place = record.place
    if file is None or place is None or not place.is_file():
        return False
    size = readable_size(place.stat().st_size)
    st.download_button(f"Download {size}", place.read_bytes, file_name=place.name,
                       mime=file.mime, on_click="ignore", key=f"file.{record.id}",
                       type="primary", icon=":material/download:")  # fmt: skip
    st.caption(f"{file.what}: {plain(place.name)}{file.tells}")
    return True
