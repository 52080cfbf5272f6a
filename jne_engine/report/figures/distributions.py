"""Distributions over voxels in every ROI or tier, and tiers side by side."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from jne_engine.analysis.roi_groups import Groups
from jne_engine.core.arrays import Float32Array, Float64Array
from jne_engine.core.checks import check_choice
from jne_engine.core.palettes import NEUTRAL, TIER_COLOURS, region_colours
from jne_engine.report.figures.template import choose_ink, escape_label, style_figure

BINS = 40
STEPS = 400
DRAWINGS: Mapping[str, str] = MappingProxyType(
    {"violin": "Violin", "box": "Box", "histogram": "Histogram", "ecdf": "ECDF"}
)
"""Ways to draw a distribution, and what people read."""

TIER_LABELS = {"primary": "Primary", "intermediate": "Intermediate", "higher": "Higher-order"}


def plot_distribution(
    groups: Groups, *, label: str, unit: str, draw: str = "violin", dark: bool = False
) -> go.Figure:
    """Plot a measure's distribution in every ROI or tier, lowest of the hierarchy first.

    Parameters
    ----------
    groups : Groups
        What :func:`~jne_engine.analysis.roi_groups.read_groups` returns.
    label, unit : str
        Name and unit of the values.
    draw : str
        One of :data:`DRAWINGS`. In a violin the line is the median and the box holds the middle
        half; histograms are shares of each group's voxels.
    dark : bool
        Colours for a dark page.

    Raises
    ------
    InputError
        If there is no such drawing.
    """
    check_choice("drawing", draw, tuple(DRAWINGS))
    axis = f"{label} ({unit})" if unit else label
    figure = go.Figure()
    if draw in ("violin", "box"):
        shown: set[str | None] = set()
        parts = zip(groups.names, groups.tiers, groups.values, strict=True)
        for name, tier, values in parts:
            trace = _violin if draw == "violin" else _box
            figure.add_trace(trace(values, label_group(name, len(values)), tier, tier not in shown))
            shown.add(tier)
        figure.update_yaxes(title_text=axis, rangemode="tozero")
        figure.update_xaxes(showgrid=False, tickangle=0)
        figure.update_layout(violingap=0.18, boxgap=0.3, hovermode="closest")
    else:
        _add_curves(figure, groups, cumulative=draw == "ecdf")
        figure.update_xaxes(title_text=axis)
        share = "Share of voxels at or below" if draw == "ecdf" else "Share of voxels in a bin"
        figure.update_yaxes(title_text=f"{share} (fraction)", rangemode="tozero")
    return style_figure(figure, dark=dark, height=430, legend=True)


def label_group(name: str, n: int) -> str:
    """Return an ROI's or tier's name as an axis shows it, with its count."""
    return f"{TIER_LABELS.get(name, escape_label(name))}<br>n = {n:,}"


def colour_groups(names: tuple[str, ...], tiers: tuple[str | None, ...]) -> list[str]:
    """Return the colour of each group: that of its tier."""
    return [TIER_COLOURS.get(tier or "", NEUTRAL) for tier, _ in zip(tiers, names, strict=True)]


def plot_tiers(tiers: pd.DataFrame, *, unit: str, dark: bool = False) -> go.Figure:
    """Plot mean JNE of each tier with its 95 % interval and the number of voxels."""
    ink = choose_ink(dark)
    labels = [
        f"{TIER_LABELS[tier]}<br>n = {n:,}"
        for tier, n in zip(tiers["tier"], tiers["n_significant"], strict=True)
    ]
    figure = go.Figure(
        go.Scatter(
            x=labels,
            y=tiers["mean_jne"],
            mode="markers",
            marker={"size": 12, "color": [TIER_COLOURS[tier] for tier in tiers["tier"]]},
            error_y={
                "array": tiers["jne_high"] - tiers["mean_jne"],
                "arrayminus": tiers["mean_jne"] - tiers["jne_low"],
                "color": ink.quiet,
                "thickness": 1.5,
            },
            hovertemplate="%{y:.4g}<extra></extra>",
        )
    )
    figure.update_yaxes(title_text=f"Mean JNE ({unit})", rangemode="tozero")
    figure.update_xaxes(showgrid=False)
    return style_figure(figure, dark=dark, height=300)


def _violin(values: Float32Array, tick: str, tier: str | None, first: bool) -> go.Violin:
    """Return the violin of one group; its tier's first one stands in the legend."""
    return go.Violin(
        **_about(values, tick, tier, first),
        scalegroup="all",
        scalemode="width",
        spanmode="hard",
        points=False,
        box={"visible": True, "width": 0.18},
        hoveron="violins",
    )


def _box(values: Float32Array, tick: str, tier: str | None, first: bool) -> go.Box:
    """Return the box of one group: quartiles, and whiskers to 1.5 times their distance."""
    return go.Box(**_about(values, tick, tier, first), boxpoints="outliers")


def _about(values: Float32Array, tick: str, tier: str | None, first: bool) -> dict[str, Any]:
    name = TIER_LABELS.get(tier or "", "No tier")
    colour = TIER_COLOURS.get(tier or "", NEUTRAL)
    return {
        "x0": tick,
        "y": values if len(values) else [None],
        "name": name,
        "legendgroup": name,
        "showlegend": first,
        "marker": {"color": colour, "size": 3, "opacity": 0.5},
        "line": {"color": colour, "width": 1.2},
        "hoverinfo": "y",
    }


def _add_curves(figure: go.Figure, groups: Groups, *, cumulative: bool) -> None:
    """Draw a histogram's outline, or the empirical distribution, of every group."""
    filled = [v for v in groups.values if len(v)]
    edges = (
        np.histogram_bin_edges(np.concatenate(filled), bins=BINS) if filled else np.array([0, 1])
    )
    colours = (
        region_colours(groups.names)
        if groups.by == "roi"
        else colour_groups(groups.names, groups.tiers)
    )
    for name, values, colour in zip(groups.names, groups.values, colours, strict=True):
        x, y = _accumulate(values) if cumulative else _bin(values, edges)
        label = label_group(name, len(values)).replace("<br>", ", ")
        figure.add_trace(
            go.Scatter(
                x=x,
                y=y,
                mode="lines",
                name=label,
                line={"color": colour, "width": 2, "shape": "hv" if cumulative else "hvh"},
                hovertemplate=f"{label}<br>%{{x:.4g}}: %{{y:.3f}}<extra></extra>",
            )
        )


def _bin(values: Float32Array, edges: Float64Array) -> tuple[Float64Array, Float64Array]:
    counts, _ = np.histogram(values, bins=edges)
    return (edges[:-1] + edges[1:]) / 2, counts / max(len(values), 1)


def _accumulate(values: Float32Array) -> tuple[Float64Array, Float64Array]:
    """Return the empirical distribution at no more than some hundred quantiles."""
    share = np.linspace(0, 1, min(len(values), STEPS))
    if len(values) == 0:
        return share, share
    return np.quantile(values, share, method="inverted_cdf"), share
