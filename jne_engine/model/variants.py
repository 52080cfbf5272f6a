"""The variants of JNE: L1 or L2 deviations, of raw or z-scored Jacobians.

Raw, J' = J. Z-scored, J' is J with its mean over features taken off and divided by its
standard deviation over features, for each stimulus and voxel on its own, which removes the
response's gain and with it every change of the Jacobian's *size* between stimuli. Then

L1: s = Σ_f |J' − J̄'|,   L2: s = sqrt(Σ_f (J' − J̄')²),   variant = standard deviation of s
over stimuli (population statistics throughout). L1 of raw Jacobians is JNE.

Axes: s stimulus, f feature, h hidden unit, v voxel.

References
----------
Gao et al. (2025), arXiv 2510.13688, appendix A.9.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor, nn

from jne_engine.core.checks import check_choice
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.model.jacobian import JacobianFactors, factorise

Variant = Literal["jne", "jne_l2", "jne_zscored_l1", "jne_zscored_l2"]

VARIANTS: tuple[Variant, ...] = ("jne", "jne_l2", "jne_zscored_l1", "jne_zscored_l2")
"""Names of :mod:`jne_engine.model.measures`."""

VOXEL_BLOCK = 2048
"""Voxels handled at once; bounds memory, changes no result beyond rounding."""

_ORDERS: Mapping[Variant, int] = MappingProxyType(
    {"jne": 1, "jne_l2": 2, "jne_zscored_l1": 1, "jne_zscored_l2": 2}
)


def compute_variant(jacobians: Tensor, variant: Variant = "jne") -> Tensor:
    """Return one variant of JNE of every voxel from dense Jacobians.

    Parameters
    ----------
    jacobians : torch.Tensor, shape (n_stimuli, n_features, n_voxels)
        An array is taken too.
    variant : {"jne", "jne_l2", "jne_zscored_l1", "jne_zscored_l2"}
        ``"jne"`` is the L1 norm of raw Jacobians.

    Returns
    -------
    torch.Tensor of float64, shape (n_voxels,)

    Raises
    ------
    InputError
        If the variant is unknown.

    References
    ----------
    arXiv 2510.13688, appendix A.9.2.
    """
    check_choice("variant", variant, VARIANTS)
    values = torch.as_tensor(jacobians).double()
    if "zscored" in variant:
        values = zscore_features(values, dim=1)
    centred = values - values.mean(dim=0)
    deviations: Tensor = torch.linalg.vector_norm(centred, _ORDERS[variant], dim=1)
    return deviations.std(dim=0, correction=0)


def zscore_features(jacobians: Tensor, dim: int) -> Tensor:
    """Return Jacobians of mean 0 and standard deviation 1 over features.

    A Jacobian without spread over features, as that of a voxel with every unit closed, has
    no direction: its z-score is 0.
    """
    centred = jacobians - jacobians.mean(dim=dim, keepdim=True)
    spread = centred.square().mean(dim=dim, keepdim=True).sqrt()
    return torch.where(spread > 0, centred / spread, 0)


@torch.no_grad()
def stream_variants(
    encoder: nn.Module,
    features: Tensor,
    voxels: Tensor | None = None,
    *,
    progress: Progress | None = None,
    voxel_block: int = VOXEL_BLOCK,
) -> dict[Variant, Tensor]:
    """Compute all four variants without ever holding the Jacobian tensor.

    For each block of voxels a first pass over the stimuli forms the means of the raw and of
    the z-scored Jacobian, a second the deviations from them.

    Parameters
    ----------
    encoder : torch.nn.Module
        A :class:`~jne_engine.model.encoders.ResidualEncoder` takes the closed form, any other
        module :mod:`torch.func`.
    features : torch.Tensor, shape (n_stimuli, n_features)
        Test stimuli.
    voxels : torch.Tensor of int64, optional
        Columns to compute; all by default.
    progress : callable, optional
        Called as ``progress(blocks done, blocks)`` of voxels.
    voxel_block : int
        Memory is about four arrays of voxel_block × n_features, and n_stimuli × voxel_block.

    Returns
    -------
    dict of str to torch.Tensor of float32, shape (n_voxels,)
        By variant.

    Raises
    ------
    InputError
        If the features do not fit the encoder.

    References
    ----------
    arXiv 2510.13688, appendix A.9.2.
    """
    report = progress or ignore_progress
    whole = factorise(encoder, features, voxels)
    columns = torch.arange(whole.n_voxels) if voxels is None else voxels
    blocks = torch.split(columns, voxel_block)
    report(0, len(blocks))
    parts = []
    for position, block in enumerate(blocks, start=1):
        parts.append(_compute_block(factorise(encoder, features, block)))
        report(position, len(blocks))
    return {name: torch.cat([part[name] for part in parts]) for name in VARIANTS}


def _compute_block(factors: JacobianFactors) -> dict[Variant, Tensor]:
    """Return the variants of one block of voxels, each (n_block,)."""
    raw_mean, zscored_mean = _compute_means(factors)
    deviations: dict[Variant, list[Tensor]] = {name: [] for name in VARIANTS}
    for jacobian in _jacobians(factors):
        zscored = zscore_features(jacobian, dim=1) - zscored_mean
        jacobian -= raw_mean
        for name in VARIANTS:
            centred = zscored if "zscored" in name else jacobian
            deviations[name].append(torch.linalg.vector_norm(centred, _ORDERS[name], dim=1))
    return {name: _spread(torch.stack(rows)) for name, rows in deviations.items()}


def _compute_means(factors: JacobianFactors) -> tuple[Tensor, Tensor]:
    """Return the mean raw and z-scored Jacobian over stimuli, each (n_block, n_features)."""
    raw = torch.zeros(factors.n_voxels, factors.n_features, dtype=torch.float64)
    zscored = torch.zeros_like(raw)
    dtype = raw.dtype
    for jacobian in _jacobians(factors):
        dtype = jacobian.dtype
        raw += jacobian
        zscored += zscore_features(jacobian, dim=1)
    return (raw / factors.n_stimuli).to(dtype), (zscored / factors.n_stimuli).to(dtype)


def _jacobians(factors: JacobianFactors) -> Iterator[Tensor]:
    """Yield each stimulus's Jacobian of the block, shape (n_block, n_features)."""
    for stimulus in range(factors.n_stimuli):
        factor = factors.factor(stimulus)
        yield factor.clone() if factors.readout is None else factors.readout @ factor


def _spread(deviations: Tensor) -> Tensor:
    """Return the standard deviation over stimuli, taken in float64, as float32."""
    return deviations.double().std(dim=0, correction=0).float()
