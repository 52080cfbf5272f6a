"""Figures of the visual hierarchy: estimates with intervals, significance, subjects, spins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from jne_engine.core.palettes import ACCENT, NEUTRAL
from jne_engine.report.figures.distributions import TIER_LABELS, colour_groups, label_group
from jne_engine.report.figures.template import choose_ink, escape_label, format_p, style_figure

NOT_TESTED = "#c9ced3"


def plot_estimates(
    table: pd.DataFrame,
    value: str,
    *,
    axis: str,
    chance: float | None = None,
    dark: bool = False,
    height: int = 330,
) -> go.Figure:
    """Plot one estimate a group with its 95 % interval and count, in hierarchical order.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``name, tier, n, low, high`` and ``value``.
    value : str
        Column of the estimates.
    axis : str
        Name and unit of the values.
    chance : float, optional
        Where to draw a line: what the whole brain has.
    dark : bool
        Colours for a dark page.
    height : int
        Pixels.
    """
    ticks = [label_group(n, k) for n, k in zip(table["name"], table["n"], strict=True)]
    colours = colour_groups(tuple(table["name"]), tuple(table["tier"]))
    error = {
        "array": (table["high"] - table[value]).tolist(),
        "arrayminus": (table[value] - table["low"]).tolist(),
        "color": choose_ink(dark).quiet,
        "thickness": 1.5,
    }
    figure = go.Figure(
        go.Scatter(
            x=ticks,
            y=table[value],
            mode="markers",
            marker={"size": 7, "color": colours},
            error_y=error,
            customdata=table[["low", "high"]],
            hovertemplate="%{x}<br>%{y:.4g} [%{customdata[0]:.4g}, %{customdata[1]:.4g}]"
            "<extra></extra>",
        )
    )
    if chance is not None:
        line = {"color": choose_ink(dark).quiet, "width": 1.2, "dash": "dash"}
        figure.add_hline(y=chance, line=line)
    figure.update_yaxes(title_text=axis, rangemode="tozero")
    figure.update_xaxes(showgrid=False, tickangle=0)
    return style_figure(figure, dark=dark, height=height)


def plot_significance(
    pairs: pd.DataFrame,
    names: Sequence[str],
    *,
    effect: str = "effect",
    effect_label: str = "P(row exceeds column)",
    dark: bool = False,
) -> go.Figure:
    """Plot the significance matrix: 1 where the row's group exceeds the column's.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Columns ``first, second, p, q, exceeds, low, high`` and ``effect``.
    names : sequence of str
        Groups in hierarchical order.
    effect, effect_label : str
        Column of the effect, and what people read.
    dark : bool
        Colours for a dark page.

    Returns
    -------
    plotly.graph_objects.Figure
        Hover gives p, q and the effect with its interval; a pair that was not tested is grey.
    """
    ink = choose_ink(dark)
    cells = {(row.first, row.second): row for row in pairs.itertuples()}
    shown = [TIER_LABELS.get(n, escape_label(n)) for n in names]
    values = [[_level(cells.get((i, j))) for j in names] for i in names]
    text = [[{1.0: "1", 0.0: "0", 0.5: "–"}.get(v, "") for v in row] for row in values]
    hover = [[_tell(cells.get((i, j)), effect, effect_label, i, j) for j in names] for i in names]
    empty = ink.grid
    figure = go.Figure(
        go.Heatmap(
            x=shown,
            y=shown,
            z=values,
            text=text,
            customdata=hover,
            texttemplate="%{text}",
            textfont={"size": 14},
            colorscale=[[0, empty], [0.34, empty], [0.34, NOT_TESTED], [0.67, NOT_TESTED],
                        [0.67, ACCENT], [1, ACCENT]],
            zmin=0,
            zmax=1,
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title_text="exceeds this one …", side="bottom", showgrid=False, tickangle=0)
    figure.update_yaxes(title_text="this one …", autorange="reversed", showgrid=False)
    return style_figure(figure, dark=dark, height=max(300, 120 + 34 * len(names)))


def plot_subjects(
    means: pd.DataFrame, *, axis: str, dark: bool = False, height: int = 340
) -> go.Figure:
    """Plot every subject's means over ROIs or tiers as a line, and the mean over subjects.

    Parameters
    ----------
    means : pandas.DataFrame
        Columns ``subject, name, tier, n, mean``.
    axis : str
        Name and unit of the values.
    dark : bool
        Colours for a dark page.
    height : int
        Pixels.
    """
    ink = choose_ink(dark)
    names = list(dict.fromkeys(means["name"]))
    ticks = [TIER_LABELS.get(n, escape_label(n)) for n in names]
    figure = go.Figure()
    for subject, part in means.groupby("subject", sort=True):
        own = part.set_index("name").reindex(names)
        figure.add_trace(
            go.Scatter(
                x=ticks, y=own["mean"], customdata=own["n"], mode="lines+markers",
                name=escape_label(str(subject)),
                hovertemplate="%{fullData.name}, %{x}: %{y:.4g}, n = %{customdata:,}"
                "<extra></extra>",
            )
        )  # fmt: skip
    average = means.groupby("name")["mean"].mean().reindex(names)
    line = {"color": ink.text, "width": 4}
    figure.add_trace(
        go.Scatter(x=ticks, y=average, mode="lines", name="Mean over subjects", line=line)
    )
    figure.update_yaxes(title_text=axis, rangemode="tozero")
    figure.update_xaxes(showgrid=False)
    return style_figure(figure, dark=dark, height=height, legend=True)


def plot_spins(tests: pd.DataFrame, *, axis: str, dark: bool = False) -> go.Figure:
    """Plot statistics beside the middle 95 % of what rotated maps give.

    Parameters
    ----------
    tests : pandas.DataFrame
        Columns ``what, observed, p, q, null_mean, null_low, null_high, n_rotations``.
    axis : str
        The statistic, with its unit.
    dark : bool
        Colours for a dark page.
    """
    ink = choose_ink(dark)
    rows = [escape_label(what) for what in tests["what"]]
    figure = go.Figure()
    spread = {"array": tests["null_high"] - tests["null_mean"],
              "arrayminus": tests["null_mean"] - tests["null_low"]}  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=tests["null_mean"], y=rows, mode="markers", name="Rotated maps, middle 95 %",
            marker={"symbol": "line-ns-open", "size": 10, "color": NEUTRAL},
            error_x={**spread, "color": NEUTRAL, "thickness": 5, "width": 0},
            hoverinfo="skip",
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=tests["observed"], y=rows, mode="markers", name="This map",
            marker={"size": 11, "color": ACCENT, "line": {"color": ink.paper, "width": 1}},
            customdata=tests[["p", "q", "n_rotations"]],
            hovertemplate="%{y}: %{x:.3g}<br>p = %{customdata[0]:.3g}, q = %{customdata[1]:.3g}"
            " over %{customdata[2]:,} rotations<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title_text=axis)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return style_figure(figure, dark=dark, height=120 + 30 * len(rows), legend=True)


def _level(pair: Any) -> float:
    """Return 1 where the first exceeds, 0 where not, 0.5 where not tested, NaN where no pair."""
    if pair is None:
        return float("nan")
    return 0.5 if np.isnan(pair.p) else float(pair.exceeds)


def _tell(pair: Any, effect: str, effect_label: str, first: str, second: str) -> str:
    if pair is None:
        return escape_label(first)
    low, high = pair.low, pair.high
    return (
        f"{escape_label(first)} over {escape_label(second)}"
        f"<br>{format_p(pair.p)}, {format_p(pair.q, 'q')}"
        f"<br>{effect_label} = {getattr(pair, effect):.3f} [{low:.3f}, {high:.3f}]"
    )
