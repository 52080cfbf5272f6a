"""The sizes that are timed: the paper's network over all vertices of fsaverage5."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from jne_engine.encoders import ResidualEncoder, build_encoder


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
    rounds : int
        Timed rounds a figure.
    """

    n_features: int = 768
    n_hidden: int = 1024
    n_voxels: int = 20_484
    n_stimuli: int = 32
    n_test: int = 1000
    rounds: int = 5

    @classmethod
    def quick(cls) -> Sizes:
        """Return fewer stimuli and rounds; the encoder stays as large."""
        return cls(n_stimuli=8, rounds=2)

    def build(self, n_voxels: int | None = None) -> ResidualEncoder:
        """Build the encoder with random weights."""
        return build_encoder(
            self.n_features, n_voxels or self.n_voxels, n_hidden=self.n_hidden, seed=0
        )

    def draw(self, n_stimuli: int | None = None) -> Tensor:
        """Draw standard normal features, shape (n_stimuli, n_features)."""
        generator = torch.Generator().manual_seed(1)
        return torch.randn(n_stimuli or self.n_stimuli, self.n_features, generator=generator)
