"""Which areas are most nonlinear: the measure along the visual hierarchy, and how sure that is."""

from __future__ import annotations

import streamlit as st

from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.figures import show_table
from pages.frame.widgets import show_missing, show_page
from pages.hierarchy.areas import choose_view, show_distribution, show_means_and_shares
from pages.hierarchy.spins import show_spins
from pages.hierarchy.subjects import show_subjects
from pages.hierarchy.voxel_tests import show_pairs, show_trend


def show(run: Run) -> None:
    """Show the distribution first, then means, tests over voxels, over subjects, and spins."""
    table = cached.tabulate_rois(run)
    if table.empty:
        show_missing("This run has no ROIs.", "Add an ROI set to the dataset and run it again.")
        return
    view = choose_view(run)
    show_distribution(run, view)
    show_trend(run, view)
    show_means_and_shares(run, view)
    show_pairs(run, view)
    show_subjects(run, view)
    show_spins(run, view)
    _show_source(run)
    show_table(table, "rois", run.run_id, label="All measures of each ROI, significant voxels")
    show_table(cached.tabulate_tiers(run), "tiers", run.run_id, label="The same of each tier")


def _show_source(run: Run) -> None:
    preset = cached.summarise_run(run)["preset"]
    if preset["approximate"]:
        st.caption(
            ":material/info: These ROIs are atlas labels that approximate functionally defined"
            " ones; their borders may differ from a localiser's."
        )


show_page(
    "Which areas are most nonlinear?",
    "Every voxel of each region of interest (ROI), in the order of the visual hierarchy, coloured"
    " by tier: primary, intermediate, higher-order.",
    show,
)
