"""I-1: JNE of a single neuron follows how much its activation bends.

In a window of half-width w about x, φ′ changes by φ″(x)·t with |t| ≤ w, so that a smooth
activation has JNE ≈ |φ″(x)|·w/√12. A kink in the window's middle splits the points into two
groups that deviate (almost) equally, and equal deviations are what JNE does not see: there
JNE = |1 − 2p|·√(p(1−p))·height for a share p of points beyond the kink, 0 at p = ½.

References
----------
Gao et al. (2025), arXiv 2510.13688, section 4.2.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.model.dispersion import compute_jne
from jne_engine.model.encoders import ACTIVATION_PAIRS
from jne_engine.model.spec import Activation
from jne_engine.runs.results import SimulationResult
from jne_engine.simulations.settings import ActivationSettings

KINKED: tuple[Activation, ...] = ("relu", "leaky_relu")
"""Activations of straight pieces: φ″ is 0 but at the kink, where there is none."""


def simulate_activations(
    settings: ActivationSettings | None = None, progress: Progress | None = None
) -> SimulationResult:
    """Compute JNE of φ′ in a window that slides along the input, beside |φ″|.

    Parameters
    ----------
    settings : ActivationSettings, optional
        Full size by default.
    progress : callable, optional
        Called as ``progress(activations done, activations)``.

    Returns
    -------
    SimulationResult
        ``curves``: activation, x, jne, curvature (|φ″|, NaN at a kink), scaled_jne
        (JNE·√12/w, comparable with the curvature); ``summary``: per activation the peak, where
        it lies, the share of centres with JNE = 0, and r of JNE with |φ″| (NaN where constant).
    """
    settings = settings or ActivationSettings()
    report = progress or ignore_progress
    curves = []
    for done, activation in enumerate(settings.activations, start=1):
        curves.append(_trace(activation, settings))
        report(done, len(settings.activations))
    summary = pd.DataFrame([_summarise(curve) for curve in curves])
    tables = {"curves": pd.concat(curves, ignore_index=True), "summary": summary}
    return SimulationResult("activations", settings.to_dict(), tables)


def compute_curvature(activation: Activation, inputs: Tensor) -> Tensor:
    """Return |φ″| at each input by automatic differentiation; NaN at a kink."""
    if activation in KINKED:
        return torch.where(inputs == 0, torch.nan, torch.zeros_like(inputs))
    leaf = inputs.clone().requires_grad_()
    slopes = ACTIVATION_PAIRS[activation].derivative(leaf)
    (curvature,) = torch.autograd.grad(slopes.sum(), leaf)
    return curvature.abs()


def _trace(activation: Activation, settings: ActivationSettings) -> pd.DataFrame:
    centres = _spread(settings.half_range, round(2 * settings.half_range / settings.step) + 1)
    window = _spread(settings.half_window, settings.n_points)
    slopes = ACTIVATION_PAIRS[activation].derivative(window[:, None] + centres)
    jne = compute_jne(slopes[:, None, :])
    return pd.DataFrame(
        {
            "activation": activation,
            "x": centres.numpy(),
            "jne": jne.numpy(),
            "curvature": compute_curvature(activation, centres).numpy(),
            "scaled_jne": jne.numpy() * math.sqrt(12) / settings.half_window,
        }
    )


def _spread(half_range: float, n_points: int) -> Tensor:
    """Return points from −half_range to +half_range, exactly symmetric about 0, float64."""
    steps = 2 * torch.arange(n_points, dtype=torch.float64) - (n_points - 1)
    return steps * half_range / (n_points - 1)


def _summarise(curve: pd.DataFrame) -> dict[str, object]:
    peak = curve.iloc[int(curve["jne"].argmax())]
    known = curve.dropna()
    varies = known["curvature"].std() > 0
    r = np.corrcoef(known["jne"], known["curvature"])[0, 1] if varies else np.nan
    return {
        "activation": peak["activation"],
        "peak_jne": peak["jne"],
        "peak_x": peak["x"],
        "share_zero": float((curve["jne"] == 0).mean()),
        "r_with_curvature": r,
    }
