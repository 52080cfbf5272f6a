"""Gabor wavelet features of pictures: local contrast energy and local colour, no download.

A picture is reduced to 64 × 64 pixels and split into luminance and two colour-opponent
channels. Quadrature pairs of Gabor filters at several frequencies, orientations and places
give amplitudes that do not depend on phase; Gaussian windows give signed local means.
All filters are rows of one matrix, so a batch of pictures is one product a channel.

The pyramid's levels, and further layers that are computed from these local features, are in
:mod:`jne_engine.features.gabor_layers`.

Axes: s stimulus, p pixel, f feature.

References
----------
Kay, Naselaris, Prenger and Gallant (2008), Nature 452, 352-355, for the luminance pyramid.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from jne_engine.core.arrays import Float32Array, Float64Array
from jne_engine.core.checks import check_matrix
from jne_engine.core.errors import InputError
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.features.gabor_layers import PYRAMID

PIXELS = 64
"""Width and height at which pictures are filtered."""

CHANNELS: dict[str, tuple[float, float, float]] = {
    "luminance": (0.299, 0.587, 0.114),
    "red-green": (1.0, -1.0, 0.0),
    "blue-yellow": (-0.5, -0.5, 1.0),
}
"""Weights of red, green and blue in each channel; the opponent ones ignore grey."""


BANDWIDTH = 0.5
"""Standard deviation of a Gabor's window, in periods of its carrier."""
MEAN_WINDOW = 0.5
"""Standard deviation of a mean's window, in distances between places."""

NEGLIGIBLE = 1e-7
"""Windows end where they fall below this: far tails are subnormal numbers, which are slow."""


@lru_cache(maxsize=1)
def _description() -> pd.DataFrame:
    """Return the cached table behind :func:`describe_gabor_features`."""
    rows = []
    for level in PYRAMID:
        places = (np.arange(level.grid) + 0.5) / level.grid
        window = BANDWIDTH / level.frequency if level.frequency else MEAN_WINDOW / level.grid
        for turn in range(level.n_orientations):
            orientation = 180 * turn / level.n_orientations if level.frequency else np.nan
            rows += [
                (level.channel, level.frequency, orientation, x, y, window)
                for y in places
                for x in places
            ]
    columns = ["channel", "frequency", "orientation", "x", "y", "window"]
    return pd.DataFrame(rows, columns=columns)


def describe_gabor_features() -> pd.DataFrame:
    """Return what each feature column measures.

    Returns
    -------
    pandas.DataFrame, n_features rows
        ``channel``; ``frequency`` in cycles a picture width, 0 for a signed mean;
        ``orientation`` in degrees of the carrier's direction of change, counted from the x axis
        towards the lower edge (0: vertical stripes), NaN for a mean; ``x`` and ``y`` of the
        centre and ``window``, the Gaussian's standard deviation, in picture widths.
    """
    return _description().copy()


def extract_gabor_features(
    images: npt.NDArray[np.uint8],
    *,
    batch_size: int = 256,
    progress: Progress = ignore_progress,
) -> Float32Array:
    """Filter pictures into Gabor amplitudes and local colour means.

    Parameters
    ----------
    images : numpy.ndarray of uint8, shape (n_stimuli, height, width, 3)
        RGB pictures of any size; each is reduced to 64 × 64 pixels by area.
    batch_size : int
        Pictures filtered at once, about 100 kB each; it changes no result beyond rounding.
    progress : callable, optional
        Called as ``progress(pictures done, n_stimuli)``.

    Returns
    -------
    numpy.ndarray of float32, shape (n_stimuli, n_features)
        One column a row of :func:`describe_gabor_features`; in channel units (luminance runs
        from 0 to 1) times the filter's norm; not z-scored.

    Raises
    ------
    InputError
        If the pictures are not uint8 RGB.
    """
    _check_images(images)
    n_stimuli = len(images)
    features = np.empty((n_stimuli, len(_description())), dtype=np.float32)
    for start in range(0, n_stimuli, batch_size):
        stop = min(start + batch_size, n_stimuli)
        features[start:stop] = _filter_batch(images[start:stop])
        progress(stop, n_stimuli)
    return features


def _check_images(images: npt.NDArray[Any]) -> None:
    """Require a non-empty stack of uint8 RGB pictures."""
    fix = "pass RGB pictures as (n_stimuli, height, width, 3) uint8"
    check_matrix("images", images, ("n_stimuli", "height", "width", "3"), fix=fix)
    if images.dtype != np.uint8 or images.shape[3] != 3:
        raise InputError("images", "uint8 RGB", f"{images.dtype} {images.shape}", fix)


def _filter_batch(images: npt.NDArray[np.uint8]) -> Float32Array:
    """Return the features of a few pictures, (n_stimuli, n_features)."""
    pixels = np.stack([_reduce(image) for image in images]).reshape(len(images), -1, 3)
    channel_of = _description()["channel"].to_numpy()
    features = np.empty((len(images), len(channel_of)), dtype=np.float32)
    for name, weights in CHANNELS.items():
        signal = pixels @ np.array(weights, dtype=np.float32)
        cosine, sine = _filters(name)
        even, odd = signal @ cosine.T, signal @ sine.T
        means = _description()["frequency"].to_numpy()[channel_of == name] == 0
        features[:, channel_of == name] = np.where(means, even, np.hypot(even, odd))
    return features


def _reduce(image: npt.NDArray[np.uint8]) -> Float32Array:
    """Return one picture at 64 × 64 pixels, values 0 to 1."""
    small = Image.fromarray(image).resize((PIXELS, PIXELS), Image.Resampling.BOX, reducing_gap=1.0)
    unit: Float32Array = np.asarray(small, dtype=np.float32) / np.float32(255)
    return unit


def filter_feature(column: int) -> tuple[Float64Array, Float64Array]:
    """Return one feature's cosine and sine filter, each of 64 · 64 pixels, row after row."""
    return _filter_pair(next(_description().iloc[[column]].itertuples()))


@lru_cache(maxsize=len(CHANNELS))
def _filters(channel: str) -> tuple[Float32Array, Float32Array]:
    """Return the cosine and the sine filters of a channel, (n_channel_features, n_pixels).

    A mean has its window as cosine filter and nothing as sine filter.
    """
    table = _description()
    pairs = [_filter_pair(row) for row in table[table["channel"] == channel].itertuples()]
    cosine, sine = (np.stack(part).astype(np.float32) for part in zip(*pairs, strict=True))
    for bank in (cosine, sine):
        bank.flags.writeable = False
    return cosine, sine


def _filter_pair(row: Any) -> tuple[Float64Array, Float64Array]:
    """Return one feature's cosine and sine filter as flat pictures."""
    ramp = (np.arange(PIXELS) + 0.5) / PIXELS
    dx, dy = np.meshgrid(ramp - row.x, ramp - row.y)
    window = np.exp(-(dx**2 + dy**2) / (2 * row.window**2))
    window[window < NEGLIGIBLE] = 0
    if row.frequency == 0:
        mean = (window / window.sum()).ravel()
        return mean, np.zeros_like(mean)
    angle = np.radians(row.orientation)
    phase = 2 * np.pi * row.frequency * (dx * np.cos(angle) + dy * np.sin(angle))
    return _balance(window * np.cos(phase), window), _balance(window * np.sin(phase), window)


def _balance(gabor: Float64Array, window: Float64Array) -> Float64Array:
    """Take a Gabor's answer to uniform grey away and give it unit norm."""
    balanced = gabor - window * gabor.sum() / window.sum()
    flat: Float64Array = (balanced / np.linalg.norm(balanced)).ravel()
    return flat
