"""Arrays in a ``.npy`` file that holds one pickled dictionary, as GLMsingle writes; no code runs.

A pickle is a program. Here it may build dictionaries, lists, texts and numbers, and state arrays;
every class and function that it names is replaced by a stand-in that only keeps its arguments.
Large arrays are not read but mapped.

References
----------
NumPy Enhancement Proposal 1 (``.npy``); Python's ``pickle`` and ``pickletools``, protocols 3 and 4.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from jne_engine.core.errors import InputError
from jne_engine.formats.guard import COPY_AGAIN, check_claim, check_file, printable, reading

MAX_VALUES: Final = 2**20
"""Most objects that a dictionary is built of; GLMsingle's have some hundreds."""

_SMALL: Final = 2**16
"""Bytes up to which a stretch of the file is read rather than mapped."""

_ERRORS: Final = (pickle.UnpicklingError, AttributeError, RecursionError, AssertionError)


@dataclass(frozen=True)
class _Stretch:
    """Bytes that stay in the file."""

    start: int
    size: int

    def __len__(self) -> int:
        return self.size


class _Kept:
    """What stands for anything that a pickle names: its name, arguments and state."""

    def __init__(self, name: str, arguments: tuple[Any, ...]) -> None:
        self.name, self.arguments, self.state = name, arguments, None

    def __setstate__(self, state: Any) -> None:
        self.state = state


@dataclass(frozen=True)
class _Named:
    """A class or function that a pickle names; calling it keeps the arguments and does nothing."""

    name: str

    def __call__(self, *arguments: Any) -> _Kept:
        return _Kept(self.name, arguments)


class _Reader:
    """Reads a file, but for long stretches, of which only their place is kept."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream, self._size = stream, size

    def read(self, size: int) -> Any:
        start = self._stream.tell()
        if size > self._size - start:
            raise EOFError("the file ends before its values do")
        if size <= _SMALL * 2:
            return self._stream.read(size)
        self._stream.seek(size, 1)
        return _Stretch(start, size)

    def readline(self) -> bytes:
        return self._stream.readline(_SMALL)


class _Unpickler(pickle._Unpickler):
    """Builds plain values and stand-ins."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        del module_name
        return _Named(global_name)


def read_pickled_npy(path: str | Path) -> dict[str, Any]:
    """Read the dictionary that a ``.npy`` file holds, its arrays mapped where they are large.

    Parameters
    ----------
    path : str or pathlib.Path
        What ``numpy.save`` writes of a dictionary.

    Returns
    -------
    dict of str to object
        Numbers, texts, lists, dictionaries and arrays of real numbers; anything else is None.

    Raises
    ------
    InputError
        If the file is broken, or holds no dictionary.
    UnsafeFileError
        If an array claims more than the file holds.
    """
    path = check_file(path)
    with reading(path, expected="a dictionary saved by numpy.save", also=_ERRORS):
        with path.open("rb") as stream:
            version = np.lib.format.read_magic(stream)
            read = np.lib.format.read_array_header_1_0
            read = read if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = read(stream)
            if shape != () or dtype != np.dtype(object):
                found = f"{dtype} of shape {shape}"
                raise InputError(printable(path.name), "a saved dictionary", found, COPY_AGAIN)
            kept = _Unpickler(_Reader(stream, path.stat().st_size)).load()
        value = _Opener(path).open(kept)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
    if not isinstance(value, Mapping):
        expected = "a saved dictionary"
        raise InputError(printable(path.name), expected, type(value).__name__, COPY_AGAIN)
    return {str(key): entry for key, entry in value.items()}


class _Opener:
    """Turns stand-ins into arrays and numbers."""

    def __init__(self, path: Path) -> None:
        self._path, self._left = path, MAX_VALUES

    def open(self, value: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"more than {MAX_VALUES:,} values")
        if isinstance(value, dict):
            return {k: self.open(v) for k, v in value.items() if isinstance(k, str)}
        if isinstance(value, list | tuple):
            return [self.open(entry) for entry in value]
        if not isinstance(value, _Kept):
            return value if isinstance(value, int | float | str | bytes) else None
        if value.name == "_reconstruct":
            return self._open_array(value.state)
        if value.name == "scalar" and len(value.arguments) == 2:
            return self._view(value.arguments[1], self._read_dtype(value.arguments[0]), ())[()]
        return None

    def _open_array(self, state: Any) -> Any:
        _, shape, dtype, in_fortran_order, content = state
        if isinstance(content, list):
            return self.open(content)
        shape = tuple(int(n) for n in shape)
        order = "F" if in_fortran_order else "C"
        return self._view(content, self._read_dtype(dtype), shape, order)

    def _read_dtype(self, kept: Any) -> np.dtype[Any]:
        """Return the type that ``dtype('f4')`` names; only real numbers have one."""
        code, order = str(kept.arguments[0]), str((kept.state or (3, "|"))[1])
        if code[:1] not in "fiub" or len(code) > 2:
            raise ValueError(f"values of type {code}")
        return np.dtype(f"{order if order in '<>' else '='}{code}")

    def _view(
        self, content: Any, dtype: np.dtype[Any], shape: tuple[int, ...], order: str = "C"
    ) -> npt.NDArray[Any]:
        if min((*shape, 1)) < 0 or math.prod(shape) * dtype.itemsize != len(content):
            raise ValueError(f"{len(content)} bytes for {dtype} values of shape {shape}")
        if isinstance(content, _Stretch):
            check_claim(self._path, shape, dtype.itemsize, available=len(content))
            values: npt.NDArray[Any] = np.memmap(self._path, dtype, "r", content.start, shape)
        else:
            values = np.frombuffer(content, dtype).reshape(shape)
        return values.reshape(shape[::-1]).T if order == "F" else values
