"""The same data again: whether another seed, half or pairing gives the same answer."""

from __future__ import annotations

import streamlit as st

from jne_engine.analysis.stability import list_again
from jne_engine.model.measures import Measure
from jne_engine.report.figures.stability import plot_stability
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.assets import is_dark
from pages.frame.comparison import list_group
from pages.frame.figures import show_result
from pages.frame.state import Selection, read
from pages.frame.widgets import plain, show_missing

_COMMAND = """python -m jne_engine run DATASET --seed 1
python -m jne_engine run DATASET --change "first half"
python -m jne_engine run DATASET --change "second half"
python -m jne_engine run DATASET --change "pairing shuffled"
python -m jne_engine run DATASET --change "V1 alone\""""


def show_stability(run: Run, info: Measure) -> None:
    """Show a measure of the chosen run's data over all runs of it, or how to get more of them."""
    st.subheader("Does it hold again?", anchor=False)
    others = [r for r in list_group(cached.list_runs()) if r.run_id != run.run_id]
    runs = list_again(run, others)
    if len(runs) < 2:
        show_missing(
            "No other run of this data yet.",
            "Start others with another seed on Data & runs; halves, shuffled pairings (the floor)"
            " and areas fitted alone by the command line:",
        )
        st.code(_COMMAND, language=None)
        return
    found = cached.measure_stability(runs, info.name, significant=read(Selection).significant)
    known = found.areas.dropna(axis="columns", how="all")
    show_result(
        plot_stability(found, info, dark=is_dark()), known, "stability", info.name, run.run_id,
        title=f"{plain(info.label)} over {len(runs)} runs of the same data",
        how="mean over an area's voxels, mean over seeds with a 95 % t interval over seeds; icc and"
        " icc_of_mean: ICC(2,1) and ICC(2,k) of seeds over voxels; half_reliability: r of the two"
        " halves of the stimuli, extrapolated to the whole (Spearman and Brown); company: mean in"
        " the whole brain less that of the area fitted alone.",
        alt=f"{info.label} of each area over runs of the same data",
    )  # fmt: skip
