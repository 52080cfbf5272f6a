"""Where cortex is nonlinear: maps on both hemispheres."""

from __future__ import annotations

import streamlit as st

from jne_engine.figures.comparisons import plot_pairs
from jne_engine.store import Run
from pages.shared import cached
from pages.shared.brain import show_brain
from pages.shared.figures import is_dark, show_figure, show_table
from pages.shared.state import bind_value, read_selection
from pages.shared.widgets import choose, show_page

TRUTH = "truth_nonlinear_share"


def show(run: Run) -> None:
    """Show the brain under its controls, then how well truth is recovered."""
    maps = {info.name: info for info in cached.list_maps(run) if info.kind != "mask"}
    pick, limit, only, count = st.columns([3, 2, 2.4, 3], vertical_alignment="bottom")
    with pick:
        chosen = choose("Map", "map", list(maps), format_func=lambda name: maps[name].label)
    info = maps[chosen]
    with limit:
        st.number_input("Hide values below", step=0.01, format="%.3g", placeholder="nothing",
                        help="In a difference map: values nearer to 0.",
                        **bind_value("threshold"))  # fmt: skip
    with only:
        st.toggle("Significant only", **bind_value("significant"),
                  help="Voxels whose nonlinear encoder predicts better than chance,"
                  " after FDR correction.")  # fmt: skip
    selection = read_selection()
    shown, hidden = cached.count_shown(
        run, chosen, significant=selection.significant, threshold=selection.threshold
    )
    with count:
        st.caption(f"**{shown:,}** voxels shown, **{hidden:,}** hidden")
    show_brain(run, chosen)
    unit = f" Unit: {info.unit}." if info.unit else ""
    st.caption(f"**{info.label}.** {info.explanation}{unit}")
    if cached.correlate_with_truth(run) is not None:
        _show_truth(run, maps)


def _show_truth(run: Run, maps: dict) -> None:
    """Show estimates against the nonlinearity that the simulation planted."""
    st.subheader("Does the estimate recover what was planted?", anchor=False)
    recovery = cached.tabulate_recovery(run)
    measures = [name for name in recovery["measure"] if name in maps]
    left, right = st.columns([3, 2], gap="large")
    selected = read_selection().map
    measure = selected if selected in measures else "jne"
    found = cached.correlate_with_truth(run, measure)
    x, y = cached.read_pairs(run, TRUTH, measure)
    estimate, truth = maps[measure], maps[TRUTH]
    labels = f"{truth.label} ({truth.unit})", f"{estimate.label} ({estimate.unit})"
    with left:
        show_figure(
            plot_pairs(x, y, found, labels=labels, dark=is_dark()), "truth", measure, run.run_id,
            alt=f"{estimate.label} against the planted nonlinear share",
        )  # fmt: skip
    with right:
        st.caption(
            "Pearson r of each measure with the planted nonlinear share, over significant voxels."
            " The 95 % interval takes voxels as independent, which neighbours are not."
        )
        names = {name: info.label for name, info in maps.items()}
        st.dataframe(
            recovery.assign(measure=recovery["measure"].map(names)), hide_index=True,
            column_config={c: st.column_config.NumberColumn(format="%.3f")
                           for c in ("r", "low", "high")},
        )  # fmt: skip
        show_table(recovery, "recovery", run.run_id, label="As CSV")


show_page(
    "Where is cortex nonlinear?",
    "Each vertex shows one voxel's value; bare grey cortex has none, or it is hidden."
    " Hover to read values, drag to turn.",
    show,
)
