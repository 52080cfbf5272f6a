"""How well a simulated run recovers what was planted in it."""

from __future__ import annotations

import streamlit as st

from jne_engine.model.measures import Measure
from jne_engine.report.figures.comparisons import plot_pairs
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.assets import is_dark
from pages.frame.figures import show_result, show_table

TRUTH = "truth_nonlinear_share"


def show_truth(run: Run, maps: dict[str, Measure], chosen: str) -> None:
    """Show estimates against the nonlinearity that the simulation planted, where it is known."""
    if cached.correlate_with_truth(run) is None:
        return
    st.subheader("Does the estimate recover what was planted?", anchor=False)
    recovery = cached.tabulate_recovery(run)
    measures = [name for name in recovery["measure"] if name in maps]
    measure = chosen if chosen in measures else "jne"
    left, right = st.columns([3, 2], gap="large")
    with left:
        _show_pairs(run, maps[measure], maps[TRUTH])
    with right:
        names = {name: info.label for name, info in maps.items()}
        st.dataframe(
            recovery.assign(measure=recovery["measure"].map(names)), hide_index=True,
            column_config={c: st.column_config.NumberColumn(format="%.3f")
                           for c in ("r", "low", "high")},
        )  # fmt: skip
        st.caption(
            "Pearson r of each measure with the planted nonlinear share, over significant voxels."
            " The 95 % interval takes voxels as independent, which neighbours are not."
        )
        show_table(recovery, "recovery", run.run_id, label="Table")


def _show_pairs(run: Run, estimate: Measure, truth: Measure) -> None:
    found = cached.correlate_with_truth(run, estimate.name)
    pairs = cached.tabulate_pairs(run, TRUTH, estimate.name)
    labels = truth.axis, estimate.axis
    x, y = pairs[TRUTH].to_numpy(), pairs[estimate.name].to_numpy()
    show_result(
        plot_pairs(x, y, found, labels=labels, dark=is_dark()), pairs, "truth",
        estimate.name, run.run_id,
        title=f"{estimate.label} against the planted nonlinear share, {len(pairs):,} voxels",
        how="one point, or a share of a cell, for each significant voxel; r is Pearson's.",
        alt=f"{estimate.label} against the planted nonlinear share",
    )  # fmt: skip
