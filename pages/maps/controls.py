"""The controls of the page of maps: masks with their counts, ROI set, what stands beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from jne_engine.analysis.maps import OF_CEILING
from jne_engine.analysis.masks import Masks
from jne_engine.model.measures import STABLE, Measure, find_measure, name_stability
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.comparison import choose_beside, list_group, offer_beside
from pages.frame.figures import show_table
from pages.frame.state import (
    Selection,
    bind_choice,
    bind_list,
    bind_value,
    declares,
    read,
    read_list,
    select,
)
from pages.frame.widgets import choose, plain, show_note

COMPARISONS = {
    "": "–",
    "runs": "Other runs",
    "difference": "Minus another run",
    "subjects": "Mean over subjects",
}
MOST_BESIDE = {"runs": 3, "difference": 1, "subjects": 7}
HIDDEN_ON = {
    "shares": "Hidden on maps of the share",
    "all": "Hidden on every map",
    "none": "Shown",
}


@declares
@dataclass(frozen=True)
class MapChoices:
    """What a reader chooses on this page only.

    Parameters
    ----------
    compare, panes : str
        With what the map is compared; maps that a link puts beside it.
    q, min_r2, min_ceiling : float or None
        Hide voxels whose q is not below, whose nonlinear R² or noise ceiling (%) is below.
    nonlinear : str
        On which maps voxels that are not nonlinear are hidden.
    floor : str
        Measure whose mean over seeds must exceed that of shuffled pairings.
    rois : str
        Show only voxels inside these ROIs, separated by commas.
    """

    compare: str = ""
    panes: str = ""
    q: float | None = None
    min_r2: float | None = None
    min_ceiling: float | None = None
    nonlinear: str = ""
    floor: str = ""
    rois: str = ""


def choose_map(maps: dict[str, Measure]) -> None:
    """Show the choice of the map where no viewer offers it."""
    st.selectbox("Map", list(maps), format_func=lambda name: maps[name].label,
                 **bind_choice("map", list(maps)))  # fmt: skip


def offer_turn(maps: dict[str, Measure], chosen: str) -> None:
    """Offer the paper's measure in one click beside the nonlinear share, and the share again."""
    other = maps.get("nonlinear_share" if chosen == "jne" else "jne")
    if "nonlinear_share" in maps and other is not None:
        label = "JNE" if other.name == "jne" else "Share"
        st.button(label, on_click=select, kwargs={"map": other.name}, key="turn",
                  icon=":material/swap_horiz:", help=other.explanation)  # fmt: skip


def choose_masks(run: Run) -> Masks:
    """Show what can be hidden, and return what is."""
    preset = _choose_preset(run)
    names = list(cached.list_places(run, preset)[1:])
    level = float(run.manifest.spec["fdr_q"])
    with st.popover("Masks", icon=":material/filter_alt:"):
        st.toggle("Significant only", **bind_value("significant"),
                  help="Voxels whose nonlinear encoder predicts better than chance,"
                  " after FDR correction.")  # fmt: skip
        nonlinear, above_floor = _choose_nonlinear(run, level), _choose_floor(run)
        _number("q below", "q", f"{level:g}, the run's level", 0.005)
        _number("R² nonlinear from", "min_r2", "nothing hidden", 0.01)
        _number("Noise ceiling (%) from", "min_ceiling", "nothing hidden", 5.0)
        if names:
            st.multiselect("Only inside these ROIs", names, placeholder="everywhere",
                           **bind_list("rois", names))  # fmt: skip
    shared, own = read(Selection), read(MapChoices)
    return Masks(
        significant=shared.significant,
        q=own.q,
        min_r2=own.min_r2,
        min_ceiling=own.min_ceiling,
        rois=tuple(read_list("rois", names)),
        preset=preset,
        threshold=shared.threshold,
        nonlinear=nonlinear,
        above_floor=above_floor,
    )


def show_counts(run: Run, info: Measure, masks: Masks, *, alone: bool = False) -> None:
    """Say how many voxels are shown and hidden, and how many each mask hides.

    ``alone``: say that the counts are this run's, where the brain shows what several have.
    """
    table = cached.tabulate_masks(run, info.name, masks)
    counts = dict(zip(table["mask"], table["n_hidden_first"], strict=True))
    shown = counts.pop("Shown")
    why = ", ".join(f"{n:,} {_begin_small(plain(name))}" for name, n in counts.items() if n)
    n_voxels, start = shown + sum(counts.values()), "This run alone: " if alone else ""
    st.caption(
        f"{start}**{shown:,}** of {n_voxels:,} voxels shown{f' ({why})' if why else ''}",
        help="Each hidden voxel is counted once, by the first mask that hides it.",
    )
    if info.name in OF_CEILING:
        above, undefined = cached.count_above_ceiling(run, info.name)
        st.caption(
            f":material/flag: **{above:,}** voxels lie **above 1** (outlined on the brain, never"
            f" clipped); **{undefined:,}** have an R² but a ceiling of 0 or none, and so no ratio."
        )


def _begin_small(name: str) -> str:
    """Return a label as it stands within a sentence; “R² …” keeps its letter."""
    return name[0].lower() + name[1:] if name[1:2].islower() else name


def show_mask_table(run: Run, info: Measure, masks: Masks) -> None:
    """Offer the counts of each mask as a table."""
    table = cached.tabulate_masks(run, info.name, masks)
    show_table(table, "masks", info.name, run.run_id, label="How many voxels each mask hides")


def read_panes(maps: dict[str, Measure], chosen: str) -> tuple[str, ...]:
    """Return the maps to begin with: the chosen one, then those that a link names."""
    names = [name for name in maps if name != chosen]
    return (chosen, *read_list("panes", names)[:3])


def choose_comparison(run: Run, info: Measure) -> str:
    """Show with what a map is compared; labels have no difference and no mean."""
    options = [name for name in COMPARISONS if info.is_numeric or name in ("", "runs")]
    with st.popover("Compare", icon=":material/compare_arrows:"):
        offer_beside(run, most=MOST_BESIDE["runs"])
        compare = choose("Compare with", "compare", options, format_func=COMPARISONS.__getitem__)
        st.caption("Another map of this run: “+ Compare” beside the map's name.")
        if compare:
            choose_beside(run, most=MOST_BESIDE[compare])
        if len(list_group(cached.list_runs())) < 2:
            st.caption("This is the only run. Start another on the page Data & runs.")
    return compare


def explain_map(run: Run, info: Measure) -> None:
    """Say what a map's values are, in which unit, and which maps are missing."""
    unit = f" Unit: {info.unit}." if info.unit else ""
    st.caption(f"**{plain(info.label)}.** {info.explanation}{unit}")
    others = list_group(cached.list_runs())
    for note in (cached.explain_stability(run, info.name, others), cached.explain_variants(run)):
        if note:
            show_note(note)


def _choose_nonlinear(run: Run, level: float) -> Any:
    """Show on which maps voxels that are not nonlinear are hidden; an older run knows none."""
    if not cached.has_nonlinearity(run):
        return ""
    chosen = choose(f"Voxels not nonlinear (q ≥ {level:g}), or not known to be", "nonlinear",
                    list(HIDDEN_ON), format_func=HIDDEN_ON.__getitem__,
                    help="q of nonlinearity: whether a voxel is nonlinear in these features. The"
                    " share of a linear voxel lies around 0, on either side.")  # fmt: skip
    return "" if chosen == "none" else chosen


def _choose_floor(run: Run) -> str:
    """Show by which measure voxels within the floor are hidden, where its maps are stored."""
    names = {info.name for info in cached.list_maps(run) if info.kind == "mask"}
    known = [name for name in STABLE if name_stability(name)["above"] in names]
    if not known:
        return ""
    labels = {"": "Shown"} | {name: f"Hidden by {find_measure(name).label}" for name in known}
    return choose("Voxels within the floor of shuffled pairings", "floor", list(labels),
                  format_func=labels.__getitem__,
                  help=find_measure(name_stability(known[0])["above"]).explanation)  # fmt: skip


def _choose_preset(run: Run) -> str | None:
    presets = cached.list_presets(run)
    if len(presets) < 2:
        return None
    return choose("ROI set", "preset", presets)


def _number(label: str, name: str, empty: str, step: float) -> None:
    st.number_input(label, step=step, format="%.3g", placeholder=empty, **bind_value(name))
