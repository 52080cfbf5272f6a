"""z-scores: of features over stimuli or over each run's trials, of betas within a run.

Within a run, every trial counts: an image that was shown twice in a run counts twice in that
run's mean, and an image that was shown in three runs has three values, whose mean is taken.

Axes: t trial, s stimulus (image), f feature.

References
----------
Gao et al. (2025), arXiv 2510.13688, section on features and its published scripts; Natural
Scenes Dataset manual, for sessions and runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import Float32Array, Float64Array, IntArray
from jne_engine.core.checks import (
    check_choice,
    check_indices,
    check_length,
    check_matrix,
    check_unique,
)
from jne_engine.core.errors import InputError
from jne_engine.datasets.trials import TrialTable

Standardisation = Literal["within-run", "global", "none"]
"""How features are z-scored: over each run's trials (the paper), over given rows, or not."""
STANDARDISATIONS: Final[tuple[Standardisation, ...]] = get_args(Standardisation)


@dataclass(frozen=True, eq=False)
class ImageFeatures:
    """Features of the images that were presented.

    Parameters
    ----------
    image_ids : numpy.ndarray of int64, shape (n_images,)
        In ascending order.
    values : numpy.ndarray of float32, shape (n_images, n_features)
    n_presentations : numpy.ndarray of int64, shape (n_images,)
        Trials that each row is the mean of.
    """

    image_ids: IntArray
    values: Float32Array
    n_presentations: IntArray


def zscore(
    values: npt.NDArray[Any], *, fit_rows: IntArray | slice = slice(None), constant: float = 0.0
) -> Float64Array:
    """Centre and scale each column by its mean and standard deviation (ddof 0).

    Parameters
    ----------
    values : numpy.ndarray, shape (n_rows, n_columns)
    fit_rows : numpy.ndarray of int64 or slice
        Rows that give mean and standard deviation; all by default.
    constant : float
        What a column becomes that does not vary over ``fit_rows``: 0 for features, which then
        weigh nothing; NaN for responses, of which nothing is known then.

    Returns
    -------
    numpy.ndarray of float64, shape (n_rows, n_columns)
        A column with a value that is not finite among ``fit_rows`` becomes NaN.
    """
    fitted = values[fit_rows]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        mean = fitted.mean(axis=0, dtype=np.float64)
        deviation = fitted.std(axis=0, dtype=np.float64)
        scores: Float64Array = np.subtract(values, mean, dtype=np.float64)
        scores /= deviation
    # By its values, as the deviation of many equal ones need not round to 0.
    flat = np.isfinite(mean) & (fitted.max(axis=0) == fitted.min(axis=0))
    scores[:, flat] = constant
    return scores


def zscore_within_runs(
    features: npt.NDArray[Any], image_ids: IntArray, trials: TrialTable
) -> ImageFeatures:
    """Z-score features over the trials of each run, then average each image's presentations.

    Parameters
    ----------
    features : numpy.ndarray, shape (n_stimuli, n_features)
        One row an image; rows of images that no trial shows are not used.
    image_ids : numpy.ndarray of int64, shape (n_stimuli,)
        Id of each row, each once.
    trials : TrialTable
        Presentations; each image must have a row.

    Returns
    -------
    ImageFeatures
        One row for each image that was shown, ids ascending. A feature that is constant over a
        run is 0 in it.

    Raises
    ------
    InputError
        If the features are not a matrix, ids repeat or do not fit, or an image of a trial has
        no features.

    Notes
    -----
    Beside the features it takes n_images × n_features float64 sums and one run's trials.
    """
    check_matrix("features", features, ("n_stimuli", "n_features"), fix="pass one layer's rows")
    fix = "pass the image ids that belong to these features"
    check_length("image ids", len(image_ids), len(features), unit="rows of features", fix=fix)
    check_unique("image ids", image_ids.tolist(), fix=fix)
    shown, position, counts = np.unique(trials.image, return_inverse=True, return_counts=True)
    row = _rows_of(shown, image_ids)[position]
    sums = np.zeros((len(shown), features.shape[1]))
    for run in trials.group_runs():
        np.add.at(sums, position[run], zscore(features[row[run]]))
    sums /= counts[:, np.newaxis]
    return ImageFeatures(shown, sums.astype(np.float32), counts.astype(np.int64))


def zscore_features(features: Float32Array, fit_rows: IntArray) -> Float32Array:
    """Centre and scale each feature by its mean and standard deviation over some stimuli.

    Parameters
    ----------
    features : numpy.ndarray, shape (n_stimuli, n_features)
    fit_rows : numpy.ndarray of int64
        Stimuli that give mean and standard deviation: the training rows.

    Returns
    -------
    numpy.ndarray of float32, shape (n_stimuli, n_features)
        A feature that is constant over ``fit_rows`` becomes 0.

    Raises
    ------
    InputError
        If the features are not a matrix or the rows do not fit them.
    """
    check_matrix("features", features, ("n_stimuli", "n_features"), fix="pass one row a stimulus")
    check_indices("fit rows", fit_rows, len(features), fix="pass rows of the feature matrix")
    scores: Float32Array = zscore(features, fit_rows=fit_rows).astype(np.float32)
    return scores


def check_standardisation(how: str) -> None:
    """Require the name of a known way to z-score.

    Raises
    ------
    InputError
        If there is no such way.
    """
    check_choice("z-scoring", how, STANDARDISATIONS)


def _rows_of(wanted: IntArray, image_ids: IntArray) -> IntArray:
    order = np.argsort(image_ids)
    place = np.searchsorted(image_ids, wanted, sorter=order).clip(max=len(order) - 1)
    rows = order[place]
    missing = wanted[image_ids[rows] != wanted]
    if missing.size:
        found = f"none for {missing.size} images, the first with id {missing[0]}"
        fix = "extract features of all images that were shown, and count ids from 0 in both"
        raise InputError("features", "a row for every image of the trials", found, fix)
    return np.asarray(rows, dtype=np.int64)
