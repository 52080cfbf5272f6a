"""Which voxels are nonlinear, and how much: a share with an interval, and a test.

Docs: ``docs/nonlinearity.md`` has the equations, their reasons, and where they fail.

1. Linear path: l = x·w, a ridge a voxel on the features; e = y − l.
2. Nonlinear features: h′, the encoder's last hidden units without what [x, 1] explains of
   them by least squares over all stimuli, each over its standard deviation.
3. Nonlinear path: g = h′·r, a ridge a voxel of e on h′.
4. How much: share = c / (c + d) on test stimuli, c = cov(e, g), d = cov(y, l).
5. Which: does e go with g on test stimuli beyond chance? A score test, one-sided.

Axes: s stimulus, f feature, h hidden unit, v voxel, b bootstrap resample.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor, nn

from jne_engine.core.arrays import BoolArray, Float32Array, UInt8Array
from jne_engine.core.devices import Blocks, device_of
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.model.hidden import read_hidden, replace_readout, span_features, take_out_linear
from jne_engine.model.ridge import Ridge, pool_scale
from jne_engine.model.score_test import ScoreDesign, ScoreTest
from jne_engine.model.scoring import correct_fdr, draw_bootstrap_counts
from jne_engine.model.spec import RunSpec
from jne_engine.model.split_arrays import SplitArrays

VOXEL_BLOCK = 512
"""Voxels handled at once, so that what is made of test stimuli stays in cache; bounds memory,
changes no result beyond rounding."""
LINEAR_ALPHAS: tuple[float, ...] = tuple(10 ** (i / 2) for i in range(13))
"""Penalties of the linear path, 1 to 10⁶, for features of unit variance."""
READOUT_ALPHAS: tuple[float, ...] = tuple(10 ** (i / 2) for i in range(-2, 13))
"""Penalties of the nonlinear path, 0.1 to 10⁶. "No nonlinear path" is not among them: it would
make the test miss what is there (false positives 2 % instead of 5 %)."""
INTERVAL = (0.025, 0.975)

CANNOT_TELL: Mapping[int, str] = MappingProxyType(
    {
        1: "responses are missing or constant",
        2: "no hidden unit is nonlinear over these stimuli",
        3: "too few test stimuli",
        4: "the prediction is no better than chance",
    }
)
"""Why a voxel has no share: the codes of :attr:`Nonlinearity.reason`, 0 where it has one."""
MISSING, LINEAR_UNITS, FEW_STIMULI, UNPREDICTED = CANNOT_TELL


@dataclass(frozen=True, eq=False)
class Nonlinearity:
    """What is known of every voxel; NaN where it cannot be told, never 0 for want of knowledge.

    Parameters
    ----------
    nonlinear_share : numpy.ndarray of float32, shape (n_voxels,)
        Nonlinear share of the predicted variance, on test stimuli. Not cut to 0..1: the estimate
        of a linear voxel lies around 0, on either side.
    nonlinear_share_low, nonlinear_share_high : numpy.ndarray of float32, shape (n_voxels,)
        Bounds of its 95 % bootstrap interval over test stimuli.
    nonlinear_share_fitted : numpy.ndarray of float32, shape (n_voxels,)
        The same share of the fitted predictions' variance over training stimuli, 0 to 1.
    p_nonlinearity, q_nonlinearity : numpy.ndarray of float32, shape (n_voxels,)
        One-sided p of the score test, and its Benjamini-Hochberg q over the tested voxels.
    reason : numpy.ndarray of uint8, shape (n_voxels,)
        0, or why there is no share: see :data:`CANNOT_TELL`. With code 4 the test stands still.
    encoder : torch.nn.Module
        The encoder with the nonlinear path as its readout. Its Jacobian disperses as that of
        the whole prediction l + g does, whose other terms are linear: its JNE is the calibrated
        JNE. What it predicts is g up to a linear map of the features. Voxels with reason 1 have
        a readout of 0.
    n_components : int
        Leading directions of the features that the test takes out.
    n_units : int
        Hidden units that are not linear in the features.
    n_blocks : int
        Parts of the test stimuli that count by themselves: runs, or the stimuli each.
    absorbed : float
        Share of nonlinear variance that least squares take for linear by chance, at most 1: the
        features' rank over the number of stimuli.
    """

    nonlinear_share: Float32Array
    nonlinear_share_low: Float32Array
    nonlinear_share_high: Float32Array
    nonlinear_share_fitted: Float32Array
    p_nonlinearity: Float32Array
    q_nonlinearity: Float32Array
    reason: UInt8Array
    encoder: nn.Module
    n_components: int
    n_units: int
    n_blocks: int
    absorbed: float

    def hide_unknown(self, calibrated: Float32Array) -> Float32Array:
        """Return the calibrated JNE, NaN where the nonlinear path could not be fitted."""
        known = np.isin(self.reason, (0, UNPREDICTED))
        return np.where(known, calibrated, np.float32(np.nan))


def measure_nonlinearity(
    encoder: nn.Module,
    arrays: SplitArrays,
    spec: RunSpec,
    *,
    layer: str | None = None,
    design: ScoreDesign | None = None,
    progress: Progress = ignore_progress,
    voxel_block: int = VOXEL_BLOCK,
) -> Nonlinearity:
    """Measure how nonlinear every voxel is, with an encoder that was fitted to train.

    Parameters
    ----------
    encoder : torch.nn.Module
        The run's nonlinear encoder, fitted without the test responses; only its hidden layers
        are used.
    arrays : SplitArrays
        What it was fitted to.
    spec : RunSpec
        Number of bootstrap resamples, and their seed.
    layer : str, optional
        Name of the last hidden layer where the encoder is not a ResidualEncoder.
    design : ScoreDesign, optional
        How the test is made; blocks of stimuli are the resamples' units too.
    progress : callable
        Called as ``progress(voxels done, n_voxels)`` before each block; what it raises ends
        the work.
    voxel_block : int
        Voxels handled at once.

    Returns
    -------
    Nonlinearity
        Memory beside the inputs: the hidden units of all stimuli, the new readout (n_hidden ×
        n_voxels), and some copies of one block of responses.

    Raises
    ------
    InputError
        If the encoder's last hidden layer cannot be had.
    """
    estimator = _Estimator(encoder, arrays, spec, layer, design or ScoreDesign())
    n_voxels = arrays.n_voxels
    columns = {name: np.full(n_voxels, np.nan, dtype=np.float32) for name in ESTIMATES}
    reason = np.zeros(n_voxels, dtype=np.uint8)
    readout = torch.zeros(n_voxels, estimator.n_hidden, dtype=estimator.dtype)

    def measure(block: slice) -> None:
        progress(block.start, n_voxels)
        found, reason[block], readout[block] = estimator.estimate(arrays.read(block))
        for name, values in found.items():
            columns[name][block] = values.cpu().numpy()

    Blocks("voxels of a regression", voxel_block).each(n_voxels, measure)
    progress(n_voxels, n_voxels)
    q = correct_fdr(columns["p_nonlinearity"]).astype(np.float32)
    calibrated = replace_readout(encoder, readout.to(estimator.device), layer)
    return Nonlinearity(
        **columns,
        q_nonlinearity=q,
        reason=reason,
        encoder=calibrated,
        n_components=estimator.test.n_components,
        n_units=int(estimator.alive.sum()),
        n_blocks=estimator.test.n_blocks,
        absorbed=estimator.absorbed,
    )


ESTIMATES: tuple[str, ...] = (
    "nonlinear_share",
    "nonlinear_share_low",
    "nonlinear_share_high",
    "nonlinear_share_fitted",
    "p_nonlinearity",
)
"""What a block gives; q is corrected over all blocks together."""


class _Estimator:
    """What all blocks share: two decomposed regressions, the test's directions, resamples."""

    def __init__(
        self,
        encoder: nn.Module,
        arrays: SplitArrays,
        spec: RunSpec,
        layer: str | None,
        design: ScoreDesign,
    ) -> None:
        self.device = device_of(encoder)
        given = torch.from_numpy(np.ascontiguousarray(arrays.features)).to(self.device)
        self.dtype = given.dtype
        splits = [torch.tensor(r.tolist()) for r in (arrays.train, arrays.validation, arrays.test)]
        features = _standardise(given.double(), splits[0])
        basis = span_features(features)
        hidden = read_hidden(encoder, given, layer).double()
        self.n_hidden = hidden.shape[1]
        self.absorbed = basis.shape[1] / len(basis)
        bent, self.unit_scale = take_out_linear(hidden, basis, splits[0])
        self.alive = self.unit_scale > 0
        train, *unseen = (features[r].to(self.dtype) for r in splits)
        self._linear = Ridge(train, unseen[0], LINEAR_ALPHAS)
        self._x_unseen = self._linear.rotate(torch.cat(unseen))
        train, validation, test = (bent[r].to(self.dtype) for r in splits)
        self._readout = Ridge(train, validation, READOUT_ALPHAS)
        self._h_test = self._readout.rotate(test)
        self._across = self._readout.projection @ self._linear.projection.T
        self.test = ScoreTest(basis[splits[2]], self.dtype, design)
        blocks = design.number_blocks(arrays.test.size).numpy()
        drawn = draw_bootstrap_counts(self.test.n_blocks, spec.n_resamples, spec.seed)
        counts = drawn[:, blocks]
        self._counts = torch.from_numpy(counts / arrays.test.size).to(self.device, self.dtype)

    def estimate(
        self, responses: tuple[Tensor, ...]
    ) -> tuple[Mapping[str, Tensor], UInt8Array, Tensor]:
        """Return a block's estimates, reasons, and readout of the raw hidden units."""
        usable = _find_usable(responses)
        if not usable.all():
            responses = tuple(torch.where(usable, part, 0) for part in responses)
        train, validation, test = (part.to(self.device) for part in responses)
        mean = train.mean(dim=0)
        for part in (train, validation, test):
            part.sub_(mean)
        linear = self._linear.fit(self._linear.projection @ train, validation)
        unseen = self._x_unseen @ linear.coordinates
        expected, predicted = unseen[: len(validation)], unseen[len(validation) :]
        # What the readout needs of y − l, which is not formed over the training stimuli.
        projected = self._readout.projection @ train
        projected.addmm_(self._across, linear.coordinates, alpha=-1)
        bent = self._readout.fit(projected, validation - expected)
        extra = self._h_test @ bent.coordinates
        found = self._share(test, predicted, extra)
        found["nonlinear_share_fitted"] = bent.variance / (bent.variance + linear.variance)
        found["p_nonlinearity"] = self.test.compute_p(test - predicted, predicted, extra)
        reason = self._explain(usable, found["nonlinear_share"])
        for name, values in found.items():
            untold = (reason != 0) & ((reason != UNPREDICTED) | (name != "p_nonlinearity"))
            values[torch.from_numpy(untold).to(self.device)] = torch.nan
        weights = self._readout.find_weights(bent) * usable.to(self.device)
        readout = weights.T * self.unit_scale.to(self.dtype)
        return found, reason, readout.cpu()

    def _share(self, measured: Tensor, linear: Tensor, nonlinear: Tensor) -> dict[str, Tensor]:
        """Return the held-out share with its interval; NaN where a resample predicts nothing.

        A ratio whose denominator is 0 or less in a resample has no bounded interval.
        """
        y, lin, g = (part - part.mean(dim=0) for part in (measured, linear, nonlinear))
        bent = (y - lin) * g
        whole = bent + y * lin
        wholes = self._counts @ whole
        low, high = _find_interval((self._counts @ bent).div_(wholes))
        told = (wholes > 0).all(dim=0) & (whole.mean(dim=0) > 0)
        values = bent.mean(dim=0) / whole.mean(dim=0), low, high
        kept = (torch.where(told, part, torch.nan) for part in values)
        return dict(zip(ESTIMATES[:3], kept, strict=True))

    def _explain(self, usable: Tensor, share: Tensor) -> UInt8Array:
        """Return why each voxel of a block has no share, 0 where it has one."""
        reason = np.where(share.isnan().cpu().numpy(), UNPREDICTED, 0).astype(np.uint8)
        if not self.test.is_possible:
            reason[:] = FEW_STIMULI
        if not self.alive.any():
            reason[:] = LINEAR_UNITS
        missing: BoolArray = ~usable.numpy()
        reason[missing] = MISSING
        return reason


def _find_interval(resamples: Tensor) -> list[Tensor]:
    """Return the quantiles of :data:`INTERVAL` over resamples, interpolated.

    numpy sorts ten times as fast as torch.
    """
    ordered = torch.from_numpy(np.sort(resamples.cpu().numpy(), axis=0)).to(resamples.device)
    places = [level * (len(ordered) - 1) for level in INTERVAL]
    return [
        torch.lerp(ordered[math.floor(at)], ordered[math.ceil(at)], at - math.floor(at))
        for at in places
    ]


def _find_usable(responses: tuple[Tensor, ...]) -> Tensor:
    """Return which voxels are finite everywhere and vary over train and over test."""
    bounds = [(part.amin(dim=0), part.amax(dim=0)) for part in responses]  # NaN is both of them
    finite = torch.stack([low.isfinite() & high.isfinite() for low, high in bounds]).all(dim=0)
    (train_low, train_high), _, (test_low, test_high) = bounds
    return finite & (train_low < train_high) & (test_low < test_high)


def _standardise(features: Tensor, train: Tensor) -> Tensor:
    mean, scale = pool_scale(features[train])
    return (features - mean) / scale
