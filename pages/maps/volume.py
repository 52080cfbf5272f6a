"""The map of a run without a surface: slices of its volume, or its voxels by rank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from jne_engine.analysis.masks import Masks
from jne_engine.model.measures import Measure
from jne_engine.report.figures.slices import plot_ranked, plot_slices
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.assets import is_dark
from pages.frame.figures import show_result
from pages.frame.state import declares, read, select
from pages.frame.widgets import choose, format_number, plain, show_missing, show_note
from pages.maps.card import show_columns

SURFACE, SLICES, RANKS = "surface", "slices", "ranks"
_VIEWS = {SURFACE: "Surface", SLICES: "Slices", RANKS: "Ranked voxels"}


@declares
@dataclass(frozen=True)
class VolumeChoices:
    """What a reader chooses where there is no surface, or beside it.

    Parameters
    ----------
    view : str
        Surface, slices or ranked voxels; what the run has first by default.
    at : str
        Zero-based voxel that the slices go through, as ``"x,y,z"``; the map's peak if empty.
    column : str
        Zero-based response column whose card is shown beside the ranks; the first if empty.
    """

    view: str = ""
    at: str = ""
    column: str = ""


def choose_view(run: Run) -> str:
    """Show the choice of views where a run has several, and return the view."""
    views = [RANKS]
    if cached.is_volume(run):
        views.insert(0, SLICES)
    if cached.can_draw(run):
        views.insert(0, SURFACE)
        if len(views) == 2:  # on a surface only: the brain says it all
            return SURFACE
    else:
        show_note(cached.tell_why_bare(run))
    if len(views) == 1:
        return RANKS
    return choose("Shown as", "view", views, format_func=_VIEWS.__getitem__,
                  widget=st.segmented_control, label_visibility="collapsed")  # fmt: skip


def show_volume(run: Run, info: Measure, masks: Masks) -> None:
    """Show a map without a surface, and the card of the chosen voxel."""
    views = [SLICES, RANKS] if cached.is_volume(run) else [RANKS]
    if read(VolumeChoices).view in (views[0], "", SURFACE) and views[0] == SLICES:
        _show_slices(run, info, masks)
    else:
        _show_ranks(run, info, masks)


def _show_slices(run: Run, info: Measure, masks: Masks) -> None:
    slices = cached.read_slices(run, info.name, masks, _read_at())
    _show_steps(slices)
    at, place = slices.at, ", ".join(f"{v:.1f}" for v in slices.millimetres)
    value = format_number(slices.value) if slices.value == slices.value else "no value shown"
    bare = "grey has a response but no value shown"
    if slices.anatomy:
        beneath = plain(slices.anatomy)
        bare = f"a blue tint has a response but no value shown; beneath lies {beneath}"
    unit = f" {info.unit}" if info.unit and slices.value == slices.value else ""
    show_result(
        plot_slices(slices, dark=is_dark()), cached.rank_voxels(run, info.name, masks),
        "slices", info.name, run.run_id,
        title=f"{plain(info.label)} at voxel {at} · ({place}) mm: {value}{unit}",
        how="stored values of the voxels in three planes through the cross, none interpolated;"
        f" colours span the 1st to 99th percentile of all voxels shown; {bare}. Click a voxel to"
        " go there. Left of the picture is left of the brain.",
        alt=f"{info.label} in a sagittal, a coronal and an axial slice",
        on_points=_take_voxel,
    )  # fmt: skip
    if slices.column is None:
        show_missing("No response at this voxel.", "Click a coloured or grey square.")
    else:
        _show_card(run, slices.column, masks)


def _show_steps(slices: Any) -> None:
    """Offer the voxel's index along each axis, and the map's peak."""
    *boxes, peak = st.columns([2, 2, 2, 2], vertical_alignment="bottom")
    for axis, (box, name) in enumerate(zip(boxes, "xyz", strict=True)):
        key = f"slice.{name}.{slices.at[axis]}"
        most = next(p.most for p in slices.planes if p.across == axis)
        box.number_input(
            f"{name} (0 to {most})", 0, most, slices.at[axis], key=key,
            on_change=_take_step, args=(axis, key, slices.at),
        )  # fmt: skip
    peak.button("Go to the peak", icon=":material/my_location:", width="stretch",
                on_click=select, kwargs={"at": ""}, key="slice.peak",
                help="The largest value shown.")  # fmt: skip


def _show_ranks(run: Run, info: Measure, masks: Masks) -> None:
    table = cached.rank_voxels(run, info.name, masks)
    if not len(table):
        show_missing("No voxel has a value of this map.", "Choose another map.")
        return
    show_result(
        plot_ranked(table, info, dark=is_dark()), table, "ranks", info.name, run.run_id,
        title=f"{plain(info.label)} of {len(table):,} voxels by rank",
        how="each point is one voxel's stored value. Click one for its card.",
        alt=f"{info.label} of each voxel, the largest first",
        on_points=_take_column,
    )  # fmt: skip
    wanted = read(VolumeChoices).column
    known = {str(c) for c in table["column"]}
    _show_card(run, int(wanted if wanted in known else table["column"].iloc[0]), masks)


def _show_card(run: Run, column: int, masks: Masks) -> None:
    regions = cached.name_regions(run, (column,), masks.preset)
    st.subheader(f"Voxel {column:,}: {plain(regions['name'].iloc[0])}", anchor=False)
    show_columns(run, (column,), masks.preset, wide=True)


def _read_at() -> tuple[int, int, int] | None:
    parts = read(VolumeChoices).at.split(",")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return None
    x, y, z = (min(int(part), 10**6) for part in parts)
    return x, y, z


def _take_voxel(points: list[dict[str, Any]]) -> None:
    if points:
        select(at=str(points[0]["customdata"]))


def _take_step(axis: int, key: str, at: tuple[int, int, int]) -> None:
    moved = [*at]
    moved[axis] = int(st.session_state[key])
    select(at=",".join(map(str, moved)))


def _take_column(points: list[dict[str, Any]]) -> None:
    if points:
        select(column=str(points[0]["customdata"]))
