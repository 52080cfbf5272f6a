"""Volumes of NIfTI and MGH files, streamed block by block to the end of the file.

A gzip's checksum stands at its end and nibabel stops before it, so that a flipped bit becomes
wrong data. Here every way of reading goes to the end of the file: what a block holds may be
used while streaming, and may be believed once the stream has ended without an error.
"""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, cast

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import IntArray
from jne_engine.core.checks import check_matrix
from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.formats.guard import (
    COPY_AGAIN,
    MAX_ARRAY_BYTES,
    check_claim,
    check_file,
    expansion_limit,
    printable,
    readable_size,
    reading,
)
from jne_engine.formats.volume_headers import HEADER_BYTES, VolumeHeader, parse_header

BLOCK_BYTES: Final = 2**26
"""Bytes of stored values that a block holds, unless one time point is larger."""

_GZIP_MAGIC: Final = b"\x1f\x8b"
_SMALL: Final = 2**28


@dataclass(frozen=True, eq=False)
class Volume:
    """A volume on disk whose header fits its file; the values stay there until asked for.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    header : VolumeHeader
        What it says of its values.
    """

    path: Path
    header: VolumeHeader

    @property
    def shape(self) -> tuple[int, ...]:
        """(x, y, z), or (x, y, z, n_times)."""
        return self.header.shape

    @property
    def n_times(self) -> int:
        """Number of time points (or maps); 1 for a three-dimensional file."""
        return self.shape[3] if len(self.shape) == 4 else 1

    @property
    def affine(self) -> npt.NDArray[np.float64]:
        """Zero-based voxel index to millimetres, (4, 4)."""
        return self.header.affine

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values: the stored one, or float64 where the header scales them."""
        return np.dtype(np.float64) if self.header.scaled else self.header.dtype.newbyteorder("=")

    def blocks(self, n_times: int | None = None) -> Iterator[npt.NDArray[Any]]:
        """Stream the time points in order.

        Parameters
        ----------
        n_times : int, optional
            Time points a block; by default as many as 64 MiB hold.

        Yields
        ------
        numpy.ndarray, shape (x, y, z, n_times_of_block)
            The next time points, in Fortran order. Believe none of them before the last one
            has come: the checksum stands at the end of the file.

        Raises
        ------
        InputError
            If the file is cut short or altered.
        UnsafeFileError
            If more follows than the header says.
        """
        stored = self.header.dtype
        size = math.prod(self.shape[:3]) * stored.itemsize
        step = n_times or max(1, BLOCK_BYTES // size)
        with _open_expanded(self.path) as stream:
            _skip(stream, self.header.offset)
            for start in range(0, self.n_times, step):
                count = min(step, self.n_times - start)
                values = np.frombuffer(_read_exactly(stream, size * count), dtype=stored)
                yield self._scale(values).reshape((*self.shape[:3], count), order="F")
            self._finish(stream)

    def _scale(self, stored: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return values in the machine's byte order, scaled as the header says."""
        values = stored.astype(self.dtype, copy=False)
        return values * self.header.slope + self.header.intercept if self.header.scaled else values

    def _finish(self, stream: IO[bytes]) -> None:
        rest = len(stream.read(self.header.trailing + 1))
        if rest > self.header.trailing:
            found = "more values than the header says"
            expected = f"{self.shape} values and the end of the file"
            raise UnsafeFileError(printable(self.path.name), expected, found, COPY_AGAIN)


@dataclass(frozen=True, eq=False)
class VolumeValues:
    """A whole volume in memory.

    Parameters
    ----------
    values : numpy.ndarray, shape (x, y, z) or (x, y, z, n_times)
        Values with the type of the file; float64 where its header scales them.
    affine : numpy.ndarray of float64, shape (4, 4)
        Zero-based voxel index to millimetres.
    """

    values: npt.NDArray[Any]
    affine: npt.NDArray[np.float64]


def open_volume(path: str | Path) -> Volume:
    """Look at the header of a volume.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``.nii``, ``.nii.gz``, ``.mgh`` or ``.mgz`` file.

    Returns
    -------
    Volume
        Its shape, type and affine, and a way to stream its values.

    Raises
    ------
    InputError
        If the file cannot be read, or its values are not real numbers on a grid.
    UnsafeFileError
        If the header claims more than the file can hold.
    """
    path = check_file(path)
    with _open_expanded(path) as stream:
        header = parse_header(path, stream.read(HEADER_BYTES))
    if 0 in header.shape:
        raise InputError(printable(path.name), "no empty axis", str(header.shape), COPY_AGAIN)
    size = path.stat().st_size
    if _is_gzip(path):
        size = expansion_limit(size, small=_SMALL)
    held = max(0, size - header.offset)
    check_claim(path, header.shape, header.dtype.itemsize, available=held)
    return Volume(path, header)


def read_volume(path: str | Path, *, max_bytes: int = MAX_ARRAY_BYTES) -> VolumeValues:
    """Read a whole volume, its checksum compared.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``.nii``, ``.nii.gz``, ``.mgh`` or ``.mgz`` file.
    max_bytes : int
        Most bytes that the values may take.

    Raises
    ------
    InputError
        If the file cannot be read, is cut short or altered.
    UnsafeFileError
        If it asks for more than its own content, or than ``max_bytes``.
    """
    volume = open_volume(path)
    _check_memory(volume, math.prod(volume.shape), max_bytes)
    values = np.empty((*volume.shape[:3], volume.n_times), dtype=volume.dtype, order="F")
    start = 0
    for block in volume.blocks():
        values[..., start : start + block.shape[3]] = block
        start += block.shape[3]
    return VolumeValues(values.reshape(volume.shape, order="F"), volume.affine)


def read_voxels(
    path: str | Path, voxels: IntArray, *, max_bytes: int = MAX_ARRAY_BYTES
) -> npt.NDArray[Any]:
    """Read some voxels at every time point; no more than a block of the rest is in memory.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``.nii``, ``.nii.gz``, ``.mgh`` or ``.mgz`` file.
    voxels : numpy.ndarray of int64, shape (n_voxels, 3)
        Zero-based (x, y, z) of each voxel.
    max_bytes : int
        Most bytes that the result may take.

    Returns
    -------
    numpy.ndarray, shape (n_times, n_voxels)
        Values with the type of the file; float64 where its header scales them.

    Raises
    ------
    InputError
        If the file cannot be read, is cut short or altered, or a voxel lies off its grid.
    UnsafeFileError
        If it asks for more than its own content, or than ``max_bytes``.
    """
    volume = open_volume(path)
    fix = "pass one (x, y, z) index a voxel"
    check_matrix("voxel indices", voxels, ("n_voxels", "3"), fix=fix)
    if (voxels < 0).any() or (voxels >= np.asarray(volume.shape[:3])).any():
        name, found = printable(volume.path.name), f"a grid of {volume.shape[:3]}"
        raise InputError(name, "every voxel on the grid", found, "choose another file or mask")
    _check_memory(volume, len(voxels) * volume.n_times, max_bytes)
    flat = np.ravel_multi_index(tuple(voxels.T), volume.shape[:3], order="F")
    values = np.empty((volume.n_times, len(voxels)), dtype=volume.dtype)
    start = 0
    for block in volume.blocks():
        rows = block.reshape((-1, block.shape[3]), order="F").T
        np.take(rows, flat, axis=1, out=values[start : start + len(rows)], mode="clip")
        start += len(rows)
    return values


def _check_memory(volume: Volume, n_values: int, max_bytes: int) -> None:
    """Require that so many values fit the limit."""
    claimed = n_values * volume.dtype.itemsize
    if claimed > max_bytes:
        expected = f"at most {readable_size(max_bytes)} in memory"
        fix = "select fewer voxels or time points"
        raise UnsafeFileError(printable(volume.path.name), expected, readable_size(claimed), fix)


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == _GZIP_MAGIC


@contextmanager
def _open_expanded(path: Path) -> Iterator[IO[bytes]]:
    """Open a plain or gzip file; what goes wrong while it is read becomes one line."""
    with reading(path, expected="an intact volume file"), path.open("rb") as plain:
        if not _is_gzip(path):
            yield plain
            return
        with gzip.GzipFile(fileobj=plain) as expanded:
            yield cast("IO[bytes]", expanded)


def _skip(stream: IO[bytes], n_bytes: int) -> None:
    """Pass over bytes without keeping them."""
    while n_bytes:
        piece = len(_read_exactly(stream, min(n_bytes, 2**20)))
        n_bytes -= piece


def _read_exactly(stream: IO[bytes], n_bytes: int) -> bytes:
    content = stream.read(n_bytes)
    if len(content) < n_bytes:
        raise EOFError("the file ends before its values do")
    return content
