"""The catalogue of encoders that the oracle tests go through."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from jne_engine.model.encoders import build_encoder
from jne_engine.model.spec import ACTIVATIONS, Activation


@dataclass(frozen=True)
class EncoderCase:
    """A small random encoder of one kind."""

    activation: Activation
    n_blocks: int
    bias: bool
    linear: bool = False

    def build(self, dtype: torch.dtype = torch.float64, *, n_voxels: int = 9) -> nn.Module:
        encoder = build_encoder(
            7, n_voxels, n_hidden=11, n_blocks=self.n_blocks, activation=self.activation,
            bias=self.bias, seed=3,
        )  # fmt: skip
        if self.linear:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(4)
                encoder.linear = nn.Linear(7, n_voxels)
        return encoder.to(dtype)

    def __str__(self) -> str:
        return f"{self.activation}-{self.n_blocks}-{'bias' if self.bias else 'nobias'}" + (
            "-linear" if self.linear else ""
        )


CASES = [
    EncoderCase(activation, n_blocks, bias)
    for activation in ACTIVATIONS
    for n_blocks in range(4)
    for bias in (False, True)
] + [EncoderCase(activation, 2, False, linear=True) for activation in ACTIVATIONS]


class AttentionModule(nn.Module):
    """A module that is not ours: LayerNorm and self-attention over chunks of the features."""

    def __init__(self, n_features: int, n_voxels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(n_features)
        self.attention = nn.MultiheadAttention(n_features // 3, 1, batch_first=True)
        self.dropout = nn.Dropout(0.5)
        self.readout = nn.Linear(n_features, n_voxels)

    def forward(self, features: Tensor) -> Tensor:
        tokens = self.norm(features).unflatten(-1, (3, -1))
        mixed, _ = self.attention(tokens, tokens, tokens)
        predictions: Tensor = self.readout(self.dropout(mixed.flatten(-2)))
        return predictions


def draw_features(n_stimuli: int = 6, n_features: int = 7, seed: int = 5) -> Tensor:
    """Draw float64 features from a generator of their own."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n_stimuli, n_features, generator=generator, dtype=torch.float64)
