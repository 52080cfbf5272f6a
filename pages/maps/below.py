"""What stands below the brain: what the map is, what each mask hides, recovery of the truth."""

from __future__ import annotations

import streamlit as st

from jne_engine.analysis.masks import Masks
from jne_engine.model.measures import Measure
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.maps.controls import explain_map, show_mask_table
from pages.maps.truth import show_truth


def show_below(run: Run, maps: dict[str, Measure], chosen: str, masks: Masks) -> None:
    """Show the rest of what belongs to a map in tabs, the planted truth where it is known."""
    names = ["About this map", "What each mask hides"]
    if cached.correlate_with_truth(run) is not None:
        names.append("Recovery of planted truth")
    about, hidden, *truth = st.tabs(names)
    with about:
        explain_map(run, maps[chosen])
    with hidden:
        show_mask_table(run, maps[chosen], masks)
    for tab in truth:
        with tab:
            show_truth(run, maps, chosen)
