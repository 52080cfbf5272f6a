"""From a lab's folder to a finished run: data in, runs started, and the queue."""

from __future__ import annotations

import streamlit as st

from pages.data.datasets import show_datasets
from pages.data.sources import show_sources
from pages.data.starting import show_starting
from pages.frame import jobs
from pages.frame.queue import show_queue
from pages.frame.widgets import choose, show_work_page

PARTS = {
    "data": ":material/folder_open: Data",
    "run": ":material/play_circle: New run",
    "queue": ":material/list: Queue",
}


def show() -> None:
    """Show one part: data, a new run, or the queue."""
    active = jobs.count_active()
    labels = {**PARTS, "queue": f"{PARTS['queue']} ({active})" if active else PARTS["queue"]}
    part = choose("Part", "part", list(PARTS), widget=st.segmented_control, required=True,
                  format_func=labels.__getitem__, label_visibility="collapsed")  # fmt: skip
    if part == "run":
        show_starting()
    elif part == "queue":
        show_queue()
    else:
        show_datasets()
        show_sources()


show_work_page(
    "Data and jobs",
    "Bring data in, extract features of its images, start a run. Work goes on in a process of its"
    " own: you may close this page.",
    show,
)
