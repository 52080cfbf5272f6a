"""The same data again: whether another seed, half or pairing gives the same answer."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from jne_engine.analysis.stability import list_again
from jne_engine.datasets.changed import split_name
from jne_engine.jobs.kinds.stability import request_stability
from jne_engine.model.measures import STABLE, Measure, name_stability
from jne_engine.report.figures.stability import plot_stability
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.assets import is_dark
from pages.frame.comparison import list_group
from pages.frame.figures import show_result
from pages.frame.offers import JobOffer, offer_job
from pages.frame.state import Selection, read
from pages.frame.widgets import plain, show_missing, show_note

_COMMAND = """python -m jne_engine run DATASET --seed 1
python -m jne_engine run DATASET --change "first half"
python -m jne_engine run DATASET --change "second half"
python -m jne_engine run DATASET --change "pairing shuffled"
python -m jne_engine run DATASET --change "V1 alone\""""


def _offer_maps(runs: Sequence[Run], info: Measure) -> None:
    """Offer to keep as maps what the runs say together, or say that it is kept."""
    ordered = sorted(runs, key=lambda run: (split_name(run.manifest.name)[1], run.run_id))
    whole = [run for run in ordered if not split_name(run.manifest.name)[1]]
    if len(whole) < 2:
        return
    if kept := cached.explain_stability(whole[0], name_stability(info.name)["mean"], ordered):
        show_note(f"Kept as maps, on Cortical maps and in exports. {kept}")
    spec = request_stability([run.path for run in ordered], info.name,
                             label=f"stability, {info.label}, {len(runs)} runs")  # fmt: skip
    offer_job(JobOffer.of(spec, "Keep as maps again" if kept else "Keep as maps"))


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
    if info.name in STABLE:
        _offer_maps(runs, info)
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
