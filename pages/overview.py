"""What a run says: key figures, how to read them, provenance."""

from __future__ import annotations

import streamlit as st

from jne_engine.model.measures import JNE_UNIT
from jne_engine.report.figures.curves import plot_learning_curves
from jne_engine.report.figures.distributions import plot_tiers
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.assets import is_dark
from pages.frame.figures import show_figure, show_table
from pages.frame.widgets import show_missing, show_page
from pages.overview.facts import show_answer, show_key_figures, show_provenance
from pages.overview.take_away import show_methods, show_take_away

READING = (
    "A linear response has the same Jacobian (the change of the response per change of each"
    " feature) for every stimulus; **JNE** measures how much the Jacobian's deviation from its mean"
    " varies over stimuli, so it is 0 for a linear response. **JNE-SS** is one stimulus's share of"
    " that: it tells which pictures bend the response. JNE grows with the response's gain, has no"
    " absolute threshold, and is above 0 for linear voxels that are fitted beside nonlinear ones:"
    " compare areas within a run, and ask the nonlinear share which voxels are nonlinear."
)
TIERS = "Significant voxels only; bars are 95 % intervals over voxels."
CURVES = "The dot marks the epoch whose weights were kept: the lowest validation loss."


def show(run: Run) -> None:
    """Show key figures, tiers beside how to read them, curves and provenance."""
    show_answer(run)
    summary = cached.summarise_run(run)
    show_key_figures(run, summary)
    tiers = cached.tabulate_tiers(run)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Mean JNE by tier of the visual hierarchy", anchor=False)
        if summary["rois"]:
            show_figure(plot_tiers(tiers, unit=JNE_UNIT, dark=is_dark()), "tiers", run.run_id,
                        alt="Mean JNE of each tier", how=TIERS, table=tiers)  # fmt: skip
            st.caption(TIERS)
            show_table(tiers, "tiers", run.run_id)
        else:
            show_missing("This run has no ROIs.", "Add an ROI set to the dataset.")
    with right:
        st.subheader("How to read JNE", anchor=False)
        st.markdown(READING)
    st.subheader("Did the encoders learn?", anchor=False)
    curves = cached.read_learning_curves(run)
    figure = plot_learning_curves(curves, dark=is_dark())
    show_figure(figure, "learning-curves", run.run_id, alt="Losses of both encoders over epochs",
                how=CURVES, table=curves)  # fmt: skip
    st.caption(CURVES)
    show_table(curves, "learning-curves", run.run_id)
    show_provenance(summary)
    show_take_away(run)
    show_methods(run)


show_page(
    "What does this run say?",
    "Two encoders, one linear and one nonlinear, were fitted to predict each voxel from image"
    " features. JNE is read from the nonlinear one's derivatives on the test stimuli.",
    show,
)
