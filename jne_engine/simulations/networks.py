"""I-2: where a network's nonlinearity sits orders its JNE: none < loc1 < loc2 < both.

References
----------
Gao et al. (2025), arXiv 2510.13688, section 4.2.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import torch
from scipy import stats
from torch import Tensor

from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.runs.results import SimulationResult
from jne_engine.simulations.seeds import make_generator
from jne_engine.simulations.settings import PLACEMENTS, RESULT_NAMES, NetworkSettings
from jne_engine.simulations.single_output import SingleOutputNetwork, draw_weights

INPUTS, WEIGHTS = 0, 1
"""What a generator's key says it draws."""


@torch.no_grad()
def simulate_networks(
    settings: NetworkSettings | None = None, progress: Progress | None = None
) -> SimulationResult:
    """Compute JNE of untrained networks for each placement of their nonlinearity.

    Parameters
    ----------
    settings : NetworkSettings, optional
        Full size by default.
    progress : callable, optional
        Called as ``progress(repetitions done, repetitions)``.

    Returns
    -------
    SimulationResult
        ``repetitions``: repetition, activation, placement, jne, deviation_mean; ``summary``:
        mean and spread by activation and placement; ``order``: the paired tests of
        :func:`compare_placements`.
    """
    settings = settings or NetworkSettings()
    report = progress or ignore_progress
    rows: list[dict[str, object]] = []
    for repetition in range(settings.n_repetitions):
        rows += _repeat(settings, repetition)
        report(repetition + 1, settings.n_repetitions)
    repetitions = pd.DataFrame(rows)
    tables = {
        "repetitions": repetitions,
        "summary": summarise_placements(repetitions, ["activation", "placement"]),
        "order": compare_placements(repetitions),
    }
    return SimulationResult(RESULT_NAMES[settings.wiring], settings.to_dict(), tables)


def draw_inputs(settings: NetworkSettings, repetition: int) -> Tensor:
    """Return a repetition's inputs, shape (n_stimuli, width)."""
    key = (repetition,) if settings.fresh_inputs else ()
    generator = make_generator(settings.seed, INPUTS, *key)
    inputs = torch.empty(settings.n_stimuli, settings.width)
    return inputs.uniform_(-settings.half_range, settings.half_range, generator=generator)


def summarise_placements(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return n, mean, standard deviation (ddof 1), smallest and largest JNE, and mean μ."""
    groups = table.groupby(by, sort=False)
    return groups.agg(
        n=("jne", "size"),
        mean_jne=("jne", "mean"),
        sd_jne=("jne", "std"),
        min_jne=("jne", "min"),
        max_jne=("jne", "max"),
        mean_deviation_mean=("deviation_mean", "mean"),
    ).reset_index()


def compare_placements(repetitions: pd.DataFrame) -> pd.DataFrame:
    """Test each step of none < loc1 < loc2 < both over repetitions, and the whole order.

    Returns
    -------
    pandas.DataFrame
        Per activation and step: n, share of repetitions in which it holds, median
        difference, and p of the one-sided Wilcoxon signed-rank test. The last row of an activation
        (lower ``none``, higher ``both``) counts the repetitions in which all steps hold; its p is
        the largest of the steps' (an intersection-union test).
    """
    rows: list[dict[str, object]] = []
    for activation, group in repetitions.groupby("activation", sort=False):
        wide = group.pivot_table(index="repetition", columns="placement", values="jne")
        steps = [
            {"activation": activation, "test": "step", **_compare(wide, lower, higher)}
            for lower, higher in pairwise(PLACEMENTS)
        ]
        holds = np.all(np.diff(wide[list(PLACEMENTS)], axis=1) > 0, axis=1)
        whole = {
            **_compare(wide, "none", "both"),
            "share": float(holds.mean()),
            "p": max(float(str(step["p"])) for step in steps),
        }
        rows += [*steps, {"activation": activation, "test": "whole order", **whole}]
    return pd.DataFrame(rows)


def _compare(wide: pd.DataFrame, lower: str, higher: str) -> dict[str, object]:
    difference = (wide[higher] - wide[lower]).to_numpy()
    p = stats.wilcoxon(difference, alternative="greater").pvalue
    return {
        "lower": lower,
        "higher": higher,
        "n": difference.size,
        "share": float((difference > 0).mean()),
        "median_difference": float(np.median(difference)),
        "p": float(p),
    }


def _repeat(settings: NetworkSettings, repetition: int) -> list[dict[str, object]]:
    """Return one repetition's rows: every activation and placement on the same weights."""
    weights = draw_weights(settings.width, make_generator(settings.seed, WEIGHTS, repetition))
    network = SingleOutputNetwork(weights, draw_inputs(settings, repetition), settings.wiring)
    return [
        {
            "repetition": repetition,
            "activation": activation,
            "placement": found.placement,
            "jne": found.jne,
            "deviation_mean": found.deviation_mean,
        }
        for activation in settings.activations
        for found in network.compute(activation)
    ]
