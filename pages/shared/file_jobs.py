"""A file that the worker makes when asked to: its button, its progress, its download."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from jne_engine.jobs import JobRecord, Jobs, JobSpec
from jne_engine.readers.guard import readable_size
from pages.shared import jobs
from pages.shared.plain import one_line_errors, plain
from pages.shared.queue import show_progress

POLL_S = 1.0


@dataclass(frozen=True)
class FileOffer:
    """A file that can be made.

    Parameters
    ----------
    spec : JobSpec
        The job that makes it.
    label : str
        Of the button that asks for it.
    mime : str
        What kind of file it is.
    what, tells : str
        Said below the download, before and after the file's name.
    """

    spec: JobSpec
    label: str
    mime: str
    what: str = "One file"
    tells: str = "."


def show_file_job(offer: FileOffer, *, key: str) -> None:
    """Show the newest job that makes a file, and look again every second while it is active."""
    record = _find(offer)
    active = record is not None and record.is_active
    st.fragment(_show, run_every=POLL_S if active else None)(offer, key=key, active=active)


def _find(offer: FileOffer) -> JobRecord | None:
    """Return the newest job that makes this file."""
    return jobs.find_job(offer.spec.kind, **offer.spec.payload)


def _show(offer: FileOffer, *, key: str, active: bool) -> None:
    """Show the job while it is active; else its file, and the button that makes it."""
    record = _find(offer)
    if (record is not None and record.is_active) != active:
        st.rerun()  # the whole page: the file may be there
    if record is not None and active:
        show_progress(record)
        st.button("Cancel", key=f"cancel.{record.id}", icon=":material/stop_circle:",
                  disabled=record.state == "cancelling", on_click=jobs.change,
                  args=(Jobs.cancel, record.id))  # fmt: skip
        return
    if record is not None and record.state == "failed":
        st.caption(f":red[:material/error: {plain(record.message)}]")
    if record is not None and record.state == "done" and _offer_file(offer, record):
        return
    if st.button(offer.label, icon=":material/archive:", key=f"{key}.make"):
        with one_line_errors():
            jobs.submit([offer.spec])
            st.rerun()


def _offer_file(offer: FileOffer, record: JobRecord) -> bool:
    """Offer a finished file, and tell whether it is still there."""
    place = record.place
    if place is None or not place.is_file():
        return False
    size = readable_size(place.stat().st_size)
    st.download_button(f"Download {size}", place.read_bytes, file_name=place.name,
                       mime=offer.mime, on_click="ignore", key=f"file.{record.id}",
                       type="primary", icon=":material/download:")  # fmt: skip
    st.caption(f"{offer.what}: {plain(place.name)}{offer.tells}")
    return True
