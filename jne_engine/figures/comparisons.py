"""One measure against another: densities, scatters with r, and r per area."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from jne_engine.figures.template import choose_ink, escape_label, format_r, style_figure
from jne_engine.palettes import ACCENT, NEUTRAL, TIER_COLOURS, plotly_scale
from jne_engine.queries import Correlation

Array = npt.NDArray[Any]

MANY = 1500  # beyond this, points hide each other and a density says more
BINS = 60


def plot_pairs(
    x: Array,
    y: Array,
    found: Correlation,
    *,
    labels: tuple[str, str],
    identity: bool = False,
    dark: bool = False,
    height: int = 440,
) -> go.Figure:
    """Plot pairs of values with Pearson's r: points, or a density where they are many.

    Parameters
    ----------
    x, y : numpy.ndarray of float, shape (n,)
        Finite values.
    found : Correlation
        Their correlation.
    labels : tuple of str
        Axis labels with units.
    identity : bool
        Draw the line of equal values, on axes of one range.
    dark : bool
        Colours for a dark page.
    height : int
        Pixels.
    """
    figure = go.Figure(_draw_density(x, y) if len(x) > MANY else _draw_points(x, y))
    figure.update_xaxes(title_text=labels[0])
    figure.update_yaxes(title_text=labels[1])
    if identity and len(x):
        _add_identity(figure, x, y, colour=choose_ink(dark).quiet)
    figure.add_annotation(
        text=_describe(found), x=0.02, y=0.98, xref="paper", yref="paper", showarrow=False,
        align="left", xanchor="left", yanchor="top", bgcolor=choose_ink(dark).paper, opacity=0.9,
    )  # fmt: skip
    return style_figure(figure, dark=dark, height=height)


def plot_correlations(table: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Plot Pearson's r of each area with its 95 % interval and count.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``name, tier, n, r, low, high``.
    dark : bool
        Colours for a dark page.
    """
    labels = [
        f"{escape_label(a)} (n = {n:,})" for a, n in zip(table["name"], table["n"], strict=True)
    ]
    spread = {"array": table["high"] - table["r"], "arrayminus": table["r"] - table["low"]}
    colours = [TIER_COLOURS.get(tier, NEUTRAL) for tier in table["tier"]]
    figure = go.Figure(
        go.Scatter(
            x=table["r"],
            y=labels,
            mode="markers",
            marker={"size": 10, "color": colours},
            error_x={**spread, "color": choose_ink(dark).quiet, "thickness": 1.5},
            hovertemplate="%{y}: r = %{x:.3f}<extra></extra>",
        )
    )
    low = float(np.nanmin(table["low"])) if table["low"].notna().any() else 0.0
    figure.update_xaxes(title_text="Pearson r, linear with nonlinear R²", range=[min(0, low), 1.02])
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return style_figure(figure, dark=dark, height=440)


def _draw_density(x: Array, y: Array) -> go.Heatmap:
    """Return a two-dimensional histogram whose empty cells stay clear."""
    counts, x_edges, y_edges = np.histogram2d(x, y, bins=BINS)
    shown = np.where(counts > 0, np.log10(np.maximum(counts, 1)), np.nan).T
    top = int(np.floor(np.log10(max(counts.max(), 1))))
    return go.Heatmap(
        x=(x_edges[:-1] + x_edges[1:]) / 2,
        y=(y_edges[:-1] + y_edges[1:]) / 2,
        z=shown,
        customdata=counts.T,
        colorscale=plotly_scale("viridis"),
        colorbar={
            "title": {"text": "voxels", "font": {"size": 13}},
            "tickvals": list(range(top + 1)),
            "ticktext": [f"{10**power:,}" for power in range(top + 1)],
            "thickness": 12,
            "outlinewidth": 0,
        },
        hovertemplate="%{customdata:.0f} voxels near (%{x:.3f}, %{y:.3f})<extra></extra>",
    )


def _draw_points(x: Array, y: Array) -> go.Scatter:
    """Return one point a voxel."""
    return go.Scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"size": 4, "color": ACCENT, "opacity": 0.5},
        hovertemplate="(%{x:.3f}, %{y:.3f})<extra></extra>",
    )


def _add_identity(figure: go.Figure, x: Array, y: Array, *, colour: str) -> None:
    """Draw y = x over the common range of both axes."""
    low, high = float(min(x.min(), y.min())), float(max(x.max(), y.max()))
    margin = 0.03 * (high - low) or 0.1
    span = [low - margin, high + margin]
    line = {"color": colour, "width": 1.2, "dash": "dash"}
    figure.add_shape(type="line", x0=span[0], y0=span[0], x1=span[1], y1=span[1], line=line)
    figure.update_xaxes(range=span)
    figure.update_yaxes(range=span)


def _describe(found: Correlation) -> str:
    """Return r with its interval and count, in two short lines."""
    text = format_r(found.r, found.n)
    return text if np.isnan(found.r) else f"{text}<br>95 % [{found.low:.2f}, {found.high:.2f}]"
