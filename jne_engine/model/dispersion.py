"""JNE: how far a voxel's Jacobian disperses over stimuli.

With J the Jacobian (s × f × v), J̄ its mean over stimuli, and population statistics:
deviation s_{s,v} = Σ_f |J − J̄|; μ_v = mean_s s_{s,v};
JNE_v = sqrt(mean_s (s_{s,v} − μ_v)²); JNE-SS_{s,v} = (s_{s,v} − μ_v)².
A linear encoder has J ≡ J̄, so all of them are 0.

Axes: s stimulus, f feature, h hidden unit, v voxel.

References
----------
Gao et al. (2025), arXiv 2510.13688, section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol

import torch
from torch import Tensor, nn

from jne_engine.core.devices import device_of
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.model.deviations import (
    CACHE_BYTES,
    VOXEL_BLOCK,
    Deviator,
    FactorPasses,
    choose_kernel,
    compute_absolute_sums,
    cut_blocks,
)
from jne_engine.model.jacobian import JacobianFactors, factorise
from jne_engine.model.precision import PrecisionChoice, choose_precision
from jne_engine.model.spec import Precision

STIMULUS_BLOCK = 32
"""Stimuli whose deviations are finished, and can be stored, together."""
SUMMARY_BLOCK = 8192
"""Voxels whose moments are taken at once, in float64."""


@dataclass(frozen=True, eq=False)
class Dispersion:
    """Dispersion of the Jacobian over stimuli.

    Parameters
    ----------
    jne : torch.Tensor of float32, shape (n_voxels,)
        JNE, in response units per feature unit.
    deviation_mean : torch.Tensor of float32, shape (n_voxels,)
        μ, the mean absolute deviation. It measures nonlinearity too: JNE is 0 where every
        stimulus deviates by the same amount, μ is not.
    gain : torch.Tensor of float32, shape (n_voxels,)
        ‖J̄‖₁, the size of the mean Jacobian, which JNE carries as a factor.
    jne_ss : torch.Tensor of float32, shape (n_stimuli, n_voxels), or None
        JNE-SS, in squared units; None where a sink took it.
    precision : PrecisionChoice
        Precision of the large product's operands, and why.
    """

    jne: Tensor
    deviation_mean: Tensor
    gain: Tensor
    jne_ss: Tensor | None
    precision: PrecisionChoice


class DeviationSink(Protocol):
    """Stores deviations block by block, then JNE-SS.

    A sink that outlives the process makes the work resumable: blocks that it has are
    not computed again, and the block grid is fixed, so the result is bit-identical.
    """

    def has(self, rows: slice) -> bool:
        """Tell whether the deviations of these stimuli are there already."""
        ...

    def write(self, rows: slice, deviations: Tensor) -> None:
        """Take the deviations of a block of stimuli, shape (n_rows, n_voxels)."""
        ...

    def read_voxels(self, voxels: slice) -> Tensor:
        """Return the deviations of a block of voxels, shape (n_stimuli, n_block)."""
        ...

    def write_jne_ss(self, voxels: slice, jne_ss: Tensor) -> None:
        """Take JNE-SS of a block of voxels, shape (n_stimuli, n_block)."""
        ...


class MemorySink:
    """Deviations in one tensor, turned into JNE-SS in place."""

    def __init__(self, n_stimuli: int, n_voxels: int) -> None:
        self.values = torch.full((n_stimuli, n_voxels), torch.nan)

    def has(self, rows: slice) -> bool:
        """Return False: nothing is there before the work begins."""
        del rows
        return False

    def write(self, rows: slice, deviations: Tensor) -> None:
        """Keep a block of stimuli."""
        self.values[rows] = deviations

    def read_voxels(self, voxels: slice) -> Tensor:
        """Return a block of voxels."""
        return self.values[:, voxels]

    def write_jne_ss(self, voxels: slice, jne_ss: Tensor) -> None:
        """Replace a block's deviations by its JNE-SS."""
        self.values[:, voxels] = jne_ss


def compute_jne(jacobians: Tensor) -> Tensor:
    """Return JNE of every voxel from dense Jacobians.

    Parameters
    ----------
    jacobians : torch.Tensor, shape (n_stimuli, n_features, n_voxels)
        An array is taken too.

    Returns
    -------
    torch.Tensor, shape (n_voxels,)
        In the dtype of the input; sums are taken in float64.

    References
    ----------
    arXiv 2510.13688, section 3.3, steps 1 to 4.
    """
    dense = torch.as_tensor(jacobians)
    return summarise_deviations(compute_deviations(dense)).jne.to(dense.dtype)


def compute_jne_ss(jacobians: Tensor) -> Tensor:
    """Return JNE-SS of every stimulus and voxel from dense Jacobians.

    Parameters
    ----------
    jacobians : torch.Tensor, shape (n_stimuli, n_features, n_voxels)
        An array is taken too.

    Returns
    -------
    torch.Tensor, shape (n_stimuli, n_voxels)
        In the dtype of the input; sums are taken in float64.

    References
    ----------
    arXiv 2510.13688, section 3.3, step 5.
    """
    dense = torch.as_tensor(jacobians)
    return summarise_deviations(compute_deviations(dense)).jne_ss.to(dense.dtype)


def measure_jacobians(jacobians: Tensor) -> dict[str, Tensor]:
    """Return what :class:`Dispersion` holds of each voxel, by name, from dense Jacobians."""
    dense = torch.as_tensor(jacobians)
    moments = summarise_deviations(compute_deviations(dense))
    found = {name: getattr(moments, name) for name in _MOMENTS}
    return found | {"gain": dense.mean(dim=0).abs().sum(dim=0)}


def compute_deviations(jacobians: Tensor) -> Tensor:
    """Return s = Σ_f |J − J̄| from dense Jacobians, shape (n_stimuli, n_voxels), float64."""
    dense = torch.as_tensor(jacobians).double()
    return (dense - dense.mean(dim=0)).abs().sum(dim=1)


@dataclass(frozen=True, eq=False)
class Moments:
    """Float64 moments of deviations over stimuli, for a block of voxels."""

    jne: Tensor
    deviation_mean: Tensor
    jne_ss: Tensor


_MOMENTS = tuple(f.name for f in fields(Moments) if f.name != "jne_ss")


def summarise_deviations(deviations: Tensor) -> Moments:
    """Return JNE, μ and JNE-SS of deviations (n_stimuli, n_voxels), in float64.

    References
    ----------
    arXiv 2510.13688, section 3.3, steps 3 to 5.
    """
    values = deviations.double()
    mean = values.mean(dim=0)
    jne_ss = (values - mean).square_()
    return Moments(jne=jne_ss.mean(dim=0).sqrt(), deviation_mean=mean, jne_ss=jne_ss)


@torch.no_grad()
def stream_dispersion(
    encoder: nn.Module,
    features: Tensor,
    *,
    voxels: Tensor | None = None,
    precision: Precision = "float32",
    progress: Progress | None = None,
    stimulus_block: int = STIMULUS_BLOCK,
    voxel_block: int = VOXEL_BLOCK,
    cache_bytes: int = CACHE_BYTES,
    sink: DeviationSink | None = None,
) -> Dispersion:
    """Compute JNE, JNE-SS, μ and the gain without ever holding the Jacobian tensor.

    One pass over the stimuli forms the mean factor B̄, which is enough for J̄ = R·B̄; a second
    forms Σ_f |R (B_s − B̄)| in blocks of voxels. Centring is done in float32 before any
    rounding, sums over stimuli in float64.

    Parameters
    ----------
    encoder : torch.nn.Module
        A :class:`~jne_engine.model.encoders.ResidualEncoder` takes the closed form, any other
        module :mod:`torch.func`.
    features : torch.Tensor, shape (n_stimuli, n_features)
        Test stimuli; they are brought to the encoder's device.
    voxels : torch.Tensor of int64, optional
        Columns to compute; all by default.
    precision : {"float32", "bfloat16", "auto"}
        Precision of the operands of the large product; see
        :func:`~jne_engine.model.precision.choose_precision`.
    progress : callable, optional
        Called as ``progress(stimuli done, n_stimuli)``.
    stimulus_block, voxel_block : int
        Block sizes; they bound memory and change no result beyond rounding.
    cache_bytes : int
        Memory in which the first pass may keep all factors for the second, if they fit.
    sink : DeviationSink, optional
        Where blocks are kept; in memory by default. Blocks it already has are skipped.

    Returns
    -------
    Dispersion
        Memory is about n_stimuli × n_voxels × 4 bytes for JNE-SS (none with an outside sink)
        plus one voxel block of products.

    Raises
    ------
    InputError
        If the features do not fit the encoder or the precision is unknown.

    References
    ----------
    arXiv 2510.13688, section 3.3.
    """
    given = torch.as_tensor(features).to(device_of(encoder))
    factors = factorise(encoder, given, voxels)
    report = progress or ignore_progress
    report(0, factors.n_stimuli)
    passes = FactorPasses(factors, cache_bytes)
    choice = choose_precision(precision, passes)
    target = sink or MemorySink(factors.n_stimuli, factors.n_voxels)
    kernel = choose_kernel(passes.mean.device, choice.dtype, _count_products(factors))
    deviate = Deviator(passes, choice.dtype, voxel_block=voxel_block, kernel=kernel)
    for rows in cut_blocks(factors.n_stimuli, stimulus_block):
        if not target.has(rows):
            target.write(rows, torch.stack([deviate(s) for s in range(rows.start, rows.stop)]))
        report(rows.stop, factors.n_stimuli)
    moments = _summarise_into(target, factors.n_voxels)
    gain = compute_absolute_sums(factors.readout, passes.mean, voxel_block).float().cpu()
    kept = target.values if isinstance(target, MemorySink) else None
    return Dispersion(**moments, gain=gain, jne_ss=kept, precision=choice)


def _count_products(factors: JacobianFactors) -> float:
    n_rows = 0 if factors.readout is None else factors.n_bent
    return float(factors.n_stimuli) * factors.n_voxels * n_rows * factors.n_features


def _summarise_into(sink: DeviationSink, n_voxels: int) -> dict[str, Tensor]:
    """Turn a sink's deviations into JNE-SS and return the moments of each voxel, float32."""
    found = {name: torch.empty(n_voxels) for name in _MOMENTS}
    for voxels in cut_blocks(n_voxels, SUMMARY_BLOCK):
        moments = summarise_deviations(sink.read_voxels(voxels))
        for name, values in found.items():
            values[voxels] = getattr(moments, name).float()
        sink.write_jne_ss(voxels, moments.jne_ss.float())
    return found
