"""A.7: how far JNE depends on the distribution and the scale of the inputs.

References
----------
Gao et al. (2025), arXiv 2510.13688, appendix A.7.
"""

from __future__ import annotations

from typing import Literal

import pandas as pd
import torch
from torch import Tensor

from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.runs.results import SimulationResult
from jne_engine.simulations.networks import INPUTS, WEIGHTS, summarise_placements
from jne_engine.simulations.seeds import make_generator
from jne_engine.simulations.settings import InputScaleSettings
from jne_engine.simulations.single_output import NetworkWeights, SingleOutputNetwork, draw_weights

Distribution = Literal["uniform", "normal"]


@torch.no_grad()
def simulate_input_scale(
    settings: InputScaleSettings | None = None, progress: Progress | None = None
) -> SimulationResult:
    """Compute JNE of the same untrained networks on inputs of growing scale.

    Parameters
    ----------
    settings : InputScaleSettings, optional
        Full size by default.
    progress : callable, optional
        Called as ``progress(repetitions done, repetitions)``.

    Returns
    -------
    SimulationResult
        ``repetitions``: repetition, distribution, scale (half-width or standard deviation),
        activation, placement, jne, deviation_mean; ``summary``: mean and spread of each, and
        ``ratio``, the mean JNE over that of uniform inputs of half-width 10 (NaN where JNE
        is 0 or that distribution was not run).
    """
    settings = settings or InputScaleSettings()
    report = progress or ignore_progress
    rows: list[dict[str, object]] = []
    for repetition in range(settings.n_repetitions):
        rows += _repeat(settings, repetition)
        report(repetition + 1, settings.n_repetitions)
    repetitions = pd.DataFrame(rows)
    by = ["distribution", "scale", "activation", "placement"]
    summary = _add_ratio(summarise_placements(repetitions, by))
    tables = {"repetitions": repetitions, "summary": summary}
    return SimulationResult("input-scale", settings.to_dict(), tables)


def _repeat(settings: InputScaleSettings, repetition: int) -> list[dict[str, object]]:
    """Return one repetition's rows: one network on every distribution."""
    weights = draw_weights(settings.width, make_generator(settings.seed, WEIGHTS, repetition))
    generator = make_generator(settings.seed, INPUTS, repetition)
    shape = (settings.n_stimuli, settings.width)
    uniform = torch.empty(shape).uniform_(-1, 1, generator=generator)
    normal = torch.randn(shape, generator=generator)
    rows = []
    for scale in settings.uniform_half_ranges:
        rows += _measure(settings, weights, scale * uniform, "uniform", scale)
    for scale in settings.normal_sds:
        rows += _measure(settings, weights, scale * normal, "normal", scale)
    return [{"repetition": repetition, **row} for row in rows]


def _measure(
    settings: InputScaleSettings,
    weights: NetworkWeights,
    inputs: Tensor,
    distribution: Distribution,
    scale: float,
) -> list[dict[str, object]]:
    network = SingleOutputNetwork(weights, inputs, settings.wiring)
    return [
        {
            "distribution": distribution,
            "scale": scale,
            "activation": activation,
            "placement": found.placement,
            "jne": found.jne,
            "deviation_mean": found.deviation_mean,
        }
        for activation in settings.activations
        for found in network.compute(activation)
    ]


def _add_ratio(summary: pd.DataFrame) -> pd.DataFrame:
    """Add the mean JNE over that of the paper's inputs, uniform within ±10."""
    reference = summary[(summary["distribution"] == "uniform") & (summary["scale"] == 10)]
    by = ["activation", "placement"]
    known = reference.set_index(by)["mean_jne"].rename("reference")
    joined = summary.join(known, on=by)
    ratio = joined["mean_jne"] / joined["reference"].where(joined["reference"] > 0)
    return summary.assign(ratio=ratio)
