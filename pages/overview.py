"""What a run says: key figures, how to read them, provenance."""

from __future__ import annotations

import streamlit as st

from jne_engine.model.measures import JNE_UNIT
from jne_engine.report.figures.curves import plot_learning_curves
from jne_engine.report.figures.distributions import plot_tiers
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.assets import is_dark
from pages.frame.figures import show_result
from pages.frame.widgets import show_missing, show_page
from pages.overview.facts import show_answer, show_findings, show_key_figures, show_provenance
from pages.overview.pictures import show_small_brain, show_top_images
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
    """Show the answer, the brain beside the tiers, top images and findings; the rest in tabs."""
    show_answer(run)
    summary = cached.summarise_run(run)
    left, right = st.columns([11, 10], gap="medium")
    with left, st.container(key="overview_stage"):
        show_small_brain(run)
    with right:
        show_key_figures(run, summary)
        _show_tiers(run, has_rois=bool(summary["rois"]))
    show_top_images(run)
    findings = st.container()
    reading, made, away, methods = st.tabs(
        ["How to read JNE", "How it was made", "Take it away", "Methods"]
    )
    with reading:
        st.markdown(READING)
    with made:
        _show_curves(run)
        show_provenance(summary)
    with away:
        show_take_away(run)
    with methods:
        show_methods(run)
    with findings:
        show_findings(run)


def _show_tiers(run: Run, *, has_rois: bool) -> None:
    if not has_rois:
        show_missing("This run has no ROIs.", "Add an ROI set to the dataset.")
        return
    tiers = cached.tabulate_tiers(run)
    show_result(plot_tiers(tiers, unit=JNE_UNIT, dark=is_dark()), tiers, "tiers", run.run_id,
                title="Mean JNE by tier of the visual hierarchy", how=TIERS,
                alt="Mean JNE of each tier", compact=True)  # fmt: skip


def _show_curves(run: Run) -> None:
    curves = cached.read_learning_curves(run)
    show_result(plot_learning_curves(curves, dark=is_dark()), curves, "learning-curves",
                run.run_id, title="Did the encoders learn?", how=CURVES,
                alt="Losses of both encoders over epochs", compact=True)  # fmt: skip


show_page(
    "What does this run say?",
    "Two encoders, one linear and one nonlinear, were fitted to predict each voxel from image"
    " features. JNE: how much a voxel's tuning changes from image to image (0 = linear), read from"
    " the nonlinear encoder's derivatives on the test images.",
    show,
)
