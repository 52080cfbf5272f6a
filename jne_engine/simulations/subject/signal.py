"""Signals with a known nonlinear share: linear latents, nonlinear units, category gates.

A voxel's signal is ``sqrt(1 - share) · linear + sqrt(share) · nonlinear``. Both parts have unit
variance over the stimuli. The nonlinear part has been made orthogonal to every linear map of
the features, so ``share`` is exactly the share of signal variance that none of them explains.

Axes: s stimulus, f feature, l latent, u unit, v voxel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from jne_engine.core.arrays import Float32Array, Float64Array, IntArray
from jne_engine.core.errors import InputError

N_LATENTS = 24
"""Linear latents that all voxels share."""
N_UNGATED = 18
"""Nonlinear units that answer to every category."""
N_GATED = 4
"""Nonlinear units behind each category's gate."""
N_PROJECTED = 8
"""Latents that the units' projections draw on."""
GATE_STEEPNESS = 12.0
"""Slope of a gate's logistic function, in units of the category score (0 to 1)."""
GATE_THRESHOLD = 0.5
"""Category score at which a gate is half open."""
RIDGE = 100.0
"""Ridge penalty of the category scores."""


@dataclass(frozen=True, eq=False)
class SignalBank:
    """What voxels mix into their signals.

    Parameters
    ----------
    linear : numpy.ndarray of float64, shape (n_stimuli, n_latents)
        Uncorrelated linear maps of the features, unit variance.
    units : numpy.ndarray of float64, shape (n_stimuli, n_units)
        Nonlinear functions of the features, uncorrelated with every linear map of
        ``n_directions`` leading directions of the features; unit variance.
    gates : tuple of str
        Category that opens each unit, ``""`` for none.
    n_directions : int
        Number of those directions; all of them where stimuli are plenty.
    """

    linear: Float64Array
    units: Float64Array
    gates: tuple[str, ...]
    n_directions: int

    def unit_columns(self, category: str) -> IntArray:
        """Return the units that a category opens (``""``: the ungated ones)."""
        return np.flatnonzero([gate == category for gate in self.gates]).astype(np.int64)


def build_signal_bank(
    features: Float32Array,
    categories: tuple[str, ...],
    gated: tuple[str, ...],
    train: IntArray,
    rng: np.random.Generator,
) -> SignalBank:
    """Build latents and units from the features of all stimuli.

    Parameters
    ----------
    features : numpy.ndarray of float32, shape (n_stimuli, n_features)
    categories : tuple of str
        Category of each stimulus; only training rows are looked at.
    gated : tuple of str
        Categories that open units of their own.
    train : numpy.ndarray of int64
        Rows that the category scores are fitted to.
    rng : numpy.random.Generator
        Source of the projections.

    Returns
    -------
    SignalBank

    Raises
    ------
    InputError
        If there are too few stimuli to tell linear from nonlinear.
    """
    directions = _whiten(features)
    latents = directions[:, :N_LATENTS]
    raw, gates = [_ungated_units(latents, rng)], [""] * N_UNGATED
    for category, gate in _category_gates(features, categories, gated, train).items():
        raw.append(gate[:, None] * _project(latents, N_GATED, rng))
        gates += [category] * N_GATED
    units = _remove_linear(np.hstack(raw), directions)
    return SignalBank(latents, units, tuple(gates), directions.shape[1])


def mix_signal(
    bank: SignalBank, linear_weights: Float64Array, unit_weights: Float64Array, share: Float64Array
) -> Float32Array:
    """Mix every voxel's signal at its nonlinear share.

    Parameters
    ----------
    bank : SignalBank
    linear_weights : numpy.ndarray, shape (n_latents, n_voxels)
    unit_weights : numpy.ndarray, shape (n_units, n_voxels)
    share : numpy.ndarray, shape (n_voxels,)
        Share of variance of the nonlinear part, 0 to 1.

    Returns
    -------
    numpy.ndarray of float32, shape (n_stimuli, n_voxels)
        Mean 0 and variance 1 over the stimuli.
    """
    parts = (
        (bank.linear, linear_weights, np.sqrt(1 - share)),
        (bank.units, unit_weights, np.sqrt(share)),
    )
    signal = np.zeros((len(bank.linear), share.size), dtype=np.float32)
    for sources, weights, scale in parts:
        covariance = sources.T @ sources / len(sources)
        deviation = np.sqrt(np.einsum("uv,uw,wv->v", weights, covariance, weights, optimize=True))
        signal += sources.astype(np.float32) @ (weights * scale / deviation).astype(np.float32)
    return signal


def _whiten(features: Float32Array) -> Float64Array:
    """Return uncorrelated unit-variance directions of the features, the largest first.

    Never more than a quarter of the stimuli, so that orthogonality to them means something.
    """
    centred = features.astype(np.float64)
    centred -= centred.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    rank = int((values > 1e-8 * values[-1]).sum())
    kept = min(rank, len(centred) // 4)
    if kept < N_LATENTS:
        found = f"{len(features)} stimuli with {rank} independent features"
        raise InputError("simulated stimuli", f"{4 * N_LATENTS} or more", found, "draw more")
    order = np.arange(len(values) - 1, len(values) - 1 - kept, -1)
    # The sign of an eigenvector is arbitrary; fix it so that equal input gives equal output.
    signs = np.sign(vectors[np.abs(vectors[:, order]).argmax(axis=0), order])
    whitened: Float64Array = centred @ (vectors[:, order] * signs / np.sqrt(values[order]))
    return whitened


def _project(latents: Float64Array, n_projections: int, rng: np.random.Generator) -> Float64Array:
    weights = rng.standard_normal((N_PROJECTED, n_projections))
    projected: Float64Array = latents[:, :N_PROJECTED] @ (weights / np.linalg.norm(weights, axis=0))
    return projected


def _ungated_units(latents: Float64Array, rng: np.random.Generator) -> Float64Array:
    first, second = _project(latents, N_UNGATED, rng), _project(latents, N_UNGATED, rng)
    third = N_UNGATED // 3
    folded = np.abs(first[:, :third])
    rectified = np.maximum(first[:, third : 2 * third] - 0.5, 0)
    gated = np.maximum(first[:, 2 * third :], 0) * second[:, 2 * third :]
    return np.hstack([folded, rectified, gated])


def _category_gates(
    features: Float32Array, categories: tuple[str, ...], gated: tuple[str, ...], train: IntArray
) -> Mapping[str, Float64Array]:
    """Return how far each category's gate is open for each stimulus, 0 to 1.

    A gate is a steep logistic function of a ridge regression of category on features: a
    function of the features alone, which an encoder can learn.
    """
    fitted = features[train].astype(np.float64)
    labels = np.array(categories)[train]
    targets = np.stack([labels == category for category in gated], axis=1).astype(np.float64)
    offset = targets.mean(axis=0)
    gram = fitted.T @ fitted + RIDGE * np.eye(fitted.shape[1])
    weights = np.linalg.solve(gram, fitted.T @ (targets - offset))
    scores = features @ weights + offset
    opening = 1 / (1 + np.exp(-GATE_STEEPNESS * (scores - GATE_THRESHOLD)))
    return {category: opening[:, i] for i, category in enumerate(gated)}


def _remove_linear(units: Float64Array, directions: Float64Array) -> Float64Array:
    """Return the units without what the directions explain linearly, at unit variance."""
    centred = units - units.mean(axis=0)
    residual = centred - directions @ (directions.T @ centred) / len(directions)
    nonlinear: Float64Array = residual / residual.std(axis=0)
    return nonlinear
