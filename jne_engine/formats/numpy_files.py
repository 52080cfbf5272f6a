"""Arrays of ``.npy`` and ``.npz`` files, whose headers are weighed before they are believed.

Pickled content is never loaded: an array of Python objects can run code while it is read.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.formats.guard import (
    COPY_AGAIN,
    MAX_ARRAY_BYTES,
    MAX_EXPANSION,
    MAX_FILE_BYTES,
    check_claim,
    check_file,
    is_plain_member,
    printable,
    readable_size,
    reading,
)

_HEADERS: Final = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_PLAIN: Final = "save it from Python with numpy.save as an array of plain numbers"


def read_npy(path: str | Path, *, max_bytes: int = MAX_ARRAY_BYTES) -> npt.NDArray[Any]:
    """Read a ``.npy`` file of plain numbers.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    max_bytes : int
        Most bytes that the array may take.

    Returns
    -------
    numpy.ndarray
        The values, with the type that the file gives them.

    Raises
    ------
    InputError
        If the file is cut short, altered, longer than its header says, or not ``.npy``.
    UnsafeFileError
        If it holds Python objects or claims more than it holds.
    """
    path = check_file(path)
    with reading(path, expected="an intact .npy file"), path.open("rb") as stream:
        return _read_stream(path, stream, path.stat().st_size, max_bytes)


def map_npy(path: str | Path) -> npt.NDArray[Any]:
    """Open a ``.npy`` file of plain numbers without reading it: values come as they are used.

    Returns
    -------
    numpy.ndarray
        A read-only view of the file, which must not change while it is in use.

    Raises
    ------
    InputError
        If the file is cut short, altered, longer than its header says, or not ``.npy``.
    UnsafeFileError
        If it holds Python objects or claims more than it holds.
    """
    path = check_file(path)
    with reading(path, expected="an intact .npy file"):
        with path.open("rb") as stream:
            _check_header(path, stream, path.stat().st_size, MAX_FILE_BYTES)
        values: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return values


def list_npz_keys(path: str | Path) -> tuple[str, ...]:
    """Return the names of the arrays of a ``.npz`` file, in the order of the file."""
    with _open_npz(check_file(path)) as archive:
        return tuple(_members(archive))


def read_npz(path: str | Path, key: str, *, max_bytes: int = MAX_ARRAY_BYTES) -> npt.NDArray[Any]:
    """Read one array of a ``.npz`` file, whose checksum is compared.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    key : str
        Name of the array.
    max_bytes : int
        Most bytes that the array may take.

    Returns
    -------
    numpy.ndarray
        The values, with the type that the file gives them.

    Raises
    ------
    InputError
        If the key is missing, or the file is cut short or altered.
    UnsafeFileError
        If it holds Python objects, expands beyond reason, or claims more than it holds.
    """
    path = check_file(path)
    with _open_npz(path) as archive:
        members = _members(archive)
        if key not in members:
            known = ", ".join(map(printable, members)) or "none"
            fix = f"pass one of the keys it has: {known}"
            raise InputError(printable(path.name), f"array {key!r}", "no such key", fix)
        info = members[key]
        _check_member(path, info)
        with archive.open(info) as stream:
            values = _read_stream(path, stream, info.file_size, max_bytes)
            stream.read(1)  # reaching the end compares the checksum
    return values


@contextmanager
def _open_npz(path: Path) -> Iterator[zipfile.ZipFile]:
    with reading(path, expected="an intact .npz file"), zipfile.ZipFile(path) as archive:
        yield archive


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    infos = {info.filename: info for info in archive.infolist()}
    return {n.removesuffix(".npy"): info for n, info in infos.items() if n.endswith(".npy")}


def _check_member(path: Path, info: zipfile.ZipInfo) -> None:
    name = printable(path.name)
    if not is_plain_member(info):
        fix = "save it from Python with numpy.savez or numpy.savez_compressed"
        raise InputError(name, "plain or deflated arrays", "another compression", fix)
    packed = min(info.compress_size, path.stat().st_size)
    limit = packed if info.compress_type == zipfile.ZIP_STORED else packed * MAX_EXPANSION
    if info.file_size > limit:
        expected = f"at most {readable_size(limit)} in {printable(info.filename)}"
        found = f"a claim of {readable_size(info.file_size)}"
        raise UnsafeFileError(name, expected, found, COPY_AGAIN)


def _read_stream(path: Path, stream: IO[bytes], size: int, max_bytes: int) -> npt.NDArray[Any]:
    _check_header(path, stream, size, max_bytes)
    stream.seek(0)
    return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def _check_header(path: Path, stream: IO[bytes], size: int, max_bytes: int) -> None:
    name = printable(path.name)
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise InputError(name, ".npy version 1 or 2", f"version {version}", _PLAIN)
    shape, _, dtype = _HEADERS[version](stream)
    if dtype.hasobject:
        raise UnsafeFileError(name, "plain numbers", "Python objects, which can run code", _PLAIN)
    if dtype.kind not in "fiub":
        raise InputError(name, "real numbers", printable(f"dtype {dtype}"), _PLAIN)
    held = size - stream.tell()
    claimed = check_claim(path, shape, dtype.itemsize, available=held, max_bytes=max_bytes)
    if claimed != held:
        found = f"{held} bytes of values where the header says {claimed}"
        raise InputError(name, f"an array of shape {shape}", found, COPY_AGAIN)
