"""Plain arrays of files of every kind that is read here, whatever they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import Float32Array, IntArray
from jne_engine.core.checks import check_length, check_matrix
from jne_engine.core.errors import InputError
from jne_engine.formats.guard import MAX_ARRAY_BYTES, check_file, printable
from jne_engine.formats.hdf5 import list_hdf5_keys, read_hdf5
from jne_engine.formats.matlab import list_mat_keys, read_mat_array
from jne_engine.formats.number_tables import NUMBER_TABLE_SUFFIXES, read_number_table
from jne_engine.formats.numpy_files import list_npz_keys, read_npy, read_npz
from jne_engine.formats.parquet import PARQUET, list_vector_columns, read_parquet_matrix
from jne_engine.formats.tensors import TENSOR_SUFFIXES, list_tensor_keys, read_tensor

ARRAY_SUFFIXES: Final = (".npy", ".npz", ".h5", ".hdf5", ".mat")
READ_SUFFIXES: Final = (*ARRAY_SUFFIXES, *NUMBER_TABLE_SUFFIXES, *TENSOR_SUFFIXES, PARQUET)
"""Tables may hold names too: only a file whose name says that it is an array is taken for one."""

_KEYED: Final[Mapping[str, tuple[Callable[..., tuple[str, ...]], Callable[..., Any]]]] = {
    ".npz": (list_npz_keys, read_npz),
    ".h5": (list_hdf5_keys, read_hdf5),
    ".hdf5": (list_hdf5_keys, read_hdf5),
    ".mat": (list_mat_keys, read_mat_array),
    **dict.fromkeys(TENSOR_SUFFIXES, (list_tensor_keys, read_tensor)),
}
"""Of files that hold arrays by name: what lists the names, and what reads one."""


def read_array(
    path: str | Path,
    *,
    key: str | None = None,
    key_option: str = "key",
    axes: Sequence[str] = ("n_stimuli", "n_features"),
    max_bytes: int = MAX_ARRAY_BYTES,
) -> Float32Array:
    """Read one array as single-precision numbers.

    Parameters
    ----------
    path : str or pathlib.Path
        A file that ends as one of :data:`READ_SUFFIXES`.
    key : str, optional
        Name of the array inside the file; needed where the file holds several.
    key_option : str
        What the user would write to give the key, for instance ``"--responses-key"``.
    axes : sequence of str
        Names of the axes that the array must have.
    max_bytes : int
        Most bytes that the array may take on disk.

    Returns
    -------
    numpy.ndarray of float32
        The values; wider ones are rounded, see :func:`cast_note`.

    Raises
    ------
    InputError
        If the file cannot be read, holds several arrays and no key was given, or the
        array has other axes.
    UnsafeFileError
        If the file asks for more than its own content.
    """
    raw = read_raw(path, key=key, key_option=key_option, axes=axes, max_bytes=max_bytes)
    return to_float32(raw)


def read_raw(
    path: str | Path,
    *,
    key: str | None = None,
    key_option: str = "key",
    axes: Sequence[str],
    max_bytes: int = MAX_ARRAY_BYTES,
) -> npt.NDArray[Any]:
    """Read one array with the type that the file gives it; otherwise as :func:`read_array`."""
    path = check_file(path)
    values = _read_any(path, key, key_option, max_bytes)
    suffix = path.suffix.lower()
    lies_flat = values.ndim == 2 and 1 in values.shape
    if len(axes) == 1 and lies_flat and suffix in (".mat", PARQUET, *NUMBER_TABLE_SUFFIXES):
        values = values.ravel()
    fix = "transpose the array" if len(axes) > 1 else "save it as a list of values"
    if suffix != ".npy":
        fix = f"{fix}, or pass another {key_option}"
    check_matrix(printable(path.name), values, axes, fix=fix)
    return values


def _read_any(path: Path, key: str | None, key_option: str, max_bytes: int) -> npt.NDArray[Any]:
    """Read one array by the reader that the file's ending names."""
    suffix = path.suffix.lower()
    if suffix in (".npy", *NUMBER_TABLE_SUFFIXES):
        _refuse_key(printable(path.name), key, key_option)
        if suffix == ".npy":
            return read_npy(path, max_bytes=max_bytes)
        return read_number_table(path)
    if suffix == PARQUET:
        vectors = list_vector_columns(path) if key is None else ()
        column = choose_key(path, vectors, key, key_option) if vectors else key
        return read_parquet_matrix(path, column, max_bytes=max_bytes)
    if suffix not in _KEYED:
        fix = "save the array as .npy, .npz or .h5"
        found = printable(path.suffix) or "no ending"
        raise InputError(printable(path.name), f"one of {', '.join(READ_SUFFIXES)}", found, fix)
    list_keys, read = _KEYED[suffix]
    key = choose_key(path, () if key is not None else list_keys(path), key, key_option)
    values: npt.NDArray[Any] = read(path, key, max_bytes=max_bytes)
    return values


def choose_key(path: Path, keys: Sequence[str], key: str | None, key_option: str) -> str:
    """Return the given key, or the only one there is.

    Raises
    ------
    InputError
        If no key was given and the file holds none or several; the message lists them.
    """
    if key is not None:
        return key
    if len(keys) == 1:
        return keys[0]
    name = printable(path.name)
    if not keys:
        raise InputError(name, "an array in the file", "none", "check that it is the right file")
    listed = ", ".join(printable(k) for k in keys[:20])
    raise InputError(name, "one array, or a key", f"{len(keys)}: {listed}", f"pass {key_option}")


def read_vector(
    path: str | Path, n: int, *, unit: str, key: str | None = None, key_option: str = "key"
) -> Float32Array:
    """Read one number for each of ``n`` items.

    Raises
    ------
    InputError
        If the array cannot be read, is not one-dimensional, or has another length.
    """
    values = read_array(path, key=key, key_option=key_option, axes=(f"n_{unit}",))
    fix = f"give one value for each of the {n} {unit}"
    check_length(printable(Path(path).name), len(values), n, unit=unit, fix=fix)
    return values


def read_indices(path: str | Path, *, key: str | None = None, key_option: str = "key") -> IntArray:
    """Read zero-based positions: a list of whole numbers, or a mask of True and False.

    Raises
    ------
    InputError
        If the array is not one-dimensional or holds anything but whole numbers.
    """
    values = read_raw(path, key=key, key_option=key_option, axes=("n_positions",))
    return to_indices(printable(Path(path).name), values)


def to_indices(name: str, values: npt.NDArray[Any]) -> IntArray:
    """Return positions from a list of whole numbers or from a mask of True and False.

    Raises
    ------
    InputError
        If the values are neither.
    """
    if values.dtype.kind == "b":
        return np.flatnonzero(values).astype(np.int64)
    if values.dtype.kind not in "iu":
        fix = "save zero-based whole numbers, or True and False"
        raise InputError(name, "whole numbers", f"dtype {values.dtype}", fix)
    return values.astype(np.int64)


def to_float32(values: npt.NDArray[Any]) -> Float32Array:
    """Return values as contiguous single precision, without a copy where they are already.

    A value beyond the range of single precision becomes infinite, which every later check
    treats as not finite.
    """
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values, dtype=np.float32)


def cast_note(name: str, values: npt.NDArray[Any]) -> tuple[str, ...]:
    """Say that values were cast to single precision, where they were."""
    if values.dtype == np.float32:
        return ()
    return (f"{name}: {values.dtype.name} cast to float32",)


def _refuse_key(name: str, key: str | None, key_option: str) -> None:
    """Require that no key was given for a file that holds one unnamed array."""
    if key is not None:
        found = f"the key {printable(key)!r}"
        raise InputError(name, "no key: it holds one array", found, f"drop {key_option}")
