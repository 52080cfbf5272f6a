"""Whether the paper's findings hold in the chosen run: each with its numbers and a verdict."""

from __future__ import annotations

import streamlit as st

from jne_engine.runs.store import Run
from pages.claims.rows import list_gathered, show_findings, show_summary
from pages.frame.figures import show_table
from pages.frame.widgets import show_page


def show(run: Run) -> None:
    """Show each statement with what this run says of it, failures first."""
    table, found = list_gathered(run)
    show_summary(table)
    show_findings(run, table, found)
    st.caption(
        "How judged: a test holds where its direction is as claimed and q < 0.05, q by"
        " Benjamini–Hochberg over all claims of this table that have a p; a claim without a test"
        " holds where its number reaches the limit in its statement. Nothing holds on JNE alone"
        " where the nonlinear share says otherwise, nor where the mean R² is below 0. It does not"
        " hold where the data speak against it, by the whole interval where there is one; anything"
        " else is “cannot tell”. p of voxels takes neighbours as independent, which they are not:"
        " the spin test does without. Where a claim is about several places or steps, the weakest"
        " counts, with the largest p."
    )
    show_table(table, "claims", run.run_id, label="Table with every number")


show_page(
    "Do the paper's findings hold here?",
    "Each statement of Gao et al. (arXiv 2510.13688), and a few that its readers ask, beside what"
    " this run says. Measures and limits are this project's where the paper gives none.",
    show,
)
