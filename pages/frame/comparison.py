"""Several runs at once: a study's, and those that stand beside the chosen one."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from jne_engine.analysis.listing import RunListing, find_nearest
from jne_engine.analysis.subjects import list_alike
from jne_engine.runs.folder import find_root
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.jobs import read_studies
from pages.frame.plain import name_apart
from pages.frame.state import Selection, bind_choice, bind_list, read, read_list, select, settle

ALL_RUNS = ""


def choose_study() -> None:
    """Show the choice of a study where there are any."""
    names = [ALL_RUNS, *_list_studies()]
    if len(names) > 1:
        st.selectbox(
            "Study",
            names,
            format_func=lambda name: name or "All runs",
            **bind_choice("study", names),
        )


def list_group(listing: RunListing) -> tuple[Run, ...]:
    """Return the finished runs of the chosen study, all of them where none is chosen.

    A study without a finished run offers all runs, so that no page is left empty.
    """
    studies = _list_studies()
    rows = studies.get(settle("study", [ALL_RUNS, *studies]), ())
    wanted = {row.run_id for row in rows}
    return tuple(run for run in listing.runs if run.run_id in wanted) or listing.runs


def choose_run(listing: RunListing) -> Run | None:
    """Return the selected run; where it is not there the nearest one, else the newest."""
    group = list_group(listing)
    if not group:
        return None
    wanted = read(Selection).run
    chosen = next((run for run in group if run.run_id == wanted), None)
    return chosen or find_nearest(group, wanted) or group[0]


def choose_beside(run: Run, *, most: int) -> None:
    """Show the choice of runs that stand beside the chosen one, where others are there."""
    others = _list_others(run)
    if others:
        names = name_runs([run, *others.values()])
        st.multiselect("Runs", list(others), max_selections=most, placeholder="nothing",
                       format_func=names.__getitem__,
                       **bind_list("beside", list(others), most))  # fmt: skip


def offer_beside(run: Run, *, most: int) -> None:
    """Offer in one click the runs that differ from the chosen one in subject, or in layer, only."""
    for label, runs in list_alike(run, list_group(cached.list_runs())).items():
        beside = ",".join(other.run_id for other in runs[:most])
        st.button(label, key=f"beside.{label}", on_click=select,
                  kwargs={"compare": "runs", "beside": beside}, width="stretch")  # fmt: skip


def read_beside(run: Run, *, most: int) -> tuple[Run, ...]:
    """Return the runs that stand beside the chosen one, in the order of their choice."""
    others = _list_others(run)
    return tuple(others[run_id] for run_id in read_list("beside", list(others))[:most])


def _list_others(run: Run) -> dict[str, Run]:
    return {r.run_id: r for r in list_group(cached.list_runs()) if r.run_id != run.run_id}


def name_run(run: Run) -> str:
    """Return a run's name as menus show it; what differs within a study comes first."""
    manifest = run.manifest
    return f"{manifest.subject} · layer {manifest.layer} · {manifest.name}"


def name_runs(runs: Iterable[Run]) -> dict[str, str]:
    """Return the name of each run by its id, no two alike."""
    return name_apart({run.run_id: name_run(run) for run in runs})


def _list_studies() -> dict:
    """Return every study's rows; no table is made for the question."""
    return dict(read_studies()) if find_root().is_dir() else {}
