"""How nonlinearity changes over layers and subjects: the runs of a study side by side."""

from __future__ import annotations

import streamlit as st

from jne_engine.analysis import studies
from jne_engine.runs.store import Run
from pages.frame.state import Selection, bind_value, read
from pages.frame.widgets import show_page
from pages.layers.sections import (
    choose_group,
    choose_layer,
    choose_measure,
    choose_places,
    show_agreement,
    show_lacks,
    show_matrices,
    show_over_layers,
    show_runs,
    show_subjects,
    stack,
    tell_weak,
)
from pages.layers.stability import show_stability


def show(run: Run) -> None:
    """Show lines over layers, layers by place, subjects side by side, and the runs."""
    group = choose_group(run)
    first, second, third = st.columns([3, 3, 2.4], vertical_alignment="bottom")
    with first:
        info = choose_measure(group)
    with second:
        kind = choose_places(group)
    with third:
        st.toggle("Significant only", **bind_value("significant"))
    show_lacks(group)
    every = stack(group, info, significant=read(Selection).significant)
    stacked = every[every["kind"] == kind]
    averages = studies.average_over_subjects(stacked)
    tell_weak(averages)
    show_over_layers(averages, info, kind)
    if len(group.layers) > 1:
        show_matrices(averages, info, kind)
    if len(group.subjects) > 1:
        st.subheader("Do subjects agree?", anchor=False)
        layer = choose_layer(group, run)
        left, right = st.columns([3, 2], gap="large")
        with left:
            show_subjects(stacked, averages, info, kind, layer=layer)
        with right:
            show_agreement(studies.correlate_subjects(every, layer), info, layer=layer)
    show_stability(run, info)
    show_runs(group)


show_page(
    "How does nonlinearity change over layers and subjects?",
    "Runs of the study that is chosen at the left, averaged over voxels of each tier or region of"
    " interest (ROI), then over subjects.",
    show,
)
