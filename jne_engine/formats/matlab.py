"""Variables of a MATLAB ``.mat`` file, weighed before they are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import numpy.typing as npt
from scipy.io import loadmat, whosmat
from scipy.io.matlab import MatReadError

from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.formats.guard import (
    MAX_ARRAY_BYTES,
    MAX_FILE_BYTES,
    check_claim,
    check_file,
    printable,
    reading,
)
from jne_engine.formats.hdf5 import list_hdf5_keys, read_hdf5

MAX_MAT_BYTES: Final = 16 * 2**20
"""Largest file that is opened; NSD's design takes less than a megabyte."""

MAX_VARIABLE_BYTES: Final = 256 * 2**20
"""Largest variable that is read."""

_INTACT: Final = "an intact MATLAB file, version 5 to 7.3"
_NUMBERS: Final = (
    "double", "single", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "logical",
)  # fmt: skip


def read_mat(
    path: str | Path,
    names: Sequence[str],
    *,
    optional: Sequence[str] = (),
    max_file: int = MAX_MAT_BYTES,
    max_variable: int = MAX_VARIABLE_BYTES,
) -> dict[str, npt.NDArray[Any]]:
    """Read some numeric variables of a ``.mat`` file; nothing else in it is looked at.

    Parameters
    ----------
    path : str or pathlib.Path
        A file that MATLAB wrote, version 5 to 7.
    names : sequence of str
        Variables that must be there.
    optional : sequence of str
        Variables that are returned where they are.
    max_file, max_variable : int
        Most bytes of the file, and of one variable.

    Returns
    -------
    dict of str to numpy.ndarray
        The variables as MATLAB shapes them, two axes or more.

    Raises
    ------
    InputError
        If the file cannot be read, or a variable is missing or holds no real numbers.
    UnsafeFileError
        If the file or a variable of it claims to be larger than the limits.
    """
    path = check_file(path, max_bytes=max_file)
    name = printable(path.name)
    with reading(path, expected=_INTACT, also=(MatReadError,)):
        claims = {str(key): (shape, str(kind)) for key, shape, kind in whosmat(path)}
        wanted = [key for key in (*names, *optional) if key in claims or key in names]
        for key in wanted:
            if key not in claims:
                known = ", ".join(map(printable, list(claims)[:20])) or "none"
                fix = "check that it is the right file"
                raise InputError(name, f"a variable {key}", known, fix)
            _check_variable(path, key, *claims[key], max_variable)
        values = loadmat(path, variable_names=wanted)
    arrays = {key: np.asarray(values.get(key)) for key in wanted}
    for key, array in arrays.items():
        if array.dtype.kind not in "fiub" or array.shape != tuple(claims[key][0]):
            found = f"{array.dtype} of shape {array.shape}"
            raise InputError(name, f"real numbers in {key}", found, "copy the file again")
    return arrays


def list_mat_keys(path: str | Path) -> tuple[str, ...]:
    """Return the names of the numeric variables, of version 5 to 7 or of 7.3 (HDF5)."""
    path = check_file(path)
    if h5py.is_hdf5(path):
        return tuple(key for key in list_hdf5_keys(path) if not key.startswith("#"))
    with reading(path, expected=_INTACT, also=(MatReadError,)):
        return tuple(str(key) for key, _, kind in whosmat(path) if kind in _NUMBERS)


def read_mat_array(
    path: str | Path, key: str, *, max_bytes: int = MAX_ARRAY_BYTES
) -> npt.NDArray[Any]:
    """Read one variable as MATLAB shapes it, of version 5 to 7 or of 7.3.

    A file of version 7.3 is HDF5, in which MATLAB's axes lie in reverse order; they are turned
    back, so that both versions give the same array.

    Raises
    ------
    InputError
        If the file cannot be read, or the variable is missing or holds no real numbers.
    UnsafeFileError
        If the file or the variable claims to be larger than the limits.
    """
    path = check_file(path)
    if h5py.is_hdf5(path):
        return read_hdf5(path, key, max_bytes=max_bytes).T
    return read_mat(path, (key,), max_file=MAX_FILE_BYTES, max_variable=max_bytes)[key]


def _check_variable(path: Path, key: str, shape: Sequence[int], kind: str, most: int) -> None:
    if kind not in _NUMBERS:
        fix = "check that it is the right file"
        expected = f"numbers in {key}"
        raise UnsafeFileError(printable(path.name), expected, printable(kind), fix)
    check_claim(path, shape, 8, available=most)
