"""The untrained networks of I-2: two hidden layers, one output, optional skips.

With s₁, s₂ ∈ {0, 1} for the skips around the hidden layers::

    z₁ = W₁x + b₁,  h₁ = φ₁(z₁) + s₁x,  z₂ = W₂h₁ + b₂,  h₂ = φ₂(z₂) + s₂h₁,  ŷ = w·h₂ + b

and φ₁, φ₂ either φ or the identity by placement. The Jacobian of the single output is a row,

    u = (w ∘ φ₂′(z₂)) W₂ + s₂w,   J = (u ∘ φ₁′(z₁)) W₁ + s₁u,

so all stimuli together take one matrix product a layer. JNE needs J − J̄ only: what is the
same for all stimuli is left out, and means are taken off *before* the products.

Axes: s stimulus, f feature, h hidden unit (as many as features, so that skips fit).

References
----------
Gao et al. (2025), arXiv 2510.13688, section 4.2.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from jne_engine.model.dispersion import summarise_deviations
from jne_engine.model.encoders import ACTIVATION_PAIRS
from jne_engine.model.spec import Activation
from jne_engine.simulations.settings import Placement, Wiring


@dataclass(frozen=True, eq=False)
class NetworkWeights:
    """Weights of one network; the output's bias changes no Jacobian and is left out.

    Parameters
    ----------
    first, second : torch.Tensor, shape (width, width)
        W₁ and W₂, outputs × inputs.
    first_bias, second_bias : torch.Tensor, shape (width,)
        b₁ and b₂.
    readout : torch.Tensor, shape (width,)
        w.
    """

    first: Tensor
    first_bias: Tensor
    second: Tensor
    second_bias: Tensor
    readout: Tensor


@dataclass(frozen=True)
class PlacementJne:
    """JNE and μ of one placement of the nonlinearity."""

    placement: Placement
    jne: float
    deviation_mean: float


def draw_weights(width: int, generator: torch.Generator) -> NetworkWeights:
    """Draw weights as torch's Linear does by default: uniform within ±1/√inputs."""
    bound = 1 / math.sqrt(width)

    def draw(*shape: int) -> Tensor:
        return torch.empty(*shape).uniform_(-bound, bound, generator=generator)

    return NetworkWeights(
        draw(width, width), draw(width), draw(width, width), draw(width), draw(width)
    )


class SingleOutputNetwork:
    """One network on one set of inputs, with what all activations and placements share.

    Parameters
    ----------
    weights : NetworkWeights
    inputs : torch.Tensor, shape (n_stimuli, width)
    wiring : {"both", "second", "none"}
        Hidden layers that a skip goes around.
    """

    def __init__(self, weights: NetworkWeights, inputs: Tensor, wiring: Wiring) -> None:
        self.weights, self.inputs = weights, inputs
        self.skips_first = wiring == "both"
        self.skips_second = wiring != "none"
        self.before_first = torch.addmm(weights.first_bias, inputs, weights.first.T)  # z₁
        linear_first = weights.first.clone()
        if self.skips_first:
            linear_first.diagonal().add_(1)
        self.linear_path = weights.second @ linear_first  # ∂z₂/∂x where φ₁ is the identity
        shift = weights.second @ weights.first_bias + weights.second_bias
        self.before_second = torch.addmm(shift, inputs, self.linear_path.T)  # z₂ there

    def compute(self, activation: Activation) -> Iterator[PlacementJne]:
        """Yield JNE and μ of the output for each placement, the linear one first.

        A linear network has one Jacobian for all stimuli; its JNE is 0 by definition.
        """
        pair = ACTIVATION_PAIRS[activation]
        slopes = pair.derivative(self.before_first)
        yield PlacementJne("none", 0.0, 0.0)
        yield _summarise("loc1", self._centred_first(slopes))
        yield _summarise("loc2", self._centred_second(pair.derivative(self.before_second)))
        hidden = pair.function(self.before_first)
        yield _summarise(
            "both", self._centred_both(slopes, self._second_slopes(hidden, activation))
        )

    def _centred_first(self, slopes: Tensor) -> Tensor:
        """Return J − J̄ where only the first hidden layer is nonlinear."""
        upstream = self.weights.readout @ self.weights.second
        if self.skips_second:
            upstream = upstream + self.weights.readout
        return _centre(slopes * upstream) @ self.weights.first

    def _centred_second(self, slopes: Tensor) -> Tensor:
        """Return J − J̄ where only the second hidden layer is nonlinear."""
        return _centre(slopes * self.weights.readout) @ self.linear_path

    def _centred_both(self, first_slopes: Tensor, second_slopes: Tensor) -> Tensor:
        """Return J − J̄ where both hidden layers are nonlinear."""
        upstream = second_slopes.mul_(self.weights.readout) @ self.weights.second
        if self.skips_second:
            upstream += self.weights.readout
        through_first = _centre(first_slopes * upstream)
        if not self.skips_first:
            return through_first @ self.weights.first
        return _centre(upstream).addmm_(through_first, self.weights.first)

    def _second_slopes(self, hidden: Tensor, activation: Activation) -> Tensor:
        """Return φ′(z₂) after a nonlinear first layer; ``hidden`` is overwritten."""
        if self.skips_first:
            hidden += self.inputs
        before = torch.addmm(self.weights.second_bias, hidden, self.weights.second.T)
        return ACTIVATION_PAIRS[activation].derivative(before)


def _centre(rows: Tensor) -> Tensor:
    """Take the mean over stimuli off, in place."""
    return rows.sub_(rows.mean(dim=0))


def _summarise(placement: Placement, centred: Tensor) -> PlacementJne:
    """Return JNE and μ of centred Jacobians, shape (n_stimuli, width), which are overwritten."""
    moments = summarise_deviations(centred.abs_().sum(dim=1, keepdim=True))
    return PlacementJne(placement, float(moments.jne), float(moments.deviation_mean))
