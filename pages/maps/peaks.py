"""Where the map is highest, and its mean in every region: what the dock holds without a pick."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from jne_engine.analysis.masks import Masks
from jne_engine.analysis.peaks import RADIUS_MM
from jne_engine.model.measures import Measure
from jne_engine.report.figures.tables import write_csv
from jne_engine.report.figures.template import name_file
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.state import select
from pages.frame.widgets import format_number, plain

PEAKS_HELP = (
    f"Peak: no shown voxel of its hemisphere within {RADIUS_MM:g} mm has a larger value (in maps"
    " around 0: a larger size). Coordinates in mm of MNI152, on the midthickness or pial surface."
)


def show_peaks(run: Run, info: Measure, masks: Masks, *, lead: bool) -> None:
    """Show the means of the regions, and before them peaks that ``lead`` to their vertices."""
    if not info.is_numeric:
        return
    peaks = cached.find_peaks(run, info.name, masks)
    if lead and len(peaks):
        st.markdown(f"**Peaks of {plain(info.label)}**", help=PEAKS_HELP)
        with st.container(key="peaks", gap=None):
            for peak in peaks.itertuples():
                vertices = f"{peak.hemisphere}:{peak.vertex}"
                st.button(_describe(peak), key=f"peak.{vertices}", type="tertiary",
                          on_click=select, kwargs={"vertices": vertices}, width="stretch",
                          help=_tell(peak))  # fmt: skip
    means = cached.average_regions(run, info.name, masks)
    if len(means):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**Mean {plain(info.label)}** of what is shown", width="stretch")
            st.download_button(
                "CSV", partial(write_csv, means), on_click="ignore", type="tertiary",
                file_name=f"{name_file('region-means', info.name, run.run_id)}.csv",
                mime="text/csv", key="csv.region_means", help="Region, n and mean as CSV.",
            )  # fmt: skip
        shown = means.assign(mean=means["mean"].map(format_number))
        with st.container(key="region_means"):
            st.table(shown.set_index("region"), border="horizontal")


def _describe(peak: Any) -> str:
    side = "L" if peak.hemisphere == "left" else "R"
    where = "" if peak.x != peak.x else f" · {peak.x:.0f} {peak.y:.0f} {peak.z:.0f}"
    region = f" · {plain(peak.region)}" if peak.region else ""
    return f"**{format_number(peak.value)}** {side} {peak.vertex}{region}{where}"


def _tell(peak: Any) -> str:
    return f"{peak.hemisphere} vertex {peak.vertex}: {peak.text}. Click to select it."
