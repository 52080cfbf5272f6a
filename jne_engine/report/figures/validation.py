"""Figures of the validation by simulation, from the tables of its results."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from jne_engine.core.palettes import SIMULATED_COLOUR
from jne_engine.model.measures import MEASURES, list_measures
from jne_engine.report.figures.template import choose_ink, escape_label, style_figure

ACTIVATION_LABELS: Mapping[str, str] = MappingProxyType(
    {"relu": "ReLU", "leaky_relu": "Leaky ReLU", "gelu": "GELU", "swish": "Swish", "tanh": "tanh"}
)
ACTIVATION_COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "relu": "#0072b2",
        "leaky_relu": "#56b4e9",
        "gelu": "#009e73",
        "swish": "#e69f00",
        "tanh": "#cc79a7",
    }
)
PLACEMENT_LABELS: Mapping[str, str] = MappingProxyType(
    {"none": "None", "loc1": "Layer 1", "loc2": "Layer 2", "both": "Both"}
)
PLACEMENT_COLOURS: Mapping[str, str] = MappingProxyType(
    {"none": "#8a8f98", "loc1": "#44aa99", "loc2": "#0072b2", "both": "#332288"}
)
AXIS_DEPTH = 72
"""Pixels below a panel that its axis and the axis's title take."""


def plot_activation_curves(
    curves: pd.DataFrame, *, half_range: float = 6.0, dark: bool = False
) -> go.Figure:
    """Plot JNE of single neurons along their input over |φ″|, which it should follow.

    Parameters
    ----------
    curves : pandas.DataFrame
        Columns ``activation, x, scaled_jne, curvature``; JNE is scaled by √12 / half-window,
        so that both have one axis.
    half_range : float
        Inputs shown, either side of 0.
    dark : bool
        Colours for a dark page.

    Returns
    -------
    plotly.graph_objects.Figure
        One panel an activation: the pale band is |φ″|, the line JNE.
    """
    names = list(dict.fromkeys(curves["activation"]))
    shown = curves[curves["x"].abs() <= half_range]
    figure = _panels([ACTIVATION_LABELS[name] for name in names])
    for column, name in enumerate(names, start=1):
        curve = shown[shown["activation"] == name]
        colour = ACTIVATION_COLOURS[name]
        band = {"color": colour, "width": 9}
        figure.add_trace(_line(curve, "curvature", "|φ″|", band, opacity=0.25), 1, column)
        line = {"color": colour, "width": 1.6}
        figure.add_trace(_line(curve, "scaled_jne", "JNE", line), 1, column)
    figure.update_xaxes(title_text="Input x", dtick=5)
    figure.update_yaxes(title_text="JNE (scaled)", rangemode="tozero", col=1)
    return _finish(figure, dark=dark, height=360)


def plot_placements(repetitions: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Plot the distribution of JNE over networks by where their nonlinearity sits.

    Parameters
    ----------
    repetitions : pandas.DataFrame
        Columns ``activation, placement, jne``, one row a network and placement.
    dark : bool
        Colours for a dark page.

    Returns
    -------
    plotly.graph_objects.Figure
        One panel an activation, one violin a placement, with box and mean.
    """
    names = list(dict.fromkeys(repetitions["activation"]))
    figure = _panels([ACTIVATION_LABELS[name] for name in names])
    for column, name in enumerate(names, start=1):
        group = repetitions[repetitions["activation"] == name]
        for placement in PLACEMENT_LABELS:
            values = group.loc[group["placement"] == placement, "jne"]
            figure.add_trace(_placement_violin(values, placement), 1, column)
    figure.update_yaxes(title_text="JNE of the output", rangemode="tozero", col=1)
    figure.update_xaxes(showgrid=False, tickangle=-40)
    figure.update_layout(violingap=0.15)
    n = repetitions["repetition"].nunique()
    return _finish(figure, dark=dark, height=400, note=f"{n} networks each")


def plot_sample_size(summary: pd.DataFrame, *, dark: bool = False) -> go.Figure:
    """Plot how closely JNE of N stimuli follows a known modulation, with 95 % intervals.

    Parameters
    ----------
    summary : pandas.DataFrame
        Columns ``n, r, r_low, r_high``.
    dark : bool
        Colours for a dark page.
    """
    error = {
        "array": summary["r_high"] - summary["r"],
        "arrayminus": summary["r"] - summary["r_low"],
        "color": choose_ink(dark).quiet,
        "thickness": 1.5,
    }
    points = go.Scatter(
        x=summary["n"],
        y=summary["r"],
        error_y=error,
        mode="lines+markers",
        hovertemplate="N = %{x}<br>r = %{y:.3f}<extra></extra>",
    )
    figure = go.Figure(points)
    ticks = [int(n) for n in summary["n"]]
    figure.update_xaxes(title_text="Stimuli N", type="log", tickvals=ticks, ticktext=ticks)
    figure.update_yaxes(title_text="Pearson r of JNE with |sin x|")
    return _finish(figure, dark=dark, height=360)


def plot_input_scale(
    summary: pd.DataFrame, *, placement: str = "both", dark: bool = False
) -> go.Figure:
    """Plot mean JNE against the scale of the inputs, for uniform and normal inputs.

    Parameters
    ----------
    summary : pandas.DataFrame
        Columns ``distribution, scale, activation, placement, mean_jne, sd_jne``.
    placement : {"loc1", "loc2", "both"}
        Where the nonlinearity sits.
    dark : bool
        Colours for a dark page.
    """
    shown = summary[summary["placement"] == placement]
    figure = _panels(["Uniform, half-width", "Normal, standard deviation"])
    for column, distribution in enumerate(("uniform", "normal"), start=1):
        rows = shown[shown["distribution"] == distribution]
        for name, line in rows.groupby("activation", sort=False):
            figure.add_trace(_scale_line(line, str(name), legend=column == 1), 1, column)
    figure.update_xaxes(title_text="Scale of the inputs", type="log", dtick=1)
    figure.update_yaxes(title_text="Mean JNE (± SD over networks)", rangemode="tozero", col=1)
    return _finish(figure, dark=dark, height=380, legend=True)


def plot_recovery(
    summary: pd.DataFrame, *, source: str = "fitted", dark: bool = False
) -> go.Figure:
    """Plot how well each measure recovers the planted nonlinear share, as a table of r.

    Parameters
    ----------
    summary : pandas.DataFrame
        Columns of the condition, ``source, measure, mean_r, min_r, max_r``.
    source : {"fitted", "planted"}
        Measures of the fitted encoder, or of the planted function itself.
    dark : bool
        Colours for a dark page.

    Returns
    -------
    plotly.graph_objects.Figure
        Rows are conditions, columns measures; hover shows the spread over seeds.
    """
    shown = summary[summary["source"] == source]
    found = set(shown["measure"])
    measures = [m.name for m in list_measures("recovery") if m.name in found]
    labelled = shown.assign(condition=[_name_condition(row) for _, row in shown.iterrows()])
    order = list(dict.fromkeys(labelled["condition"]))
    tables = {
        value: labelled.pivot_table(
            index="condition", columns="measure", values=value, dropna=False
        ).reindex(index=order, columns=measures)
        for value in ("mean_r", "min_r", "max_r")
    }
    figure = _heatmap(tables["mean_r"], dark=dark)
    spread = [
        [f"{low:.2f} to {high:.2f} over seeds" for low, high in zip(lows, highs, strict=True)]
        for lows, highs in zip(tables["min_r"].to_numpy(), tables["max_r"].to_numpy(), strict=True)
    ]
    figure.data[0].update(customdata=spread)
    figure.data[0].hovertemplate = "%{y}<br>%{x}: r = %{z:.2f}<br>%{customdata}<extra></extra>"
    return _finish(figure, dark=dark, height=100 + 30 * len(order), below=28)


def plot_variant_correlations(
    correlations: pd.DataFrame, *, simulated: bool, dark: bool = False
) -> go.Figure:
    """Plot Pearson's r between the four variants of JNE over a run's voxels.

    Parameters
    ----------
    correlations : pandas.DataFrame
        Columns ``first, second, n, r``.
    simulated : bool
        Whether the run's data are made up.
    dark : bool
        Colours for a dark page.
    """
    order = list(dict.fromkeys(correlations["first"]))
    wide = correlations.pivot_table(index="first", columns="second", values="r", dropna=False)
    figure = _heatmap(wide.reindex(index=order, columns=order), dark=dark)
    n = int(correlations["n"].iloc[0])
    note = f"n = {n:,} voxels"
    return _finish(figure, dark=dark, height=340, note=note, simulated=simulated, below=28)


def _panels(titles: list[str]) -> go.Figure:
    return make_subplots(
        1, len(titles), shared_yaxes=True, subplot_titles=titles, horizontal_spacing=0.02
    )


def _line(
    curve: pd.DataFrame, value: str, name: str, line: dict[str, object], *, opacity: float = 1.0
) -> go.Scatter:
    return go.Scatter(
        x=curve["x"],
        y=curve[value],
        mode="lines",
        name=name,
        line=line,
        opacity=opacity,
        hovertemplate=f"x = %{{x:.2f}}<br>{name} = %{{y:.4g}}<extra></extra>",
    )


def _placement_violin(values: pd.Series, placement: str) -> go.Violin:
    label = PLACEMENT_LABELS[placement]
    return go.Violin(
        x=[label] * len(values),
        y=values,
        name=label,
        line={"color": PLACEMENT_COLOURS[placement], "width": 1.2},
        box={"visible": True, "width": 0.2},
        points=False,
        spanmode="hard",
        scalemode="width",
        width=0.85,
        hovertemplate=f"{label}: %{{y:.4f}}<extra></extra>",
    )


def _scale_line(line: pd.DataFrame, activation: str, *, legend: bool) -> go.Scatter:
    label = ACTIVATION_LABELS[activation]
    colour = ACTIVATION_COLOURS[activation]
    return go.Scatter(
        x=line["scale"],
        y=line["mean_jne"],
        error_y={"array": line["sd_jne"], "thickness": 1, "color": colour},
        mode="lines+markers",
        name=label,
        legendgroup=label,
        showlegend=legend,
        line={"color": colour},
        hovertemplate=f"{label}<br>scale %{{x}}: %{{y:.4f}}<extra></extra>",
    )


def _name_condition(row: pd.Series) -> str:
    batch = "full batch" if pd.isna(row["batch_size"]) else f"batch {row['batch_size']:.0f}"
    planting = "" if row["planting"] == "thresholds" else f", {row['planting']}"
    return f"SNR {row['signal_to_noise']:g}, {row['n_train']:,} stimuli, {batch}{planting}"


def _heatmap(table: pd.DataFrame, *, dark: bool) -> go.Figure:
    """Return a table of correlations, blue below 0 and red above."""
    columns = [escape_label(MEASURES[name].label) for name in table.columns]
    rows = [MEASURES[name].label if name in MEASURES else name for name in table.index]
    heatmap = go.Heatmap(
        x=columns,
        y=rows,
        z=table.to_numpy(),
        zmin=-1,
        zmax=1,
        colorscale=[[0, "#2166ac"], [0.5, choose_ink(dark).middle], [1, "#b2182b"]],
        texttemplate="%{z:.2f}",
        hovertemplate="%{y}, %{x}: r = %{z:.3f}<extra></extra>",
        xgap=2,
        ygap=2,
        colorbar={"title": {"text": "r"}, "thickness": 12, "outlinewidth": 0},
    )
    figure = go.Figure(heatmap)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(side="top", showgrid=False)
    return figure


def _finish(
    figure: go.Figure,
    *,
    dark: bool,
    height: int,
    legend: bool = False,
    note: str = "",
    simulated: bool = True,
    below: int = AXIS_DEPTH,
) -> go.Figure:
    style_figure(figure, dark=dark, height=height, legend=legend)
    mark = f"<b style='color:{SIMULATED_COLOUR}'>SIMULATED</b>" if simulated else ""
    text = "  ".join(part for part in (mark, note) if part)
    place = {"xref": "paper", "yref": "paper", "x": 1, "y": 0, "yshift": -below, "xanchor": "right"}
    figure.add_annotation(text=text, showarrow=False, font={"size": 12}, **place)
    figure.update_layout(margin={"l": 16, "r": 16, "t": 84 if legend else 56, "b": below + 12})
    figure.update_layout(legend={"y": 1.14})
    return figure
