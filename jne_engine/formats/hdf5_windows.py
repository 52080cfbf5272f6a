"""One HDF5 dataset read window by window along an axis, each stored chunk once."""

from __future__ import annotations

import math
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import numpy.typing as npt

from jne_engine.formats.guard import MAX_ARRAY_BYTES, check_claim
from jne_engine.formats.hdf5 import check_chunks, open_hdf5_dataset

WINDOW_BYTES: Final = 2**26
"""Bytes that a window holds, unless one row of chunks is larger."""


def read_windows(
    path: str | Path, key: str, *, axis: int = 0, stops: tuple[int, ...] = ()
) -> Generator[tuple[slice, npt.NDArray[Any]], None, None]:
    """Read a dataset window by window.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    key : str
        Name of the dataset.
    axis : int
        Axis along which the windows follow each other.
    stops : tuple of int
        Ends of the windows; by default as many whole chunks as 64 MiB hold.

    Yields
    ------
    slice
        The window's positions along ``axis``.
    numpy.ndarray
        Its values, with the type of the file.

    Raises
    ------
    InputError
        If the file or the dataset cannot be read.
    UnsafeFileError
        If the file asks for more than its own content.
    """
    path = Path(path)
    with open_hdf5_dataset(path, key) as dataset:
        start = 0
        for stop in stops or _stops(dataset, axis):
            window = slice(start, stop)
            where = tuple(window if i == axis else slice(None) for i in range(dataset.ndim))
            shape = [stop - start if i == axis else n for i, n in enumerate(dataset.shape)]
            size = math.prod(dataset.shape) * dataset.dtype.itemsize
            check_claim(path, shape, dataset.dtype.itemsize, available=min(size, MAX_ARRAY_BYTES))
            check_chunks(path, dataset, where)
            yield window, np.asarray(dataset[where])
            start = stop


def count_chunk_reads(dataset: h5py.Dataset, stops: tuple[int, ...]) -> float:
    """Return how often each chunk is read, on average, by windows along axis 0."""
    if dataset.chunks is None:
        return 1.0
    length = dataset.chunks[0]
    starts = (0, *stops[:-1])
    reads = sum(-(-b // length) - a // length for a, b in zip(starts, stops, strict=True))
    return float(reads / math.ceil(dataset.shape[0] / length))


def window_bytes(dataset: h5py.Dataset, axis: int) -> int:
    """Return the bytes of the thinnest window of whole chunks along an axis."""
    chunk = dataset.chunks[axis] if dataset.chunks else 1
    return int(dataset.size // max(dataset.shape[axis], 1) * chunk * dataset.dtype.itemsize)


def _stops(dataset: h5py.Dataset, axis: int) -> tuple[int, ...]:
    chunk = dataset.chunks[axis] if dataset.chunks else 1
    step = chunk * max(1, WINDOW_BYTES // max(window_bytes(dataset, axis), 1))
    length = dataset.shape[axis]
    return tuple(min(start + step, length) for start in range(0, length, step))
