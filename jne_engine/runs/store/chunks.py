"""A stored matrix chunk by chunk, on several threads: a row, sums over rows, sums over columns.

zarr's own decoder of Zstandard keeps the interpreter's lock, so that chunks are decoded one after
another; pyarrow's does not. The numbers are those that zarr reads, and each chunk's checksum is
compared first. Work is divided by columns of chunks and summed in their order, so that no result
depends on the number of threads.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import google_crc32c
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import zarr
from scipy.sparse import csr_array

from jne_engine.core.arrays import AnyArray, BoolArray, Float64Array

MOST_THREADS: Final = 4
CHECKSUM_BYTES: Final = 4
CODECS: Final = ["bytes", "zstd", "crc32c"]
"""What is read here without zarr: what the stages' ``StageWriter`` writes."""


@dataclass(frozen=True)
class ChunkedMatrix:
    """A stored matrix.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    chunks : tuple of int
        Rows and columns of a chunk.
    read : callable
        Called as ``read(i, j)``; returns the values of one chunk, those beyond the matrix cut off.
    """

    shape: tuple[int, int]
    chunks: tuple[int, int]
    read: Callable[[int, int], AnyArray]

    def read_row(self, row: int) -> AnyArray:
        """Return one row, shape (n_columns,)."""
        i, within = divmod(row, self.chunks[0])
        return np.concatenate(self._map(lambda j: self.read(i, j)[within], self._columns()))

    def sum_rows(self, members: BoolArray) -> Float64Array:
        """Return the sum of the rows in each group, shape (n_groups, n_columns).

        Chunks without a chosen row are not read; memory is the result and a chunk a thread.

        Parameters
        ----------
        members : numpy.ndarray of bool, shape (n_rows, n_groups)
        """
        rows = [self._cut(i, 0) for i in range(-(-self.shape[0] // self.chunks[0]))]
        chosen = {i: csr_array(members[r].T.astype(np.float64)) for i, r in enumerate(rows)}
        chosen = {i: part for i, part in chosen.items() if part.nnz}

        def add(j: int) -> Float64Array:
            sums = np.zeros((members.shape[1], self._width(j)))
            for i, part in chosen.items():
                sums += part @ self.read(i, j).astype(np.float64)
            return sums

        return np.concatenate(self._map(add, self._columns()), axis=1)

    def sum_columns(self, masks: BoolArray) -> Float64Array:
        """Return each row's sum over the columns of each mask, shape (n_rows, n_masks).

        Chunks without a chosen column are not read.

        Parameters
        ----------
        masks : numpy.ndarray of bool, shape (n_masks, n_columns)
        """
        n_blocks = -(-self.shape[0] // self.chunks[0])

        def add(j: int) -> Float64Array:
            chosen = [np.flatnonzero(mask) for mask in masks[:, self._cut(j, 1)]]
            blocks = (self.read(i, j) for i in range(n_blocks))
            return np.concatenate([_sum_each(block, chosen) for block in blocks])

        used = [j for j in self._columns() if masks[:, self._cut(j, 1)].any()]
        total = np.zeros((self.shape[0], len(masks)))
        for part in self._map(add, used):
            total += part
        return total

    def _columns(self) -> range:
        return range(-(-self.shape[1] // self.chunks[1]))

    def _cut(self, number: int, axis: int) -> slice:
        """Return which rows, or columns, a row or column of chunks holds."""
        start = number * self.chunks[axis]
        return slice(start, min(start + self.chunks[axis], self.shape[axis]))

    def _width(self, j: int) -> int:
        """Return how many columns of the matrix a column of chunks holds."""
        return min(self.chunks[1], self.shape[1] - j * self.chunks[1])

    def _map(self, work: Callable[[int], AnyArray], numbers: Iterable[int]) -> list[AnyArray]:
        """Do the work of each column of chunks on several threads, results in order."""
        return list(_threads().map(work, numbers))


def open_matrix(folder: Path) -> ChunkedMatrix:
    """Open a stored matrix; one that is not laid out as we write it is read through zarr.

    Raises
    ------
    OSError, ValueError
        If there is no matrix that can be read.
    """
    described = json.loads((folder / "zarr.json").read_bytes())
    shape = tuple(described["shape"])
    if len(shape) != 2:
        raise ValueError(f"{len(shape)} dimensions in place of 2")
    chunks = tuple(described["chunk_grid"]["configuration"]["chunk_shape"])
    if not _is_ours(described):
        return ChunkedMatrix(
            shape, chunks, partial(_read_by_zarr, zarr.open_array(folder, mode="r"))
        )
    kind, fill = np.dtype(described["data_type"]).newbyteorder("<"), float(described["fill_value"])

    def read(i: int, j: int) -> AnyArray:
        whole = _decode(folder / "c" / str(i) / str(j), chunks, kind, fill)
        return whole[: shape[0] - i * chunks[0], : shape[1] - j * chunks[1]]

    return ChunkedMatrix(shape, chunks, read)


def _is_ours(described: dict[str, Any]) -> bool:
    """Tell whether an array's description is one that is read without zarr."""
    codecs = described["codecs"]
    return (
        described["data_type"] in ("float32", "float64")
        and described["chunk_grid"]["name"] == "regular"
        and described["chunk_key_encoding"]
        == {"name": "default", "configuration": {"separator": "/"}}
        and [codec["name"] for codec in codecs] == CODECS
        and codecs[0]["configuration"] == {"endian": "little"}
        and not described.get("storage_transformers")
    )


def _sum_each(block: AnyArray, chosen: list[npt.NDArray[np.intp]]) -> Float64Array:
    """Return each row's sum over each choice of columns, in float64."""
    taken = (np.take(block, columns, axis=1) for columns in chosen)
    return np.stack([values.sum(axis=1, dtype=np.float64) for values in taken], axis=1)


def _decode(path: Path, chunks: tuple[int, ...], kind: np.dtype[Any], fill: float) -> AnyArray:
    """Return a chunk's values, whole; one that was never written holds the fill value."""
    try:
        stored = np.frombuffer(path.read_bytes(), np.uint8)
    except FileNotFoundError:
        return np.full(chunks, fill, dtype=kind)
    body, checksum = stored[:-CHECKSUM_BYTES], stored[-CHECKSUM_BYTES:].tobytes()
    if google_crc32c.value(body).to_bytes(CHECKSUM_BYTES, "little") != checksum:
        raise ValueError(f"stored and computed checksum do not match in {path.name}")
    size = int(np.prod(chunks)) * kind.itemsize
    return np.frombuffer(pa.decompress(body, size, codec="zstd"), kind).reshape(chunks)


def _read_by_zarr(array: Any, i: int, j: int) -> AnyArray:
    return np.asarray(array.get_block_selection((i, j)))


@cache
def _threads() -> ThreadPoolExecutor:
    """Return the threads that read, started when first asked for."""
    return ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1), "jne-chunks")
