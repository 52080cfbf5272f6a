"""The test of nonlinearity and every measure side by side on the same SIMULATED subjects."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from jne_engine.core.palettes import SIMULATED_COLOUR
from jne_engine.model.measures import MEASURES
from jne_engine.report.figures.template import choose_ink, escape_label, style_figure

PLANTING_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "areas": "As in cortex",
        "v1-linear": "V1 linear",
        "mixed": "40 % linear",
        "mostly-linear": "95 % linear",
        "mostly-nonlinear": "5 % linear",
        "linear": "All linear",
        "graded": "40 % linear, graded",
    }
)
"""What people read of how nonlinear shares are planted."""
_COLOURS = ("#332288", "#0072b2", "#44aa99", "#e69f00", "#cc79a7", "#882255")
NOMINAL = 0.05
_FALSE = f"p < {NOMINAL:g}".replace("0.", ".") + " at share 0"
_POWER = _FALSE.removesuffix("0")


def plot_calibration(
    tests: pd.DataFrame, measures: pd.DataFrame, *, dark: bool = False
) -> go.Figure:
    """Plot false positives, power, and how each measure follows the planted share.

    Parameters
    ----------
    tests : pandas.DataFrame
        Columns ``planting, rate, value, value_half``.
    measures : pandas.DataFrame
        Columns ``planting, measure, r, r_half``.
    dark : bool
        Colours for a dark page.

    Returns
    -------
    plotly.graph_objects.Figure
        Means over subjects with 95 % intervals; the dashed line is the nominal 5 %.
    """
    figure = make_subplots(
        1, 3, column_widths=[0.25, 0.25, 0.5], horizontal_spacing=0.1,
        subplot_titles=("False positives", "Power", "r with the planted share"),
    )  # fmt: skip
    plantings = list(dict.fromkeys(tests["planting"]))
    for planting, colour in zip(plantings, _COLOURS, strict=False):
        own = {"legendgroup": planting, "name": PLANTING_LABELS.get(planting, planting)}
        rates = tests[tests["planting"] == planting].set_index("rate")
        false = rates[rates.index == _FALSE]
        label = [own["name"]] * len(false)
        figure.add_trace(_dots(label, false, "value", colour, own, legend=True), 1, 1)
        power = rates[[str(r).startswith(_POWER) and r != _FALSE for r in rates.index]]
        shares = [float(str(r).removeprefix(_POWER)) for r in power.index]
        if shares:
            figure.add_trace(_dots(shares, power, "value", colour, own, lines=True), 1, 2)
        recovered = measures[measures["planting"] == planting]
        if len(recovered):
            labels = [escape_label(_name(m)) for m in recovered["measure"]]
            figure.add_trace(_dots(labels, recovered, "r", colour, own), 1, 3)
    ink = choose_ink(dark)
    nominal = {"line": {"color": ink.quiet, "dash": "dash", "width": 1}}
    figure.add_hline(y=NOMINAL, **nominal, row=1, col=1)
    figure.update_yaxes(title_text="Linear voxels with p < .05", rangemode="tozero",
                        tickformat=".0%", row=1, col=1)  # fmt: skip
    figure.update_yaxes(title_text="Voxels found", range=[0, 1.03], tickformat=".0%", row=1, col=2)
    figure.update_xaxes(title_text="Planted share", row=1, col=2)
    figure.update_yaxes(title_text="Pearson r", row=1, col=3)
    figure.add_annotation(
        text=f"<b style='color:{SIMULATED_COLOUR}'>SIMULATED</b>", showarrow=False,
        xref="paper", yref="paper", x=1, y=1.2, xanchor="right",
    )  # fmt: skip
    styled = style_figure(figure, dark=dark, height=440, legend=True)
    return styled.update_layout(legend={"y": 1.2}, margin={"t": 96, "b": 24})


def _dots(
    x: list[Any], table: pd.DataFrame, value: str, colour: str, own: dict[str, str], *,
    legend: bool = False, lines: bool = False,
) -> go.Scatter:  # fmt: skip
    return go.Scatter(
        x=x, y=table[value], mode="lines+markers" if lines else "markers", showlegend=legend,
        error_y={"array": table[f"{value}_half"], "thickness": 1}, **own,
        marker={"color": colour, "size": 8}, line={"color": colour},
        hovertemplate=f"{own['name']}, %{{x}}: %{{y:.3f}}<extra></extra>",
    )  # fmt: skip


def _name(measure: str) -> str:
    return MEASURES[measure].label if measure in MEASURES else measure
