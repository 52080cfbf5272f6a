"""Learning curves: how the losses of both encoders fell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from jne_engine.core.palettes import ACCENT, NEUTRAL
from jne_engine.report.figures.template import choose_ink, style_figure

COLUMNS = ("encoder", "epoch", "split", "loss", "best_epoch")
COLOURS = {"linear": NEUTRAL, "nonlinear": ACCENT}
LOW = 300
"""CSS pixels below which the label of the losses takes two lines."""
DASHES = {"train": "dot", "validation": "solid"}


def tabulate_losses(losses: Sequence[Any]) -> pd.DataFrame:
    """Return the losses that a job has told so far as :func:`plot_learning_curves` takes them.

    Parameters
    ----------
    losses : sequence of EpochLoss
        Points with ``stage, epoch, train_loss, validation_loss``; the stage names the encoder.
    """
    rows = [
        (loss.stage, loss.epoch, split, getattr(loss, f"{split}_loss"))
        for loss in losses
        if loss.stage in COLOURS
        for split in DASHES
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS[:-1]))
    validation = table[table["split"] == "validation"]
    best = validation.loc[validation.groupby("encoder")["loss"].idxmin()]
    return table.assign(best_epoch=table["encoder"].map(best.set_index("encoder")["epoch"]))


def plot_learning_curves(
    curves: pd.DataFrame, *, dark: bool = False, height: int = 320
) -> go.Figure:
    """Plot train and validation loss over epochs, with the epoch whose weights were kept.

    Parameters
    ----------
    curves : pandas.DataFrame
        Columns ``encoder, epoch, split, loss, best_epoch``.
    dark : bool
        Colours for a dark page.
    height : int
        CSS pixels.
    """
    figure = go.Figure()
    for key, part in curves.groupby(["encoder", "split"], sort=False):
        encoder, split = map(str, key)
        name = f"{encoder}, {split}"
        line = {"color": COLOURS[encoder], "dash": DASHES[split], "width": 2}
        figure.add_trace(
            go.Scatter(
                x=part["epoch"], y=part["loss"], name=name, mode="lines", line=line,
                hovertemplate=f"{name}: %{{y:.4f}} at epoch %{{x}}<extra></extra>",
            )
        )  # fmt: skip
        if split == "validation":
            figure.add_trace(_mark_best(part, COLOURS[encoder], choose_ink(dark).paper))
    figure.update_xaxes(title_text="Epoch", showgrid=False)
    low = "<br>" if height < LOW else " "
    figure.update_yaxes(title_text=f"Mean squared error{low}(response variance)")
    return style_figure(figure, dark=dark, height=height, legend=True)


def _mark_best(part: pd.DataFrame, colour: str, rim: str) -> go.Scatter:
    best = part[part["epoch"] == part["best_epoch"]]
    return go.Scatter(
        x=best["epoch"],
        y=best["loss"],
        mode="markers",
        marker={"size": 10, "color": colour, "line": {"color": rim, "width": 2}},
        showlegend=False,
        hovertemplate="kept: epoch %{x}, loss %{y:.4f}<extra></extra>",
    )
