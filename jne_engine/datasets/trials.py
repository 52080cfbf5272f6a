"""Which image each trial showed, in which session and run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from jne_engine.core.arrays import IntArray
from jne_engine.core.checks import check_length
from jne_engine.core.errors import InputError


@dataclass(frozen=True, eq=False)
class TrialTable:
    """The trials of one subject, in any order; :meth:`runs` needs them as they were shown.

    Parameters
    ----------
    session : numpy.ndarray of int64, shape (n_trials,)
        Session of each trial, counted from 1.
    run : numpy.ndarray of int64, shape (n_trials,)
        Run within the session.
    image : numpy.ndarray of int64, shape (n_trials,)
        Zero-based id of the image that was shown.

    Raises
    ------
    InputError
        If a column holds no whole numbers, the columns differ in length, or an id is negative.
    """

    session: IntArray
    run: IntArray
    image: IntArray

    def __post_init__(self) -> None:
        """Require one session, one run and one image a trial."""
        fix = "give every trial a session, a run and an image"
        for name in ("session", "run", "image"):
            values = np.asarray(getattr(self, name))
            if values.ndim != 1 or values.size == 0 or values.dtype.kind not in "iu":
                found = f"{values.dtype} {values.shape}"
                raise InputError(f"trials, {name}", "whole numbers (n_trials,)", found, fix)
            check_length(f"trials, {name}", len(values), len(self.image), unit="trials", fix=fix)
            object.__setattr__(self, name, values.astype(np.int64))
        if int(self.image.min()) < 0:
            found = f"image {int(self.image.min())}"
            raise InputError("trials", "zero-based image ids", found, fix)

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
        runs = tuple(slice(a, b) for a, b in pairwise(edges))
        if len(runs) != len(self.group_runs()) or (np.diff(self.session) < 0).any():
            found = "a session or run that is interrupted by another"
            raise InputError("trials", "sessions and runs in order", found, "sort the trials")
        return runs

    def runs(self, session: int | None = None) -> tuple[slice, ...]:
        """Return the trials of each run, of one session or of all.

        Raises
        ------
        InputError
            If a run is interrupted by another, or sessions do not ascend.
        """
        if session is None:
            return self._runs
        return tuple(rows for rows in self._runs if self.session[rows.start] == session)

    def group_runs(self) -> tuple[IntArray, ...]:
        """Return the positions of each run's trials, in whatever order the trials stand."""
        order = np.lexsort((self.run, self.session))
        pairs = np.stack([self.session[order], self.run[order]])
        starts = np.flatnonzero((pairs[:, 1:] != pairs[:, :-1]).any(axis=0)) + 1
        return tuple(np.split(order, starts))

    def take_sessions(self, sessions: tuple[int, ...]) -> TrialTable:
        """Return the trials of some sessions."""
        kept = np.isin(self.session, sessions)
        return TrialTable(self.session[kept], self.run[kept], self.image[kept])


def find_training_trials(trials: TrialTable, group: IntArray, train: IntArray) -> IntArray:
    """Return which trials of a run or session showed training images.

    Parameters
    ----------
    trials : TrialTable
        All trials.
    group : numpy.ndarray of int64
        Trials of the run or session.
    train : numpy.ndarray of int64
        Training images, as rows of ``trials.image_ids``.

    Returns
    -------
    numpy.ndarray of int64
        Positions within ``group``.

    Raises
    ------
    InputError
        If they are fewer than two, which have no spread.
    """
    found = np.flatnonzero(np.isin(trials.image_rows[group], train))
    if found.size < 2:
        place = f"session {trials.session[group[0]]}"
        if np.ptp(trials.run[group]) == 0:
            place = f"run {trials.run[group[0]]} of {place}"
        fix = "choose --normalise run or none, or session-training where the layout offers it"
        expected = "two trials of training images or more in each run or session"
        raise InputError("normalise", expected, f"{found.size} in {place}", fix)
    return found


def count_presentations(presentations: IntArray) -> dict[int, int]:
    """Return how many images were shown once, twice, and so on."""
    times, images = np.unique(presentations, return_counts=True)
    return {int(n): int(count) for n, count in zip(times, images, strict=True)}


def tell_presentations(counts: Mapping[int, int]) -> str:
    """Say how many images were shown once, twice, and so on."""
    return ", ".join(f"{n} shown {times}×" for times, n in counts.items())
