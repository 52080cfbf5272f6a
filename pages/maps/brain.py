"""The brain of the page of maps: one map, other maps, other runs, a difference, or a mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from jne_engine.analysis.across import choose_subjects
from jne_engine.analysis.map_tables import tabulate_groups, tabulate_maps
from jne_engine.analysis.maps import OF_CEILING
from jne_engine.analysis.masks import Masks, without_threshold
from jne_engine.model.measures import Measure
from jne_engine.report.figures.tables import write_csv
from jne_engine.report.figures.template import name_file
from jne_engine.runs.store import Run
from jne_engine.viewer.scenes.maps import mark_vertices
from pages.frame import cached
from pages.frame.brain import show_brain
from pages.frame.comparison import name_run, read_beside
from pages.frame.marks import read_vertices
from pages.frame.pin import find_export
from pages.frame.ranges import format_vertices
from pages.frame.state import select
from pages.frame.widgets import plain, show_note
from pages.maps.controls import read_panes

Maps = dict[str, Measure]


def show_comparison(run: Run, compare: str, maps: Maps, chosen: str, masks: Masks) -> None:
    """Show the brain as a reader has asked for it, with what cannot be shown and why."""
    # The viewer applies the threshold, so that it can be moved both ways.
    shown = {"runs": _show_runs, "difference": _show_difference,
             "subjects": _show_subjects}.get(compare, _show_one)  # fmt: skip
    shown(run, maps, chosen, masks)


def _show_one(run: Run, maps: Maps, chosen: str, masks: Masks) -> None:
    """Show one map, and others beside it that a link names; the viewer offers all."""
    panes = read_panes(maps, chosen)
    _show(run, cached.read_masked_scene(run, panes, without_threshold(masks)), maps, chosen)
    _offer((run,), partial(tabulate_maps, run, panes, masks), *panes)


def _show_runs(run: Run, maps: Maps, chosen: str, masks: Masks) -> None:
    others = _choose_comparable(run, chosen, most=3)
    _show(
        run,
        cached.read_masked_scene(run, (chosen,), without_threshold(masks), others),
        maps,
        chosen,
    )
    for each in (run, *others):
        _offer((each,), partial(tabulate_maps, each, (chosen,), masks), chosen, of=name_run(each))
    if others:
        st.caption("One colour range for all runs to begin with; “Colours” in the viewer gives"
                   " each its own. One camera turns all.")  # fmt: skip


def _show_difference(run: Run, maps: Maps, chosen: str, masks: Masks) -> None:
    others = _choose_comparable(run, chosen, most=1)
    if not others:
        _show_one(run, maps, chosen, masks)
        return
    made = cached.subtract_runs(run, others[0], chosen, significant=masks.significant)
    scene = cached.read_difference_scene(run, others[0], chosen, masks)
    _show(run, scene, maps, chosen, follow=False)
    _offer((run, *others), partial(tabulate_groups, (made,)), chosen, "minus", others[0].run_id)
    st.caption(
        f"How computed: value of {plain(name_run(run))} − value of {plain(name_run(others[0]))} at"
        f" each vertex of both. n = {int(made.shown.sum()):,} vertices {made.shown_label}, of"
        f" {made.n_values:,} with a value in both. Other masks hide vertices of the two runs only."
    )


def _show_subjects(run: Run, maps: Maps, chosen: str, masks: Masks) -> None:
    others = _choose_comparable(run, chosen, most=7)
    subjects, doubles = choose_subjects((run, *others))
    for double in doubles:
        show_note(f"Left out, for its subject is there already: {name_run(double)}.")
    if len(subjects) < 2:
        show_note("A mean needs runs of two or more subjects: choose them above.")
        _show_one(run, maps, chosen, masks)
        return
    made = cached.average_subjects(subjects, chosen, significant=masks.significant)
    _show(run, cached.read_group_scene(subjects, chosen, masks), maps, chosen, follow=False)
    _offer(subjects, partial(tabulate_groups, made), chosen, "subjects")
    names = ", ".join(plain(subject.manifest.subject) for subject in subjects)
    st.caption(
        f"How computed: over {len(subjects)} subjects ({names}), every subject with a value at a"
        " vertex counts, significant or not; SD with n − 1; share = subjects in which it is"
        " significant ÷ subjects with a value. Only vertices where at least 2 subjects have data."
        f" n = {int(made[0].shown.sum()):,} vertices shown ({made[0].shown_label}), of"
        f" {made[0].n_values:,} with a mean. Other masks do not apply here."
    )


def _choose_comparable(run: Run, chosen: str, *, most: int) -> tuple[Run, ...]:
    """Show the choice of other runs; tell which cannot stand beside this one, and why."""
    others = read_beside(run, most=most)
    if not others:
        show_note("Pick a run to compare.")
    kept = []
    for other in others:
        reason = cached.explain_apart((run, other))
        if not reason and chosen not in {info.name for info in cached.list_maps(other)}:
            reason = f"{name_run(other)} has no such map."
        if reason:
            show_note(f"Not shown beside: {reason}")
        else:
            kept.append(other)
    _tell_apart(run, kept)
    return tuple(kept)


def _tell_apart(run: Run, others: Sequence[Run]) -> None:
    if not run.manifest.simulated and any(other.manifest.simulated for other in others):
        st.badge("SIMULATED runs stand beside", color="red", icon=":material/science:")
    made_of = {f"{r.manifest.feature_set}, layer {r.manifest.layer}" for r in (run, *others)}
    if len(made_of) > 1:
        show_note(f"These runs differ in their features: {'; '.join(sorted(made_of))}.")


def _show(run: Run, scene: Any, maps: Maps, chosen: str, *, follow: bool = True) -> None:
    if scene is not None:
        marked = {}
        if chosen in OF_CEILING:
            marked = cached.find_above_ceiling(run, chosen)
        scene = mark_vertices(scene, marked, read_vertices())
    show_brain(
        run, chosen, scene=scene, on_select=take_vertices,
        on_map=_take_map(maps) if follow else None,
    )  # fmt: skip


def _offer(runs: Sequence[Run], tabulate: Callable[[], Any], *names: str, of: str = "") -> None:
    """Offer what the brain shows as CSV: one row a vertex; made when asked for."""
    mark = ("SIMULATED",) if any(run.manifest.simulated for run in runs) else ()
    name = name_file("map", *mark, *names, runs[0].run_id)
    find_export().download_button(
        f"Values{' of ' + plain(of) if of else ''} as CSV", lambda: write_csv(tabulate()),
        file_name=f"{name}.csv", mime="text/csv", on_click="ignore", key=f"csv.{name}",
        icon=":material/download:",
        help="One row a voxel, hidden ones too, with its place and a column that tells which are"
        " shown.",
    )  # fmt: skip


def take_vertices(vertices: Any) -> None:
    """Keep the vertices that a reader has selected in the viewer."""
    select(vertices=format_vertices(vertices))


def _take_map(maps: Maps) -> Callable[[str], bool]:
    """Return what takes over the map of the viewer's first pane, whichever run's it is."""

    def take(name: str) -> bool:
        own = name.partition("@")[0]
        if own in maps:
            select(map=own)
        return own in maps

    return take
