"""The one look of every figure: font, grid, hover, margins, file names; light and dark."""

from __future__ import annotations

import html
import math
import re
from dataclasses import astuple, dataclass
from functools import cache
from typing import Any

import plotly.graph_objects as go

FONT = '"Source Sans", "Source Sans 3", "Helvetica Neue", Arial, sans-serif'


@dataclass(frozen=True)
class Ink:
    """The neutral colours of a figure on a light or a dark page.

    A light colour and its dark partner stand for each other wherever they are written: no two of
    a page are equal, and nothing else in a figure has one, pure white included.
    """

    text: str
    quiet: str
    grid: str
    paper: str
    hover: str
    middle: str


LIGHT = Ink(text="#1f2933", quiet="#5f6b76", grid="#e6e9ec", paper="#fffffe", hover="#fefefe",
            middle="#f7f7f7")  # fmt: skip
DARK = Ink(text="#e8ebee", quiet="#9aa5b1", grid="#2c333b", paper="#12161b", hover="#1c2229",
           middle="#2c333c")  # fmt: skip


def choose_ink(dark: bool) -> Ink:
    """Return the neutral colours for a page."""
    return DARK if dark else LIGHT


def lighten_figure(text: str) -> str:
    """Return a figure's JSON as it is on a light page: slides are printed on white."""
    for dark, light in zip(astuple(DARK), astuple(LIGHT), strict=True):
        text = text.replace(dark, light)
    return text


def style_figure(
    figure: go.Figure, *, dark: bool = False, height: int = 420, legend: bool = False
) -> go.Figure:
    """Give a figure the project's look, and return it.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Changed in place.
    dark : bool
        Colours for a dark page.
    height : int
        Pixels; reserved while the figure loads.
    legend : bool
        Whether to show the legend, above the plot.
    """
    figure.update_layout(template=_build_template(dark), height=height, showlegend=legend)
    return figure


def name_download(*parts: str, picture: str = "svg", selectable: bool = False) -> dict[str, Any]:
    """Return Plotly's settings of the tool bar, with the name of the downloaded picture.

    Parameters
    ----------
    parts : str
        Name the picture; letters, digits, dots and dashes are kept only, whatever a run calls
        its areas.
    picture : {"svg", "png"}
        What the camera saves; a PNG has three times the figure's pixels, for print.
    selectable : bool
        Whether points can be selected by box and lasso.
    """
    removed = ["autoScale2d"] if selectable else ["select2d", "lasso2d", "autoScale2d"]
    size = {"scale": 3} if picture == "png" else {}
    return {
        "displaylogo": False,
        "displayModeBar": "hover",
        "modeBarButtonsToRemove": removed,
        "toImageButtonOptions": {"format": picture, "filename": name_file(*parts), **size},
    }


def name_file(*parts: str) -> str:
    """Return a file name without extension: ``jne_`` and the parts, harmless ones only."""
    words = [re.sub(r"[^A-Za-z0-9.-]+", "-", part).strip("-.") for part in parts]
    return "_".join(["jne", *(word for word in words if word)])[:120]


def escape_label(text: str) -> str:
    """Return a name that Plotly shows as it is written, markup included."""
    return html.escape(str(text), quote=False)


def format_r(r: float, n: int) -> str:
    """Return ``r = 0.83, n = 1,204``, or what keeps r undefined."""
    if math.isnan(r):
        return f"r undefined, n = {n:,}"
    return f"r = {r:.2f}, n = {n:,}"


def format_p(p: float, symbol: str = "p") -> str:
    """Return ``p = 0.012``; ``p < 1e-300`` below what a float holds; or that it is undefined."""
    if math.isnan(p):
        return f"{symbol} undefined"
    return f"{symbol} < 1e-300" if p < 1e-300 else f"{symbol} = {p:.2g}"


@cache
def _build_template(dark: bool) -> go.layout.Template:
    ink = choose_ink(dark)
    axis = {
        "gridcolor": ink.grid,
        "zerolinecolor": ink.grid,
        "linecolor": ink.grid,
        "tickfont": {"color": ink.quiet, "size": 13},
        "title": {"font": {"color": ink.text, "size": 14}, "standoff": 8},
        "automargin": True,
    }
    layout = go.Layout(
        font={"family": FONT, "color": ink.text, "size": 14},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 16, "r": 16, "t": 28, "b": 16},
        xaxis=axis,
        yaxis=axis,
        hoverlabel={
            "bgcolor": ink.hover,
            "bordercolor": ink.grid,
            "font": {"family": FONT, "color": ink.text, "size": 13},
        },
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title": {"text": ""}},
        colorway=["#0b6e99", "#d55e00", "#009e73", "#8a8f98"],
        coloraxis={"colorbar": {"outlinewidth": 0, "thickness": 12}},
    )
    return go.layout.Template(layout=layout)
