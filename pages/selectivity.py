"""Which images drive an area: stimuli, categories and places, each choice shown in all others."""

from __future__ import annotations

import streamlit as st

from jne_engine.analysis import selectivity
from jne_engine.jobs.kinds.means import request_means
from jne_engine.runs.store import Run
from pages.frame.offers import JobOffer, offer_job
from pages.frame.widgets import show_missing, show_page
from pages.selectivity.bends import show_bends
from pages.selectivity.brain import show_brain_of, show_ranking, show_ranking_table
from pages.selectivity.choices import choose_view
from pages.selectivity.embedding import show_clusters, show_embedding, show_saved
from pages.selectivity.figures import show_leaders, show_matrix, show_profile


def show(run: Run) -> None:
    """Show brain, pictures, embedding and matrix on one screen, what they sum up to below."""
    if not selectivity.has_place_means(run):
        show_missing(
            "This large run was stored before runs kept the stimuli's means in each region.",
            "It takes reading all of its JNE-SS, some seconds, once.",
        )
        offer_job(JobOffer.of(request_means(run.path), "Compute the means"))
        return
    view = choose_view(run)
    left, right = st.columns(2, gap="small")
    with left, st.container(key="sel_stage"):
        show_brain_of(view)
    with right:
        show_ranking(view)
        points, matrix = st.columns(2, gap="small")
        with points:
            show_embedding(view)
        with matrix:
            show_matrix(view)
    show_saved(view)
    show_profile(view)
    show_leaders(view)
    show_bends(view)
    show_ranking_table(view)
    show_clusters(view)


show_page(
    "Which images drive this area?",
    "JNE-SS is one stimulus's share of a voxel's nonlinearity: how far its Jacobian's deviation"
    " lies from the usual one. Choose images to see where; choose a place to see which images.",
    show,
)
