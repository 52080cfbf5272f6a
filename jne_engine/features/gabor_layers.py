"""Layers of Gabor features: the pyramid's levels, and what is computed from its answers.

Layer 0 is local energy: the answers of :func:`~jne_engine.features.gabor.extract_gabor_features`.
Each further layer keeps less of where things are and more of how they go together: energies
pooled over quarters of the picture, then statistics of texture over the whole of it.

Axes: s stimulus, o orientation, p place, f feature.

References
----------
Portilla and Simoncelli (2000), IJCV 40, 49-70, for the statistics of texture, of which only
means, spreads and cross-orientation covariances of energy are taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jne_engine.core.arrays import Float32Array, Float64Array
from jne_engine.core.checks import check_choice, check_length, check_matrix


@dataclass(frozen=True)
class PyramidLevel:
    """Filters of one channel and scale on a grid of places.

    Parameters
    ----------
    channel : str
        One of :data:`~jne_engine.features.gabor.CHANNELS`.
    frequency : float
        Cycles a picture width; 0 stands for a signed Gaussian mean.
    n_orientations : int
        Orientations between 0 and 180 degrees; 1 where the frequency is 0.
    grid : int
        Places along each side of the picture.
    """

    channel: str
    frequency: float
    n_orientations: int
    grid: int


PYRAMID: tuple[PyramidLevel, ...] = (
    PyramidLevel("luminance", 2, 6, 2),
    PyramidLevel("luminance", 4, 6, 4),
    PyramidLevel("luminance", 8, 4, 6),
    PyramidLevel("luminance", 16, 4, 6),
    PyramidLevel("red-green", 4, 2, 3),
    PyramidLevel("blue-yellow", 4, 2, 3),
    PyramidLevel("luminance", 0, 1, 4),
    PyramidLevel("red-green", 0, 1, 4),
    PyramidLevel("blue-yellow", 0, 1, 4),
)
"""The levels in the order of the feature columns."""
N_LOCAL: int = sum(level.n_orientations * level.grid**2 for level in PYRAMID)
"""Features of the first layer: 492."""

GABOR_LAYERS: tuple[str, ...] = ("local energy", "pooled energy", "texture statistics")
"""The layers in their order: 492, 108 and 98 features."""
POOLS = 2
"""Pools along each side of the picture."""
POOL_WINDOW = 0.25
"""Standard deviation of a pool's window, in picture widths."""


def compute_gabor_layer(local: Float32Array, layer: int) -> Float32Array:
    """Compute a layer of :data:`GABOR_LAYERS` from the local features.

    Parameters
    ----------
    local : numpy.ndarray of float32, shape (n_stimuli, 492)
        What :func:`~jne_engine.features.gabor.extract_gabor_features` returns, not z-scored.
    layer : int
        0: the local features themselves. 1: of each filter, the root mean square over places,
        weighted by a Gaussian around the centre of each quarter of the picture (means are
        averaged likewise). 2: over all places, the mean and the standard deviation of each
        filter, and the covariance of each pair of orientations of one channel and frequency.

    Returns
    -------
    numpy.ndarray of float32, shape (n_stimuli, n_features)
        Not z-scored; n_features is 492, 108 or 98.

    Raises
    ------
    InputError
        If there is no such layer, or the features are not the pyramid's.
    """
    check_choice("layer", str(layer), tuple(map(str, range(len(GABOR_LAYERS)))))
    fix = "pass what extract_gabor_features returns"
    check_matrix("local features", local, ("n_stimuli", "n_features"), fix=fix)
    check_length("local features", local.shape[1], N_LOCAL, unit="features", fix=fix)
    if layer == 0:
        return local
    summarise = _pool_energy if layer == 1 else _describe_texture
    return np.hstack([summarise(*part) for part in _split_levels(local)]).astype(np.float32)


def _split_levels(local: Float32Array) -> list[tuple[PyramidLevel, Float64Array]]:
    """Return each level with its features as (n_stimuli, n_orientations, n_places)."""
    shapes = [(level.n_orientations, level.grid**2) for level in PYRAMID]
    stops = np.cumsum([n_orientations * n_places for n_orientations, n_places in shapes])
    parts = np.split(local.astype(np.float64), stops[:-1], axis=1)
    return [
        (level, part.reshape(len(local), *shape))
        for level, part, shape in zip(PYRAMID, parts, shapes, strict=True)
    ]


def _pool_energy(level: PyramidLevel, values: Float64Array) -> Float64Array:
    """Pool a level's features over places, (n_stimuli, n_orientations · n_pools)."""
    places, pools = _centres(level.grid), _centres(POOLS)
    squares = ((places[:, None] - pools[None]) ** 2).sum(axis=-1)
    weights = np.exp(-squares / (2 * POOL_WINDOW**2))
    weights /= weights.sum(axis=0)
    pooled = np.sqrt(values**2 @ weights) if level.frequency else values @ weights
    return np.asarray(pooled.reshape(len(values), -1))


def _describe_texture(level: PyramidLevel, values: Float64Array) -> Float64Array:
    """Return means, spreads and covariances over places; no place is told from another."""
    mean = values.mean(axis=2)
    centred = values - mean[:, :, None]
    covariance = np.einsum("sop,stp->sot", centred, centred) / level.grid**2
    spread = np.sqrt(np.einsum("soo->so", covariance))
    first, second = np.triu_indices(level.n_orientations, k=1)
    return np.hstack([mean, spread, covariance[:, first, second]])


def _centres(n: int) -> Float64Array:
    """Return the centres of n × n places in picture widths, in the order of the features."""
    ramp = (np.arange(n) + 0.5) / n
    y, x = np.meshgrid(ramp, ramp, indexing="ij")
    return np.stack([x.ravel(), y.ravel()], axis=1)
