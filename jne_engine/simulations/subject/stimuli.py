"""The pictures of the simulated subjects, with their features and splits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from jne_engine.core.arrays import Float32Array
from jne_engine.core.checks import check_positive
from jne_engine.core.errors import InputError
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.datasets.dataset import Splits, StimulusTable
from jne_engine.datasets.standardise import zscore_features
from jne_engine.features.gabor import extract_gabor_features
from jne_engine.features.gabor_layers import compute_gabor_layer
from jne_engine.simulations.pictures import draw_stimuli

VALIDATION_SHARE = 0.1
"""Share of all stimuli that goes to validation."""


@dataclass(frozen=True, eq=False)
class SimulatedStimuli:
    """Pictures that several simulated subjects may see.

    Parameters
    ----------
    stimuli : StimulusTable
        Ids, column ``category``, and the pictures as thumbnails.
    features : numpy.ndarray of float32, shape (n_stimuli, n_features)
        Gabor features of layer 0, z-scored over training rows: what responses are made of.
    local : numpy.ndarray of float32, shape (n_stimuli, n_features)
        The same, not z-scored: what other layers are computed from.
    splits : Splits
    seed : int
        Seed that all of it depends on.
    autocorrelation : float
        Of features, and of a subject's noise, from one stimulus to the next.
    """

    stimuli: StimulusTable
    features: Float32Array
    local: Float32Array
    splits: Splits
    seed: int
    autocorrelation: float = 0.0

    @property
    def categories(self) -> tuple[str, ...]:
        """Category of each stimulus."""
        return tuple(str(c) for c in self.stimuli.table["category"])

    def layer(self, layer: int) -> Float32Array:
        """Return a layer of ``gabor_layers.GABOR_LAYERS``, z-scored likewise.

        Raises
        ------
        InputError
            If there is no such layer.
        """
        if layer == 0:
            return self.features
        return zscore_features(compute_gabor_layer(self.local, layer), self.splits.train)


def simulate_stimuli(
    seed: int = 0,
    *,
    n_stimuli: int = 3000,
    n_test: int = 600,
    autocorrelation: float = 0.0,
    progress: Progress = ignore_progress,
) -> SimulatedStimuli:
    """Draw pictures, filter them and split them.

    Parameters
    ----------
    seed : int
        Same seed, same pictures, features and splits.
    n_stimuli, n_test : int
        Pictures in all, and how many of them are test; a tenth of all goes to validation.
    autocorrelation : float
        0 or more and below 1. Above 0 features follow each other as those of a video do, a
        first-order autoregression over the pictures' features, and each split is one stretch.
    progress : callable, optional
        Called as ``progress(pictures drawn, n_stimuli)``.

    Returns
    -------
    SimulatedStimuli

    Raises
    ------
    InputError
        If the splits leave nothing to train on.
    """
    check_positive("n_stimuli", n_stimuli)
    images, categories = draw_stimuli(n_stimuli, seed, progress=progress)
    rng = None if autocorrelation else np.random.default_rng((seed, 1))
    splits = _split(n_stimuli, n_test, rng)
    local = carry_over(extract_gabor_features(images), autocorrelation)
    features = zscore_features(local, splits.train)
    ids = [f"drawn-{i:05d}" for i in range(n_stimuli)]
    table = pd.DataFrame({"category": categories}, index=pd.Index(ids, name="stimulus"))
    return SimulatedStimuli(
        StimulusTable(table, images), features, local, splits, seed, autocorrelation
    )


def carry_over(values: Float32Array, coefficient: float, *, axis: int = 0) -> Float32Array:
    """Return a first-order autoregression whose innovations are given, of the same variance.

    Parameters
    ----------
    values : numpy.ndarray of float32
        Independent along the axis.
    coefficient : float
        Correlation of neighbours; 0 returns the values as they are.
    axis : int
    """
    if not coefficient:
        return values
    moved = np.moveaxis(values, axis, 0).astype(np.float64)
    mean, fresh = moved.mean(axis=0), np.sqrt(1 - coefficient**2)
    moved = (moved - mean) * fresh
    moved[0] /= fresh
    filtered = lfilter([1.0], [1.0, -coefficient], moved, axis=0) + mean
    carried: Float32Array = np.moveaxis(filtered, 0, axis).astype(np.float32)
    return carried


def _split(n_stimuli: int, n_test: int, rng: np.random.Generator | None) -> Splits:
    """Split at random, or without ``rng`` into stretches."""
    n_validation = max(round(VALIDATION_SHARE * n_stimuli), 1)
    if not 0 < n_test < n_stimuli - n_validation:
        found = f"{n_test} of {n_stimuli}, besides {n_validation} for validation"
        raise InputError("n_test", "test stimuli that leave some to train on", found, "lower it")
    order = np.arange(n_stimuli) if rng is None else rng.permutation(n_stimuli)
    test, validation, train = np.split(order, [n_test, n_test + n_validation])
    return Splits(train=np.sort(train), validation=np.sort(validation), test=np.sort(test))
