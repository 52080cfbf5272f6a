"""The brain of some stimuli, and the pictures of some vertices: each choice changes the other."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from jne_engine.analysis import selectivity
from jne_engine.model.measures import JNE_SS_UNIT
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.cortex import VertexSelection, show_cortex
from pages.frame.figures import show_table
from pages.frame.offers import JobOffer, offer_job
from pages.frame.ranges import format_vertices
from pages.frame.state import bind_choice, read, select, settle
from pages.frame.widgets import format_number, plain, show_missing
from pages.selectivity.choices import StimulusChoices, View, choose_among, show_ways_back
from pages.selectivity.pictures import show_pictures

BRAIN = "selectivity_brain"
HEIGHT = 430
PICTURES_HEIGHT = 236
N_PICTURES = 24


def show_brain_of(view: View) -> None:
    """Show the mean JNE-SS map of the chosen stimuli; picked vertices become the place."""
    n = len(view.rows)
    how = (
        f"Significant voxels; {JNE_SS_UNIT}. How computed: per voxel, the mean over the stimuli of"
        " (s − μ)², with s the L1 size of a stimulus's Jacobian deviation and μ its mean over all"
        " test stimuli. Click a vertex, or draw around several, to rank the images for it."
    )
    st.markdown(f"**Mean JNE-SS of {plain(view.label)}** (n = {n:,})", help=how)
    if view.values is None:
        show_missing(
            "The mean map of these stimuli is not there yet.",
            "It takes reading most of this large run's JNE-SS, some seconds, and is then kept.",
        )
        offer_job(JobOffer.of(view.request, "Compute the map"))
        return
    scene = cached.read_stimulus_scene(
        view.run, f"{view.label} (n = {n:,})", view.rows, view.vertices, view.values
    )
    if scene is None:
        show_missing(
            "This run's responses do not lie on a surface that can be drawn here.",
            "Choose a region above; to add a surface, see “Surfaces” in docs/datasets.md.",
        )
        return
    with st.container(key="stimuli_brain_box"):
        show_cortex(scene, key=BRAIN, height=HEIGHT, on_select=_take_vertices)


def _take_vertices(vertices: VertexSelection) -> None:
    select(vertices=format_vertices(vertices))


def show_ranking(view: View) -> None:
    """Show the stimuli by their JNE-SS in the chosen place; a picture shows its own map."""
    how = (
        f"Highest first. Below each: JNE-SS, {JNE_SS_UNIT}, mean over the place's significant"
        " voxels. Press a picture to see its map."
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**Pictures by JNE-SS in {plain(view.place)}**", width="stretch", help=how)
        show_ways_back(view)
        only = choose_among()
    rows = _rows_to_rank(view) if only else None
    ranking = selectivity.rank_stimuli(view.at_place, view.grouping, rows)
    top = ranking.head(N_PICTURES)
    if not cached.has_pictures(view.run):
        show_missing("This run has no pictures.", "Choose a stimulus by its name.")
        _choose_by_name(view, list(ranking["stimulus"]))
    else:
        with st.container(height=PICTURES_HEIGHT, border=False, key="pictures_box"):
            show_pictures(
                _describe(view.run, top),
                key="pictures",
                on_choose=partial(toggle_stimulus, tuple(view.stimuli)),
            )


def show_ranking_table(view: View) -> None:
    """Offer the whole ranking of the chosen place as a table."""
    only = settle("among", ["all", "shown"]) == "shown"
    rows = _rows_to_rank(view) if only else None
    ranking = selectivity.rank_stimuli(view.at_place, view.grouping, rows)
    show_table(ranking, "ranking", view.place, "shown" if only else "all", view.run.run_id,
               label=f"All images by JNE-SS in {plain(view.place)}")  # fmt: skip


def _rows_to_rank(view: View) -> Any:
    """Return the stimuli on the brain; of a single one, its whole category."""
    if len(view.rows) > 1 or view.grouping is None or view.category is None:
        return list(view.rows)
    return view.grouping.member(view.category)


def _describe(run: Run, top: Any) -> list[dict[str, Any]]:
    rows = tuple(int(row) for row in top["row"])
    chosen = read(StimulusChoices).stimulus
    sources = cached.encode_pictures(run, rows)
    listed = zip(rows, sources, top["stimulus"], top["category"], top["mean_jne_ss"], strict=True)
    return [
        {
            "row": row,
            "source": source,
            "caption": format_number(value),
            "alt": f"{stimulus}{', ' if label else ''}{label}: JNE-SS {format_number(value)}",
            "pressed": stimulus == chosen,
        }
        for row, source, stimulus, label, value in listed
    ]


def toggle_stimulus(stimuli: tuple[str, ...], row: int) -> None:
    """Show a picture's own map; pressed again, the category's."""
    if 0 <= row < len(stimuli):
        wanted = stimuli[row]
        select(stimulus="" if read(StimulusChoices).stimulus == wanted else wanted, picked="")


def _choose_by_name(view: View, ranked: list[str]) -> None:
    options = ["", *ranked]
    st.selectbox(
        "Stimulus on the brain",
        options,
        **bind_choice("stimulus", options),
        format_func=lambda name: name or f"none: {view.label}",
    )
