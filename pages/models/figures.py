"""The figures of the page of models: two measures of every voxel, and the brain beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import streamlit as st

from jne_engine.analysis.comparisons import select_inside
from jne_engine.analysis.estimates import correlate, estimate_mean
from jne_engine.analysis.nonlinearity import format_level
from jne_engine.model.measures import JNE_UNIT, MEASURES, R2_UNIT
from jne_engine.report.figures.comparisons import (
    N_POINTS,
    add_areas,
    plot_correlations,
    plot_pair_grid,
    plot_pairs,
)
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.assets import is_dark
from pages.frame.cortex import show_cortex
from pages.frame.figures import Areas, has_areas, show_figure, show_result, show_table
from pages.frame.state import is_beyond_link, select
from pages.frame.widgets import format_number, plain, show_missing, show_note
from pages.models.outline import read_outline, write_outline

HEIGHT = 440
LASSO_HELP = "All voxels inside count, drawn as points or not. Double-click clears."
MEAN_HELP = (
    "Student's 95 % interval of the mean over voxels, taken as independent, which neighbours are"
    " not: a lower bound of the uncertainty."
)
DELTA_LABEL = f"ΔR², nonlinear − linear ({R2_UNIT})"
R2_LABELS = f"R² linear encoder ({R2_UNIT})", f"R² nonlinear encoder ({R2_UNIT})"


@dataclass(frozen=True)
class Pair:
    """Two measures of a voxel: their maps, axes, reference lines, and how they are read.

    ``nonlinear``: only voxels that are nonlinear by their own q.
    """

    label: str
    x: str
    y: str
    labels: tuple[str, str]
    short: tuple[str, str]
    how: str
    shown: str
    nonlinear: bool = False
    identity: bool = False
    slopes: Mapping[str, float] = field(default_factory=dict)


PAIRS: Mapping[str, Pair] = MappingProxyType(
    {
        "r2": Pair(
            "Linear and nonlinear R²", "r2_linear", "r2_nonlinear", R2_LABELS,
            ("R², linear", "R², nonlinear"),
            "R² = 1 − mean squared error ÷ variance over test stimuli. Above the dashed line of"
            " equal values the nonlinear encoder predicts more. r is Pearson's; its 95 % interval"
            " takes voxels as independent, which neighbours are not.",
            "r2_nonlinear", identity=True,
        ),
        "ceiling": Pair(
            "R² and noise ceiling", "noise_ceiling", "r2_nonlinear",
            ("Noise ceiling (% of variance)", R2_LABELS[1]),
            ("noise ceiling (%)", "R², nonlinear"),
            "the dashed lines are R² = 100 % and 80 % of the ceiling. Points above the 100 % line"
            " are no error of the figure: there the ceiling is estimated too low.",
            "r2_nonlinear", slopes={"100 %": 0.01, "80 %": 0.008},
        ),
        "share": Pair(
            "ΔR² and nonlinear share", "delta_r2", "nonlinear_share",
            (DELTA_LABEL, f"Nonlinear share ({MEASURES['nonlinear_share'].unit})"),
            ("ΔR²", "nonlinear share"),
            "the share says how much of what is predicted is nonlinear, its q in which voxels:"
            " only those are shown. Their mean exceeds that of all voxels, because they were"
            " chosen by it; Overview has the median of all. ΔR² is small, or below 0, where the"
            " nonlinear encoder predicts worse for other reasons.",
            "nonlinear_share", nonlinear=True,
        ),
        "delta": Pair(
            "ΔR² and JNE", "delta_r2", "jne",
            (DELTA_LABEL, f"JNE ({JNE_UNIT})"),
            ("ΔR²", "JNE"),
            "**ΔR² is not JNE.** ΔR² is how much better the nonlinear encoder *predicts*, which"
            " noise, training and the ceiling limit; JNE is how much the fitted response's"
            " *derivative* varies over stimuli, in units of the response. A strong voxel that a"
            " line already predicts well can bend much and gain little.",
            "jne",
        ),
    }
)  # fmt: skip


def list_pairs(run: Run) -> dict[str, str]:
    """Return the pairs of measures that a run has, with their labels."""
    names = {info.name for info in cached.list_maps(run)}
    return {name: pair.label for name, pair in PAIRS.items() if {pair.x, pair.y} <= names}


def show_pair(run: Run, name: str, roi: str) -> None:
    """Show two measures of an area's voxels, and on the brain what a reader outlines there."""
    pair = PAIRS[name]
    pairs = cached.tabulate_pairs(run, pair.x, pair.y, roi, nonlinear=pair.nonlinear)
    columns = select_inside(pairs, read_outline(name))
    left, right = st.columns(2, gap="medium")
    with left:
        _show_scatter(run, name, roi, pairs)
    with right:
        _show_selected(run, pair, roi, len(pairs), columns)
    found = correlate(pairs[pair.x].to_numpy(), pairs[pair.y].to_numpy())
    with st.container(horizontal=True, gap="medium"):
        limits = f"n = {found.n:,} voxels, 95 % [{found.low:.3f}, {found.high:.3f}]."
        st.metric("Pearson r", format_number(found.r), help=limits)
        for measure, label in zip((pair.x, pair.y), pair.short, strict=True):
            mean = estimate_mean(pairs[measure].to_numpy())
            value, low, high = map(format_number, (mean.value, mean.low, mean.high))
            st.metric(f"Mean {label}", f"{value} [{low}, {high}]", help=MEAN_HELP)


def show_all_areas(run: Run) -> None:
    """Show linear against nonlinear R² of every area, and r of each."""
    st.subheader("Do both encoders favour the same voxels in every area?", anchor=False)
    table = cached.compare_r2(run)
    panels = []
    for name in table["name"]:
        pairs = cached.tabulate_pairs(run, "r2_linear", "r2_nonlinear", name)
        x, y = pairs["r2_linear"].to_numpy(), pairs["r2_nonlinear"].to_numpy()
        panels.append((name, x, y, correlate(x, y)))
    show_result(
        plot_pair_grid(panels, labels=R2_LABELS, dark=is_dark()), table, "r2", run.run_id,
        title="Nonlinear against linear R², each area on the same axes",
        how="voxels in each of 32 × 32 cells, significant voxels only; above each panel Pearson's"
        " r with its 95 % interval (Fisher, voxels taken as independent) and n.",
        alt="Densities of linear against nonlinear R² in each area",
    )  # fmt: skip
    st.markdown("**Pearson r of each area, with its 95 % interval**")
    show_figure(plot_correlations(table, dark=is_dark()), "r2-correlation", run.run_id,
                alt="Pearson r of linear with nonlinear R² in each area", table=table,
                how="Pearson's r of R² of the two encoders over an area's significant voxels; 95 %"
                " interval by Fisher's z, voxels taken as independent")  # fmt: skip


def _show_scatter(run: Run, name: str, roi: str, pairs: Any) -> None:
    """Show the voxels of an area by two measures; a box or lasso selects."""
    pair = PAIRS[name]
    x, y = pairs[pair.x].to_numpy(), pairs[pair.y].to_numpy()
    figure = plot_pairs(
        x, y, correlate(x, y), labels=pair.labels, identity=pair.identity, slopes=pair.slopes,
        columns=pairs["column"].to_numpy(), dark=is_dark(), height=HEIGHT, short=pair.short,
        regions=cached.name_columns(run, tuple(pairs["column"].tolist())),
    )  # fmt: skip
    names = "pairs", name, roi, run.run_id
    if not has_areas(*names):
        add_areas(figure, read_outline(name))
    level = format_level(float(run.manifest.spec["fdr_q"]))
    which = f"nonlinear voxels (q < {level})" if pair.nonlinear else "significant voxels"
    title = f"{pair.label}: {plain(roi)}, n = {len(pairs):,} {which}"
    if name == "r2" and len(pairs):
        better, n = cached.count_better(run, roi)
        title = f"Nonlinear beats linear in {better / n:.0%} of {n:,} voxels of {plain(roi)}"
    drawn = f" {N_POINTS:,} voxels are points, drawn by a seed." if len(pairs) > N_POINTS else ""
    show_result(
        figure, pairs, *names, title=title, how=f"{pair.how}{drawn}",
        alt=f"{pair.label} of the voxels of {roi}", on_areas=_take_areas(name),
        compact=name not in ("share", "delta"),  # what ΔR² is not must be in sight
    )  # fmt: skip


def _show_selected(run: Run, pair: Pair, roi: str, n: int, columns: tuple[int, ...]) -> None:
    inside = f"{len(columns):,} of {n:,} voxels of {plain(roi)} are in the drawn area"
    hint = "Lasso points in the plot to see them on the brain."
    st.markdown(f"**{inside if columns else hint}**", help=LASSO_HELP)
    scene = cached.read_selection_scene(run, pair.shown, columns, nonlinear=pair.nonlinear)
    if scene is None:
        show_missing("This run's responses do not lie on a surface that can be drawn here.",
                     "The counts below hold all the same.")  # fmt: skip
    else:
        with st.container(key="models_brain"):
            show_cortex(scene, key="models", height=HEIGHT)
    if columns:
        regions = cached.name_regions(run, columns)
        places = zip(regions["name"], regions["n"], strict=True)
        st.caption(
            "The others are dimmed. In each ROI: "
            + ", ".join(f"{plain(a)} {k:,}" for a, k in places)
            + "."
        )
        show_table(regions, "selected", run.run_id, label="Selected voxels in each ROI")
    if is_beyond_link("outline"):
        show_note("The drawn area has too many corners for the address: a link does not hold it.")


def _take_areas(name: str) -> Callable[[Areas], None]:
    return lambda areas: select(outline=write_outline(name, areas))
