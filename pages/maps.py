"""Where cortex is nonlinear: maps on both hemispheres."""

from __future__ import annotations

import streamlit as st

from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.state import settle
from pages.frame.widgets import show_page, warn_unknown
from pages.maps.below import show_below
from pages.maps.brain import show_comparison
from pages.maps.card import show_card
from pages.maps.controls import (
    choose_comparison,
    choose_map,
    choose_masks,
    offer_turn,
    show_counts,
)
from pages.maps.peaks import show_peaks
from pages.maps.volume import SURFACE, choose_view, show_volume


def show(run: Run) -> None:
    """Show the brain, or the volume, beside it counts and card or peaks; the rest lies below."""
    maps = {info.name: info for info in cached.list_maps(run) if info.kind != "mask"}
    on_surface = choose_view(run) == SURFACE
    warn_unknown("map", list(maps))
    chosen = settle("map", list(maps))
    with st.container(horizontal=True, key="maps_screen", gap="small"):
        stage = st.container(key="maps_stage", width="stretch")
        dock = st.container(key="maps_dock", width=284, gap="small")
    with dock:
        if not on_surface:  # else the viewer offers them
            choose_map(maps)
        with st.container(horizontal=True, gap="xsmall"):
            masks = choose_masks(run)
            compare = choose_comparison(run, maps[chosen]) if on_surface else ""
            offer_turn(maps, chosen)
        show_counts(run, maps[chosen], masks, alone=compare == "subjects")
        if not (on_surface and show_card(run, masks.preset, chosen)):
            show_peaks(run, maps[chosen], masks, lead=on_surface)
    with stage:
        if on_surface:
            show_comparison(run, compare, maps, chosen, masks)
        else:
            show_volume(run, maps[chosen], masks)
    show_below(run, maps, chosen, masks)


show_page(
    "Where is cortex nonlinear?",
    "Colour = the map's value at each vertex (in runs of a volume, the mean of the voxels there)."
    " Grey = no data or hidden. Hover, drag, click.",
    show,
)
