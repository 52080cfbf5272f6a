"""Which images drive an area: JNE-SS by category and by picture."""

from __future__ import annotations

from typing import Any

import streamlit as st

from jne_engine import queries
from jne_engine.figures.selectivity import plot_category_matrix, plot_category_means
from jne_engine.store import Run
from pages.shared import cached
from pages.shared.figures import is_dark, show_figure, show_table
from pages.shared.widgets import choose, plain, show_missing, show_page

UNIT = "(Δresponse / Δfeature)²"
SCALES = {"normalised": "0–1 within each ROI", "raw": "Raw"}
N_PICTURES = 24


def show(run: Run) -> None:
    """Show the category matrix beside the pictures of one category, then one ROI's means."""
    means, categories = cached.average_jne_ss(run), cached.read_categories(run)
    places = cached.list_places(run)
    if categories is None:
        show_missing("This run's stimuli have no categories.", "Showing all of them together.")
    matrix = None if categories is None else queries.average_by_category(means, categories)
    boxes = st.columns(3)
    with boxes[0]:
        roi = choose("Region", "roi", places, default="FFA-1" if "FFA-1" in places else None)
    category = None
    if matrix is not None:
        with boxes[1]:
            best = str(matrix[roi].idxmax()) if matrix[roi].notna().any() else None
            category = choose("Category", "category", list(matrix.index), default=best)
        with boxes[2]:
            scale = choose("Colours", "scale", list(SCALES), format_func=SCALES.__getitem__)
    left, right = st.columns([3, 2], gap="large")
    if matrix is not None:
        with left:
            _show_matrix(run, matrix, scale, (category, roi))
            table = queries.tabulate_category_means(means, categories, roi)
            figure = plot_category_means(table, unit=UNIT, dark=is_dark())
            show_figure(figure, "category-means", roi, alt=f"JNE-SS of each category in {roi}")
            st.caption(f"{plain(roi)}: mean JNE-SS with 95 % intervals over stimuli.")
            show_table(table, "category-means", roi)
    with right:
        _show_pictures(run, queries.rank_stimuli(means, categories, roi, category), roi, category)


def _show_matrix(run: Run, matrix: Any, scale: str, chosen: tuple) -> None:
    """Show mean JNE-SS of categories (rows) in ROIs (columns)."""
    shown = queries.normalise_columns(matrix) if scale == "normalised" else matrix
    unit = "0–1" if scale == "normalised" else UNIT
    figure = plot_category_matrix(
        shown, label="Mean JNE-SS", unit=unit, chosen=chosen, dark=is_dark()
    )
    show_figure(figure, "selectivity", scale, alt="Mean JNE-SS of each category in each region")
    show_table(shown, "selectivity", scale, run.run_id)


def _show_pictures(run: Run, ranking: Any, roi: str, category: str | None) -> None:
    """Show the pictures that carry most of a region's JNE-SS."""
    top = ranking.head(N_PICTURES)
    st.markdown(f"**{plain(category or 'All stimuli')}** by JNE-SS in **{plain(roi)}**")
    captions = tuple(f"{value:.3g}" for value in top["mean_jne_ss"])
    pictures = cached.render_pictures(run, tuple(int(row) for row in top["row"]), captions)
    if pictures is None:
        show_missing("This run has no pictures.", "The table names the stimuli.")
    else:
        with st.container(height=420, border=False):
            st.html(pictures)
        st.caption(f"Highest first; {len(top)} of {len(ranking):,}. Below each: JNE-SS, {UNIT}.")
    show_table(ranking, "ranking", roi, category or "all")


show_page(
    "Which images drive this area?",
    "JNE-SS is one stimulus's share of an area's nonlinearity: how far its Jacobian's deviation"
    " lies from the usual one. Means are over an area's significant voxels.",
    show,
)
