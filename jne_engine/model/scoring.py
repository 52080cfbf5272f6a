"""Prediction accuracy: R², its bootstrap test, false discovery rate, noise ceilings.

Axes: s stimulus, v voxel, b bootstrap resample, r repeat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from jne_engine.core.arrays import Float64Array
from jne_engine.core.devices import Blocks
from jne_engine.core.errors import InputError

if TYPE_CHECKING:  # pages correct p by this module, and wait for no torch
    import torch

VOXEL_BLOCK = 4096
"""Voxels handled at once; bounds memory, never changes a result."""


def compute_r2(responses: npt.ArrayLike, predictions: npt.ArrayLike) -> Float64Array:
    """Return the coefficient of determination of each voxel.

    R² = 1 − MSE / population variance, over stimuli.

    Parameters
    ----------
    responses, predictions : array_like, shape (n_stimuli, n_voxels)
        Measured and predicted responses.

    Returns
    -------
    numpy.ndarray of float64, shape (n_voxels,)
        At most 1; NaN where a voxel is constant or not finite.

    Raises
    ------
    InputError
        If the two shapes differ.

    References
    ----------
    arXiv 2510.13688, section 4.1; the scripts give 0 for a constant voxel.
    """
    measured, predicted = _pair(responses, predictions)
    r2 = np.empty(measured.shape[1])
    for block in _blocks(measured.shape[1]):
        y = measured[:, block].astype(np.float64)
        error = np.mean((y - predicted[:, block]) ** 2, axis=0)
        variance = y.var(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            r2[block] = np.where(variance > 0, 1 - error / variance, np.nan)
    return r2


def draw_bootstrap_counts(n_stimuli: int, n_resamples: int = 200, seed: int = 0) -> Float64Array:
    """Draw how often each stimulus occurs in each resample.

    Returns
    -------
    numpy.ndarray of float64, shape (n_resamples, n_stimuli)
        Whole numbers; each row sums to ``n_stimuli``.
    """
    rng = np.random.default_rng(seed)
    shares = np.full(n_stimuli, 1 / n_stimuli)
    return rng.multinomial(n_stimuli, shares, size=n_resamples).astype(np.float64)


def compute_bootstrap_pvalues(
    responses: npt.ArrayLike,
    predictions: npt.ArrayLike,
    n_resamples: int = 200,
    seed: int = 0,
    *,
    device: torch.device | None = None,
) -> Float64Array:
    """Return the share of bootstrap resamples of the stimuli in which R² is below 0.

    With C the resample counts (b × s), E the residuals and Y the centred responses,
    every resample's sums come from three products: C·E², C·Y and C·Y².
    R² < 0 means that the residual sum exceeds the response's sum of squares about its mean.

    Parameters
    ----------
    responses, predictions : array_like, shape (n_stimuli, n_voxels)
        Measured and predicted responses of the test stimuli.
    n_resamples : int
        Number of resamples.
    seed : int
        Seed of :func:`draw_bootstrap_counts`.
    device : torch.device, optional
        Where the products are taken, one that has float64; the CPU by default.

    Returns
    -------
    numpy.ndarray of float64, shape (n_voxels,)
        Multiples of 1 / n_resamples; NaN where a voxel is constant or not finite.

    Raises
    ------
    InputError
        If the two shapes differ.

    References
    ----------
    arXiv 2510.13688, section 4.1.
    """
    import torch

    measured, predicted = _pair(responses, predictions)
    n_stimuli, n_voxels = measured.shape
    counts = torch.from_numpy(draw_bootstrap_counts(n_stimuli, n_resamples, seed)).to(device)
    pvalues = np.empty(n_voxels)

    def resample(block: slice) -> None:
        y = measured[:, block].astype(np.float64)
        squares = torch.from_numpy((y - predicted[:, block]) ** 2).to(device)
        usable = np.ptp(y, axis=0) > 0
        about = torch.from_numpy(y - y.mean(axis=0)).to(device)
        squares_about_mean = counts @ about**2 - (counts @ about) ** 2 / n_stimuli
        below = (counts @ squares > squares_about_mean).double().mean(dim=0)
        pvalues[block] = np.where(usable, below.cpu().numpy(), np.nan)

    Blocks("voxels of a bootstrap", VOXEL_BLOCK).each(n_voxels, resample)
    return pvalues


def correct_fdr(pvalues: npt.ArrayLike) -> Float64Array:
    """Return Benjamini-Hochberg q-values; NaN entries stay NaN and are not counted.

    Parameters
    ----------
    pvalues : array_like, shape (n_voxels,)
        P-values between 0 and 1, or NaN for voxels that were not tested.

    Returns
    -------
    numpy.ndarray of float64, shape (n_voxels,)

    References
    ----------
    Benjamini and Hochberg (1995), J. R. Stat. Soc. B 57, 289-300.
    """
    p = np.asarray(pvalues, dtype=np.float64)
    q = np.full(p.shape, np.nan)
    tested = np.isfinite(p)
    if tested.any():
        q[tested] = stats.false_discovery_control(p[tested], method="bh")
    return q


def compute_noise_ceiling(repeats: npt.ArrayLike, *, scaled: bool = True) -> Float64Array:
    """Return the noise ceiling of the mean over repeats, in percent of variance.

    σ²_noise is the mean over stimuli of the variance over repeats (ddof 1);
    σ_signal = sqrt(max(1 − σ²_noise, 0)); with r = σ_signal / σ_noise and n repeats,
    NC = 100 r² / (r² + 1 / n). Where stimuli have different numbers of repeats, 1 / n is its mean
    over stimuli, and σ²_noise is over those with two or more.

    Parameters
    ----------
    repeats : array_like, shape (n_repeats, n_stimuli, n_voxels)
        Presentations of each stimulus, one at least; NaN in all voxels where a stimulus was shown
        less often than others.
    scaled : bool
        Whether each voxel is z-scored already, so that a single presentation has variance 1;
        otherwise its variance over all presentations takes the place of 1.

    Returns
    -------
    numpy.ndarray of float64, shape (n_voxels,)
        0 to 100; NaN where a voxel is constant, or not finite in a presentation that others have.

    Raises
    ------
    InputError
        If no stimulus has two presentations or the array has not three axes.

    References
    ----------
    The authors' scripts; Allen et al. (2022), Nat. Neurosci. 25, 116-126, for mixed counts.
    """
    array = np.asarray(repeats)
    shown = np.isfinite(array).any(axis=2) if array.ndim == 3 else np.zeros((1, 1), dtype=np.bool_)
    counts = shown.sum(axis=0)
    if array.ndim != 3 or not (counts >= 2).any():
        fix = "pass each presentation on its own, not their mean"
        raise InputError("repeats", "(2 or more, n_stimuli, n_voxels)", str(array.shape), fix)
    share = float((1 / counts[counts > 0]).mean())
    ceiling = np.empty(array.shape[2])
    for block in _blocks(array.shape[2]):
        values = array[:, :, block].astype(np.float64)
        usable = np.isfinite(values[shown]).all(axis=0)
        noise = _average_noise(np.where(shown[:, :, None], values, 0.0), shown)
        total = np.ones_like(noise) if scaled else values[shown].var(axis=0)
        signal = np.maximum(total - noise, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            explained = signal / (signal + noise * share)
        varies = usable & (np.ptp(values[shown], axis=0) > 0)
        ceiling[block] = np.where(varies, 100 * explained, np.nan)
    return ceiling


def _average_noise(values: Float64Array, shown: npt.NDArray[np.bool_]) -> Float64Array:
    """Return the mean over stimuli with two or more presentations of their variance (ddof 1)."""
    counts = shown.sum(axis=0)
    several = counts >= 2
    means = values.sum(axis=0) / np.maximum(counts, 1)[:, None]
    squares = (np.where(shown[:, :, None], values - means, 0.0) ** 2).sum(axis=0)
    variances: Float64Array = squares[several] / (counts[several] - 1)[:, None]
    noise: Float64Array = variances.mean(axis=0)
    return noise


def _pair(
    responses: npt.ArrayLike, predictions: npt.ArrayLike
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return both as arrays of the same two-dimensional shape."""
    measured, predicted = np.asarray(responses), np.asarray(predictions)
    if measured.ndim != 2 or measured.shape != predicted.shape:
        found = f"{measured.shape} and {predicted.shape}"
        fix = "pass responses and predictions of the same stimuli and voxels"
        raise InputError("responses, predictions", "(n_stimuli, n_voxels) twice", found, fix)
    return measured, predicted


def _blocks(n_voxels: int) -> list[slice]:
    return [slice(a, min(a + VOXEL_BLOCK, n_voxels)) for a in range(0, n_voxels, VOXEL_BLOCK)]
