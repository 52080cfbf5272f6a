"""Power before scanning: how often a nonlinear share would be found, on SIMULATED voxels."""

from __future__ import annotations

import plotly.graph_objects as go

from jne_engine.analysis.power import TARGET, Power
from jne_engine.core.palettes import ACCENT, SIMULATED_COLOUR, rgb
from jne_engine.report.figures.template import choose_ink, style_figure

BAND = 0.2
"""Opacity of the interval's band."""


def plot_power(power: Power, *, dark: bool = False) -> go.Figure:
    """Plot the share of voxels found over their nonlinear share, with its interval as a band.

    Parameters
    ----------
    power : Power
        What :func:`~jne_engine.analysis.power.estimate_power` returns; without a curve, the axes.
    dark : bool
        Colours for a dark page.
    """
    curve, ink = power.curve, choose_ink(dark)
    red, green, blue = rgb(ACCENT)
    figure = go.Figure()
    edge = {"x": curve["share"], "mode": "lines", "hoverinfo": "skip", "line": {"width": 0}}
    figure.add_scatter(y=curve["low"], **edge)
    figure.add_scatter(
        y=curve["high"], fill="tonexty", fillcolor=f"rgba({red},{green},{blue},{BAND})", **edge
    )
    figure.add_scatter(
        x=curve["share"], y=curve["power"], mode="lines+markers",
        line={"color": ACCENT}, marker={"size": 8, "color": ACCENT},
        customdata=curve[["low", "high"]],
        hovertemplate="share %{x:g}: %{y:.1%} found [%{customdata[0]:.1%},"
        " %{customdata[1]:.1%}]<extra></extra>",
    )  # fmt: skip
    quiet = {"color": ink.quiet, "dash": "dash", "width": 1}
    figure.add_hline(y=TARGET, line=quiet)
    if power.smallest == power.smallest:
        figure.add_vline(x=power.smallest, line=quiet)
    figure.update_xaxes(title_text="Nonlinear share of a voxel", range=[0, 0.72])
    figure.update_yaxes(title_text="Voxels found", range=[0, 1.03], tickformat=".0%")
    figure.add_annotation(
        text=f"<b style='color:{SIMULATED_COLOUR}'>SIMULATED</b>", showarrow=False,
        xref="paper", yref="paper", x=1, y=1.02, xanchor="right", yanchor="bottom",
    )  # fmt: skip
    return style_figure(figure, dark=dark, height=300)
