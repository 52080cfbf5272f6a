"""Categories against ROIs: which pictures carry an area's nonlinearity."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from jne_engine.core.palettes import ACCENT, plotly_scale, region_colours
from jne_engine.report.figures.template import choose_ink, escape_label, style_figure

FEW_ROWS: Final = 15
"""Up to so many categories are labelled at ease."""
MANY_POINTS: Final = 3000
"""Above so many points WebGL draws them."""


def plot_category_matrix(
    matrix: pd.DataFrame,
    *,
    label: str,
    unit: str,
    chosen: tuple[str, str] | None = None,
    starred: pd.DataFrame | None = None,
    centred: bool = False,
    dark: bool = False,
    height: int | None = None,
) -> go.Figure:
    """Plot a heat map of categories (rows) by ROIs (columns), whose cells can be clicked.

    The ``customdata`` of a cell are its row and column, as ``"row,column"``.

    Parameters
    ----------
    matrix : pandas.DataFrame, shape (n_categories, n_rois)
        Mean JNE-SS, raw or normalised, or a selectivity index.
    label, unit : str
        Name and unit of the values, for the colour bar; a unit may be empty.
    chosen : tuple of str, optional
        Category and ROI to frame.
    starred : pandas.DataFrame of bool, optional
        Cells that wear a star; of the matrix's shape.
    centred : bool
        Colours that diverge from 0.
    dark : bool
        Colours for a dark page.
    height : int, optional
        Pixels; by default as many as the rows need.
    """
    title = f"{label} ({unit})" if unit else label
    n_rows = len(matrix)
    figure = go.Figure(
        go.Heatmap(
            z=matrix.to_numpy(),
            x=[_name_column(c) for c in matrix.columns],
            y=[escape_label(c) for c in matrix.index],
            xgap=2,
            ygap=2 if n_rows <= FEW_ROWS else 1,
            colorbar={
                "title": {"text": title, "side": "top", "font": {"size": 13}},
                "orientation": "h",
                "y": -0.02,
                "yanchor": "top",
                "thickness": 10,
                "outlinewidth": 0,
            },
            hovertemplate="%{y} in %{x}: %{z:.4g}<extra></extra>",
            **_choose_scale(matrix, centred=centred),
            **_mark_cells(starred),
        )
    )
    figure.add_trace(_lay_cells(matrix))
    if chosen is not None:
        _frame(figure, matrix, *chosen, colour=choose_ink(dark).text)
    figure.update_xaxes(side="top", showgrid=False, tickangle=0, tickfont={"size": 12})
    figure.update_yaxes(autorange="reversed", showgrid=False, dtick=1)
    if height is not None:
        figure.update_xaxes(tickangle=-60, tickfont={"size": 11}, ticks="")
        figure.update_yaxes(tickfont={"size": 11}, ticks="")
        figure.update_traces(
            colorbar={"title": {"font": {"size": 11}}}, selector={"type": "heatmap"}
        )
        figure.update_layout(margin={"t": 46, "b": 46, "l": 8, "r": 8})
    row = 32 if n_rows <= FEW_ROWS else 18
    return style_figure(figure, dark=dark, height=height or max(300, 130 + row * n_rows))


def _lay_cells(matrix: pd.DataFrame) -> go.Scatter:
    """Lay a clickable square over each cell: a heat map's own cells cannot be selected."""
    cells = [(row, column) for row in range(matrix.shape[0]) for column in range(matrix.shape[1])]
    values = matrix.to_numpy()
    return go.Scatter(
        x=[_name_column(str(matrix.columns[column])) for _, column in cells],
        y=[escape_label(str(matrix.index[row])) for row, _ in cells],
        mode="markers", text=[f"{values[cell]:.4g}" for cell in cells], showlegend=False,
        marker={"size": 16, "symbol": "square", "color": "rgba(0,0,0,0)"},
        selected={"marker": {"opacity": 0}}, unselected={"marker": {"opacity": 0}},
        customdata=[f"{row},{column}" for row, column in cells],
        hovertemplate="%{y} in %{x}: %{text}<extra></extra>",
    )  # fmt: skip


def _name_column(name: str) -> str:
    return escape_label(name).replace(" ", "<br>", 1)


def plot_embedding(
    table: pd.DataFrame, *, chosen: tuple[int, ...] = (), dark: bool = False, height: int = 460
) -> go.Figure:
    """Plot stimuli where t-SNE puts them, coloured by category; points can be selected.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``x, y, stimulus, category, row``; colours follow the order in which categories
        first stand in a categorical ``category``, else their names.
    chosen : tuple of int
        Rows that are shown at full strength; all of them where empty.
    dark : bool
        Colours for a dark page.
    height : int
        Pixels.
    """
    categories = list(table["category"].astype("category").cat.categories)
    colours = dict(zip(categories, region_colours(tuple(categories)), strict=True))
    kind = go.Scattergl if len(table) > MANY_POINTS else go.Scatter
    picked = set(chosen)
    figure = go.Figure()
    for category, part in table.groupby("category", sort=False, observed=True):
        strong = [not picked or row in picked for row in part["row"]]
        figure.add_trace(
            kind(
                x=part["x"],
                y=part["y"],
                mode="markers",
                name=escape_label(str(category)) or "none",
                customdata=part["row"],
                text=[escape_label(s) for s in part["stimulus"]],
                marker={
                    "size": 7 if len(table) <= MANY_POINTS else 4,
                    "color": colours[category],
                    "opacity": [1.0 if s else 0.15 for s in strong],
                },
                hovertemplate="%{text}, %{fullData.name}<extra></extra>",
            )
        )
    axis = {"showgrid": False, "zeroline": False, "showticklabels": False}
    figure.update_xaxes(title_text="t-SNE 1 (no unit)", **axis)
    figure.update_yaxes(title_text="t-SNE 2 (no unit)", scaleanchor="x", **axis)
    figure.update_layout(dragmode="lasso")
    return style_figure(figure, dark=dark, height=height, legend=len(categories) <= FEW_ROWS)


def plot_silhouettes(table: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Plot the mean silhouette of each number of clusters; a dot marks the largest.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``n_clusters, silhouette, chosen``.
    dark : bool
        Colours for a dark page.
    """
    line = {"color": ACCENT, "width": 2}
    figure = go.Figure(
        go.Scatter(x=table["n_clusters"], y=table["silhouette"], mode="lines", line=line)
    )
    best = table[table["chosen"]]
    dot = {"size": 11, "color": ACCENT}
    figure.add_scatter(x=best["n_clusters"], y=best["silhouette"], mode="markers", marker=dot)
    figure.update_traces(hovertemplate="%{x} clusters: %{y:.3f}<extra></extra>")
    figure.update_xaxes(title_text="Number of clusters")
    figure.update_yaxes(title_text="Mean silhouette (−1 to 1)")
    return style_figure(figure, dark=dark, height=240)


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


def _choose_scale(matrix: pd.DataFrame, *, centred: bool) -> dict[str, Any]:
    """Return colours and range: from 0, or the same on both sides of it."""
    if not centred:
        return {"colorscale": plotly_scale("viridis"), "zmin": 0}
    largest = float(matrix.abs().max().max())
    limit = largest if largest > 0 else 1.0  # NaN too: nothing is known
    return {"colorscale": plotly_scale("difference"), "zmin": -limit, "zmax": limit}


def _mark_cells(starred: pd.DataFrame | None) -> dict[str, Any]:
    if starred is None:
        return {}
    text = [["★" if cell else "" for cell in row] for row in starred.to_numpy()]
    return {"text": text, "texttemplate": "%{text}", "textfont": {"size": 13}}


def _frame(
    figure: go.Figure, matrix: pd.DataFrame, category: str, roi: str, *, colour: str
) -> None:
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
