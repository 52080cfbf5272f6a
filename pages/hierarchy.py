"""Which areas are most nonlinear: distributions of a map per ROI."""

from __future__ import annotations

import streamlit as st

from jne_engine.figures.distributions import plot_distribution
from jne_engine.store import Run
from pages.shared import cached
from pages.shared.figures import is_dark, show_figure, show_table
from pages.shared.state import bind_value, read_selection
from pages.shared.widgets import choose, show_missing, show_page


def show(run: Run) -> None:
    """Show one violin an ROI, then the table of means."""
    table = cached.tabulate_rois(run)
    if table.empty:
        show_missing("This run has no ROIs.", "Add an ROI set to the dataset and run it again.")
        return
    kinds = ("sequential", "diverging")
    maps = {info.name: info for info in cached.list_maps(run) if info.kind in kinds}
    pick, only, note = st.columns([3, 2, 5], vertical_alignment="bottom")
    with pick:
        chosen = choose("Measure", "map", list(maps), format_func=lambda name: maps[name].label)
    with only:
        st.toggle("Significant only", **bind_value("significant"))
    info = maps[chosen]
    with note:
        st.caption(info.explanation)
    significant = read_selection().significant
    voxels = cached.tabulate_voxels(run, chosen, significant_only=significant)
    figure = plot_distribution(voxels, table, label=info.label, unit=info.unit, dark=is_dark())
    show_figure(figure, "hierarchy", chosen, run.run_id,
                alt=f"Distribution of {info.label} over the voxels of each ROI")  # fmt: skip
    st.caption(
        "Early areas left, higher-order areas right. A violin's width is the share of voxels; the"
        " box holds the middle half and the median. n counts the voxels that are drawn."
    )
    _show_source(run)
    show_table(table, "rois", run.run_id, label="Means of each ROI over significant voxels")
    show_table(cached.tabulate_tiers(run), "tiers", run.run_id, label="Means of each tier")


def _show_source(run: Run) -> None:
    """Say where the ROIs come from, and whether they only stand in for functional ones."""
    preset = cached.summarise_run(run)["preset"]
    if preset["approximate"]:
        st.caption(
            ":material/info: These ROIs are atlas labels that approximate functionally defined"
            " ones; their borders may differ from a localiser's."
        )


show_page(
    "Which areas are most nonlinear?",
    "One violin for each region of interest (ROI), in the order of the visual hierarchy, coloured"
    " by tier.",
    show,
)
