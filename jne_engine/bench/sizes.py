"""The sizes that are timed: the paper's network over all vertices of fsaverage5 or fsaverage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from jne_engine.model.encoders import ResidualEncoder, build_encoder

FSAVERAGE_VOXELS = 327_684
"""Vertices of both hemispheres of fsaverage."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of a benchmark.

    Parameters
    ----------
    n_features, n_hidden, n_voxels : int
        Of the encoder.
    n_stimuli : int
        Stimuli streamed a timed call; cost is linear in them, which is measured too.
    n_test : int
        Stimuli of the whole task, for rivals that are extrapolated.
    n_checked : int
        Stimuli over which rounding is judged.
    rounds : int
        Timed rounds a figure.
    """

    n_features: int = 768
    n_hidden: int = 1024
    n_voxels: int = 20_484
    n_stimuli: int = 32
    n_test: int = 1000
    n_checked: int = 256
    rounds: int = 5

    @classmethod
    def quick(cls) -> Self:
        """Return fewer stimuli and rounds; the encoder stays as large."""
        return cls(n_stimuli=8, n_checked=64, rounds=2)

    def widen(self) -> Self:
        """Return the same over all of fsaverage, with few stimuli: each takes 16 times as long."""
        few = min(self.n_stimuli, 4)
        return replace(self, n_voxels=FSAVERAGE_VOXELS, n_stimuli=few, rounds=min(self.rounds, 3))

    def build(self, n_voxels: int | None = None) -> ResidualEncoder:
        """Build the encoder with random weights."""
        return build_encoder(
            self.n_features, n_voxels or self.n_voxels, n_hidden=self.n_hidden, seed=0
        )

    def draw(self, n_stimuli: int | None = None) -> Tensor:
        """Draw standard normal features, shape (n_stimuli, n_features)."""
        generator = torch.Generator().manual_seed(1)
        return torch.randn(n_stimuli or self.n_stimuli, self.n_features, generator=generator)
