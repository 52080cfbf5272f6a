"""Which precision a product may take: fast where it is native, and only if it is right."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from jne_engine.core.checks import check_choice
from jne_engine.model.deviations import Deviator, FactorPasses, multiplies_bfloat16
from jne_engine.model.jacobian import JacobianFactors
from jne_engine.model.spec import PRECISIONS, Precision

RELATIVE_BOUND = 5e-3
"""Largest relative error of JNE, over the voxels checked, at which bfloat16 is taken."""
CHECKED_VOXELS = 128
CHECKED_STIMULI = 64


@dataclass(frozen=True)
class PrecisionChoice:
    """What precision was used, and why.

    Parameters
    ----------
    asked, used : str
        Precision that was asked for, and the operands' precision that was taken.
    reason : str
        One sentence for the run's record.
    relative_error : float or None
        Largest relative difference of JNE from float32 over the voxels checked; None where
        nothing was checked.
    """

    asked: Precision
    used: Precision
    reason: str
    relative_error: float | None = None

    @property
    def dtype(self) -> torch.dtype:
        """Torch's type of the operands."""
        return torch.bfloat16 if self.used == "bfloat16" else torch.float32


def choose_precision(asked: Precision, passes: FactorPasses) -> PrecisionChoice:
    """Settle the operands' precision.

    ``"auto"`` takes bfloat16 where the machine multiplies it natively and JNE of evenly
    spaced voxels and stimuli stays within :data:`RELATIVE_BOUND` of float32.

    Parameters
    ----------
    asked : {"float32", "bfloat16", "auto"}
    passes : FactorPasses
        What will be multiplied.

    Raises
    ------
    InputError
        If the precision is unknown.
    """
    check_choice("precision", asked, PRECISIONS)
    readout = passes.factors.readout
    if asked == "bfloat16" and readout is not None and not multiplies_bfloat16(readout.device):
        reason = "asked for; operands are rounded, but multiplied in float32, which is native here"
        return PrecisionChoice(asked, asked, reason)
    if asked != "auto":
        return PrecisionChoice(asked, asked, "asked for")
    if readout is None:
        return PrecisionChoice(asked, "float32", "the encoder has no closed form")
    if not multiplies_bfloat16(readout.device):
        return PrecisionChoice(asked, "float32", "this machine does not multiply bfloat16 natively")
    error = measure_rounding(passes)
    if error > RELATIVE_BOUND:
        reason = f"bfloat16 changes JNE by up to {error:.1e}, more than {RELATIVE_BOUND:.0e}"
        return PrecisionChoice(asked, "float32", reason, error)
    reason = f"bfloat16 is native and changes JNE by at most {error:.1e} on the voxels checked"
    return PrecisionChoice(asked, "bfloat16", reason, error)


def measure_rounding(passes: FactorPasses) -> float:
    """Return the largest relative change of JNE by bfloat16 operands, on a sample.

    Voxels and stimuli are evenly spaced over all of them; the mean is that of all stimuli.
    """
    voxels = _spaced(passes.factors.n_voxels, CHECKED_VOXELS)
    stimuli = _spaced(passes.factors.n_stimuli, CHECKED_STIMULI).tolist()
    sample = _SampledPasses(passes, voxels)
    exact, rounded = (
        torch.stack([Deviator(sample, dtype)(s) for s in stimuli]).double().std(0, correction=0)
        for dtype in (torch.float32, torch.bfloat16)
    )
    varies = exact > 0
    return float(((rounded - exact).abs() / exact)[varies].max()) if varies.any() else 0.0


class _SampledPasses(FactorPasses):
    """The passes of a few voxels, which share the factors and the mean of all."""

    def __init__(self, passes: FactorPasses, voxels: Tensor) -> None:
        super().__init__(_SampledFactors(passes.factors, voxels), cache_bytes=0)
        self.mean = passes.mean


class _SampledFactors:
    """Factors whose readout keeps only some voxels."""

    def __init__(self, factors: JacobianFactors, voxels: Tensor) -> None:
        assert factors.readout is not None
        self.readout: Tensor | None = factors.readout[voxels]
        self.n_stimuli, self.n_features = factors.n_stimuli, factors.n_features
        self.n_voxels, self.n_bent = len(voxels), factors.n_bent
        self.factor, self.mean_factor = factors.factor, factors.mean_factor


def _spaced(size: int, count: int) -> Tensor:
    """Return at most ``count`` evenly spaced whole numbers in ``range(size)``."""
    return torch.linspace(0, size - 1, min(size, count)).round().long()
