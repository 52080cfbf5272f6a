"""Whether the encoder predicts: linear against nonlinear R²."""

from __future__ import annotations

import streamlit as st

from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.widgets import choose, plain, show_note, show_page
from pages.models.figures import list_pairs, show_all_areas, show_pair


def show(run: Run) -> None:
    """Show two measures of every voxel beside the brain, then all areas, then how fits ended."""
    pairs = list_pairs(run)
    with st.container(horizontal=True, gap="small"):
        name = choose("Measures", "pair", list(pairs), format_func=pairs.__getitem__,
                      label_visibility="collapsed", width=280)  # fmt: skip
        roi = choose("Region", "roi", list(cached.compare_r2(run)["name"]),
                     label_visibility="collapsed", width=200)  # fmt: skip
    if "ceiling" not in pairs:
        show_note("This run knows no noise ceiling: import single presentations to have one.")
    show_pair(run, name, roi)
    show_all_areas(run)
    _show_fits(run)


def _show_fits(run: Run) -> None:
    for encoder, fit in cached.read_fits(run).items():
        ended = "converged" if fit["converged"] else "stopped before it converged"
        origin = f"{ended}, weights of epoch {fit['best_epoch']}"
        if fit["best_epoch"] is None:
            origin = f"trained elsewhere ({plain(fit['source'])})"
        st.caption(
            f"{encoder.capitalize()} encoder: {origin}, {fit['n_parameters']:,} parameters."
            " Learning curves are on Overview."
        )


show_page(
    "Does the encoder predict?",
    "R² is the share of the test responses' variance that an encoder predicts. JNE means little"
    " where the nonlinear encoder predicts nothing, so such voxels are left out.",
    show,
)
