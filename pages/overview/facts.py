"""What a run says in figures: the answer first, the key figures, and where all of it comes from."""

from __future__ import annotations

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from jne_engine.analysis.claims.verdicts import CLAIM_PARTS, VERDICTS
from jne_engine.analysis.nonlinearity import LATER, tell_nonlinearity
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.comparison import list_group
from pages.frame.widgets import format_number, plain, show_missing

ANSWER = (
    "Predictable: significant after FDR correction. Nonlinear share: how much of what is predicted"
    " on the test stimuli no linear map of these features predicts; median over all predictable"
    " voxels that have one, with its 95 % bootstrap interval, which takes voxels as independent."
)


def show_answer(run: Run) -> None:
    """Say first which voxels are nonlinear and how much, or how to get to know it."""
    found = cached.summarise_nonlinearity(run)
    if found is None:
        show_missing("Which voxels are nonlinear is not known here.", LATER)
        return
    st.markdown(f"#### {plain(tell_nonlinearity(found))}", help=ANSWER)


def show_key_figures(run: Run, summary: dict) -> None:
    """Show how many voxels are predicted, how well, and how JNE follows what was planted."""
    counts, found = summary["counts"], cached.correlate_with_truth(run)
    brain = cached.compare_r2(run).iloc[0]
    share = f"Fraction of variance; mean over {brain['n']:,} significant voxels."
    significant = f"{counts['n_significant']:,} of {counts['n_voxels']:,}"
    invalid = f"{counts['n_invalid']:,} voxels are invalid: constant or not finite."
    with st.container(horizontal=True, gap="medium"):
        st.metric("Significant voxels", significant, help=invalid)
        st.metric("R² nonlinear", format_number(brain["mean_r2_nonlinear"]), help=share)
        st.metric("R² linear", format_number(brain["mean_r2_linear"]), help=share)
        if found is not None:
            limits = f"{found.n:,} significant voxels, 95 % [{found.low:.2f}, {found.high:.2f}]."
            st.metric("r (JNE, planted)", format_number(found.r), help=f"Pearson; {limits}")


def show_findings(run: Run) -> None:
    """Say how many of the paper's findings hold in this run, and lead to them."""
    others, found = list_group(cached.list_runs()), {}
    for part in CLAIM_PARTS:
        found |= cached.gather_claims(run, part, others)
    counts = cached.tabulate_claims(run, found)["verdict"].value_counts()
    said = ", ".join(f"{verdict} {counts.get(verdict, 0)}" for verdict in VERDICTS)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**The paper's findings here:** {said}", width="content")
        try:
            st.page_link("pages/claims.py", label="See each", icon=":material/arrow_forward:",
                         query_params={"run": run.run_id})  # fmt: skip
        except StreamlitPageNotFoundError:  # this page runs alone, without its neighbours
            return


def show_provenance(summary: dict) -> None:
    """Say where the data come from and how the run was made."""
    with st.expander("Provenance: data, choices, timings, versions"):
        st.markdown(plain(summary["source"]))
        for line in (*summary["warnings"], *summary["notes"]):
            st.caption(plain(line))
        if summary["preset"] is not None:
            st.caption(f"ROIs: {plain(summary['preset']['source'])}")
        st.json({k: summary[k] for k in ("counts", "spec", "timings_s", "versions")}, expanded=1)
