"""A volume's map in three planes, and voxels by rank."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from jne_engine.analysis.anatomy import FINER
from jne_engine.analysis.slices import Plane, Slices
from jne_engine.core.palettes import ACCENT, NEUTRAL, plotly_scale, region_colours
from jne_engine.model.measures import Measure
from jne_engine.report.figures.template import choose_ink, style_figure

_AXES = "xyz"
_GREYS = [[0, "rgb(10,10,10)"], [1, "rgb(235,235,235)"]]
_TINT, _ON_IMAGE = "rgba(80,140,255,0.35)", "rgb(255,255,255)"


def plot_slices(slices: Slices, *, dark: bool = False, height: int = 430) -> go.Figure:
    """Plot three planes as they are stored, left of the brain at the left, with a cross.

    Grey squares (on an anatomical image: a blue tint) are voxels with a response whose value is
    hidden or not known. Every response voxel can be clicked: its ``customdata`` is its (x, y, z)
    index as text.

    Parameters
    ----------
    slices : Slices
        What :func:`~jne_engine.analysis.slices.read_slices` returns.
    dark : bool
        Colours for a dark page.
    height : int
        Pixels.
    """
    widths = [_count(slices, p.right) * slices.sizes[p.right] for p in slices.planes]
    titles = [f"{p.name.capitalize()}, {_AXES[p.across]} = {p.index}" for p in slices.planes]
    figure = make_subplots(1, 3, column_widths=widths, subplot_titles=titles,
                           horizontal_spacing=0.04)  # fmt: skip
    for column, plane in enumerate(slices.planes, start=1):
        _draw_plane(figure, column, plane, slices, dark=dark)
    figure.update_layout(coloraxis=_colour_axis(slices))
    styled = style_figure(figure, dark=dark, height=height)
    return styled.update_layout(margin={"t": 34, "b": 24, "l": 12, "r": 12})


def plot_ranked(table: pd.DataFrame, info: Measure, *, dark: bool = False) -> go.Figure:
    """Plot a map's values by rank; voxels that a mask hides are grey.

    Parameters
    ----------
    table : pandas.DataFrame
        What :func:`~jne_engine.analysis.slices.rank_voxels` returns; at least one row.
    info : Measure
        The map.
    dark : bool
        Colours for a dark page.
    """
    figure = go.Figure()
    for shown, colour, name in ((False, NEUTRAL, "hidden by a mask"), (True, ACCENT, "shown")):
        part = table[table["shown"] == shown]
        if len(part):
            figure.add_trace(
                go.Scattergl(
                    x=part["rank"], y=part["value"], mode="markers", name=name,
                    marker={"size": 5, "color": colour}, customdata=part["column"].astype(str),
                    hovertemplate="voxel %{customdata}: %{y:.4g}<extra></extra>",
                )
            )  # fmt: skip
    figure.update_xaxes(title_text="Rank of the voxel, largest first")
    figure.update_yaxes(title_text=info.axis)
    return style_figure(figure, dark=dark, height=300, legend=True)


def _draw_plane(
    figure: go.Figure, column: int, plane: Plane, slices: Slices, *, dark: bool
) -> None:
    ink, place = choose_ink(dark), {"row": 1, "col": column}
    has_column, tint = plane.columns >= 0, ink.grid
    if plane.beneath is not None:
        tint, step = _TINT, 1 / FINER
        start = (step - 1) / 2
        figure.add_heatmap(
            z=plane.beneath, x0=start, dx=step, y0=start, dy=step, zmin=0, zmax=255,
            showscale=False, hoverinfo="skip", colorscale=_GREYS, **place,
        )  # fmt: skip
    figure.add_heatmap(
        z=np.where(has_column, 1.0, np.nan), showscale=False, hoverinfo="skip",
        colorscale=[[0, tint], [1, tint]], **place,
    )  # fmt: skip
    figure.add_heatmap(z=plane.values, coloraxis="coloraxis", hoverinfo="skip", **place)
    figure.add_trace(_click_targets(plane, has_column, slices.info), **place)
    line = ink.text if plane.beneath is None else _ON_IMAGE
    cross = {"line": {"color": line, "width": 1, "dash": "dot"}, "opacity": 0.7}
    figure.add_vline(x=slices.at[plane.right], **cross, **place)
    figure.add_hline(y=slices.at[plane.up], **cross, **place)
    left, right, low, high = plane.sides
    upright = {"range": _span(slices.box[plane.up], flipped=plane.up_flipped),
               "scaleanchor": _name("x", column),
               "scaleratio": slices.sizes[plane.up] / slices.sizes[plane.right]}  # fmt: skip
    figure.update_yaxes(
        title_text=f"{low} – {high}", constrain="domain", **upright, **_quiet(), **place
    )
    figure.update_xaxes(title_text=f"{left} – {right}", constrain="domain",
                        range=_span(slices.box[plane.right], flipped=plane.right_flipped),
                        **_quiet(), **place)  # fmt: skip


def _click_targets(plane: Plane, has_column: Any, info: Measure) -> go.Scatter:
    """Return unseen points over the voxels: a heatmap tells no click to the page."""
    rows, columns = np.nonzero(has_column)
    index = np.empty((len(rows), 3), dtype=np.int64)
    index[:, plane.across], index[:, plane.right], index[:, plane.up] = plane.index, columns, rows
    values = plane.values[rows, columns]
    texts = [_tell_value(float(v), info) for v in values]
    return go.Scatter(
        x=columns, y=rows, mode="markers", text=texts,
        marker={"size": 9, "symbol": "square", "color": "rgba(0,0,0,0)"},
        selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}},
        customdata=[",".join(map(str, at)) for at in index.tolist()],
        hovertemplate="voxel (%{customdata}): %{text}<extra></extra>",
    )  # fmt: skip


def _tell_value(value: float, info: Measure) -> str:
    if not np.isfinite(value):
        return "no value shown"
    if info.levels:
        return info.levels[int(value)]
    return f"{value:.4g}"


def _colour_axis(slices: Slices) -> dict[str, Any]:
    info = slices.info
    bar: dict[str, Any] = {"title": {"text": info.axis, "side": "right"}, "thickness": 14}
    if info.levels:
        colours = region_colours(info.levels)
        n = len(colours)
        scale = [[edge / n, colour] for i, colour in enumerate(colours) for edge in (i, i + 1)]
        bar |= {"tickvals": list(range(n)), "ticktext": list(info.levels)}
        return {"colorscale": scale, "cmin": -0.5, "cmax": n - 0.5, "colorbar": bar}
    own = info.colours or ("difference" if info.kind == "diverging" else "viridis")
    return {"colorscale": plotly_scale(own), "cmin": slices.low, "cmax": slices.high,
            "colorbar": bar}  # fmt: skip


def _count(slices: Slices, axis: int) -> int:
    low, high = slices.box[axis]
    return high - low + 1


def _span(box: tuple[int, int], *, flipped: bool) -> list[float]:
    """Return the range of an axis, two voxels around what it shows."""
    ends = [box[0] - 2.5, box[1] + 2.5]
    return ends[::-1] if flipped else ends


def _name(axis: str, column: int) -> str:
    return axis if column == 1 else f"{axis}{column}"


def _quiet() -> dict[str, Any]:
    return {
        "showgrid": False,
        "zeroline": False,
        "showticklabels": False,
        "ticks": "",
        "title_standoff": 4,
    }
