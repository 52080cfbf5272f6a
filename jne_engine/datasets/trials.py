"""Which image each trial showed, in which session and run; betas z-scored within a run.

Axes: t trial, v column.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import Float32Array, IntArray
from jne_engine.core.checks import check_length
from jne_engine.core.errors import InputError


@dataclass(frozen=True, eq=False)
class TrialTable:
    """The trials of one subject in the order in which they were shown.

    Parameters
    ----------
    session : numpy.ndarray of int64, shape (n_trials,)
        Session of each trial, counted from 1, ascending.
    run : numpy.ndarray of int64, shape (n_trials,)
        Run within the session; the trials of a run follow each other.
    image : numpy.ndarray of int64, shape (n_trials,)
        Zero-based id of the image that was shown.

    Raises
    ------
    InputError
        If the columns differ in length, an id is negative, or a run is interrupted.
    """

    session: IntArray
    run: IntArray
    image: IntArray

    def __post_init__(self) -> None:
        """Validate lengths, ids and order."""
        fix = "give session, run and image of every trial"
        for name, column in (("run", self.run), ("image", self.image)):
            check_length(f"trials, {name}", len(column), len(self), unit="rows", fix=fix)
        if len(self) == 0 or int(self.image.min()) < 0:
            found = "none" if len(self) == 0 else f"image {int(self.image.min())}"
            raise InputError("trials", "zero-based image ids", found, fix)
        starts = [rows.start for rows in self._runs]
        keys = {(int(self.session[row]), int(self.run[row])) for row in starts}
        if len(keys) != len(starts) or (np.diff(self.session) < 0).any():
            found = "a session or run that is interrupted by another"
            raise InputError("trials", "sessions and runs in order", found, "sort the trials")

    def __len__(self) -> int:
        """Return the number of trials."""
        return int(self.session.size)

    @cached_property
    def image_ids(self) -> IntArray:
        """Ids of the images that were shown at least once, ascending, (n_images,)."""
        return np.unique(self.image)

    @cached_property
    def image_rows(self) -> IntArray:
        """Position in :attr:`image_ids` of each trial's image, (n_trials,)."""
        return np.searchsorted(self.image_ids, self.image).astype(np.int64)

    @cached_property
    def presentations(self) -> IntArray:
        """How often each image was shown, (n_images,)."""
        return np.bincount(self.image_rows, minlength=self.image_ids.size).astype(np.int64)

    @property
    def sessions(self) -> tuple[int, ...]:
        """The sessions that occur, ascending."""
        return tuple(int(s) for s in np.unique(self.session))

    @cached_property
    def _runs(self) -> tuple[slice, ...]:
        change = (np.diff(self.session) != 0) | (np.diff(self.run) != 0)
        edges = [0, *(np.flatnonzero(change) + 1).tolist(), len(self)]
        return tuple(slice(a, b) for a, b in pairwise(edges))

    def runs(self, session: int | None = None) -> tuple[slice, ...]:
        """Return the trials of each run, of one session or of all."""
        if session is None:
            return self._runs
        return tuple(rows for rows in self._runs if self.session[rows.start] == session)

    def take_sessions(self, sessions: tuple[int, ...]) -> TrialTable:
        """Return the trials of some sessions."""
        kept = np.isin(self.session, sessions)
        return TrialTable(self.session[kept], self.run[kept], self.image[kept])


def count_presentations(presentations: IntArray) -> dict[int, int]:
    """Return how many images were shown once, twice, and so on."""
    times, images = np.unique(presentations, return_counts=True)
    return {int(n): int(count) for n, count in zip(times, images, strict=True)}


def zscore_trials(values: npt.NDArray[Any]) -> Float32Array:
    """Centre and scale each column over the trials of one run.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_trials, n_columns)
        One run.

    Returns
    -------
    numpy.ndarray of float32, shape (n_trials, n_columns)
        Mean 0 and population standard deviation 1 (ddof 0), computed in float64; NaN where a
        column is constant, of which nothing is known then, or any trial is not finite.
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        centred = values - values.mean(axis=0, dtype=np.float64)
        deviation = np.sqrt(np.einsum("tv,tv->v", centred, centred) / len(values))
        flat = np.ptp(values, axis=0) == 0
        scores: Float32Array = (centred / deviation).astype(np.float32)
    scores[:, flat] = np.nan
    return scores
