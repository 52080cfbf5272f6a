"""One dataset of an HDF5 file, read only after the file has earned it.

HDF5 can point elsewhere in four ways: soft and external links in a path, virtual datasets,
and raw values in external files. Each would let an uploaded file read another file of the
machine, so a path is walked link by link and a dataset's creation properties are looked at
before anything is asked of its values.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import numpy.typing as npt

from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.formats.guard import (
    COPY_AGAIN,
    MAX_ARRAY_BYTES,
    MAX_EXPANSION,
    check_claim,
    check_file,
    printable,
    readable_size,
    reading,
)

MAX_LISTED: Final = 100
"""Most datasets that are looked for when no key was given."""

_DEFLATE: Final = h5py.h5z.FILTER_DEFLATE
_SHUFFLE: Final = h5py.h5z.FILTER_SHUFFLE
_FILTERS: Final = {
    _DEFLATE: "gzip",
    _SHUFFLE: "shuffle",
    h5py.h5z.FILTER_FLETCHER32: "fletcher32",
    h5py.h5z.FILTER_LZF: "lzf",
}
_FLOATS: Final = tuple(
    getattr(h5py.h5t, f"IEEE_F{bits}{order}") for bits in (16, 32, 64) for order in ("LE", "BE")
)
_REWRITE: Final = "write the values into this file, as a plain or gzip-compressed dataset"


@contextmanager
def open_hdf5(path: str | Path) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading; what the library raises inside becomes one line.

    Raises
    ------
    InputError
        If the file is missing, cut short, altered or not HDF5.
    """
    path = check_file(path)
    with reading(path, expected="an intact HDF5 file"), h5py.File(path, "r") as file:
        yield file


def list_hdf5_keys(path: str | Path) -> tuple[str, ...]:
    """Return the keys of the datasets that lie in the file itself, at most 100 of them.

    Links are neither followed nor listed.
    """
    keys: list[str] = []

    def note(key: str, item: h5py.HLObject) -> bool | None:
        if isinstance(item, h5py.Dataset):
            keys.append(key)
        return True if len(keys) >= MAX_LISTED else None

    with open_hdf5(path) as file:
        file.visititems(note)
    return tuple(keys)


@contextmanager
def open_hdf5_dataset(path: str | Path, key: str) -> Iterator[h5py.Dataset]:
    """Open one dataset that holds its own real numbers and is completely written.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    key : str
        Name of the dataset, with ``/`` between groups.

    Yields
    ------
    h5py.Dataset
        The dataset; its claimed size fits the file.

    Raises
    ------
    InputError
        If the key is missing or names a group, the values are not real numbers, or some
        of them were never written.
    UnsafeFileError
        If the path or the values lead out of the file, a filter is unknown, or the
        claimed size does not fit the file.
    """
    path = Path(path)
    with open_hdf5(path) as file:
        dataset = _find_dataset(path, file, key)
        _check_values(path, dataset)
        yield dataset


def read_hdf5(
    path: str | Path,
    key: str,
    *,
    at: tuple[int, int] | None = None,
    max_bytes: int = MAX_ARRAY_BYTES,
) -> npt.NDArray[Any]:
    """Read one dataset, or one slab of it.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    key : str
        Name of the dataset.
    at : (axis, index), optional
        Read only this position of this axis, which the result then lacks; the rest stays
        on disk.
    max_bytes : int
        Most bytes that the result may take.

    Returns
    -------
    numpy.ndarray
        The values, with the type that the file gives them.

    Raises
    ------
    InputError
        If the file or the dataset cannot be read, or ``at`` lies outside of it.
    UnsafeFileError
        If the file asks for more than its own content.
    """
    path = Path(path)
    with open_hdf5_dataset(path, key) as dataset:
        selection = _selection(path, dataset, at)
        shape = [n for n, part in zip(dataset.shape, selection, strict=True) if part == slice(None)]
        itemsize = dataset.dtype.itemsize
        claimed = math.prod(dataset.shape) * itemsize
        check_claim(path, shape, itemsize, available=claimed, max_bytes=max_bytes)
        check_chunks(path, dataset, selection)
        values: npt.NDArray[Any] = np.asarray(dataset[selection])
    return values


def read_hdf5_vectors(path: str | Path, keys: Sequence[str], n: int) -> npt.NDArray[Any]:
    """Read the first values of many datasets of one length, opening the file once.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    keys : sequence of str
        Names of the datasets.
    n : int
        Values to read of each.

    Returns
    -------
    numpy.ndarray of float32, shape (n_keys, n)

    Raises
    ------
    InputError
        If a dataset cannot be read or is shorter.
    UnsafeFileError
        If the file asks for more than its own content.
    """
    path = Path(path)
    rows = np.empty((len(keys), n), dtype=np.float32)
    with open_hdf5(path) as file:
        for row, key in zip(rows, keys, strict=True):
            dataset = _find_dataset(path, file, key)
            _check_values(path, dataset)
            if dataset.ndim != 1 or dataset.shape[0] < n:
                found = f"shape {dataset.shape} at {printable(key)!r}"
                raise InputError(printable(path.name), f"{n} values or more", found, COPY_AGAIN)
            check_chunks(path, dataset, (slice(0, n),))
            row[:] = dataset[:n]
    return rows


def read_hdf5_texts(path: str | Path, key: str) -> tuple[str, ...]:
    """Read a list of texts, each as one printable line; empty where there is no such list.

    Raises
    ------
    InputError
        If the file cannot be read.
    UnsafeFileError
        If the texts lead out of the file, or are more than it can hold.
    """
    path = Path(path)
    with open_hdf5(path) as file:
        if not file.id.links.exists(key.encode()):
            return ()
        dataset = _find_dataset(path, file, key)
        if dataset.ndim != 1 or h5py.check_string_dtype(dataset.dtype) is None:
            return ()
        check_claim(path, dataset.shape, 1, available=path.stat().st_size)
        return tuple(printable(text) for text in dataset.asstr(errors="replace")[:])


def read_hdf5_rows(path: str | Path, key: str, rows: slice) -> npt.NDArray[Any]:
    """Read neighbouring rows of a dataset that :func:`open_hdf5_dataset` has accepted before.

    That all of it was written is not checked again: among tens of thousands of chunks that takes
    longer than to read some.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    key : str
        Name of the dataset.
    rows : slice
        First row and the one after the last, both given; step 1.

    Returns
    -------
    numpy.ndarray, shape (n_rows, ...)
        The values, with the type that the file gives them.

    Raises
    ------
    InputError
        If the file or the dataset cannot be read, or has fewer rows.
    UnsafeFileError
        If the file asks for more than its own content.
    """
    path = Path(path)
    with open_hdf5(path) as file:
        dataset = _find_dataset(path, file, key)
        if not (dataset.ndim and 0 <= rows.start < rows.stop <= dataset.shape[0]):
            expected = f"rows {rows.start} to {rows.stop - 1}"
            raise InputError(printable(path.name), expected, f"shape {dataset.shape}", COPY_AGAIN)
        selection = (rows, *[slice(None)] * (dataset.ndim - 1))
        check_chunks(path, dataset, selection)
        values: npt.NDArray[Any] = np.asarray(dataset[selection])
    return values


def _find_dataset(path: Path, file: h5py.File, key: str) -> h5py.Dataset:
    dataset = _follow(path, file, key)
    if not isinstance(dataset, h5py.Dataset):
        found = f"a group or type at {printable(key)!r}"
        fix = f"pass one of the keys it has: {_known(dataset)}"
        raise InputError(printable(path.name), "a dataset", found, fix)
    _check_storage(path, dataset)
    return dataset


def _follow(path: Path, file: h5py.File, key: str) -> h5py.HLObject:
    name = printable(path.name)
    item: h5py.HLObject = file
    for step in (step for step in key.split("/") if step not in ("", ".")):
        if not isinstance(item, h5py.Group) or not item.id.links.exists(step.encode()):
            fix = f"pass one of the keys it has: {_known(item)}"
            raise InputError(name, f"dataset {printable(key)!r}", "no such key", fix)
        if item.id.links.get_info(step.encode()).type != h5py.h5l.TYPE_HARD:
            expected = f"values of its own at {printable(key)!r}"
            raise UnsafeFileError(name, expected, "a link elsewhere", _REWRITE)
        item = item[step]
    return item


def _known(item: h5py.HLObject) -> str:
    keys = islice(item, 20) if isinstance(item, h5py.Group) else ()
    return ", ".join(map(printable, keys)) or "none"


def _check_storage(path: Path, dataset: h5py.Dataset) -> None:
    """Require that the values lie in this file behind filters that are known.

    Only creation properties are read here: asking a virtual dataset for its shape would
    already open its sources.
    """
    name = printable(path.name)
    created = dataset.id.get_create_plist()
    if created.get_layout() == h5py.h5d.VIRTUAL:
        raise UnsafeFileError(name, "values of its own", "a virtual dataset", _REWRITE)
    if created.get_external_count():
        raise UnsafeFileError(name, "values of its own", "values in external files", _REWRITE)
    filters = [created.get_filter(i)[0] for i in range(created.get_nfilters())]
    unknown = [f for f in filters if f not in _FILTERS]
    if unknown:
        expected = f"no filter but {', '.join(_FILTERS.values())}"
        raise UnsafeFileError(name, expected, f"filter number {unknown[0]}", _REWRITE)
    itemsizes = [
        created.get_filter(i)[2][:1] for i in range(len(filters)) if filters[i] == _SHUFFLE
    ]
    if any(itemsize != (dataset.dtype.itemsize,) for itemsize in itemsizes):
        raise InputError(name, "bytes shuffled by the value", "another distance", COPY_AGAIN)
    if filters.count(_DEFLATE) > 1 or {_DEFLATE, h5py.h5z.FILTER_LZF} <= set(filters):
        raise UnsafeFileError(name, "one compression", "compression upon compression", _REWRITE)


def _check_values(path: Path, dataset: h5py.Dataset) -> None:
    name = printable(path.name)
    if dataset.shape is None or dataset.dtype.kind not in "fiub":
        found = "no values" if dataset.shape is None else f"dtype {dataset.dtype}"
        fix = "pass the key of the dataset that holds the numbers"
        raise InputError(name, f"real numbers at {dataset.name!r}", printable(found), fix)
    kind = dataset.id.get_type()
    if dataset.dtype.kind == "f" and not any(kind.equal(float_type) for float_type in _FLOATS):
        raise InputError(name, "half, single or double precision", "an odd float", COPY_AGAIN)
    filtered = dataset.id.get_create_plist().get_nfilters() > 0
    available = path.stat().st_size * (MAX_EXPANSION if filtered else 1)
    check_claim(path, dataset.shape, dataset.dtype.itemsize, available=available)
    if dataset.size and not _is_written(dataset):
        fix = "let the program that writes it finish, or write it again"
        raise InputError(name, f"all of {dataset.name!r}", "values that were never written", fix)


def _is_written(dataset: h5py.Dataset) -> bool:
    """Tell whether every value has storage; HDF5 reads what has none as 0."""
    stored = dataset.id.get_storage_size()
    if dataset.chunks is None:
        return bool(stored == dataset.size * dataset.dtype.itemsize)
    pairs = zip(dataset.shape, dataset.chunks, strict=True)
    n_chunks = math.prod(math.ceil(n / chunk) for n, chunk in pairs)
    if dataset.id.get_num_chunks() != n_chunks:
        return False
    filtered = dataset.id.get_create_plist().get_nfilters() > 0
    plain_size = n_chunks * math.prod(dataset.chunks) * dataset.dtype.itemsize
    return bool(filtered or stored == plain_size)


def _selection(
    path: Path, dataset: h5py.Dataset, at: tuple[int, int] | None
) -> tuple[slice | int, ...]:
    selection: list[slice | int] = [slice(None)] * dataset.ndim
    if at is None:
        return tuple(selection)
    axis, index = at
    if not (axis < dataset.ndim and 0 <= index < dataset.shape[axis]):
        expected = f"position {index} of axis {axis}"
        raise InputError(printable(path.name), expected, f"shape {dataset.shape}", "choose another")
    selection[axis] = index
    return tuple(selection)


def check_chunks(path: Path, dataset: h5py.Dataset, selection: tuple[slice | int, ...]) -> None:
    """Require that every gzip chunk that a selection touches expands to exactly a chunk.

    HDF5 itself expands whatever is there, however large, and believes a chunk that says of
    itself that a filter was skipped.
    """
    if dataset.compression != "gzip" or not dataset.size:
        return
    expected = math.prod(dataset.chunks) * dataset.dtype.itemsize
    check_claim(path, dataset.chunks, dataset.dtype.itemsize, available=MAX_ARRAY_BYTES)
    created = dataset.id.get_create_plist()
    codes = [created.get_filter(i)[0] for i in range(created.get_nfilters())]
    gzip_skipped = 1 << codes.index(_DEFLATE)
    checksum = 4 * codes.count(h5py.h5z.FILTER_FLETCHER32)
    for corner in _chunk_corners(dataset, selection):
        skipped, raw = dataset.id.read_direct_chunk(corner)
        size = len(raw) if skipped else _expanded_size(raw, expected + checksum + 1)
        if skipped not in (0, gzip_skipped) or size not in (expected, expected + checksum):
            found = f"{readable_size(size)} or more in the chunk at {corner}"
            exact = f"{readable_size(expected)} in every chunk"
            raise UnsafeFileError(printable(path.name), exact, found, COPY_AGAIN)


def _expanded_size(raw: bytes, most: int) -> int:
    stream = zlib.decompressobj()
    size = len(stream.decompress(raw, most))
    if size < most and not stream.eof:
        raise zlib.error("incomplete chunk")
    return size


def _chunk_corners(
    dataset: h5py.Dataset, selection: tuple[slice | int, ...]
) -> Iterator[tuple[int, ...]]:
    corners: list[range] = []
    for length, chunk, part in zip(dataset.shape, dataset.chunks, selection, strict=True):
        start, stop, _ = part.indices(length) if isinstance(part, slice) else (part, part + 1, 1)
        corners.append(range(start // chunk * chunk, stop, chunk))
    grid = np.ndindex(*(len(axis) for axis in corners))
    yield from (tuple(axis[i] for axis, i in zip(corners, cell, strict=True)) for cell in grid)
