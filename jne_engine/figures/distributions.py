"""Distributions over voxels: one violin an ROI, and tiers side by side."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from jne_engine.figures.template import choose_ink, escape_label, style_figure
from jne_engine.palettes import NEUTRAL, TIER_COLOURS

TIER_LABELS = {"primary": "Primary", "intermediate": "Intermediate", "higher": "Higher-order"}


def plot_distribution(
    voxels: pd.DataFrame, table: pd.DataFrame, *, label: str, unit: str, dark: bool = False
) -> go.Figure:
    """Plot one violin an ROI, in hierarchical order, coloured by tier, with counts.

    Parameters
    ----------
    voxels : pandas.DataFrame
        Columns ``roi, tier, value``, one row a voxel and ROI.
    table : pandas.DataFrame
        Columns ``name, tier``, in the order in which to draw.
    label, unit : str
        Name and unit of the values.
    dark : bool
        Colours for a dark page.

    Returns
    -------
    plotly.graph_objects.Figure
        The line in each violin is its median, the box its quartiles.
    """
    figure = go.Figure()
    shown: set[str] = set()
    for name, tier in zip(table["name"], table["tier"], strict=True):
        values = voxels.loc[voxels["roi"] == name, "value"]
        tick = f"{escape_label(name)}<br>n = {len(values):,}"
        figure.add_trace(_violin(values, tick, tier, first=tier not in shown))
        shown.add(tier)
    axis = f"{label} ({unit})" if unit else label
    figure.update_yaxes(title_text=axis, rangemode="tozero")
    figure.update_xaxes(showgrid=False, tickangle=0)
    figure.update_layout(violingap=0.18, hovermode="closest")
    return style_figure(figure, dark=dark, height=460, legend=True)


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


def _violin(values: pd.Series, tick: str, tier: str | None, *, first: bool) -> go.Violin:
    """Return the violin of one ROI; its tier's first one stands in the legend."""
    name = TIER_LABELS.get(tier or "", "No tier")
    colour = TIER_COLOURS.get(tier or "", NEUTRAL)
    return go.Violin(
        x=[tick] * max(len(values), 1),
        y=values if len(values) else [None],
        name=name,
        legendgroup=name,
        showlegend=first,
        scalegroup="all",
        scalemode="width",
        spanmode="hard",
        points="outliers",
        marker={"color": colour, "size": 3, "opacity": 0.5},
        line={"color": colour, "width": 1.2},
        box={"visible": True, "width": 0.18},
        hoverinfo="y",
        hoveron="violins",
    )
