"""A.7: how many stimuli JNE needs to follow a known modulation.

References
----------
Gao et al. (2025), arXiv 2510.13688, appendix A.7.
"""

from __future__ import annotations

import pandas as pd
import torch
from scipy import stats
from torch import Tensor

from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.model.dispersion import summarise_deviations
from jne_engine.runs.results import SimulationResult
from jne_engine.simulations.seeds import make_generator
from jne_engine.simulations.settings import SampleSizeSettings

BLOCK_NUMBERS = 2**19
"""Random numbers drawn at once (2 MB of float32), so that they stay in cache."""


@torch.no_grad()
def simulate_sample_size(
    settings: SampleSizeSettings | None = None, progress: Progress | None = None
) -> SimulationResult:
    """Correlate JNE of N fresh Gaussian Jacobians, scaled by |sin x|, with |sin x|.

    Parameters
    ----------
    settings : SampleSizeSettings, optional
        Full size by default: 1.7 · 10⁹ random numbers.
    progress : callable, optional
        Called as ``progress(stimuli done, stimuli)``.

    Returns
    -------
    SimulationResult
        ``curves``: n, x, jne, modulation (|sin x|); ``summary``: n, r (Pearson), r_low and
        r_high (95 % interval over the points, Fisher z).
    """
    settings = settings or SampleSizeSettings()
    report = progress or ignore_progress
    step = 2 * settings.half_range / (settings.n_points - 1)
    x = torch.arange(settings.n_points, dtype=torch.float64) * step - settings.half_range
    total = sum(settings.sample_sizes)
    curves: list[pd.DataFrame] = []
    for position, n_stimuli in enumerate(settings.sample_sizes, start=1):
        curves.append(_trace(n_stimuli, x.sin().abs(), settings))
        report(sum(settings.sample_sizes[:position]), total)
    summary = pd.DataFrame([_correlate(curve) for curve in curves])
    curve_table = pd.concat([c.assign(x=x.numpy()) for c in curves], ignore_index=True)
    tables = {"curves": curve_table[["n", "x", "jne", "modulation"]], "summary": summary}
    return SimulationResult("sample-size", settings.to_dict(), tables)


def _trace(n_stimuli: int, modulation: Tensor, settings: SampleSizeSettings) -> pd.DataFrame:
    """Return JNE of fresh Jacobians at every point, a row a point."""
    generator = make_generator(settings.seed, n_stimuli)
    block = max(1, BLOCK_NUMBERS // (n_stimuli * settings.n_features))
    jne = [
        _draw_jne(scales, n_stimuli, settings.n_features, generator)
        for scales in torch.split(modulation, block)
    ]
    columns = {"jne": torch.cat(jne).numpy(), "modulation": modulation.numpy()}
    return pd.DataFrame({"n": n_stimuli, **columns})


def _draw_jne(
    scales: Tensor, n_stimuli: int, n_features: int, generator: torch.Generator
) -> Tensor:
    """Return JNE of Gaussian Jacobians of each scale, shape (n_points,), float64."""
    jacobians = torch.randn(n_stimuli, len(scales), n_features, generator=generator)
    jacobians *= scales.float()[:, None]
    jacobians -= jacobians.mean(dim=0)
    deviations = torch.linalg.vector_norm(jacobians, ord=1, dim=2)
    return summarise_deviations(deviations).jne


def _correlate(curve: pd.DataFrame) -> dict[str, float]:
    result = stats.pearsonr(curve["jne"], curve["modulation"])
    interval = result.confidence_interval(0.95)
    return {
        "n": int(curve["n"].iloc[0]),
        "r": float(result.statistic),
        "r_low": float(interval.low),
        "r_high": float(interval.high),
    }
