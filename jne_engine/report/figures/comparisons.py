"""One measure against another: densities, scatters with r, and r per area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from jne_engine.analysis.estimates import Correlation
from jne_engine.core.arrays import AnyArray
from jne_engine.core.palettes import ACCENT, NEUTRAL, TIER_COLOURS, plotly_scale
from jne_engine.report.figures.template import Ink, choose_ink, escape_label, format_r, style_figure

MANY = 1500  # beyond this, points hide each other and a density says more
BINS = 60
GRID_COLUMNS = 4
GRID_BINS = 32
N_POINTS = 5000
"""Points that are drawn over a density; a box or lasso still takes every voxel inside."""
SELECTED = "#d55e00"


def plot_pairs(
    x: AnyArray,
    y: AnyArray,
    found: Correlation,
    *,
    labels: tuple[str, str],
    identity: bool = False,
    columns: AnyArray | None = None,
    regions: Sequence[str] = (),
    short: tuple[str, str] | None = None,
    slopes: Mapping[str, float] = MappingProxyType({}),
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
    columns : numpy.ndarray of int, shape (n,), optional
        What each pair is, handed back by a box or lasso: points are drawn over the density, at
        most :data:`N_POINTS` of them.
    regions : sequence of str, length n
        The ROI of each pair, for its hover; unknown where empty.
    short : tuple of str, optional
        Names of the two values in the hover; the axes' labels by default.
    slopes : mapping of str to float
        Lines through the origin to draw, by name.
    dark : bool
        Colours for a dark page.
    height : int
        Pixels.
    """
    figure = go.Figure()
    if len(x) > MANY:
        figure.add_trace(_draw_density(x, y))
    if columns is not None or len(x) <= MANY:
        points = _draw_points(x, y, columns, over=len(x) > MANY)
        named = [escape_label(name) for name in short or labels]
        hover = f"{named[0]} %{{x:.3f}}, {named[1]} %{{y:.3f}}"
        if len(regions):
            rows = choose_points(len(x))
            points.text = [escape_label(regions[row]) or "in no ROI" for row in rows]
            hover += ", %{text}"
        points.hovertemplate = f"{hover}<extra></extra>"
        figure.add_trace(points)
        figure.update_layout(dragmode="zoom" if columns is None else "lasso")
    figure.update_xaxes(title_text=labels[0])
    figure.update_yaxes(title_text=labels[1])
    if identity and len(x):
        _add_identity(figure, x, y, colour=choose_ink(dark).quiet)
    for name, slope in slopes.items() if len(x) else ():
        _add_slope(figure, name, slope, end=float(x.max()), ink=choose_ink(dark))
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


def plot_pair_grid(
    panels: Sequence[tuple[str, AnyArray, AnyArray, Correlation]],
    *,
    labels: tuple[str, str],
    dark: bool = False,
) -> go.Figure:
    """Plot pairs of values of several areas as small densities on axes of one range.

    Parameters
    ----------
    panels : sequence of (name, x, y, Correlation)
        One panel each, at least one.
    labels : tuple of str
        Axis labels with units.
    dark : bool
        Colours for a dark page.
    """
    n_rows = -(-len(panels) // GRID_COLUMNS)
    figure = make_subplots(
        n_rows, GRID_COLUMNS, shared_xaxes="all", shared_yaxes="all", x_title=labels[0],
        y_title=labels[1], horizontal_spacing=0.02, vertical_spacing=0.26 / n_rows,
        subplot_titles=[_title_panel(name, found) for name, _, _, found in panels],
    )  # fmt: skip
    values = np.concatenate([np.concatenate([x, y]) for _, x, y, _ in panels])
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    edges = np.linspace(low, high, GRID_BINS + 1) if high > low else np.array([low, low + 1])
    line = {"color": choose_ink(dark).quiet, "width": 1, "dash": "dash"}
    for number, (_, x, y, _) in enumerate(panels):
        row, column = number // GRID_COLUMNS + 1, number % GRID_COLUMNS + 1
        figure.add_trace(_draw_cells(x, y, edges), row=row, col=column)
        figure.add_shape(
            type="line", x0=edges[0], y0=edges[0], x1=edges[-1], y1=edges[-1], line=line,
            row=row, col=column,
        )  # fmt: skip
    figure.update_layout(
        coloraxis={"colorscale": plotly_scale("viridis"), "colorbar": _log_bar(figure)}
    )
    figure.update_annotations(font={"size": 12, "color": choose_ink(dark).text})
    styled = style_figure(figure, dark=dark, height=60 + 190 * n_rows)
    return styled.update_layout(margin={"l": 64, "b": 56, "t": 44})


def add_areas(figure: go.Figure, areas: Sequence[Sequence[tuple[float, float]]]) -> None:
    """Draw areas that a link holds, which a box or lasso has not drawn in this figure."""
    for corners in areas:
        path = "L".join(f"{x},{y}" for x, y in corners)
        if path:
            figure.add_shape(type="path", path=f"M{path}Z", line={"color": SELECTED, "width": 2})


def _title_panel(name: str, found: Correlation) -> str:
    """Return a panel's title: the area, r with its interval, and n."""
    r = "r undefined" if np.isnan(found.r) else f"r = {found.r:.2f}"
    limits = "" if np.isnan(found.r) else f" [{found.low:.2f}, {found.high:.2f}]"
    return f"<b>{escape_label(name)}</b><br>{r}{limits}, n = {found.n:,}"


def _draw_cells(x: AnyArray, y: AnyArray, edges: AnyArray) -> go.Heatmap:
    """Return one panel's density on the grid that all panels share."""
    counts = np.histogram2d(x, y, bins=(edges, edges))[0].T
    middles = (edges[:-1] + edges[1:]) / 2
    return go.Heatmap(
        x=middles,
        y=middles,
        z=np.where(counts > 0, np.log10(np.maximum(counts, 1)), np.nan),
        customdata=counts,
        coloraxis="coloraxis",
        hovertemplate="%{customdata:.0f} voxels near (%{x:.3f}, %{y:.3f})<extra></extra>",
    )


def _log_bar(figure: go.Figure) -> dict[str, Any]:
    """Return a colour bar that reads numbers of voxels off their logarithms."""
    most = max((float(np.nanmax(t.z, initial=0)) for t in figure.data), default=0)
    powers = range(int(most) + 1)
    return {
        "title": {"text": "voxels", "font": {"size": 13}},
        "tickvals": list(powers),
        "ticktext": [f"{10**power:,}" for power in powers],
        "thickness": 12,
        "outlinewidth": 0,
    }


def _draw_density(x: AnyArray, y: AnyArray) -> go.Heatmap:
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


def _draw_points(x: AnyArray, y: AnyArray, columns: AnyArray | None, *, over: bool) -> go.Scattergl:
    """Return one point a voxel, or for a seeded draw of them where they are many."""
    rows = choose_points(len(x))
    size, colour, opacity = (4, "#ffffff", 0.1) if over else (4, ACCENT, 0.5)
    return go.Scattergl(
        x=x[rows],
        y=y[rows],
        customdata=None if columns is None else columns[rows],
        mode="markers",
        marker={"size": size, "color": colour, "opacity": opacity},
        selected={"marker": {"color": SELECTED, "opacity": 0.35 if over else 0.9}},
        unselected={"marker": {"opacity": opacity / 2}},
    )


def choose_points(n: int) -> AnyArray:
    """Return which of n pairs are drawn as points, ascending: all, or a seeded draw."""
    if n <= N_POINTS:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, N_POINTS, replace=False))


def _add_slope(figure: go.Figure, name: str, slope: float, *, end: float, ink: Ink) -> None:
    line = {"color": ink.text, "width": 1.2, "dash": "dash"}
    figure.add_shape(type="line", x0=0, y0=0, x1=end, y1=slope * end, line=line)
    figure.add_annotation(
        x=end, y=slope * end, text=name, showarrow=False, xanchor="right", yanchor="bottom",
        font={"color": ink.text, "size": 13}, bgcolor=ink.paper, opacity=0.9,
    )  # fmt: skip


def _add_identity(figure: go.Figure, x: AnyArray, y: AnyArray, *, colour: str) -> None:
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
