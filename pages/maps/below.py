"""What stands below the brain: what the map is, what each mask hides, recovery of the truth."""

from __future__ import annotations

import streamlit as st

from jne_engine.analysis.masks import Masks
from jne_engine.model.measures import Measure
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.maps.controls import explain_map, show_mask_table
from pages.maps.drawn import show_drawn
from pages.maps.truth import show_truth

DRAWN = "Drawn ROIs"


def show_below(run: Run, maps: dict[str, Measure], chosen: str, masks: Masks) -> None:
    """Show the rest of what belongs to a map in tabs, the planted truth where it is known."""
    names = ["About this map", "What each mask hides"]
    if cached.list_drawn(run):
        names.append(DRAWN)
    if cached.correlate_with_truth(run) is not None:
        names.append("Recovery of planted truth")
    about, hidden, *more = st.tabs(names)
    with about:
        explain_map(run, maps[chosen])
    with hidden:
        show_mask_table(run, maps[chosen], masks)
    for name, tab in zip(names[2:], more, strict=True):
        with tab:
            if name == DRAWN:
                show_drawn(run)
            else:
                show_truth(run, maps, chosen)
