"""Categories against places: one place's profile, the matrix of all, and what leads where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from jne_engine.analysis import selectivity, selectivity_index
from jne_engine.analysis.selectivity_index import N_PERMUTATIONS, N_RESAMPLES
from jne_engine.model.measures import JNE_SS_UNIT
from jne_engine.report.figures.selectivity import plot_category_matrix, plot_category_means
from jne_engine.runs.grouping import Grouping
from pages.frame import cached
from pages.frame.assets import is_dark
from pages.frame.figures import show_result
from pages.frame.state import select, settle
from pages.frame.widgets import plain, show_missing
from pages.selectivity.choices import SCALES, View

LEADER_NUMBERS = {"index": "index", "low": "low", "high": "high", "runner_up_index": "its index"}
LEVEL = 0.05
HEIGHT = 250
MOM = "MoM(c, r) = mean over the stimuli of c, and the significant voxels of r, of JNE-SS"


def show_profile(view: View) -> None:
    """Show the chosen place's mean JNE-SS of each category."""
    if view.grouping is None:
        return
    table = selectivity.tabulate_category_means(view.at_place, view.grouping)
    show_result(
        plot_category_means(table, unit=JNE_SS_UNIT, dark=is_dark()),
        table, "category-means", view.grouping.name, view.place, view.run.run_id,
        title=f"Categories by mean JNE-SS in {plain(view.place)}",
        how="mean over a category's stimuli; the bar is Student's 95 % interval over stimuli,"
        " mean ± t · s/√n.",
        alt=f"Mean JNE-SS of each category in {view.place}",
    )  # fmt: skip


def show_matrix(view: View) -> None:
    """Show categories against regions, and which category leads which region."""
    if view.grouping is None:
        show_missing(
            "This run's stimuli have no categories.",
            "Use the clusters of an embedding, or save sets of stimuli that you draw in it.",
        )
        return
    tested = cached.test_selectivity(view.run, view.grouping)
    scale = settle("scale", list(SCALES))
    table, drawn, how = _choose_matrix(view, view.grouping, tested, scale)
    chosen = (view.category or "", view.roi)
    show_result(
        plot_category_matrix(table, chosen=chosen, dark=is_dark(), height=HEIGHT, **drawn),
        table, "selectivity", scale, view.grouping.name, view.run.run_id,
        title="Categories × regions",
        how=f"{how} {view.grouping.how} Click a cell to choose both.",
        alt="Categories in rows, regions in columns",
        on_points=_take_cell(list(table.index), list(table.columns)), compact=True,
    )  # fmt: skip


def _take_cell(categories: list[str], regions: list[str]) -> Callable[[list[dict[str, Any]]], None]:
    """Return what chooses the category and the region of a clicked cell."""

    def take(points: list[dict[str, Any]]) -> None:
        if points:
            row, column = map(int, str(points[0]["customdata"]).split(","))
            select(category=categories[row], roi=regions[column], side="")

    return take


def _choose_matrix(
    view: View, grouping: Grouping, tested: Any, scale: str
) -> tuple[Any, dict[str, Any], str]:
    """Return the numbers to draw, how to draw them, and how they were computed."""
    matrix = selectivity.average_by_category(view.means, grouping)
    if scale == "index":
        index = tested.pivot(index="category", columns="place", values="index")
        q = tested.pivot(index="category", columns="place", values="q")
        places = list(matrix.index), list(matrix.columns)
        how = (
            "index = (inside − outside) / (inside + outside), of the mean JNE-SS of a category's"
            " stimuli and of all others. ★: q < .05, one-sided, labels shuffled"
            f" {N_PERMUTATIONS:,} times, Benjamini–Hochberg over all cells."
        )
        starred = q.loc[places] < LEVEL
        drawn = {"label": "Selectivity index", "unit": "−1 to 1", "centred": True}
        return index.loc[places], {**drawn, "starred": starred}, how
    if scale == "raw":
        return matrix, {"label": "Mean JNE-SS", "unit": JNE_SS_UNIT}, f"{MOM}."
    stretched = selectivity.normalise_columns(matrix)
    how = f"{MOM}; each column stretched, (x − min) / (max − min)."
    return stretched, {"label": "Mean JNE-SS", "unit": "0–1 within each ROI"}, how


def show_leaders(view: View) -> None:
    """Show which category leads which region, tested."""
    if view.grouping is None:
        return
    tested = cached.test_selectivity(view.run, view.grouping)
    leaders = selectivity_index.tabulate_leading_categories(tested)
    st.markdown("**Which category leads each region?**")
    number = st.column_config.NumberColumn
    formats: dict[str, Any] = {n: number(t, format="%.2f") for n, t in LEADER_NUMBERS.items()}
    formats |= {n: number(format="%.4f") for n in ("p", "q")}
    formats |= {"place": "region", "n_stimuli": "stimuli", "runner_up": "runner-up"}
    st.dataframe(leaders, hide_index=True, column_config=formats, key="leaders",
                 height=39 + 35 * len(leaders))  # fmt: skip
    st.caption(
        "How computed: the category with the largest selectivity index; low and high are its 95 %"
        f" interval over {N_RESAMPLES} resamples of the stimuli; q is of the permutation"
        " test that the index is above 0."
    )
    found = None
    if view.grouping.name == "labels:category":
        found = cached.rank_planted(view.run, view.grouping)
    if found is not None and len(found):
        st.caption(f"SIMULATED truth: in {len(found):,} significant voxels with a planted category,"
                   f" {found['agreement'].mean():.0%} of the other categories lie below it"
                   " (by chance 50 %).")  # fmt: skip
