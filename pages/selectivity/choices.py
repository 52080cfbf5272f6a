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
from pages.frame.state import Selection, declares, read, select, setting_aside, settle
from pages.frame.widgets import choose, plain, show_missing, show_note

SCALES = {"normalised": "0–1 within each ROI", "raw": "Mean JNE-SS", "index": "Selectivity index"}
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
    """

    scale: str = "normalised"
    grouping: str = setting_aside("category", "stimulus", "picked")
    category: str = setting_aside("stimulus", "picked")
    stimulus: str = setting_aside("picked")
    picked: str = ""
    among: str = ""


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
        Where stimuli are ranked: picked vertices, else the region; the region.
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
    boxes = st.columns(4)
    grouping = None
    if groupings:
        with boxes[0]:
            name = choose("Categories by", "grouping", list(groupings),
                          format_func=groupings.__getitem__)  # fmt: skip
        grouping = read_grouping(run, name)
    with boxes[2]:
        roi = choose("Region", "roi", places, default=FAVOURITE if FAVOURITE in places else None)
    with boxes[1]:
        category = None if grouping is None else _choose_category(means, grouping, roi)
    if grouping is not None:
        with boxes[3]:
            choose("Matrix shows", "scale", list(SCALES), format_func=SCALES.__getitem__)
    stimuli = _find_stimuli(run, list(means.index), grouping, category)
    place, at_place, vertices = _find_place(run, means, roi)
    return View(run, means, grouping, category, *stimuli, place, roi, at_place, vertices)


def _choose_category(means: Any, grouping: Grouping, roi: str) -> str:
    """Show the choice of a category; the one that leads the region by default."""
    column = selectivity.average_by_category(means, grouping)[roi]
    best = str(column.idxmax()) if column.notna().any() else None
    return choose("Category", "category", list(grouping.categories), default=best)


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


def _find_place(run: Run, means: Any, roi: str) -> tuple[str, Any, str]:
    vertices = read(Selection).vertices
    if not parse_vertices(vertices):
        return roi, means[roi], ""
    values, n_columns, n_significant = cached.read_patch(run, vertices)
    if not n_significant:
        found = f"{n_columns} with a response" if n_columns else "none with a response"
        show_missing(
            f"None of the picked vertices has a significant response ({found}).",
            f"Showing {plain(roi)}; pick coloured cortex, or choose a region.",
        )
        return roi, means[roi], ""
    return _name_patch(run, vertices, n_significant), values, vertices


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
            st.button("Show the category", icon=":material/undo:", key="back.stimuli",
                      on_click=select, kwargs={"picked": "", "stimulus": ""})  # fmt: skip
        if read(Selection).vertices:
            st.button("Rank for the region", icon=":material/undo:", key="back.place",
                      on_click=select, kwargs={"vertices": ""},
                      help=f"Leaves the picked vertices for {plain(view.roi)}.")  # fmt: skip


def choose_among() -> bool:
    """Show the choice of which pictures are ranked; tell whether those on the brain only."""
    choose("Pictures", "among", ["all", "shown"], widget=st.segmented_control, required=True,
           format_func={"all": "All stimuli", "shown": "Those on the brain"}.__getitem__,
           label_visibility="collapsed")  # fmt: skip
    return settle("among", ["all", "shown"]) == "shown"
