"""Categories against ROIs: which pictures carry an area's nonlinearity."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from jne_engine.figures.template import choose_ink, escape_label, style_figure
from jne_engine.palettes import ACCENT, plotly_scale


def plot_category_matrix(
    matrix: pd.DataFrame,
    *,
    label: str,
    unit: str,
    chosen: tuple[str, str] | None = None,
    dark: bool = False,
) -> go.Figure:
    """Plot a heat map of categories (rows) by ROIs (columns).

    Parameters
    ----------
    matrix : pandas.DataFrame, shape (n_categories, n_rois)
        Mean JNE-SS, raw or normalised.
    label, unit : str
        Name and unit of the values, for the colour bar.
    chosen : tuple of str, optional
        Category and ROI to frame.
    dark : bool
        Colours for a dark page.
    """
    figure = go.Figure(
        go.Heatmap(
            z=matrix.to_numpy(),
            x=[escape_label(c).replace(" ", "<br>", 1) for c in matrix.columns],
            y=[escape_label(c) for c in matrix.index],
            colorscale=plotly_scale("viridis"),
            zmin=0,
            xgap=2,
            ygap=2,
            colorbar={
                "title": {"text": f"{label} ({unit})", "side": "top", "font": {"size": 13}},
                "orientation": "h",
                "y": -0.02,
                "yanchor": "top",
                "thickness": 10,
                "outlinewidth": 0,
            },
            hovertemplate="%{y} in %{x}: %{z:.4g}<extra></extra>",
        )
    )
    if chosen is not None:
        _frame(figure, matrix, *chosen, colour=choose_ink(dark).text)
    figure.update_xaxes(side="top", showgrid=False, tickangle=0, tickfont={"size": 12})
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return style_figure(figure, dark=dark, height=max(300, 130 + 32 * len(matrix)))


def plot_category_means(table: pd.DataFrame, *, unit: str, dark: bool = False) -> go.Figure:
    """Plot one ROI's mean JNE-SS per category with its 95 % interval over stimuli.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``category, n_stimuli, mean_jne_ss, low, high``.
    unit : str
        Unit of JNE-SS.
    dark : bool
        Colours for a dark page.
    """
    labels = [
        f"{escape_label(c)} (n = {n:,})"
        for c, n in zip(table["category"], table["n_stimuli"], strict=True)
    ]
    spread = {"array": table["high"] - table["mean_jne_ss"], "color": choose_ink(dark).quiet}
    spread |= {"arrayminus": table["mean_jne_ss"] - table["low"], "thickness": 1.5}
    figure = go.Figure(
        go.Scatter(
            x=table["mean_jne_ss"],
            y=labels,
            mode="markers",
            marker={"size": 10, "color": ACCENT},
            error_x=spread,
            hovertemplate="%{y}: %{x:.4g}<extra></extra>",
        )
    )
    figure.update_xaxes(title_text=f"Mean JNE-SS ({unit})", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return style_figure(figure, dark=dark, height=max(220, 90 + 26 * len(table)))


def _frame(
    figure: go.Figure, matrix: pd.DataFrame, category: str, roi: str, *, colour: str
) -> None:
    """Frame one cell of a heat map."""
    if category not in matrix.index or roi not in matrix.columns:
        return
    row, column = list(matrix.index).index(category), list(matrix.columns).index(roi)
    figure.add_shape(
        type="rect",
        x0=column - 0.5,
        x1=column + 0.5,
        y0=row - 0.5,
        y1=row + 0.5,
        line={"color": colour, "width": 2},
    )
