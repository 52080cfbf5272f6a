"""Plain arrays of ``.npy``, ``.npz``, ``.h5``, ``.mat`` and ``.csv`` files, whatever they mean."""

from __future__ import annotations

from collections.abc import Sequence
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

ARRAY_SUFFIXES: Final = (".npy", ".npz", ".h5", ".hdf5", ".mat")
READ_SUFFIXES: Final = (*ARRAY_SUFFIXES, *NUMBER_TABLE_SUFFIXES)
"""Tables may hold names too: only a file whose name says that it is an array is taken for one."""


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
        A ``.npy``, ``.npz``, ``.h5``, ``.hdf5``, ``.mat``, ``.csv`` or ``.tsv`` file.
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
    name = printable(path.name)
    suffix = path.suffix.lower()
    if suffix == ".npy":
        _refuse_key(name, key, key_option)
        values = read_npy(path, max_bytes=max_bytes)
    elif suffix == ".npz":
        key = choose_key(path, list_npz_keys(path), key, key_option)
        values = read_npz(path, key, max_bytes=max_bytes)
    elif suffix in NUMBER_TABLE_SUFFIXES:
        _refuse_key(name, key, key_option)
        values = read_number_table(path)
        values = values.ravel() if len(axes) == 1 and min(values.shape) == 1 else values
    elif suffix in (".h5", ".hdf5"):
        key = choose_key(path, () if key else list_hdf5_keys(path), key, key_option)
        values = read_hdf5(path, key, max_bytes=max_bytes)
    elif suffix == ".mat":
        key = choose_key(path, () if key else list_mat_keys(path), key, key_option)
        values = read_mat_array(path, key, max_bytes=max_bytes)
        values = values.ravel() if len(axes) == 1 and max(values.shape) == values.size else values
    else:
        found = printable(path.suffix) or "no ending"
        fix = advise(path) or "save the array as .npy, .npz or .h5"
        raise InputError(name, f"one of {', '.join(READ_SUFFIXES)}", found, fix)
    fix = "transpose the array" if len(axes) > 1 else "save it as a list of values"
    if suffix != ".npy":
        fix = f"{fix}, or pass another {key_option}"
    check_matrix(name, values, axes, fix=fix)
    return values


def advise(path: Path) -> str:
    """Say how to turn a usual file that is not read here into one that is, empty for others."""
    name = printable(path.name)
    load = {
        ".pt": f"torch.load({name!r}, weights_only=True).numpy()",
        ".pth": f"torch.load({name!r}, weights_only=True).numpy()",
        ".safetensors": f"safetensors.numpy.load_file({name!r})[KEY]",
        ".parquet": f"pandas.read_parquet({name!r}).to_numpy()",
    }.get(path.suffix.lower())
    return "" if load is None else f"in Python: numpy.save({path.stem + '.npy'!r}, {load})"


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
