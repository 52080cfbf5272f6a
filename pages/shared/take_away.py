"""Taking a run away: an export in another tool's format, and the methods text."""

from __future__ import annotations

import streamlit as st

from jne_engine.export.formats import FORMATS
from jne_engine.export.methods import SHOWS, SHOWS_NOT, format_methods
from jne_engine.jobs import JobRecord, Jobs, request_export
from jne_engine.readers.guard import readable_size
from jne_engine.store import Run
from pages.shared import cached, jobs
from pages.shared.queue import show_progress
from pages.shared.state import bind_choice, settle
from pages.shared.widgets import one_line_errors, plain

POLL_S = 1.0
UNWRAPPED = 100_000
"""Letters a line where the page itself breaks lines."""


def show_take_away(run: Run) -> None:
    """Offer a run's maps for another tool: choose, make in the worker, download."""
    st.subheader("Take it away", anchor=False)
    refused = cached.list_refusals(run)
    offered = [name for name in FORMATS if name not in refused]
    pick, only = st.columns([3, 2], vertical_alignment="bottom")
    with pick:
        st.selectbox("Format", offered, format_func=lambda name: FORMATS[name].label,
                     **bind_choice("export", offered))  # fmt: skip
    with only:
        significant = st.toggle("Only significant voxels keep values", key="export.significant",
                                help="The map “significant” comes along either way.")  # fmt: skip
    form = settle("export", offered)
    st.caption(plain(FORMATS[form].files))
    record = _find(run, form, significant=significant)
    active = record is not None and record.is_active
    st.fragment(_show_job, run_every=POLL_S if active else None)(
        run, form, significant=significant, active=active
    )
    if refused:
        with st.expander(f"Not for this run: {', '.join(refused)}"):
            for reason in refused.values():
                st.caption(plain(reason))


def show_methods(run: Run) -> None:
    """Show what was done as text to copy, beside what it does and does not show."""
    st.subheader("Methods text", anchor=False)
    text, box = st.columns([3, 2], gap="large")
    with text:
        methods = format_methods(cached.describe_methods(run), width=UNWRAPPED)
        st.code(methods, language=None, wrap_lines=True, height=320)
        st.caption("The button in the corner copies it. From the command line:")
        st.code(f"python -m jne_engine methods {run.path}", language="bash")
    with box, st.container(border=True):
        st.markdown("**What this shows**\n" + "".join(f"\n- {plain(x)}" for x in SHOWS))
        st.markdown("**What it does not**\n" + "".join(f"\n- {plain(x)}" for x in SHOWS_NOT))


def _find(run: Run, form: str, *, significant: bool) -> JobRecord | None:
    """Return the newest job that makes this export."""
    spec = request_export(run.path, form, significant=significant)
    return jobs.find_job("export", **spec.payload)


def _show_job(run: Run, form: str, *, significant: bool, active: bool) -> None:
    """Show the job while it is active; else its file, and the button that makes it."""
    record = _find(run, form, significant=significant)
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
    if record is not None and record.state == "done" and _offer_file(record):
        return
    if st.button("Make the files", icon=":material/archive:", key="export.make"):
        with one_line_errors():
            jobs.submit([request_export(run.path, form, significant=significant)])
            st.rerun()


def _offer_file(record: JobRecord) -> bool:
    """Offer a finished export, and tell whether it is still there."""
    place = record.place
    if place is None or not place.is_file():
        return False
    size = readable_size(place.stat().st_size)
    st.download_button(f"Download {size}", place.read_bytes, file_name=place.name,
                       mime="application/zip", on_click="ignore", key=f"zip.{record.id}",
                       type="primary", icon=":material/download:")  # fmt: skip
    st.caption(f"One zip: {plain(place.name)}, with a README, provenance and citations.")
    return True
