"""Whether the encoder predicts: linear against nonlinear R²."""

from __future__ import annotations

import streamlit as st

from jne_engine.figures.comparisons import plot_correlations, plot_pairs
from jne_engine.queries import R2_UNIT, correlate
from jne_engine.store import Run
from pages.shared import cached
from pages.shared.figures import is_dark, show_figure, show_table
from pages.shared.widgets import choose, format_number, plain, show_page


def show(run: Run) -> None:
    """Show linear against nonlinear R² of one area, beside r of all areas."""
    table = cached.compare_r2(run)
    left, right = st.columns([3, 2], gap="large")
    with left:
        roi = choose("Region", "roi", list(table["name"]))
        _show_density(run, roi)
    with right:
        st.subheader("Do both encoders favour the same voxels?", anchor=False)
        show_figure(plot_correlations(table, dark=is_dark()), "r2-correlation", run.run_id,
                    alt="Pearson r of linear with nonlinear R² in each area")  # fmt: skip
        st.caption("Pearson r with its 95 % interval, taking voxels as independent.")
    row = table[table["name"] == roi].iloc[0]
    with st.container(horizontal=True, gap="medium"):
        st.metric("Mean R², linear", format_number(row["mean_r2_linear"]))
        st.metric("Mean R², nonlinear", format_number(row["mean_r2_nonlinear"]))
        st.metric("Pearson r", format_number(row["r"]), help=f"n = {row['n']:,} voxels.")
    show_table(table, "r2", run.run_id, label="R² and r of every area")
    _show_fits(run)


def _show_density(run: Run, roi: str) -> None:
    """Show one area's voxels, linear R² across and nonlinear R² up."""
    x, y = cached.read_pairs(run, "r2_linear", "r2_nonlinear", roi)
    labels = f"R² linear encoder ({R2_UNIT})", f"R² nonlinear encoder ({R2_UNIT})"
    figure = plot_pairs(x, y, correlate(x, y), labels=labels, identity=True, dark=is_dark())
    show_figure(figure, "r2", roi, run.run_id, alt=f"Linear against nonlinear R² in {roi}")
    st.caption(
        f"{plain(roi)}: significant voxels. Above the dashed line the nonlinear encoder predicts"
        " more of the test responses' variance."
    )


def _show_fits(run: Run) -> None:
    """Say how each encoder's training ended."""
    for encoder, fit in cached.read_fits(run).items():
        ended = "converged" if fit.get("converged") else "stopped before it converged"
        st.caption(
            f"{encoder.capitalize()} encoder: {ended}, weights of epoch {fit.get('best_epoch')},"
            f" {fit.get('n_parameters', 0):,} parameters."
        )


show_page(
    "Does the encoder predict?",
    "R² is the share of the test responses' variance that an encoder predicts. JNE means little"
    " where the nonlinear encoder predicts nothing, so such voxels are left out.",
    show,
)
