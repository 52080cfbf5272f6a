"""Taking a run away: an export in another tool's format, and the methods text."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from jne_engine.jobs.kinds.export import request_export
from jne_engine.report.export.formats import FORMATS
from jne_engine.report.export.methods import SHOWS, SHOWS_NOT, format_methods
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.offers import FileOffer, JobOffer, offer_job
from pages.frame.plain import plain
from pages.frame.state import bind_choice, declares, settle

UNWRAPPED = 100_000
"""Letters a line where the page itself breaks lines."""


@declares
@dataclass(frozen=True)
class OverviewChoices:
    """What a reader chooses on this page only: the format in which to take a run away."""

    export: str = ""


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
    spec = request_export(run.path, form, significant=significant)
    tells = ", with a README, provenance and citations."
    offer_job(JobOffer.of(spec, "Make the files", FileOffer("application/zip", "One zip", tells)))
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
        st.code(f"python -m jne_engine methods {run.path}", language=None)
    with box, st.container(border=True):
        st.markdown("**What this shows**\n" + "".join(f"\n- {plain(x)}" for x in SHOWS))
        st.markdown("**What it does not**\n" + "".join(f"\n- {plain(x)}" for x in SHOWS_NOT))
