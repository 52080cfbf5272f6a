"""Responses of all images on disk, summed trial by trial while betas stream by.

Axes: t trial, i image, v column.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import BoolArray, Float32Array, IntArray
from jne_engine.core.errors import InputError
from jne_engine.core.progress import StageProgress
from jne_engine.datasets.columns import Columns
from jne_engine.datasets.dataset import InputRecord
from jne_engine.datasets.nsd.betas import BetaFile, open_betas
from jne_engine.datasets.nsd.layout import SessionFiles
from jne_engine.datasets.standardise import zscore
from jne_engine.datasets.trials import TrialTable, find_training_trials
from jne_engine.formats.guard import printable

N_REPEATS: Final = 3
"""Presentations that an image needs to count for the noise ceiling from repeats."""

RunBetas = Generator[tuple[IntArray, slice, Float32Array], None, None]
"""Trials, response columns and betas of one run after the other."""

TakeTrials = Callable[[IntArray, slice, Float32Array], None]
"""Called with the trials, their columns and their normalised betas, run by run."""


@dataclass(frozen=True, eq=False)
class BetaStream:
    """The betas of all sessions, normalised run by run.

    Parameters
    ----------
    sessions : tuple of SessionFiles
        In order.
    trials : TrialTable
        Trials of exactly these sessions.
    columns : Columns
        Positions that are kept.
    zscored : bool
        Z-score each voxel within each run; otherwise percent signal change is kept.
    train : numpy.ndarray of int64, optional
        Training images, as rows of the trials' ``image_ids``: only their trials decide mean and
        deviation of a run. Without, all trials do.
    """

    sessions: tuple[SessionFiles, ...]
    trials: TrialTable
    columns: Columns
    zscored: bool = True
    train: IntArray | None = None

    def read_session(self, session: SessionFiles) -> RunBetas:
        """Yield trials, response columns and betas of each run of a session.

        Raises
        ------
        InputError
            If a file has other trials or another grid than the others, or is broken.
        """
        runs = self.trials.runs(session.session)
        first = runs[0].start
        local = tuple(slice(run.start - first, run.stop - first) for run in runs)
        files = zip(session.files, self.columns.parts, self.columns.slices(), strict=True)
        for part, (path, positions, columns) in enumerate(files):
            betas = self._open(path, part)
            for run, values in betas.read_runs(local, positions):
                trials = np.arange(run.start, run.stop) + first
                if self.zscored:
                    fit_rows = self._fit_on(trials)
                    scores = zscore(values, fit_rows=fit_rows, constant=np.nan)
                    values = scores.astype(np.float32)
                yield trials, columns, values

    def _fit_on(self, trials: IntArray) -> IntArray | slice:
        if self.train is None:
            return slice(None)
        return find_training_trials(self.trials, trials, self.train)

    def _open(self, path: Path, part: int) -> BetaFile:
        betas = open_betas(path)
        expected = open_betas(self.sessions[0].files[part]).grid
        if betas.grid != expected:
            fix = "check that all sessions are of one subject and space"
            raise InputError(printable(path.name), f"the grid {expected}", str(betas.grid), fix)
        return betas


@dataclass(frozen=True, eq=False)
class StreamedResponses:
    """What streaming leaves besides the responses themselves.

    Parameters
    ----------
    finite : numpy.ndarray of bool, shape (n_columns,)
        Columns whose every trial was finite and varied within its run.
    inputs : tuple of InputRecord
        The sessions, with the SHA-256 of the betas that were taken from them.
    """

    finite: BoolArray
    inputs: tuple[InputRecord, ...]


def stream_responses(
    stream: BetaStream,
    path: Path,
    *,
    also: TakeTrials | None = None,
    report: StageProgress,
) -> StreamedResponses:
    """Average the betas of each image over its presentations, straight into a file.

    Parameters
    ----------
    stream : BetaStream
        The betas.
    path : pathlib.Path
        ``.npy`` of zeros, (n_images, n_columns) float32, which becomes the mean betas.
    also : callable, optional
        Takes the same trials for another purpose.
    report : callable
        Called as ``report("betas", sessions done, sessions)``.

    Notes
    -----
    The file is mapped one session at a time: a session touches at most as many rows as it has
    trials, so memory does not grow with the number of images. What is hashed are the betas that
    are imported: hashing whole files would take longer than reading them.
    """
    finite = np.ones(stream.columns.n_columns, dtype=np.bool_)
    inputs: list[InputRecord] = []
    for done, session in enumerate(stream.sessions):
        report("betas", done, len(stream.sessions))
        digest = _add_session(stream, session, path, finite, also)
        names = " and ".join(printable(file.name) for file in session.files)
        inputs.append(InputRecord(f"{names}, imported values", digest))
    report("betas", len(stream.sessions), len(stream.sessions))
    return StreamedResponses(finite, tuple(inputs))


def _add_session(
    stream: BetaStream,
    session: SessionFiles,
    path: Path,
    finite: BoolArray,
    also: TakeTrials | None,
) -> str:
    """Add one session's share of the means to the file; return the SHA-256 of what was added."""
    image_rows, shown = stream.trials.image_rows, stream.trials.presentations
    responses, digest = np.lib.format.open_memmap(path, mode="r+"), hashlib.sha256()
    for trials, columns, betas in stream.read_session(session):
        rows = image_rows[trials]
        digest.update(betas.data)
        finite[columns] &= np.isfinite(betas.sum(axis=0, dtype=np.float64))
        if also is not None:
            also(trials, columns, betas)
        betas /= shown[rows, None].astype(np.float32)
        for row, beta in zip(rows.tolist(), betas, strict=True):
            responses[row, columns] += beta
    return digest.hexdigest()


class RepeatCollector:
    """The single presentations of some images; NaN where one was shown less often than others.

    Parameters
    ----------
    path : pathlib.Path
        Scratch file, (n_repeats, n_repeated, n_columns) float32.
    trials : TrialTable
        All trials.
    rows : numpy.ndarray of int64
        Rows of these images.
    n_columns : int
        Response columns.
    """

    def __init__(self, path: Path, trials: TrialTable, rows: IntArray, n_columns: int) -> None:
        self.rows = rows
        self._place = np.full(trials.image_ids.size, -1, dtype=np.int64)
        self._place[rows] = np.arange(rows.size)
        self._image_rows = trials.image_rows
        self._occurrence = count_occurrences(trials.image_rows)
        self._path = path
        if rows.size:
            shape = (int(trials.presentations[rows].max()), rows.size, n_columns)
            repeats = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
            if trials.presentations[rows].min() < shape[0]:
                repeats[:] = np.nan

    def take(self, trials: IntArray, columns: slice, betas: Float32Array) -> None:
        """Keep the presentations among some trials."""
        places = self._place[self._image_rows[trials]]
        kept = np.flatnonzero(places >= 0)
        if kept.size:
            repeats = np.lib.format.open_memmap(self._path, mode="r+")
            for trial in kept:
                repeats[self._occurrence[trials[trial]], places[trial], columns] = betas[trial]

    def read(self) -> npt.NDArray[np.float32]:
        """Return the presentations, on disk."""
        return np.lib.format.open_memmap(self._path, mode="r")


def count_occurrences(image_rows: IntArray) -> IntArray:
    """Return for each trial how often its image was shown before."""
    order = np.argsort(image_rows, kind="stable")
    ordered = image_rows[order]
    starts = np.searchsorted(ordered, ordered, side="left")
    occurrence = np.empty_like(order)
    occurrence[order] = np.arange(order.size) - starts
    return occurrence
