"""Where cortex is nonlinear: maps on both hemispheres."""

from __future__ import annotations

import streamlit as st

from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.widgets import choose, show_page
from pages.maps.brain import show_comparison
from pages.maps.card import show_card
from pages.maps.controls import (
    choose_comparison,
    choose_masks,
    explain_map,
    offer_turn,
    show_counts,
    show_mask_table,
)
from pages.maps.truth import show_truth
from pages.maps.volume import SURFACE, choose_view, show_volume


def show(run: Run) -> None:
    """Show the brain, or the volume, under its controls, a card, and recovery of truth."""
    maps = {info.name: info for info in cached.list_maps(run) if info.kind != "mask"}
    on_surface = choose_view(run) == SURFACE
    pick, turn, beside, hide = st.columns([4, 2, 3, 3], vertical_alignment="bottom")
    with pick:
        chosen = choose("Map", "map", list(maps), format_func=lambda name: maps[name].label)
    with turn:
        offer_turn(maps, chosen)
    with beside:
        compare = choose_comparison(maps[chosen]) if on_surface else ""
    with hide:
        masks = choose_masks(run)
    show_counts(run, maps[chosen], masks, alone=compare == "subjects")
    if on_surface:
        show_comparison(run, compare, maps, chosen, masks)
    else:
        show_volume(run, maps[chosen], masks)
    explain_map(run, maps[chosen])
    show_mask_table(run, maps[chosen], masks)
    if on_surface:
        show_card(run, masks.preset)
    show_truth(run, maps, chosen)


show_page(
    "Where is cortex nonlinear?",
    "Coloured cortex shows a voxel's own value or, in runs of a volume, the mean of the voxels"
    " there; bare grey has none, or it is hidden."
    " Hover to read values, drag to turn, click for a vertex's card.",
    show,
)
