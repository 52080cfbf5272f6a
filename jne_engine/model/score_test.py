"""A test on held-out stimuli of whether a nonlinear prediction tells more than a linear one.

Axes: s stimulus, c direction, v voxel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from scipy.special import stdtr
from torch import Tensor

from jne_engine.core.arrays import IntArray

LEAST_STIMULI = 24
"""Fewer test stimuli leave no normal distribution to speak of."""
LEAST_BLOCKS = 12
"""Fewer blocks of test stimuli likewise."""
LEAST_VARIANCE = 1e-10
"""What is left of a prediction counts from this part of its sum of squares up; below, it is
rounding."""


@dataclass(frozen=True)
class ScoreDesign:
    """How the score test is made.

    Parameters
    ----------
    stimuli_a_direction : int
        Test stimuli for each direction of the features that is taken out.
    block : int
        Consecutive test stimuli whose scores are summed before their spread is taken, so that
        they may depend on each other; resamples draw such blocks likewise.
    runs : tuple of str, optional
        Run of each test stimulus: then a block is what was measured in one run.
    """

    stimuli_a_direction: int = 12
    block: int = 1
    runs: tuple[str, ...] | None = None

    @classmethod
    def of_runs(cls, runs: Sequence[str] | None, test: IntArray) -> Self:
        """Return the design for stimuli of which the runs are known, or not (None).

        With fewer than :data:`LEAST_STIMULI` runs among the test stimuli each of these counts by
        itself: the spread over so few runs is no better known than that over so few stimuli.
        """
        named = () if runs is None else tuple(runs[row] for row in test)
        return cls(runs=named) if len(set(named)) >= LEAST_STIMULI else cls()

    def number_blocks(self, n_test: int) -> Tensor:
        """Return which block each test stimulus is in; what is left over joins the last one."""
        if self.runs is not None:
            return torch.from_numpy(np.unique(self.runs, return_inverse=True)[1])
        return (torch.arange(n_test) // self.block).clamp(max=max(n_test // self.block - 1, 0))


class ScoreTest:
    """One-sided score test of e ~ l + γ·g against γ = 0, with errors of any distribution.

    With 1, the leading directions of the features, and then l taken out of e and g, the score
    of a stimulus is u = e·g, and z = mean(u) / (sd(u) / √(n − k − 1)) is standard normal where
    the response is linear in the features: g depends on features and training responses alone,
    and the errors of the test stimuli do not know it. Directions are taken out because the
    linear path is shrunk, which leaves some linear signal in e, most of it in them.

    Parameters
    ----------
    directions : torch.Tensor, shape (n_test, n_directions)
        Uncorrelated directions of the features, the leading one first.
    dtype : torch.dtype
        What blocks of voxels come in.
    design : ScoreDesign
        With blocks of several stimuli u is summed over each, and z is Student's t of one degree
        of freedom less than there are blocks.

    References
    ----------
    White (1980), Econometrica 48, 817-838, for variance from the scores themselves.
    """

    def __init__(self, directions: Tensor, dtype: torch.dtype, design: ScoreDesign) -> None:
        n_test = len(directions)
        self.n_components = min(n_test // design.stimuli_a_direction, directions.shape[1])
        self._blocks = design.number_blocks(n_test).to(directions.device)
        self.n_blocks = int(self._blocks.max()) + 1
        self._is_blocked = self.n_blocks < n_test
        self.is_possible = n_test >= LEAST_STIMULI and self.n_blocks >= LEAST_BLOCKS
        ones = torch.ones_like(directions[:, :1])
        taken = torch.cat([ones, directions[:, : self.n_components]], dim=1)
        self._basis = torch.linalg.qr(taken.double())[0].to(dtype)
        left = max(n_test - self.n_components - 1, 1) / max(n_test - 1, 1)
        self._freedom = max(self.n_blocks - 1, 1) * left

    def compute_p(self, error: Tensor, linear: Tensor, nonlinear: Tensor) -> Tensor:
        """Return p of each voxel, 1 where the nonlinear prediction has no variance.

        Parameters
        ----------
        error, linear, nonlinear : torch.Tensor, shape (n_test, n_voxels)
            e = y − l, l and g.
        """
        whole = [part.square().sum(dim=0) for part in (error, linear, nonlinear)]
        e, line, g = (
            self._reduce(part, LEAST_VARIANCE * size)
            for part, size in zip((error, linear, nonlinear), whole, strict=True)
        )
        size = line.square().sum(dim=0)
        line.div_(torch.where(size > 0, size.sqrt(), 1))
        for part in (e, g):
            part.sub_(line * (line * part).sum(dim=0))
        kept = [
            part.square().sum(dim=0) > LEAST_VARIANCE * size
            for part, size in ((e, whole[0]), (g, whole[2]))
        ]
        scores = self._sum_blocks(e.mul_(g))
        mean = scores.mean(dim=0)
        deviation = scores.sub_(mean).square_().mean(dim=0).sqrt()
        z = mean / deviation * math.sqrt(self._freedom)
        p = self._find_tail(z.double()).to(z.dtype)
        return torch.where((deviation > 0) & kept[0] & kept[1], p, 1)

    def _sum_blocks(self, scores: Tensor) -> Tensor:
        if not self._is_blocked:
            return scores
        total = scores.new_zeros(self.n_blocks, scores.shape[1])
        return total.index_add_(0, self._blocks, scores)

    def _find_tail(self, z: Tensor) -> Tensor:
        tail: Tensor = torch.special.ndtr(-z)
        if self._is_blocked:
            tail = torch.from_numpy(stdtr(max(self.n_blocks - 1, 1), -z.cpu().numpy()))
        return tail.to(z.device)

    def _reduce(self, part: Tensor, least: Tensor) -> Tensor:
        """Take the mean and the leading directions out; what is only rounding becomes 0."""
        rest = torch.addmm(part, self._basis, self._basis.T @ part, alpha=-1)
        return rest.mul_(rest.square().sum(dim=0) > least)
