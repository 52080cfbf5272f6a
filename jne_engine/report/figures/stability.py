"""A measure of the same data again: other seeds, shuffled pairings, areas fitted alone."""

from __future__ import annotations

import plotly.graph_objects as go

from jne_engine.analysis.stability import Stability
from jne_engine.core.palettes import ACCENT, NEUTRAL
from jne_engine.model.measures import Measure
from jne_engine.report.figures.template import escape_label, style_figure


def plot_stability(found: Stability, info: Measure, *, dark: bool = False) -> go.Figure:
    """Plot each place's mean over seeds with its interval, its floor, and its mean fitted alone.

    Parameters
    ----------
    found : Stability
        What :func:`~jne_engine.analysis.stability.measure_stability` returns.
    info : Measure
        The measure.
    dark : bool
        Colours for a dark page.
    """
    areas = found.areas
    places = [escape_label(f"{p} (n = {n:,})") for p, n in zip(areas["place"], areas["n"],
                                                               strict=True)]  # fmt: skip
    figure = go.Figure()
    marks = (
        ("mean", "Mean over seeds", {"size": 10, "color": ACCENT}),
        ("floor", "Pairing shuffled", {"size": 9, "color": NEUTRAL, "symbol": "x"}),
        ("alone", "Fitted alone", {"size": 10, "color": ACCENT, "symbol": "diamond-open"}),
    )
    for column, name, marker in marks:
        if areas[column].notna().any():
            figure.add_scatter(
                x=areas[column], y=places, mode="markers", name=name, marker=marker,
                hovertemplate=f"%{{y}}<br>{name}: %{{x:.4g}}<extra></extra>",
            )  # fmt: skip
    if areas["low"].notna().any():
        figure.data[0].error_x = {
            "array": areas["high"] - areas["mean"], "arrayminus": areas["mean"] - areas["low"],
            "thickness": 1.5,
        }  # fmt: skip
    figure.update_xaxes(title_text=info.axis, rangemode="tozero")
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return style_figure(figure, dark=dark, height=130 + 26 * len(places), legend=True)
