"""Single-trial betas of one session in NIfTI, MGH or HDF5, streamed run by run.

Axes: t trial, v column. A column is a position in the file's grid with x running fastest, which
is how all three formats lie on disk; for a surface it is the vertex.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import Float32Array, IntArray
from jne_engine.core.checks import check_length
from jne_engine.core.errors import InputError
from jne_engine.formats.guard import printable
from jne_engine.formats.hdf5 import open_hdf5_dataset
from jne_engine.formats.hdf5_windows import count_chunk_reads, read_windows, window_bytes
from jne_engine.formats.volumes import Volume, open_volume

BETA_KEY: Final = "betas"
INTEGER_SCALE: Final = 300
"""Betas stored as whole numbers are percent signal change times this."""

FRAME_BYTES: Final = 2**24
"""Bytes of time points that are expanded at once."""

_MOST_READS: Final = 1.3
_DIFFERENT: Final = "check that the file is that session's and was copied completely"


@dataclass(frozen=True, eq=False)
class BetaFile:
    """The betas of one session (of one hemisphere, on a surface).

    Parameters
    ----------
    path : pathlib.Path
        The file.
    n_trials : int
        Its trials.
    grid : tuple of int
        (x, y, z) of a volume; one length of a surface.
    dtype : numpy.dtype
        Type of the stored values.
    scaled : bool
        Whether the file's own header scales the values.
    affine : numpy.ndarray of float64, shape (4, 4), optional
        Zero-based voxel index to millimetres, where the format knows.
    """

    path: Path
    n_trials: int
    grid: tuple[int, ...]
    dtype: np.dtype[Any]
    scaled: bool = False
    affine: npt.NDArray[np.float64] | None = None

    @property
    def divisor(self) -> int:
        """What stored values are divided by: 300 for whole numbers, else 1."""
        return INTEGER_SCALE if self.dtype.kind in "iu" and not self.scaled else 1

    @property
    def n_positions(self) -> int:
        """Number of grid positions or vertices."""
        return math.prod(self.grid)

    def reads_whole_session(self, runs: tuple[slice, ...]) -> bool:
        """Tell whether chunks span so many runs that the session is read before its runs."""
        if self.path.suffix != ".hdf5":
            return False
        with open_hdf5_dataset(self.path, BETA_KEY) as dataset:
            stops = tuple(run.stop - runs[0].start for run in runs)
            return count_chunk_reads(dataset, stops) > _MOST_READS

    def run_bytes(self, n_trials: int) -> int:
        """Return the stored bytes that are in memory at once while a run is read."""
        frame = self.n_positions * self.dtype.itemsize
        return n_trials * frame if self.path.suffix == ".hdf5" else max(FRAME_BYTES, frame)

    def read_runs(
        self, runs: tuple[slice, ...], columns: IntArray
    ) -> Iterator[tuple[slice, Float32Array]]:
        """Stream the betas of some columns, one run at a time.

        Parameters
        ----------
        runs : tuple of slice
            Trials of each run, in order and without gaps, from the first to the last trial.
        columns : numpy.ndarray of int64, shape (n_columns,)
            Zero-based grid positions, x fastest.

        Yields
        ------
        slice
            Trials of the run.
        numpy.ndarray of float32, shape (n_trials_of_run, n_columns)
            Betas in percent signal change. Believe none before the last run has come: a gzip's
            checksum stands at its end.

        Raises
        ------
        InputError
            If the file is cut short or altered, or the runs do not cover its trials.
        UnsafeFileError
            If it asks for more than its own content.
        """
        covered = runs[-1].stop if runs else 0
        name = printable(self.path.name)
        check_length(name, self.n_trials, covered, unit="trials as the runs say", fix=_DIFFERENT)
        is_hdf5 = self.path.suffix == ".hdf5"
        read = _read_hdf5_runs if is_hdf5 else _read_volume_runs
        for run, values in read(self, runs, columns):
            scores = values.astype(np.float32)
            if self.divisor != 1:
                scores /= np.float32(self.divisor)
            yield run, scores


def open_betas(path: Path) -> BetaFile:
    """Look at the header of a session's betas.

    Parameters
    ----------
    path : pathlib.Path
        ``.hdf5`` with (n_trials, z, y, x) or (n_trials, n_vertices) at ``betas``; ``.nii`` or
        ``.nii.gz`` with (x, y, z, n_trials); ``.mgh`` or ``.mgz`` with
        (n_vertices, 1, 1, n_trials).

    Raises
    ------
    InputError
        If the file cannot be read or has other axes.
    UnsafeFileError
        If it claims more than it can hold.
    """
    if path.suffix == ".hdf5":
        with open_hdf5_dataset(path, BETA_KEY) as dataset:
            shape, dtype = dataset.shape, dataset.dtype
        if len(shape) not in (2, 4) or 0 in shape:
            expected = "(n_trials, z, y, x) or (n_trials, n_vertices)"
            raise InputError(printable(path.name), expected, str(shape), _DIFFERENT)
        return BetaFile(path, shape[0], tuple(reversed(shape[1:])), dtype)
    volume = open_volume(path)
    grid: tuple[int, ...] = tuple(volume.shape[:3])
    if path.suffix in (".mgh", ".mgz"):
        grid = (math.prod(grid),)
    header = volume.header
    return BetaFile(path, volume.n_times, grid, header.dtype, header.scaled, volume.affine)


def _read_volume_runs(
    betas: BetaFile, runs: tuple[slice, ...], columns: IntArray
) -> Iterator[tuple[slice, npt.NDArray[Any]]]:
    """Stream a NIfTI or MGH file a few time points at a time, and gather runs from them."""
    volume = open_volume(betas.path)
    frames = _read_frames(volume, columns)
    for run in runs:
        values = np.empty((run.stop - run.start, columns.size), dtype=volume.dtype)
        for trial in values:
            trial[:] = next(frames)
        if run is runs[-1]:
            for _ in frames:  # the end of the file compares its checksum
                pass
        yield run, values


def _read_frames(volume: Volume, columns: IntArray) -> Iterator[npt.NDArray[Any]]:
    """Yield some columns of one time point after the other."""
    size = math.prod(volume.shape[:3]) * volume.header.dtype.itemsize
    for block in volume.blocks(max(1, FRAME_BYTES // size)):
        rows = block.reshape((-1, block.shape[3]), order="F").T
        yield from np.take(rows, columns, axis=1)


def _read_hdf5_runs(
    betas: BetaFile, runs: tuple[slice, ...], columns: IntArray
) -> Iterator[tuple[slice, npt.NDArray[Any]]]:
    if betas.reads_whole_session(runs):
        session = _gather_session(betas, columns)
        yield from ((run, session[run]) for run in runs)
        return
    windows = read_windows(betas.path, BETA_KEY, stops=_window_stops(betas, runs))
    for run in runs:
        values = np.empty((run.stop - run.start, columns.size), dtype=betas.dtype)
        done = run.start
        while done < run.stop:
            window, part = next(windows)
            rows = values[window.start - run.start : window.stop - run.start]
            np.take(part.reshape(len(part), -1), columns, axis=1, out=rows, mode="clip")
            done = window.stop
        yield run, values
    windows.close()


def _window_stops(betas: BetaFile, runs: tuple[slice, ...]) -> tuple[int, ...]:
    """Return the ends of windows: runs, cut further where that cuts no chunk.

    Small windows stay in memory that was used before, which is faster than fresh memory.
    """
    with open_hdf5_dataset(betas.path, BETA_KEY) as dataset:
        divisible = dataset.chunks is None or dataset.chunks[0] == 1
    frame = betas.n_positions * betas.dtype.itemsize
    step = max(1, FRAME_BYTES // frame) if divisible else betas.n_trials
    inner = (stop for run in runs for stop in range(run.start + step, run.stop, step))
    return tuple(sorted({*inner, *(run.stop for run in runs)}))


def _gather_session(betas: BetaFile, columns: IntArray) -> npt.NDArray[Any]:
    """Read some columns of all trials, every chunk once, (n_trials, n_columns)."""
    with open_hdf5_dataset(betas.path, BETA_KEY) as dataset:
        axis = min((0, 1), key=lambda a: window_bytes(dataset, a))
    session = np.empty((betas.n_trials, columns.size), dtype=betas.dtype)
    stride = betas.n_positions // betas.grid[-1]
    for window, values in read_windows(betas.path, BETA_KEY, axis=axis):
        flat = values.reshape(len(values), -1)
        if axis == 0:
            session[window] = flat[:, columns]
            continue
        first, stop = window.start * stride, window.stop * stride
        inside = np.flatnonzero((columns >= first) & (columns < stop))
        session[:, inside] = flat[:, columns[inside] - first]
    return session
