"""How far rounding moves JNE: every voxel of a random encoder, against float64."""

from __future__ import annotations

import torch
from torch import Tensor

from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.sizes import Sizes
from jne_engine.model.deviations import Deviator, FactorPasses
from jne_engine.model.dispersion import stream_dispersion, summarise_deviations
from jne_engine.model.encoders import ResidualEncoder
from jne_engine.model.jacobian import factorise
from jne_engine.model.spec import Precision


def measure_error(name: str, sizes: Sizes, precision: Precision, goal: Goal) -> Row:
    """Compare JNE of every voxel with the same stream in float64."""
    encoder, features = sizes.build(), sizes.draw(sizes.n_checked)
    rounded = stream_dispersion(encoder, features, precision=precision, cache_bytes=0).jne
    exact = compute_exact_jne(encoder.double(), features.double())
    value = float(((rounded.double() - exact) / exact).abs().max())
    how = (
        f"largest relative error of JNE over {sizes.n_voxels} voxels against float64, random "
        f"encoder, {sizes.n_checked} stimuli"
    )
    return Row(name, value, goal, how)


@torch.no_grad()
def compute_exact_jne(encoder: ResidualEncoder, features: Tensor) -> Tensor:
    """Return JNE with every product and sum over features in float64, shape (n_voxels,)."""
    passes = FactorPasses(factorise(encoder, features), cache_bytes=0)
    deviate = Deviator(passes, torch.float64)
    deviations = torch.stack([deviate(s) for s in range(len(features))])
    return summarise_deviations(deviations).jne
