"""Residual encoders from stimulus features to voxel responses.

References
----------
Gao et al. (2025), arXiv 2510.13688, section 3.1 and the authors' scripts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from jne_engine.core.arrays import IntArray
from jne_engine.core.checks import check_choice, check_length, check_positive
from jne_engine.core.errors import InputError
from jne_engine.model.spec import ACTIVATIONS, Activation

LEAKY_SLOPE = 0.01
"""Slope of leaky ReLU below zero; torch's default."""


@dataclass(frozen=True)
class ActivationPair:
    """An activation and its derivative, both elementwise.

    Parameters
    ----------
    function, derivative : callable
        φ and φ′ of the pre-activation.
    gates_rows : bool
        True where φ′ is exactly 0 or 1, so that inactive rows may be skipped.
    """

    function: Callable[[Tensor], Tensor]
    derivative: Callable[[Tensor], Tensor]
    gates_rows: bool = False


def _gelu_derivative(z: Tensor) -> Tensor:
    """Return Φ(z) + z φ(z) with the standard normal's Φ and φ."""
    exponent = (-0.5 * z * z).clamp(min=-80)  # below, exp would be denormal and ten times slower
    density = torch.exp(exponent) / math.sqrt(2 * math.pi)
    cumulative: Tensor = torch.special.ndtr(z)
    return cumulative + z * density


def _swish_derivative(z: Tensor) -> Tensor:
    """Return σ(z) (1 + z (1 − σ(z)))."""
    sigmoid = torch.sigmoid(z)
    return sigmoid * (1 + z * (1 - sigmoid))


def _leaky_relu(z: Tensor) -> Tensor:
    return functional.leaky_relu(z, LEAKY_SLOPE)


def _leaky_relu_derivative(z: Tensor) -> Tensor:
    """Return 1 where z is positive, else the leak's slope."""
    return torch.where(z > 0, torch.ones_like(z), torch.full_like(z, LEAKY_SLOPE))


ACTIVATION_PAIRS: Mapping[Activation, ActivationPair] = MappingProxyType(
    {
        "identity": ActivationPair(lambda z: z, torch.ones_like),
        "relu": ActivationPair(functional.relu, lambda z: (z > 0).to(z.dtype), gates_rows=True),
        "leaky_relu": ActivationPair(_leaky_relu, _leaky_relu_derivative),
        "gelu": ActivationPair(functional.gelu, _gelu_derivative),
        "tanh": ActivationPair(torch.tanh, lambda z: 1 - torch.tanh(z) ** 2),
        "swish": ActivationPair(functional.silu, _swish_derivative),
    }
)


class ResidualEncoder(nn.Module):
    """One hidden layer, residual blocks, and a linear readout to every voxel.

    With φ the activation: h₀ = φ(W₁x + b₁); hₖ = φ(W₍ₖ₊₁₎hₖ₋₁ + b) + hₖ₋₁ for each block;
    ŷ = W_out h + b. With ``activation="identity"`` it is the linear twin.

    Where :attr:`linear` is a layer, ŷ = W_out h + b + W_lin x + b_lin.

    Parameters
    ----------
    n_features, n_hidden, n_voxels : int
        Sizes of input, hidden layers and output.
    n_blocks : int
        Residual blocks; the paper has 2.
    activation : {"identity", "relu", "leaky_relu", "gelu", "tanh", "swish"}
        φ; GELU is the exact one, Swish is SiLU.
    bias : bool
        Whether layers have biases; the authors' scripts have none.

    Attributes
    ----------
    linear : torch.nn.Linear or None
        A linear path from features to voxels beside the hidden layers; none at first.

    Raises
    ------
    InputError
        If a size is not positive or the activation is unknown.

    References
    ----------
    arXiv 2510.13688, section 3.1; the linear path is ours.
    """

    linear: nn.Linear | None

    def __init__(  # noqa: PLR0917 - the public signature that other tools call by position
        self,
        n_features: int,
        n_hidden: int,
        n_voxels: int,
        n_blocks: int = 2,
        activation: Activation = "relu",
        bias: bool = False,
    ) -> None:
        super().__init__()
        for name, size in (("features", n_features), ("hidden", n_hidden), ("voxels", n_voxels)):
            check_positive(f"n_{name}", size)
        if n_blocks < 0:
            raise InputError("n_blocks", "0 or more", str(n_blocks), "give a number from 0 up")
        check_choice("activation", activation, ACTIVATIONS)
        self.activation = activation
        self.first = nn.Linear(n_features, n_hidden, bias=bias)
        self.blocks = nn.ModuleList(
            nn.Linear(n_hidden, n_hidden, bias=bias) for _ in range(n_blocks)
        )
        self.readout = nn.Linear(n_hidden, n_voxels, bias=bias)
        self.register_module("linear", None)

    @property
    def n_features(self) -> int:
        """Number of input features."""
        return self.first.in_features

    @property
    def n_hidden(self) -> int:
        """Units of each hidden layer."""
        return self.first.out_features

    @property
    def n_voxels(self) -> int:
        """Number of predicted voxels."""
        return self.readout.out_features

    @property
    def block_weights(self) -> list[Tensor]:
        """Weights of the residual blocks, each (n_hidden, n_hidden)."""
        return [cast(nn.Linear, block).weight for block in self.blocks]

    def forward(self, features: Tensor) -> Tensor:
        """Predict responses.

        Parameters
        ----------
        features : torch.Tensor, shape (..., n_features)

        Returns
        -------
        torch.Tensor, shape (..., n_voxels)
        """
        predictions: Tensor = self.readout(self.hidden(features))
        return predictions if self.linear is None else predictions + self.linear(features)

    def hidden(self, features: Tensor) -> Tensor:
        """Return the last hidden state, shape (..., n_hidden)."""
        function = ACTIVATION_PAIRS[self.activation].function
        hidden = function(self.first(features))
        for block in self.blocks:
            hidden = function(block(hidden)) + hidden
        return hidden

    def slopes(self, features: Tensor) -> Tensor:
        """Return φ′ at every pre-activation, which is taken in float64.

        Rounding moves a pre-activation near 0 to the other side, and φ′ of a ReLU by 1: among
        the millions of a run some would, and change JNE of their voxels by a thousandth.

        Parameters
        ----------
        features : torch.Tensor, shape (n_stimuli, n_features)

        Returns
        -------
        torch.Tensor, shape (n_blocks + 1, n_stimuli, n_hidden)
            The diagonals of D₁, D₂, … of arXiv 2510.13688, section 3.2, in the features' dtype.
        """
        pair = ACTIVATION_PAIRS[self.activation]
        before = _apply_in_float64(self.first, features.double())
        hidden = pair.function(before)
        slopes = [pair.derivative(before)]
        for block in self.blocks:
            before = _apply_in_float64(block, hidden)
            hidden = pair.function(before) + hidden
            slopes.append(pair.derivative(before))
        return torch.stack([slope.to(features.dtype) for slope in slopes])


def _apply_in_float64(layer: nn.Module, values: Tensor) -> Tensor:
    """Apply a linear layer to float64 values, its weights as they are but widened."""
    assert isinstance(layer, nn.Linear)
    bias = None if layer.bias is None else layer.bias.double()
    return nn.functional.linear(values, layer.weight.double(), bias)


def build_encoder(
    n_features: int,
    n_voxels: int,
    *,
    n_hidden: int,
    n_blocks: int = 2,
    activation: Activation = "relu",
    bias: bool = False,
    seed: int = 0,
) -> ResidualEncoder:
    """Build an encoder whose initial weights depend on ``seed`` alone.

    Torch's default initialisation is drawn without touching the global random state.

    Raises
    ------
    InputError
        If a size is not positive or the activation is unknown.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ResidualEncoder(n_features, n_hidden, n_voxels, n_blocks, activation, bias=bias)


def restore_encoder(
    weights: Mapping[str, npt.NDArray[Any]], activation: Activation
) -> ResidualEncoder:
    """Rebuild an encoder from stored weights; its sizes are those of the weights.

    Parameters
    ----------
    weights : mapping of str to numpy.ndarray
        A :class:`ResidualEncoder`'s state dict.
    activation : str
        The encoder's activation.
    """
    n_hidden, n_features = weights["first.weight"].shape
    n_blocks = sum(re.fullmatch(r"blocks\.\d+\.weight", name) is not None for name in weights)
    encoder = ResidualEncoder(
        n_features,
        n_hidden,
        len(weights["readout.weight"]),
        n_blocks,
        activation,
        bias="first.bias" in weights,
    )
    if "linear.weight" in weights:
        encoder.linear = nn.Linear(n_features, encoder.n_voxels)
    encoder.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in weights.items()})
    return encoder


def select_voxels(encoder: ResidualEncoder, columns: IntArray) -> ResidualEncoder:
    """Return a copy of an encoder that predicts only some of its columns.

    Raises
    ------
    InputError
        If the encoder has fewer columns than are asked for.
    """
    if columns.size and int(columns[-1]) >= encoder.n_voxels:
        fix = "pass the encoder that was fitted to these responses"
        check_length("encoder", encoder.n_voxels, int(columns[-1]) + 1, unit="voxels", fix=fix)
    weights = {k: v.numpy() for k, v in encoder.state_dict().items()}
    for name in weights:
        if name.startswith(("readout.", "linear.")):
            weights[name] = weights[name][columns]
    return restore_encoder(weights, encoder.activation)
