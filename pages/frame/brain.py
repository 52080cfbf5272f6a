"""The brain on a page: the one place that knows how it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from jne_engine.jobs.run_export import make_run_html
from jne_engine.report.figures.template import name_file
from jne_engine.runs.results import SimulationResult
from jne_engine.runs.store import Run
from jne_engine.viewer.payload import ViewerScene
from pages.frame import cached
from pages.frame.cached import read_variant_scene
from pages.frame.cortex import VertexSelection, show_cortex
from pages.frame.pin import find_export
from pages.frame.state import Selection, read, select
from pages.frame.widgets import plain, show_missing, show_note

HEIGHT = 500


def show_brain(
    run: Run,
    chosen: str,
    *,
    scene: ViewerScene | None,
    on_map: Callable[[str], bool] | None = None,
    on_select: Callable[[VertexSelection], None] | None = None,
) -> None:
    """Show both hemispheres with one of a run's maps.

    Parameters
    ----------
    run : Run
        A complete run.
    chosen : str
        Name of the map that the downloaded file shows first.
    scene : ViewerScene or None
        What to show; None where the run's surface cannot be drawn.
    on_map, on_select : callable, optional
        Called with the map of the first pane, and with the selected vertices, where a reader
        changes them in the viewer.
    """
    selection = read(Selection)
    if scene is None:
        show_missing(
            "This run's responses do not lie on a surface that can be drawn here.",
            f"{plain(cached.tell_why_bare(run))} The other pages show its numbers.",
        )
        return
    with st.container(key="brain_box"):
        show_cortex(
            scene, key="brain", height=HEIGHT, on_map=on_map, on_select=on_select,
            threshold=selection.threshold, on_threshold=_take_threshold,
        )  # fmt: skip
    if scene.note:
        show_note(scene.note)
    find_export().download_button(
        "Download as one HTML file",
        partial(make_run_html, run, chosen=chosen,
                significant=selection.significant, threshold=selection.threshold),
        file_name=f"{name_file('brain', chosen, run.run_id)}.html",
        mime="text/html",
        on_click="ignore",
        key="brain.html",
        icon=":material/download:",
        help="All maps of this run on the interactive brain, this one first, under significance"
        " and threshold; other masks and other runs do not travel. Opens without a network."
        " It is made when you ask for it, which takes some seconds.",
    )  # fmt: skip


def _take_threshold(value: float | None) -> None:
    select(threshold=value)


def show_variants(run: Run, result: SimulationResult) -> None:
    """Show the four variants of JNE side by side, with one camera and a colour bar each."""
    made = str(result.made.get("created", ""))
    scene = read_variant_scene(run, made, result.tables["maps"])
    if scene is None:
        return
    with st.container(key="brain_box"):
        show_cortex(scene, key="variants", height=HEIGHT)
    st.caption("Each pane: one variant at the run's significant voxels, on a range of its own.")
