"""Layers and subjects: lines over layers, layers by area, subjects side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from jne_engine.core.palettes import NEUTRAL, TIER_COLOURS, plotly_scale, region_colours, rgb
from jne_engine.report.figures.distributions import TIER_LABELS
from jne_engine.report.figures.template import choose_ink, escape_label, style_figure

BAND = 0.16  # opacity
FADED = 0.3
COVER = 0.62  # opacity of the veil over weak cells
ROW = 34  # pixels of a heat map's row
HEAT_MARGIN = 130
LIGHT_TEXT = 0.55  # above this part of the scale, Viridis is light
ON_LIGHT, ON_DARK = "#16202a", "#ffffff"  # a cell is as light on a dark page
SUBJECT_MARKS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon")


def plot_layers(
    averages: pd.DataFrame, *, label: str, unit: str, dark: bool = False, height: int = 440
) -> go.Figure:
    """Plot means over layers: one line a place with its 95 % band; weak points hollow and pale.

    Parameters
    ----------
    averages : pandas.DataFrame
        What :func:`~jne_engine.analysis.studies.average_over_subjects` returns, of one kind of
        place.
    label, unit : str
        Name and unit of the values.
    dark : bool
        Colours for a dark page.
    height : int
        Pixels.
    """
    figure = go.Figure()
    layers = sorted(averages["layer"].unique())
    places = list(dict.fromkeys(averages["place"]))
    for i, (place, colour) in enumerate(zip(places, _colours(averages, places), strict=True)):
        part = averages[averages["place"] == place].sort_values("layer")
        if len(layers) > 1:
            figure.add_trace(_band(part, colour))
        shift = 0.0 if len(layers) > 1 else (i - (len(places) - 1) / 2) * 0.08
        figure.add_trace(_line(part, colour, shift, bars=len(layers) == 1))
    figure.update_xaxes(title_text="Layer", tickvals=layers, showgrid=False)
    if len(layers) == 1:
        figure.update_xaxes(range=[layers[0] - 0.6, layers[0] + 0.6])
    figure.update_yaxes(title_text=_name_axis(label, unit))
    return style_figure(figure, dark=dark, height=height, legend=True)


def plot_layer_matrix(
    averages: pd.DataFrame,
    *,
    value: str,
    label: str,
    unit: str,
    mark_best: bool = False,
    dark: bool = False,
) -> go.Figure:
    """Plot a column of the averages by place (down) and layer (across); weak cells are veiled.

    Parameters
    ----------
    averages : pandas.DataFrame
        What :func:`~jne_engine.analysis.studies.average_over_subjects` returns, of one kind of
        place.
    value : {"mean", "r2"}
        Which column.
    label, unit : str
        Name and unit of its values.
    mark_best : bool
        Put a star at each place's highest value.
    dark : bool
        Colours for a dark page.
    """
    layers = [str(layer) for layer in sorted(averages["layer"].unique())]
    places = list(dict.fromkeys(averages["place"]))
    table = averages.pivot(index="place", columns="layer", values=value).reindex(places)
    weak = averages.pivot(index="place", columns="layer", values="weak").reindex(places)
    veil = weak.eq(other=True).to_numpy()
    z, names = table.to_numpy(dtype=float), [_name_place(averages, p) for p in places]
    ink = choose_ink(dark)
    figure = go.Figure(
        go.Heatmap(
            x=layers, y=names, z=z, colorscale=plotly_scale("viridis"), xgap=2, ygap=2,
            colorbar={"title": {"text": unit, "side": "right", "font": {"size": 13}},
                      "thickness": 12, "outlinewidth": 0},
            hovertemplate=f"%{{y}}, layer %{{x}}: {label} %{{z:.4g}}<extra></extra>",
        )
    )  # fmt: skip
    figure.add_trace(
        go.Heatmap(x=layers, y=names, z=np.where(veil, 1.0, np.nan), showscale=False,
                   colorscale=[[0, ink.paper], [1, ink.paper]], opacity=COVER, hoverinfo="skip",
                   xgap=2, ygap=2)
    )  # fmt: skip
    figure.add_traces(_write_cells(z, veil, layers, names, dark=dark, mark_best=mark_best))
    figure.update_xaxes(title_text="Layer", type="category", showgrid=False)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return style_figure(figure, dark=dark, height=HEAT_MARGIN + ROW * len(places))


def plot_subjects(
    stacked: pd.DataFrame, averages: pd.DataFrame, *, label: str, unit: str, dark: bool = False
) -> go.Figure:
    """Plot every subject's means over places, joined, and the mean over subjects.

    Parameters
    ----------
    stacked, averages : pandas.DataFrame
        What :func:`~jne_engine.analysis.studies.stack_runs` and
        :func:`~jne_engine.analysis.studies.average_over_subjects` return, of one layer and kind of
        place.
    label, unit : str
        Name and unit of the values.
    dark : bool
        Colours for a dark page.
    """
    ink = choose_ink(dark)
    figure = go.Figure()
    for i, (subject, part) in enumerate(stacked.groupby("subject", sort=True)):
        weak, mark = part["weak"].to_numpy(), SUBJECT_MARKS[i % len(SUBJECT_MARKS)]
        figure.add_trace(
            go.Scatter(
                x=[_name_place(stacked, p) for p in part["place"]], y=part["mean"],
                name=escape_label(str(subject)), mode="lines+markers",
                line={"color": NEUTRAL, "width": 1.2},
                marker={"symbol": [mark + "-open" if w else mark for w in weak], "size": 8,
                        "color": _colours(stacked, list(part["place"])),
                        "opacity": np.where(weak, FADED, 1.0)},
                customdata=part[["n", "r2"]],
                hovertemplate=f"{escape_label(str(subject))}, %{{x}}: %{{y:.4g}},"
                              " %{customdata[0]:,} voxels, R² %{customdata[1]:.3f}<extra></extra>",
            )
        )  # fmt: skip
    if stacked["subject"].nunique() > 1:
        spread = {"array": averages["high"] - averages["mean"], "thickness": 1.5, "width": 5,
                  "arrayminus": averages["mean"] - averages["low"], "color": ink.text}  # fmt: skip
        figure.add_trace(
            go.Scatter(
                x=[_name_place(averages, p) for p in averages["place"]], y=averages["mean"],
                name="Mean over subjects", mode="lines+markers", error_y=spread,
                line={"color": ink.text, "width": 2.5}, marker={"size": 9, "symbol": "line-ew"},
                hovertemplate="Mean, %{x}: %{y:.4g}<extra></extra>",
            )
        )  # fmt: skip
    figure.update_xaxes(type="category", showgrid=False, tickangle=0)
    figure.update_yaxes(title_text=_name_axis(label, unit))
    return style_figure(figure, dark=dark, height=460, legend=True)


def plot_agreement(pairs: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Plot Pearson's r of each pair of subjects with its 95 % interval and count.

    Parameters
    ----------
    pairs : pandas.DataFrame
        What :func:`~jne_engine.analysis.studies.correlate_subjects` returns.
    dark : bool
        Colours for a dark page.
    """
    ink = choose_ink(dark)
    names = [
        f"{escape_label(a)} – {escape_label(b)} (n = {n})"
        for a, b, n in zip(pairs["first"], pairs["second"], pairs["n"], strict=True)
    ]
    spread = {"array": pairs["high"] - pairs["r"], "arrayminus": pairs["r"] - pairs["low"]}
    figure = go.Figure(
        go.Scatter(
            x=pairs["r"], y=names, mode="markers", marker={"size": 10, "color": ink.text},
            error_x={**spread, "color": ink.quiet, "thickness": 1.5},
            hovertemplate="%{y}: r = %{x:.3f}<extra></extra>",
        )
    )  # fmt: skip
    low = float(pairs["low"].min()) if pairs["low"].notna().any() else 0.0
    figure.update_xaxes(title_text="Pearson r of ROI profiles", range=[min(0.0, low) - 0.02, 1.02])
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    return style_figure(figure, dark=dark, height=HEAT_MARGIN + 26 * len(pairs))


def _line(part: pd.DataFrame, colour: str, shift: float, *, bars: bool) -> go.Scatter:
    name = _name_place(part, part["place"].iloc[0])
    weak = part["weak"].to_numpy()
    spread = {"array": part["high"] - part["mean"], "arrayminus": part["mean"] - part["low"],
              "color": colour, "thickness": 1.5, "visible": bars}  # fmt: skip
    return go.Scatter(
        x=part["layer"] + shift, y=part["mean"], name=name, legendgroup=name, mode="lines+markers",
        line={"color": colour, "width": 2}, error_y=spread,
        marker={"size": 9, "symbol": ["circle-open" if w else "circle" for w in weak],
                "opacity": np.where(weak, FADED, 1.0), "color": colour},
        customdata=part[["n", "over", "r2", "low", "high", "layer"]],
        hovertemplate=f"{name}, layer %{{customdata[5]}}: %{{y:.4g}}<br>95 %"
                      " [%{customdata[3]:.4g}, %{customdata[4]:.4g}],"
                      " n = %{customdata[0]:,} %{customdata[1]}<br>R² %{customdata[2]:.3f}"
                      "<extra></extra>",
    )  # fmt: skip


def _band(part: pd.DataFrame, colour: str) -> go.Scatter:
    """Return one place's 95 % band over the layers that have one."""
    known = part[part["low"].notna() & part["high"].notna()]
    name = _name_place(part, part["place"].iloc[0])
    red, green, blue = rgb(colour)
    return go.Scatter(
        x=[*known["layer"], *known["layer"][::-1]], y=[*known["high"], *known["low"][::-1]],
        fill="toself", fillcolor=f"rgba({red},{green},{blue},{BAND})", line={"width": 0},
        mode="lines", legendgroup=name, showlegend=False, hoverinfo="skip",
    )  # fmt: skip


def _write_cells(
    z: Any, veil: Any, layers: list[str], names: list[str], *, dark: bool, mark_best: bool
) -> list[go.Scatter]:
    """Return a heat map's numbers, each in an ink that its cell bears."""
    ink = choose_ink(dark)
    finite = z[np.isfinite(z)]
    low, size = (finite.min(), np.ptp(finite) or 1.0) if finite.size else (0.0, 1.0)
    best = {i: int(np.nanargmax(row)) for i, row in enumerate(z) if np.isfinite(row).any()}
    texts, colours, xs, ys = [], [], [], []
    for i, j in zip(*np.nonzero(np.isfinite(z)), strict=True):
        star = " ★" if mark_best and best.get(int(i)) == j else ""
        texts.append(f"{z[i, j]:.3g}{star}")
        light = (z[i, j] - low) / size > LIGHT_TEXT
        on_cell = ON_LIGHT if light else ON_DARK
        colours.append(ink.text if veil[i, j] else on_cell)
        xs.append(layers[j])
        ys.append(names[i])
    return [go.Scatter(x=xs, y=ys, mode="text", text=texts, hoverinfo="skip",
                       textfont={"color": colours, "size": 13})]  # fmt: skip


def _colours(table: pd.DataFrame, places: list[str]) -> list[str]:
    """Return the fixed colour of each tier or ROI; the whole brain is grey."""
    kinds = dict(zip(table["place"], table["kind"], strict=True))
    rois = tuple(dict.fromkeys(p for p, kind in kinds.items() if kind == "roi"))
    colours = dict(zip(rois, region_colours(rois), strict=True))
    return [colours.get(p) or TIER_COLOURS.get(p, NEUTRAL) for p in places]


def _name_place(table: pd.DataFrame, place: str) -> str:
    kind = table.loc[table["place"] == place, "kind"].iloc[0]
    return TIER_LABELS[place] if kind == "tier" else escape_label(place)


def _name_axis(label: str, unit: str) -> str:
    return f"Mean {label} ({unit})" if unit else f"Mean {label}"
