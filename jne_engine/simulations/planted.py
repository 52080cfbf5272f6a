"""Simulated voxels whose nonlinear share is known exactly.

Features x are standard normal. Shared unit k looks along its own direction a_k; the
directions are orthonormal, so the units' inputs z_k = a_k·x are independent. A unit's signal is
a ReLU beyond a threshold θ, less what a linear map of the features can explain of it:

    q(z) = relu(z − θ) − E[relu(z − θ)] − P(z > θ)·z,   E q = 0,   Cov(q, x) = 0.

With share s, unit weights c (Σ c² = 1), a linear direction β (‖β‖ = 1) and gain g,

    signal = g · ( sqrt(1 − s) β·x + sqrt(s) Σ_k c_k q_k(z_k) / sd(q_k) ),

so Var(signal) = g² and s is the share of it that no linear map explains.

Axes: s stimulus, f feature, k unit, v voxel.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from jne_engine.model.training import Samples
from jne_engine.simulations.seeds import make_generator
from jne_engine.simulations.settings import RecoveryCondition, RecoverySettings

VOXELS, TRAIN, VALIDATION, TEST = range(4)
"""What a generator's key says it draws."""


class PlantedVoxels(nn.Module):
    """The noise-free signal of simulated voxels as a function of the features.

    Parameters
    ----------
    condition : RecoveryCondition
        What to plant, and the seed of it.
    settings : RecoverySettings
        Sizes, and the spread of gains.

    Attributes
    ----------
    nonlinear_share : torch.Tensor, shape (n_voxels,)
        The truth: equally spaced from 0 to 1, in random order.
    response_gain : torch.Tensor, shape (n_voxels,)
        Standard deviation of each voxel's signal.
    symmetric : torch.Tensor of bool, shape (n_voxels,)
        Voxels whose units have threshold 0: their slope is ±½ about its mean, so that every
        stimulus deviates by the same amount.
    """

    nonlinear_share: Tensor
    response_gain: Tensor
    symmetric: Tensor
    directions: Tensor
    thresholds: Tensor
    unit_weights: Tensor
    linear_weights: Tensor

    def __init__(self, condition: RecoveryCondition, settings: RecoverySettings) -> None:
        super().__init__()
        generator = make_generator(condition.seed, VOXELS)
        n, n_features, n_units = settings.n_voxels, settings.n_features, settings.n_units
        order = torch.randperm(n, generator=generator)
        share = torch.linspace(0, 1, n)[order]
        spread = settings.gain_spread if condition.planting == "gains" else 0.0
        gain = torch.exp(spread * torch.randn(n, generator=generator))
        basis = torch.linalg.qr(torch.randn(n_features, n_units, generator=generator)).Q
        thresholds = 0.5 + torch.rand(n_units, generator=generator)
        symmetric = torch.zeros(n, dtype=torch.bool)
        if condition.planting == "symmetric":
            thresholds[: n_units // 2] = 0
            symmetric = torch.arange(n) % 2 == 0
        weights = _draw_unit_weights(settings, symmetric, condition, generator)
        slopes = nn.functional.normalize(torch.randn(n_features, n, generator=generator), dim=0)
        self.register_buffer("nonlinear_share", share)
        self.register_buffer("response_gain", gain)
        self.register_buffer("symmetric", symmetric)
        self.register_buffer("directions", basis)
        self.register_buffer("thresholds", thresholds)
        self.register_buffer("unit_weights", weights * gain * share.sqrt())
        self.register_buffer("linear_weights", slopes * gain * (1 - share).sqrt())

    def forward(self, features: Tensor) -> Tensor:
        """Return the signal, shape (..., n_voxels), of features (..., n_features)."""
        units = residual_relu(features @ self.directions, self.thresholds)
        return features @ self.linear_weights + units @ self.unit_weights

    def jacobians(self, features: Tensor) -> Tensor:
        """Return the signal's Jacobians, shape (n_stimuli, n_features, n_voxels)."""
        is_open = (features @ self.directions > self.thresholds).to(features.dtype)
        slopes = (is_open - _open_share(self.thresholds)) / _spread(self.thresholds)
        through_units = torch.einsum("sk,fk,kv->sfv", slopes, self.directions, self.unit_weights)
        return through_units + self.linear_weights


def residual_relu(inputs: Tensor, thresholds: Tensor) -> Tensor:
    """Return q(z) / sd(q): the part of relu(z − θ) that is not linear in a normal z.

    Parameters
    ----------
    inputs : torch.Tensor, shape (..., n_units)
        Standard normal z.
    thresholds : torch.Tensor, shape (n_units,)
        θ.
    """
    open_share = _open_share(thresholds)
    signal = torch.relu(inputs - thresholds) - _mean(thresholds) - open_share * inputs
    return signal / _spread(thresholds)


def _density(thresholds: Tensor) -> Tensor:
    return torch.exp(-0.5 * thresholds**2) / math.sqrt(2 * math.pi)


def _open_share(thresholds: Tensor) -> Tensor:
    """Return P(z > θ), which is also the slope of relu(z − θ) regressed on z."""
    open_share: Tensor = torch.special.ndtr(-thresholds)
    return open_share


def _mean(thresholds: Tensor) -> Tensor:
    """Return E[relu(z − θ)]."""
    return _density(thresholds) - thresholds * _open_share(thresholds)


def _spread(thresholds: Tensor) -> Tensor:
    """Return the standard deviation of relu(z − θ) less its linear part."""
    open_share = _open_share(thresholds)
    second_moment = (1 + thresholds**2) * open_share - thresholds * _density(thresholds)
    return (second_moment - _mean(thresholds) ** 2 - open_share**2).sqrt()


def draw_samples(
    planted: PlantedVoxels, condition: RecoveryCondition, n_stimuli: int, split: int
) -> Samples:
    """Draw features of one split and single noisy presentations of their signal.

    A smaller split of the same condition is the beginning of a larger one's features.
    """
    generator = make_generator(condition.seed, split)
    n_features = len(planted.directions)
    features = torch.randn(n_stimuli, n_features, generator=generator)
    signal = planted(features)
    noise = torch.randn(signal.shape, generator=generator)
    noise *= planted.response_gain / math.sqrt(condition.signal_to_noise)
    return Samples(features, signal + noise)


def _draw_unit_weights(
    settings: RecoverySettings,
    symmetric: Tensor,
    condition: RecoveryCondition,
    generator: torch.Generator,
) -> Tensor:
    """Return unit-norm weights of a few units a voxel, shape (n_units, n_voxels).

    Where symmetric units are planted, they are the first half; each voxel draws from its own half.
    """
    preference = torch.rand(settings.n_units, settings.n_voxels, generator=generator)
    if condition.planting == "symmetric":
        is_first_half = torch.arange(settings.n_units) < settings.n_units // 2
        preference[is_first_half[:, None] != symmetric] = -1
    chosen = preference.topk(settings.units_per_voxel, dim=0).indices
    weights = torch.zeros_like(preference)
    drawn = torch.randn(chosen.shape, generator=generator)
    weights.scatter_(0, chosen, drawn)
    return nn.functional.normalize(weights, dim=0)
