"""What the selectivity page shows: which stimuli on the brain, and ranked for which place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from jne_engine.analysis import selectivity, stimulus_maps
from jne_engine.analysis.groupings import list_groupings, read_grouping
from jne_engine.jobs.kinds.means import request_means
from jne_engine.jobs.records import JobSpec
from jne_engine.runs.grouping import Grouping
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.ranges import parse_rows, parse_vertices
from pages.frame.state import (
    Selection,
    bind_list,
    declares,
    is_unknown,
    read,
    read_list,
    select,
    setting_aside,
    settle,
)
from pages.frame.widgets import choose, plain, show_missing, show_note

SCALES = {"normalised": "Scale each column 0–1", "raw": "Mean JNE-SS", "index": "Selectivity index"}
SIDES = {"": "L+R", "left": "L", "right": "R"}
FAVOURITE = "FFA-1"


@declares
@dataclass(frozen=True)
class StimulusChoices:
    """What a reader chooses on this page only.

    Parameters
    ----------
    scale : str
        ``"raw"``, ``"normalised"`` or ``"index"``: what the category matrix shows.
    grouping, category, stimulus, picked : str
        How stimuli are grouped; one group; the id of one stimulus; rows of several, as
        ``"0-5,9"``. Several stand before one, and one before the category.
    among : str
        ``"all"`` or ``"shown"``: which pictures are ranked.
    side : str
        ``"left"`` or ``"right"``: of the regions only this hemisphere; both where empty.
    """

    scale: str = "normalised"
    grouping: str = setting_aside("category", "stimulus", "picked")
    category: str = setting_aside("stimulus", "picked")
    stimulus: str = setting_aside("picked")
    picked: str = ""
    among: str = ""
    side: str = setting_aside("vertices")


@dataclass(frozen=True)
class View:
    """What is chosen on the page.

    Parameters
    ----------
    run : Run
    means : pandas.DataFrame
        JNE-SS of each stimulus in each region.
    grouping : Grouping or None
        Categories of the stimuli, None where the run has none.
    category : str or None
        The chosen one.
    label : str
        Which stimuli the brain shows, in a few words.
    rows : tuple of int
        Those stimuli.
    values : numpy.ndarray or None
        Their mean JNE-SS at every response column; None where a job has to read it.
    request : JobSpec
        That job.
    place, roi : str
        Where stimuli are ranked: picked vertices, else the regions; the first region.
    at_place : pandas.Series
        JNE-SS of every stimulus there.
    vertices : str
        The picked vertices, empty where the place is the region.
    """

    run: Run
    means: Any
    grouping: Grouping | None
    category: str | None
    label: str
    rows: tuple[int, ...]
    values: Any
    request: JobSpec
    place: str
    roi: str
    at_place: Any
    vertices: str

    @property
    def stimuli(self) -> list[str]:
        """Ids of the test stimuli, in the order of their rows."""
        return list(self.means.index)


def choose_view(run: Run) -> View:
    """Show the controls of the whole page in one row, and return what is chosen."""
    means, places = cached.average_jne_ss(run), list(cached.list_places(run))
    groupings = list_groupings(run)
    grouping = None
    with st.container(horizontal=True, key="sel_choices", gap="small"):
        if groupings:
            name = choose("Categories by", "grouping", list(groupings), width=190,
                          label_visibility="collapsed",
                          format_func=groupings.__getitem__)  # fmt: skip
            grouping = read_grouping(run, name)
        regions = _choose_regions(places)
        if cached.read_surface(run) is not None:
            choose("Hemispheres", "side", list(SIDES), widget=st.segmented_control, required=True,
                   format_func=SIDES.__getitem__, label_visibility="collapsed")  # fmt: skip
        category = None
        if grouping is not None:
            category = _choose_category(means, grouping, regions[0])
            choose("Matrix shows", "scale", list(SCALES), format_func=SCALES.__getitem__,
                   width=210, label_visibility="collapsed")  # fmt: skip
    stimuli = _find_stimuli(run, list(means.index), grouping, category)
    place, at_place, vertices = _find_place(run, means, regions)
    return View(run, means, grouping, category, *stimuli, place, regions[0], at_place, vertices)


def _choose_regions(places: list[str]) -> tuple[str, ...]:
    """Show the choice of regions, and return them: the favourite one where none is chosen."""
    default = FAVOURITE if FAVOURITE in places else places[0]
    st.multiselect("Region", places, placeholder=f"Region: {default}", width="stretch",
                   label_visibility="collapsed", **bind_list("roi", places))  # fmt: skip
    if is_unknown("roi", places):
        show_note(f"The link names a region that is not here: showing {default} instead.")
    return tuple(read_list("roi", places)) or (default,)


def _choose_category(means: Any, grouping: Grouping, roi: str) -> str:
    """Show the choice of a category; the one that leads the region by default."""
    column = selectivity.average_by_category(means, grouping)[roi]
    best = str(column.idxmax()) if column.notna().any() else None
    return choose("Category", "category", list(grouping.categories), default=best, width=190,
                  label_visibility="collapsed")  # fmt: skip


def _find_stimuli(
    run: Run, ids: list[str], grouping: Grouping | None, category: str | None
) -> tuple[str, tuple[int, ...], Any, JobSpec]:
    """Return what the brain shows: picked stimuli, else one, else the category, else all."""
    selection = read(StimulusChoices)
    picked = parse_rows(selection.picked, len(ids))
    if picked:
        return "picked stimuli", picked, *_average(run, picked)
    if selection.stimulus in ids:
        rows = (ids.index(selection.stimulus),)
        return selection.stimulus, rows, *_average(run, rows)
    if selection.picked or selection.stimulus:
        show_note("The link names stimuli that are not in this run: showing the category instead.")
    if grouping is None or category is None:
        rows = tuple(range(len(ids)))
        return "all stimuli", rows, *_average(run, rows)
    rows = tuple(int(row) for row in grouping.member(category).nonzero()[0])
    request = request_means(run.path, grouping=(grouping.name, grouping.digest))
    quick = stimulus_maps.is_quick(run, grouping.members)
    values = cached.read_category_map(run, grouping, category) if quick else None
    return category, rows, values, request


def _average(run: Run, rows: tuple[int, ...]) -> tuple[Any, JobSpec]:
    quick = stimulus_maps.is_quick(run, stimulus_maps.mark_stimuli(run, rows))
    values = cached.average_stimulus_maps(run, rows) if quick else None
    return values, request_means(run.path, rows=rows)


def _find_place(run: Run, means: Any, regions: tuple[str, ...]) -> tuple[str, Any, str]:
    vertices = read(Selection).vertices
    if not parse_vertices(vertices):
        return *_find_regions(run, means, regions), ""
    values, n_columns, n_significant = cached.read_patch(run, vertices)
    if not n_significant:
        found = f"{n_columns} with a response" if n_columns else "none with a response"
        place, at_place = _find_regions(run, means, regions)
        show_missing(
            f"None of the picked vertices has a significant response ({found}).",
            f"Showing {plain(place)}; pick coloured cortex, or choose a region.",
        )
        return place, at_place, ""
    return _name_patch(run, vertices, n_significant), values, vertices


def _find_regions(run: Run, means: Any, regions: tuple[str, ...]) -> tuple[str, Any]:
    """Return the name of the chosen regions, and JNE-SS of every stimulus there."""
    side = settle("side", list(SIDES))
    name = " + ".join(regions)
    if side == "" and len(regions) == 1:
        return name, means[name]
    values, n_significant = cached.read_region(run, regions, side)
    where = f"{name}, {side}" if side else name
    if not n_significant:
        show_missing(f"{plain(where)} has no significant voxel.", "Choose another region or side.")
        return name, means[regions[0]]
    return where, values


def _name_patch(run: Run, vertices: str, n_significant: int) -> str:
    named = [(hemi, row) for hemi, rows in parse_vertices(vertices).items() for row in rows]
    projected = bool(cached.find_voxels(run, (0,)))
    if len(named) == 1:
        place = f"{named[0][0]} vertex {named[0][1]}"
        return f"the voxel nearest to {place}" if projected else place
    if projected:
        return f"{n_significant:,} significant voxels nearest to {len(named):,} picked vertices"
    return f"{n_significant:,} significant of {len(named):,} picked vertices"


def show_ways_back(view: View) -> None:
    """Offer to leave picked stimuli and picked vertices, where there are any."""
    selection = read(StimulusChoices)
    with st.container(horizontal=True, gap="small"):
        if selection.picked or selection.stimulus:
            st.button(f"Back to {plain(view.category or 'all')}", icon=":material/undo:",
                      key="back.stimuli", on_click=select, type="tertiary",
                      kwargs={"picked": "", "stimulus": ""})  # fmt: skip
        if read(Selection).vertices:
            st.button(f"Back to {plain(view.roi)}", icon=":material/undo:", key="back.place",
                      on_click=select, kwargs={"vertices": ""}, type="tertiary",
                      help="Leaves the picked vertices.")  # fmt: skip


def choose_among() -> bool:
    """Show the choice of which pictures are ranked; tell whether those on the brain only."""
    choose("Pictures", "among", ["all", "shown"], widget=st.segmented_control, required=True,
           format_func={"all": "All images", "shown": "Only the mapped"}.__getitem__,
           label_visibility="collapsed")  # fmt: skip
    return settle("among", ["all", "shown"]) == "shown"
