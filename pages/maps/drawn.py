"""ROIs that a reader draws on the brain and keeps under a name."""

from __future__ import annotations

from functools import partial

import streamlit as st

from jne_engine.analysis.drawn_rois import keep_roi, rename_roi
from jne_engine.runs.drawn_rois import DRAWN_ROIS, DrawnRoi
from jne_engine.runs.folder import find_root
from jne_engine.runs.named import LONGEST_NAME
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.access import may_change, read_visitor
from pages.frame.cortex import VertexSelection
from pages.frame.kept import change_kept, offer_changes
from pages.frame.ranges import format_vertices
from pages.frame.state import select
from pages.frame.widgets import plain


def offer_keep(run: Run, vertices: VertexSelection, shown: str) -> None:
    """Offer to keep the selected vertices as an ROI, drawn on the map that is shown."""
    if not may_change():
        return
    with (
        st.form("keep_roi", clear_on_submit=True, border=False),
        st.container(horizontal=True, gap="xsmall"),
    ):
        name = st.text_input("Keep as an ROI, named", key="keep_roi.name", max_chars=LONGEST_NAME,
                             placeholder="Keep as an ROI: name",
                             label_visibility="collapsed")  # fmt: skip
        if st.form_submit_button("Keep", icon=":material/bookmark_add:"):
            change_kept(partial(keep_roi, run, " ".join(name.split()), vertices, shown=shown,
                                by=read_visitor()))  # fmt: skip


def show_drawn(run: Run) -> None:
    """List the drawn ROIs that hold in a run, to be selected, renamed and deleted."""
    for roi in cached.list_drawn(run):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{plain(roi.name)}**  \n:small[{_tell_origin(roi)}]", width="stretch")
            st.button("Select", key=f"select.{roi.name}", on_click=select,
                      kwargs={"vertices": format_vertices(roi.vertices)})  # fmt: skip
            if may_change():
                offer_changes(roi.name, rename=partial(rename_roi, run),
                              delete=partial(DRAWN_ROIS.delete, find_root()))  # fmt: skip
    for line in DRAWN_ROIS.list(find_root())[1]:
        st.caption(f":red[:material/error:] {plain(line)}")
    st.caption("A region that was drawn by looking at a map says nothing new about that map: its"
               " tests there are circular. The paper's findings and spin tests leave it"
               " out.")  # fmt: skip


def _tell_origin(roi: DrawnRoi) -> str:
    n = sum(map(len, roi.vertices.values()))
    by = f" by {plain(roi.by)}" if roi.by else ""
    when = plain(roi.created[:16].replace("T", " "))
    return f"{n:,} vertices, drawn on {plain(roi.map)} of {plain(roi.run)}{by}, {when} UTC"
