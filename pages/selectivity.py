"""Which images drive an area: stimuli, categories and places, each choice shown in all others."""

from __future__ import annotations

import streamlit as st

from jne_engine.store import Run
from pages.shared.selectivity import choose_view
from pages.shared.selectivity_brain import show_brain_of, show_ranking
from pages.shared.selectivity_embedding import show_embedding
from pages.shared.selectivity_figures import show_matrix, show_profile
from pages.shared.widgets import show_page


def show(run: Run) -> None:
    """Show brain and pictures, embedding and profile, then the matrix of all categories."""
    view = choose_view(run)
    left, right = st.columns([3, 2], gap="large")
    with left:
        show_brain_of(view)
    with right:
        show_ranking(view)
    left, right = st.columns([3, 2], gap="large")
    with left:
        show_embedding(view)
    with right:
        show_profile(view)
    show_matrix(view)


show_page(
    "Which images drive this area?",
    "JNE-SS is one stimulus's share of a voxel's nonlinearity: how far its Jacobian's deviation"
    " lies from the usual one. Choose images to see where; choose a place to see which images.",
    show,
)
