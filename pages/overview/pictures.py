"""What a run shows at a glance: its brain, and the images that drive each kind of area most."""

from __future__ import annotations

import streamlit as st

from jne_engine.analysis import selectivity
from jne_engine.analysis.masks import Masks
from jne_engine.report.figures.gallery import render_gallery
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.cortex import show_cortex
from pages.frame.widgets import format_number, plain, show_missing

HEIGHT = 430
AREAS = ("EBA", "PPA", "FFA-1")
N_IMAGES = 8
IMAGES_HELP = "Highest JNE-SS over the area's significant voxels; below each, its value."


def show_small_brain(run: Run) -> None:
    """Show the run's first map on its brain."""
    chosen = cached.list_maps(run)[0].name
    masks = Masks(nonlinear="shares" if cached.has_nonlinearity(run) else "")
    scene = cached.read_masked_scene(run, (chosen,), masks)
    if scene is None:
        show_missing("This run's responses do not lie on a surface that can be drawn here.",
                     plain(cached.tell_why_bare(run)))  # fmt: skip
        return
    with st.container(key="overview_brain"):
        show_cortex(scene, key="overview", height=HEIGHT)


def show_top_images(run: Run) -> None:
    """Show the images with the highest JNE-SS in some areas, one column an area."""
    if not cached.has_pictures(run) or not selectivity.has_place_means(run):
        return
    means = cached.average_jne_ss(run)
    areas = [name for name in AREAS if name in means and means[name].notna().any()]
    for name, column in zip(areas, st.columns(len(areas)) if areas else (), strict=True):
        with column:
            top = selectivity.rank_stimuli(means[name], None).head(N_IMAGES)
            rows = tuple(int(row) for row in top["row"])
            captions = [format_number(value) for value in top["mean_jne_ss"]]
            st.markdown(f"**Images that drive {plain(name)} most**", help=IMAGES_HELP)
            st.html(render_gallery(cached.encode_pictures(run, rows), captions))
