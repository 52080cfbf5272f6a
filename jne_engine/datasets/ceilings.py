"""The noise ceiling of an NSD subject's test images, as a fraction of variance.

References
----------
Allen et al. (2022), Nat. Neurosci. 25, 116-126, and the NSD data manual on ncsnr.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import Float32Array, IntArray
from jne_engine.core.errors import InputError
from jne_engine.model.scoring import compute_noise_ceiling

COLUMN_BLOCK: Final = 2048
"""Columns handled at once; bounds memory, never changes a result."""


def ceiling_from_ncsnr(ncsnr: npt.NDArray[Any], presentations: IntArray) -> Float32Array:
    """Return the noise ceiling of means over a mixed number of presentations.

    NC = ncsnr² / (ncsnr² + mean of 1/n), where n is how often each test image was shown: with A,
    B, C images shown 3, 2, 1 times the mean is (A/3 + B/2 + C) / (A + B + C).

    Parameters
    ----------
    ncsnr : numpy.ndarray, shape (n_columns,)
        NSD's noise-ceiling signal-to-noise ratio.
    presentations : numpy.ndarray of int64, shape (n_test,)
        Presentations of each test image.

    Returns
    -------
    numpy.ndarray of float32, shape (n_columns,)
        0 to 1; NaN where ncsnr is not finite.
    """
    noise = float(np.mean(1.0 / presentations))
    power = np.maximum(np.asarray(ncsnr, dtype=np.float64), 0) ** 2
    with np.errstate(invalid="ignore"):
        ceiling: Float32Array = (power / (power + noise)).astype(np.float32)
    return ceiling


def ceiling_from_repeats(repeats: npt.NDArray[np.float32]) -> Float32Array:
    """Return the noise ceiling from single presentations, each z-scored over images.

    Parameters
    ----------
    repeats : numpy.ndarray of float32, shape (n_repeats, n_images, n_columns)
        Betas of each presentation; may lie on disk.

    Returns
    -------
    numpy.ndarray of float32, shape (n_columns,)
        0 to 1; NaN where a column is constant or not finite.

    Raises
    ------
    InputError
        If there are fewer than two images.
    """
    if repeats.shape[1] < 2:
        found = f"{repeats.shape[1]} test images shown three times"
        fix = "import more sessions, or choose --ceiling ncsnr"
        raise InputError("noise ceiling", "two repeated images or more", found, fix)
    ceiling = np.empty(repeats.shape[2], dtype=np.float32)
    for start in range(0, ceiling.size, COLUMN_BLOCK):
        block = slice(start, start + COLUMN_BLOCK)
        values = repeats[:, :, block].astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            values -= values.mean(axis=1, keepdims=True)
            values /= values.std(axis=1, keepdims=True)
        ceiling[block] = compute_noise_ceiling(values) / 100
    return ceiling
