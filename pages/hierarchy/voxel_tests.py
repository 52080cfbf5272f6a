"""The hierarchy page's tests over voxels: the trend over tiers, and who exceeds whom."""

from __future__ import annotations

from typing import Any

import streamlit as st

from jne_engine.report.figures.hierarchy import plot_significance
from jne_engine.report.figures.template import format_p
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.assets import is_dark
from pages.frame.figures import show_result, show_table
from pages.frame.widgets import show_note
from pages.hierarchy.areas import PLACES, View

ROWS = {"all voxels": "All voxels", "matched on R²": "Voxels of equal R²"}


def show_trend(run: Run, view: View) -> None:
    """Say in words whether the measure rises from tier to tier."""
    table = cached.tabulate_trends(run, view.info.name, significant_only=view.significant)
    st.markdown(f"**Does {view.info.label} rise from tier to tier?**")
    if table.empty:
        show_note("Fewer than two tiers hold voxels here, so that there is no trend to test.")
        return
    for row in table.itertuples():
        if view.matched or row.comparison == "all voxels":
            st.markdown(_tell(row))
    if view.matched and len(table) < 2:
        show_note("The tiers share no range of R², so that none can be matched.")
    st.caption(
        "How computed: Jonckheere–Terpstra, one-sided, J = number of pairs of voxels of two tiers"
        " in which the higher tier's is larger (ties count half); z by the tie-corrected normal"
        " approximation, q by Benjamini–Hochberg over the two comparisons. The effect is J over all"
        " pairs; 0.5 means no trend. Assumes independent voxels; the spin test below does not."
    )
    show_table(table, "trend", *view.names, run.run_id)


def _tell(row: Any) -> str:
    verdict = "rises" if row.q < 0.05 else "no rise shown"
    draws = f", averaged over {row.n_draws} draws" if row.n_draws > 1 else ""
    return (
        f"{ROWS[row.comparison]}: **{verdict}**. A voxel of a higher tier exceeds one of a lower"
        f" tier with probability **{row.effect:.3f}** [{row.low:.3f}, {row.high:.3f}];"
        f" J = {row.j:,.0f}, z = {row.z:.1f}, {format_p(row.p)}, {format_p(row.q, 'q')},"
        f" n = {row.n:,} voxels{draws}."
    )


def show_pairs(run: Run, view: View) -> None:
    """Show the significance matrix, and beside it the one of matched voxels."""
    if not view.matched:
        _show_matrix(run, view, matched=False)
        return
    left, right = st.columns(2)
    with left:
        _show_matrix(run, view, matched=False)
    with right:
        _show_matrix(run, view, matched=True)
    matching = cached.tabulate_group_matching(
        run, view.info.name, view.by, significant=view.significant
    )
    st.caption(
        "How matched: the groups' common range of nonlinear R² is cut into 20 bins; from each bin"
        " every group gives as many voxels as the smallest has there, drawn without replacement,"
        " 20 times; effects and z are averaged, p comes from the mean z."
    )
    show_table(matching, "matching", *view.names, run.run_id, label="What was matched")


def _show_matrix(run: Run, view: View, *, matched: bool) -> None:
    pairs = cached.tabulate_pairwise(
        run, view.info.name, view.by, matched=matched, significant_only=view.significant
    )
    which = "voxels of equal R²" if matched else view.voxels
    if pairs.empty or not pairs["p"].notna().any():
        show_note(f"Nothing can be compared over {which}: two groups with voxels are needed.")
        return
    names = list(dict.fromkeys(pairs["first"]))
    n = f"n = {pairs['n_first'].iloc[0]:,} in each" if matched else f"{len(pairs)} tests"
    show_result(
        plot_significance(pairs, names, dark=is_dark()),
        pairs, "pairs", "matched" if matched else "raw", *view.names, run.run_id,
        title=f"Which area is higher? (row > column, q < .05; {which}, {n})",
        how="1 where the row's group exceeds the column's, q < 0.05: one-sided Mann–Whitney,"
        " Benjamini–Hochberg over all pairs. Effect on hover: U / (n₁ n₂), the probability that a"
        " voxel of the row exceeds one of the column, with DeLong's 95 % interval.",
        alt=f"Significance matrix of {view.info.label} between {PLACES[view.by]}",
    )  # fmt: skip
