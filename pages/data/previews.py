"""What an import would do, and what a run will take, as soon as a child process has looked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as NotYet
from typing import Any

import streamlit as st

from jne_engine.datasets.registry import is_volume
from pages.frame import jobs
from pages.frame.widgets import format_bytes, format_seconds, one_line_errors, plain

POLL_S = 0.5
PATIENCE_S = 0.2
HEIGHT = 190
Answer = Future[dict[str, Any]]


def show_preview(source: Mapping[str, Any], *, n_alike: int) -> None:
    """Show what an import would do.

    Parameters
    ----------
    source : mapping
        What shall be imported.
    n_alike : int
        How many more subjects will be imported with the same choices.
    """
    answer = jobs.look("source", source)
    show_when_there(answer, lambda found: _show_source(found, n_alike), height=HEIGHT)


def could_begin(source: Mapping[str, Any]) -> bool:
    """Tell whether a preview is there that found nothing in the way."""
    answer = jobs.look("source", source)
    return _wait(answer) and not answer.cancelled() and answer.exception() is None


def show_when_there(
    answer: Answer, show: Callable[[Mapping[str, Any]], None], *, height: int
) -> None:
    """Show an answer, or keep its place and look again until it is there."""
    pending = not _wait(answer)
    st.fragment(_draw, run_every=POLL_S if pending else None)(answer, show, pending, height)


def _draw(
    answer: Answer, show: Callable[[Mapping[str, Any]], None], pending: bool, height: int
) -> None:
    """Show the answer; end the polling once it has come."""
    if pending and answer.done():
        st.rerun()
    if pending:
        with st.container(height=height, border=False):
            st.caption(":material/hourglass_empty: Looking at the files …")
        return
    with one_line_errors():
        show(answer.result())


def _wait(answer: Answer) -> bool:
    try:
        answer.exception(timeout=PATIENCE_S)
    except (NotYet, CancelledError):
        return answer.done()
    return True


def name_columns(space: str) -> str:
    """Return what the columns of a space are called."""
    return "voxels" if is_volume(space) or not space else "vertices"


def _show_source(found: Mapping[str, Any], n_alike: int) -> None:
    with st.container(horizontal=True, gap="medium"):
        others = f"train {found['n_train']:,}, validation {found['n_validation']:,}"
        st.metric("Images", f"{found['n_images']:,}", help=others)
        st.metric("of them test", f"{found['n_test']:,}")
        st.metric(name_columns(found["space"]).capitalize(), f"{found['n_voxels']:,}")
        if found["sessions_present"]:
            missing = found["sessions_missing"]
            st.metric("Sessions", len(found["sessions_present"]),
                      help=f"Missing: {', '.join(map(str, missing)) or 'none'}.")  # fmt: skip
    st.caption(f"Repeats: {plain(found['repeats'])}.")
    st.caption(_tell_cost(found, n_alike))
    if found["problems"]:
        lines = (f":material/warning: {plain(problem)}" for problem in found["problems"])
        st.markdown(":orange[" + "]  \n:orange[".join(lines) + "]")
    if found["roi_counts"]:
        _show_rois(found["roi_counts"])
    with st.expander("Files and decisions"):
        for name, text in found["found"].items():
            st.caption(f"**{plain(name)}** {plain(text)}")
        for note in found["notes"]:
            st.caption(plain(note))


def _tell_cost(found: Mapping[str, Any], n_alike: int) -> str:
    each = f" {n_alike + 1} subjects, each about as follows." if n_alike else ""
    written = f", writes {format_bytes(found['disk_bytes'])}" if found["disk_bytes"] else ""
    time = "" if found["seconds"] is None else f", about **{format_seconds(found['seconds'])}**"
    memory = f", up to **{format_bytes(found['memory_bytes'])}** of memory"
    return f"{each} Reads {format_bytes(found['read_bytes'])}{written}{memory}{time}."


def _show_rois(counts: Mapping[str, Mapping[str, int]]) -> None:
    """Show how many columns each ROI has, one preset after another."""
    label = f"ROIs: {sum(map(len, counts.values()))} in {len(counts)} sets"
    with st.expander(label):
        for preset, rois in counts.items():
            names = ", ".join(f"{plain(name)} {n:,}" for name, n in list(rois.items())[:40])
            more = f" and {len(rois) - 40} more" if len(rois) > 40 else ""
            st.caption(f"**{plain(preset)}**: {names}{more}")
