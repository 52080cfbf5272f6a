"""Σ_f |R·B|: the one large product of JNE, in blocks that stay in cache.

Axes: f feature, h hidden unit, v voxel.

References
----------
arXiv 2510.13688, section 3.3, step 2.
"""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from jne_engine.core.devices import Blocks
from jne_engine.model.jacobian import JacobianFactors

VOXEL_BLOCK = 2048
"""Voxels multiplied at once: their product (2048 × 768 float32, 6 MB) stays in cache."""
CACHE_BYTES = 256 * 2**20
"""Factors kept from the first pass for the second, where all of them fit in this."""
COMPILED_PRODUCTS = 1e14
"""Multiplications above which compiling (tens of seconds) pays on a CPU."""

SumKernel = Callable[[Tensor, Tensor], Tensor]
"""Takes R (v × h) and B (h × f), returns Σ_f |R·B|, shape (v,)."""


def cut_blocks(size: int, block: int) -> Iterator[slice]:
    """Yield consecutive slices of at most ``block`` that cover ``range(size)``."""
    for start in range(0, size, block):
        yield slice(start, min(start + block, size))


class FactorPasses:
    """Factors of all stimuli, formed again in each pass or kept where they fit.

    Parameters
    ----------
    factors : JacobianFactors
    cache_bytes : int
        Memory that kept factors may take together.
    """

    def __init__(self, factors: JacobianFactors, cache_bytes: int = CACHE_BYTES) -> None:
        self.factors = factors
        self._cache_bytes = cache_bytes
        self._kept: list[Tensor] = []

    @functools.cached_property
    def mean(self) -> Tensor:
        """B̄ over stimuli, summed in float64, shape (n_hidden or n_voxels, n_features).

        Where all factors fit, each is formed here and kept, so that there is one pass over the
        stimuli; elsewhere the mean is taken in whatever way is cheapest.
        """
        factors = self.factors
        first = factors.factor(0)
        if factors.n_stimuli * first.numel() * first.element_size() > self._cache_bytes:
            return factors.mean_factor()
        total = first.to(torch.float64, copy=True)
        self._kept.append(first)
        for stimulus in range(1, factors.n_stimuli):
            self._kept.append(factors.factor(stimulus))
            total += self._kept[-1]
        return (total / factors.n_stimuli).to(first.dtype)

    def centred(self, stimulus: int) -> Tensor:
        """Return B_s − B̄, centred in the factors' own precision, ready to be overwritten."""
        mean = self.mean
        if self._kept:
            return self._kept[stimulus] - mean
        return self.factors.factor(stimulus).sub_(mean)


class Deviator:
    """Σ_f |R (B_s − B̄)| of one stimulus after another, with R rounded once.

    Parameters
    ----------
    passes : FactorPasses
    dtype : torch.dtype
        Precision that operands are rounded to; sums are float32 at least. A CPU that only
        emulates bfloat16 multiplies the rounded operands in float32, which is far faster.
    voxel_block : int
        Voxels a product; fewer once the device's memory runs out.
    kernel : callable, optional
        Takes a block of R and B, returns absolute sums; eager by default.
    """

    def __init__(
        self,
        passes: FactorPasses,
        dtype: torch.dtype = torch.float32,
        *,
        voxel_block: int = VOXEL_BLOCK,
        kernel: SumKernel | None = None,
    ) -> None:
        readout, self._n_bent = passes.factors.readout, passes.factors.n_bent
        self._passes, self._dtype = passes, dtype
        self._blocks = Blocks("voxels of a product", voxel_block)
        self._readout: Tensor | None = None
        if readout is not None:
            self._readout = round_operand(readout[:, : self._n_bent], dtype)
        self._kernel = kernel

    def __call__(self, stimulus: int) -> Tensor:
        """Return the deviations of all voxels, shape (n_voxels,), float32 on the CPU."""
        operand = self._passes.centred(stimulus)[: self._n_bent]
        if self._readout is not None:
            operand = round_operand(operand, self._dtype)
        sums = self._blocks.run(
            lambda size: compute_absolute_sums(self._readout, operand, size, self._kernel)
        )
        return sums.float().cpu()


def compute_absolute_sums(
    readout: Tensor | None,
    factor: Tensor,
    voxel_block: int = VOXEL_BLOCK,
    kernel: SumKernel | None = None,
) -> Tensor:
    """Return Σ_f |R·B| of every voxel, or Σ_f |B| where there is no readout.

    Parameters
    ----------
    readout : torch.Tensor, shape (n_voxels, n_hidden), or None
    factor : torch.Tensor, shape (n_hidden or n_voxels, n_features)
    voxel_block : int
        Voxels a product.
    kernel : callable, optional
        Fused product and sum; without it a product buffer is reused from block to block.

    Returns
    -------
    torch.Tensor, shape (n_voxels,)
        At least float32.
    """
    if readout is None:
        return factor.abs().sum(dim=1)
    sums = torch.empty(
        len(readout),
        dtype=torch.promote_types(readout.dtype, torch.float32),
        device=readout.device,
    )
    reduce = kernel or _EagerKernel(factor, min(voxel_block, len(readout)))
    for rows in cut_blocks(len(readout), voxel_block):
        sums[rows] = reduce(readout[rows], factor)
    return sums


class _EagerKernel:
    """The product into a buffer, then its absolute sum while it is in cache."""

    def __init__(self, factor: Tensor, n_rows: int) -> None:
        self._buffer = factor.new_empty(n_rows, factor.shape[1])

    def __call__(self, readout: Tensor, factor: Tensor) -> Tensor:
        """Return Σ_f |R·B| of a block."""
        product = torch.mm(readout, factor, out=self._buffer[: len(readout)])
        return product.abs_().sum(dim=1, dtype=_sum_dtype(product))


def _sum_of_product(readout: Tensor, factor: Tensor) -> Tensor:
    """Return Σ_f |R·B| in a form that a compiler can fuse."""
    product = readout @ factor
    return product.abs().sum(dim=1, dtype=_sum_dtype(product))


def _sum_dtype(product: Tensor) -> torch.dtype:
    return torch.promote_types(product.dtype, torch.float32)


@functools.cache
def compile_kernel() -> SumKernel:
    """Return the fused product and sum, compiled by torch at its first call."""
    compiled: SumKernel = torch.compile(_sum_of_product, dynamic=False)
    return compiled


def choose_kernel(device: torch.device, dtype: torch.dtype, n_products: float) -> SumKernel | None:
    """Return the compiled kernel where it pays, else None for the eager one.

    On a GPU fusing saves a round trip of the product through memory. On a CPU it pays
    where the product itself is fast (native bfloat16) and the work outlasts compiling;
    the eager kernel finds its product in cache and gives the same sums.

    Parameters
    ----------
    device : torch.device
    dtype : torch.dtype
        Precision of the operands.
    n_products : float
        Multiplications of the whole work.
    """
    if device.type == "cuda":
        return compile_kernel() if has_compiler() else None
    large = n_products >= COMPILED_PRODUCTS
    if large and dtype == torch.bfloat16 and multiplies_bfloat16(device) and has_compiler():
        return compile_kernel()
    return None


def round_operand(operand: Tensor, dtype: torch.dtype) -> Tensor:
    """Round a product's operand, in a type that this device multiplies natively."""
    rounded = operand.to(dtype)
    if dtype == torch.bfloat16 and not multiplies_bfloat16(operand.device):
        return rounded.float()
    return rounded


def multiplies_bfloat16(device: torch.device) -> bool:
    """Tell whether a device multiplies bfloat16 natively rather than by emulation."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))


def has_compiler() -> bool:
    """Tell whether there is a C++ compiler, which ``torch.compile`` needs."""
    return any(shutil.which(name) for name in (os.environ.get("CXX", "g++"), "g++", "clang++"))
