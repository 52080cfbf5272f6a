"""How a voxel bends: whether its Jacobian changes in size or in direction, and along how many.

With J̄ the mean Jacobian over stimuli, J_s = a_s J̄ + P_s, P_s at right angles to J̄. Then
mean_s ‖J_s − J̄‖² = ‖J̄‖² var(a) + mean_s ‖P_s‖²: *gain change* and *shape change*, and no rest.
The deviations' covariance over stimuli, K = mean_s (J_s − J̄)(J_s − J̄)ᵀ, says along which
directions of the features; (tr K)² / tr K² of them count (the participation ratio).

Everything here is a sum of squares, so that features may be turned: an encoder's Jacobians lie
in the rows of its first layer, and that many numbers stand for all features; unless a linear path
stands beside its hidden layers, for then J̄ lies anywhere.

Axes: s stimulus, f feature (c: turned), h hidden unit, v voxel.

References
----------
Keshishian et al. (2020), eLife 9, e53445, doi 10.7554/eLife.53445: gain change and shape change
of receptive fields that depend on the stimulus. They take the spread of ‖J_s‖ for the one and
singular values for the other; the split here is by projection, so that both add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.model.deviations import cut_blocks
from jne_engine.model.encoders import ResidualEncoder
from jne_engine.model.jacobian import JacobianFactors, factorise

BENDS = ("bend_gain", "bend_shape", "bend_gain_share", "bend_directions")
"""Names of :mod:`jne_engine.model.measures`."""
BLOCK_BYTES = 256 * 2**20
"""Memory that the Jacobians of one block of voxels may take."""
KEPT_BYTES = 1024 * 2**20
"""Memory in which all turned factors are kept from block to block, if they fit."""
LEAST_CHANGE = 1e-10
"""Change of the Jacobian, over its size squared, from which on it has a direction."""


@dataclass(frozen=True, eq=False)
class Bending:
    """How each voxel, and each area, bends.

    Parameters
    ----------
    maps : mapping of str to torch.Tensor of float32, shape (n_voxels,)
        ``bend_gain`` and ``bend_shape``, the roots of both changes; ``bend_gain_share``, gain
        change over both; ``bend_directions``, how many directions. The last two are NaN where
        the Jacobian does not change.
    gain_ss, shape_ss : torch.Tensor of float32, shape (n_areas, n_stimuli)
        ‖J̄‖² (a_s − 1)² and ‖P_s‖² of every stimulus, mean over an area's voxels.
    directions : torch.Tensor of float32, shape (n_areas, n_directions, n_features)
        Leading eigenvectors of an area's mean K, unit length, largest entry positive.
    shares : torch.Tensor of float32, shape (n_areas, n_directions)
        Part of the area's change that each direction holds, NaN where nothing changes.
    n_directions : torch.Tensor of float32, shape (n_areas,)
        Along how many directions an area bends: the participation ratio of its mean K, NaN
        likewise.
    """

    maps: Mapping[str, Tensor]
    gain_ss: Tensor
    shape_ss: Tensor
    directions: Tensor
    shares: Tensor
    n_directions: Tensor


@torch.no_grad()
def measure_bending(
    encoder: nn.Module,
    features: Tensor,
    areas: Tensor | None = None,
    *,
    n_directions: int = 3,
    progress: Progress = ignore_progress,
    block_bytes: int = BLOCK_BYTES,
) -> Bending:
    """Split the Jacobian's change over stimuli into gain and shape.

    Parameters
    ----------
    encoder : torch.nn.Module
    features : torch.Tensor, shape (n_stimuli, n_features)
        Test stimuli.
    areas : torch.Tensor of bool, shape (n_areas, n_voxels), optional
        Voxels of each area; none by default.
    n_directions : int
        Leading directions of an area.
    progress : callable
        Called as ``progress(voxels done, n_voxels)``.
    block_bytes : int
        Bounds memory, changes no result beyond rounding.

    Returns
    -------
    Bending
        Costs about as much as JNE.
    """
    factors = factorise(encoder, features)
    turned = _TurnedFactors(encoder, factors)
    masks = torch.zeros(0, factors.n_voxels, dtype=torch.bool) if areas is None else areas
    sums = _AreaSums(masks, factors.n_stimuli, turned.mean)
    parts: list[Tensor] = []
    row_bytes = factors.n_stimuli * turned.mean.shape[1] * turned.mean.element_size()
    for voxels in cut_blocks(factors.n_voxels, max(1, block_bytes // row_bytes)):
        progress(voxels.start, factors.n_voxels)
        values, *changes = _bend(turned, voxels)
        parts.append(values.float())
        sums.add(voxels, *changes)
    progress(factors.n_voxels, factors.n_voxels)
    maps = dict(zip(BENDS, torch.cat(parts, dim=1), strict=True))
    directions, *sizes = sums.find_directions(n_directions)
    back = (directions @ turned.basis.double()).float()
    return Bending(maps, *sums.average(), _orient(back), *(size.float() for size in sizes))


def _bend(turned: _TurnedFactors, voxels: slice) -> tuple[Tensor, ...]:
    """Return a block's maps (4, v), gain and shape change (v, s), K·n_stimuli (v, c, c), ‖J̄‖²."""
    mean = turned.read_mean(voxels)
    changes = torch.stack([turned.read_change(s, voxels) for s in range(turned.n_stimuli)], dim=1)
    size = mean.square().sum(dim=1)
    along = torch.einsum("vsc,vc->vs", changes, mean)
    gain = torch.where(size[:, None] > 0, along.square() / size[:, None], 0)
    total = changes.square().sum(dim=2)
    shape = (total - gain).clamp_(min=0)
    spread = changes.transpose(1, 2) @ changes
    traces = total.sum(dim=1), spread.square().sum(dim=(1, 2))
    changes_at_all = traces[0] > LEAST_CHANGE * turned.n_stimuli * size
    known = [gain.sum(dim=1) / traces[0], traces[0].square() / traces[1]]
    ratios = [torch.where(changes_at_all, ratio, torch.nan) for ratio in known]
    roots = [part.mean(dim=1).sqrt() for part in (gain, shape)]
    return torch.stack([*roots, *ratios]), gain, shape, spread, size


class _TurnedFactors:
    """Factors of all stimuli less their mean, in the rows of the first layer."""

    def __init__(self, encoder: nn.Module, factors: JacobianFactors) -> None:
        self.n_stimuli, self._factors = factors.n_stimuli, factors
        mean = factors.mean_factor()
        eye = torch.eye(factors.n_features, dtype=mean.dtype, device=mean.device)
        self.basis = _span_rows(encoder) if _is_narrow(encoder) else eye
        self.mean = mean @ self.basis.T
        size = self.n_stimuli * self.mean.numel() * self.mean.element_size()
        whole = range(self.n_stimuli) if size <= KEPT_BYTES else range(0)
        self._kept = [self._turn(stimulus) for stimulus in whole]

    def read_mean(self, voxels: slice) -> Tensor:
        """Return a block's J̄, shape (v, c)."""
        return self._read_out(self.mean, voxels)

    def read_change(self, stimulus: int, voxels: slice) -> Tensor:
        """Return a block's J_s − J̄, shape (v, c)."""
        factor = self._kept[stimulus] if self._kept else self._turn(stimulus)
        return self._read_out(factor, voxels)

    def _turn(self, stimulus: int) -> Tensor:
        return self._factors.factor(stimulus) @ self.basis.T - self.mean

    def _read_out(self, factor: Tensor, voxels: slice) -> Tensor:
        readout = self._factors.readout
        return factor[voxels] if readout is None else readout[voxels] @ factor


def _is_narrow(encoder: nn.Module) -> bool:
    """Tell whether all Jacobians lie in fewer dimensions than there are features."""
    if not isinstance(encoder, ResidualEncoder) or encoder.linear is not None:
        return False
    return encoder.n_hidden < encoder.n_features


def _span_rows(encoder: nn.Module) -> Tensor:
    """Return orthonormal rows that span those of the first layer, (n_hidden, n_features)."""
    weight: Tensor = encoder.get_parameter("first.weight")
    rows: Tensor = torch.linalg.svd(weight.detach().double(), full_matrices=False)[2]
    return rows.to(weight.dtype)


class _AreaSums:
    """What is summed over an area's voxels, block by block."""

    def __init__(self, masks: Tensor, n_stimuli: int, like: Tensor) -> None:
        self._masks, n_turned = masks, like.shape[1]
        like = like.double()
        self._changes = like.new_zeros(2, len(masks), n_stimuli)
        self._spread = like.new_zeros(len(masks), n_turned, n_turned)
        self._size = like.new_zeros(len(masks))

    def add(self, voxels: slice, gain: Tensor, shape: Tensor, spread: Tensor, size: Tensor) -> None:
        """Add a block of voxels."""
        for area, mask in enumerate(self._masks[:, voxels]):
            for which, part in enumerate((gain, shape)):
                self._changes[which, area] += part[mask].double().sum(dim=0)
            self._spread[area] += spread[mask].double().sum(dim=0)
            self._size[area] += size[mask].double().sum()

    def average(self) -> tuple[Tensor, Tensor]:
        """Return means of gain and shape change over voxels, each (n_areas, n_stimuli)."""
        gain, shape = self._changes / self._masks.sum(dim=1)[:, None].to(self._changes)
        return gain.float(), shape.float()

    def find_directions(self, n_directions: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return leading directions (n_areas, n_directions, c), shares, and how many count."""
        values, vectors = torch.linalg.eigh(self._spread)
        n = min(n_directions, self._spread.shape[1])
        whole = values.sum(dim=1)
        least = LEAST_CHANGE * self._changes.shape[2] * self._size
        whole[whole <= least] = torch.nan
        shares = values.flip(1)[:, :n] / whole[:, None]
        leading = vectors.flip(2)[:, :, :n].transpose(1, 2)
        return leading, shares, whole.square() / values.square().sum(dim=1)


def _orient(directions: Tensor) -> Tensor:
    """Turn each direction so that its largest entry is positive."""
    if not directions.numel():
        return directions
    largest = directions.abs().argmax(dim=2, keepdim=True)
    return directions * directions.gather(2, largest).sign()
