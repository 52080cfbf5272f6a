"""What the selected vertices look like over stimuli."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from jne_engine.core.palettes import ACCENT
from jne_engine.model.measures import JNE_SS_UNIT
from jne_engine.report.figures.template import choose_ink, style_figure

BINS = 30


def plot_jne_ss(values: npt.NDArray[Any], *, dark: bool = False, height: int = 240) -> go.Figure:
    """Plot how JNE-SS is distributed over stimuli, with its mean.

    Parameters
    ----------
    values : numpy.ndarray of float, shape (n_test,)
        JNE-SS of each stimulus; NaN are left out.
    dark : bool
        Colours for a dark page.
    height : int
        Pixels.
    """
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    counts, edges = np.histogram(finite, bins=BINS) if finite.size else (np.zeros(0), np.zeros(1))
    bars = go.Bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=counts,
        width=np.diff(edges),
        marker={"color": ACCENT, "line": {"width": 0}},
        hovertemplate="%{y} stimuli near %{x:.3g}<extra></extra>",
    )
    figure = go.Figure(bars)
    if finite.size:
        ink = choose_ink(dark)
        figure.add_vline(
            x=float(finite.mean()), line={"color": ink.text, "width": 1.5, "dash": "dash"},
            annotation={"text": f"mean {finite.mean():.3g}", "font": {"color": ink.text}},
        )  # fmt: skip
    figure.update_xaxes(title_text=f"JNE-SS ({JNE_SS_UNIT})", rangemode="tozero")
    figure.update_yaxes(title_text="Stimuli")
    figure.update_layout(bargap=0)
    return style_figure(figure, dark=dark, height=height)
