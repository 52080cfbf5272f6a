"""Means and scales that a fit takes off features and responses, and gives back.

An encoder without biases can only go through the origin: responses with a mean, in percent signal
change or spikes, would be fitted badly by the linear twin and better by the nonlinear one, which
bends its way to an offset, and that would look like nonlinearity. Taking the means of the training
stimuli off is the intercept of least squares and costs nothing; dividing by their standard
deviations lets one learning rate and one penalty suit every column.

Axes: s stimulus, c column (feature or voxel).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import Float32Array, Float64Array
from jne_engine.core.errors import InputError

FAR_MEAN: Final = 0.25
"""A mean further from 0 than this many standard deviations is told where nothing is scaled."""
FAR_SCALE: Final = 2.0
"""So is a standard deviation above this or below its inverse."""
_ROWS: Final = 1024


@dataclass(frozen=True, eq=False)
class Scaling:
    """Mean and scale of each column.

    Parameters
    ----------
    mean, scale : numpy.ndarray of float64, shape (n_columns,)
        What is taken off, then divided by; in the column's own units.
    """

    mean: Float64Array
    scale: Float64Array

    @classmethod
    def fit(cls, values: npt.NDArray[Any], rows: npt.NDArray[np.int64]) -> Self:
        """Take mean and standard deviation (ddof 0) of each column over some rows.

        Parameters
        ----------
        values : numpy.ndarray, shape (n_stimuli, n_columns)
        rows : numpy.ndarray of int64
            The training stimuli: no other row is looked at.

        Returns
        -------
        Scaling
            The scale of a column that is constant over ``rows`` is 1: it becomes 0 there, and
            keeps its own units elsewhere.
        """
        chosen = np.sort(rows)
        first = values[chosen[:1]].astype(np.float64)[0]
        sums, squares = np.zeros_like(first), np.zeros_like(first)
        for start in range(0, chosen.size, _ROWS):
            shifted = values[chosen[start : start + _ROWS]].astype(np.float64) - first
            sums += shifted.sum(axis=0)
            squares += np.square(shifted, out=shifted).sum(axis=0)
        shift = sums / chosen.size
        variance = np.maximum(squares / chosen.size - shift**2, 0)
        return cls(first + shift, np.where(variance > 0, np.sqrt(variance), 1.0))

    @classmethod
    def identity(cls, n_columns: int) -> Self:
        """Return the scaling that changes nothing."""
        return cls(np.zeros(n_columns), np.ones(n_columns))

    @property
    def is_identity(self) -> bool:
        """Whether it changes nothing."""
        return not self.mean.any() and bool((self.scale == 1).all())

    def apply(self, values: npt.NDArray[Any]) -> Float32Array:
        """Return ``(values − mean) / scale``, computed in float64, shape (n_rows, n_columns)."""
        if self.is_identity:
            return np.ascontiguousarray(values, dtype=np.float32)
        scaled = np.empty(values.shape, dtype=np.float32)
        for start in range(0, len(values), _ROWS):
            block = values[start : start + _ROWS].astype(np.float64)
            scaled[start : start + _ROWS] = (block - self.mean) / self.scale
        return scaled

    def take(self, columns: npt.NDArray[np.int64]) -> Scaling:
        """Return the scaling of some columns."""
        return Scaling(self.mean[columns], self.scale[columns])


def scale_runs(
    values: npt.NDArray[Any], runs: Sequence[str], train: npt.NDArray[np.int64]
) -> Float32Array:
    """Standardise each run by the means and deviations of its own training stimuli.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_stimuli, n_columns)
    runs : sequence of str
        Run of each stimulus.
    train : numpy.ndarray of int64
        The training stimuli: no other row decides a mean or a scale.

    Returns
    -------
    numpy.ndarray of float32, shape (n_stimuli, n_columns)
        A column that is constant over a run's training stimuli keeps its own units there, less
        their value.

    Raises
    ------
    InputError
        If a run has fewer than two training stimuli.
    """
    labels = np.asarray(runs)
    is_train = np.zeros(len(labels), dtype=np.bool_)
    is_train[train] = True
    scaled = np.empty(values.shape, dtype=np.float32)
    for label in dict.fromkeys(runs):
        rows = np.flatnonzero(labels == label)
        fitted = rows[is_train[rows]]
        if fitted.size < 2:
            fix = (
                "give splits in which every run has some, or standardise over all training stimuli"
            )
            expected = "two training stimuli or more in every run"
            raise InputError("standardise run", expected, f"{fitted.size} in {label}", fix)
        scaled[rows] = Scaling.fit(values, fitted).apply(values[rows])
    return scaled


def tell_far(what: str, scaling: Scaling) -> str | None:
    """Say in one line how far columns are from mean 0 and deviation 1, None if they are near.

    Parameters
    ----------
    what : str
        What the columns are, as a person calls them: ``"features"``.
    scaling : Scaling
        Their means and scales over the training stimuli.
    """
    if not scaling.mean.size:
        return None
    finite = np.isfinite(scaling.mean) & np.isfinite(scaling.scale)
    mean, scale = scaling.mean[finite], scaling.scale[finite]
    far = (np.abs(mean) > FAR_MEAN * scale) | (scale > FAR_SCALE) | (scale < 1 / FAR_SCALE)
    if not far.any():
        return None
    return (
        f"{what}: {int(far.sum())} of {far.size} columns are not standardised over the training"
        f" stimuli (means {mean.min():.3g} to {mean.max():.3g}, standard deviations"
        f" {scale.min():.3g} to {scale.max():.3g})"
    )
