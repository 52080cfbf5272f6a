"""Variables of a MATLAB ``.mat`` file (version 5 to 7), weighed before they are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.io import loadmat, whosmat
from scipy.io.matlab import MatReadError

from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.formats.guard import check_claim, check_file, printable, reading

MAX_MAT_BYTES: Final = 16 * 2**20
"""Largest file that is opened; NSD's design takes less than a megabyte."""

MAX_VARIABLE_BYTES: Final = 256 * 2**20
"""Largest variable that is read."""

_NUMBERS: Final = (
    "double", "single", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "logical",
)  # fmt: skip


def read_mat(
    path: str | Path, names: Sequence[str], *, optional: Sequence[str] = ()
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
    path = check_file(path, max_bytes=MAX_MAT_BYTES)
    name = printable(path.name)
    expected = "an intact MATLAB file, version 5 to 7"
    with reading(path, expected=expected, also=(MatReadError,)):
        claims = {str(key): (shape, str(kind)) for key, shape, kind in whosmat(path)}
        wanted = [key for key in (*names, *optional) if key in claims or key in names]
        for key in wanted:
            if key not in claims:
                known = ", ".join(map(printable, list(claims)[:20])) or "none"
                fix = "check that it is the right file"
                raise InputError(name, f"a variable {key}", known, fix)
            _check_variable(path, key, *claims[key])
        values = loadmat(path, variable_names=wanted)
    arrays = {key: np.asarray(values.get(key)) for key in wanted}
    for key, array in arrays.items():
        if array.dtype.kind not in "fiub" or array.shape != tuple(claims[key][0]):
            found = f"{array.dtype} of shape {array.shape}"
            raise InputError(name, f"real numbers in {key}", found, "copy the file again")
    return arrays


def _check_variable(path: Path, key: str, shape: Sequence[int], kind: str) -> None:
    if kind not in _NUMBERS:
        fix = "check that it is the right file"
        expected = f"numbers in {key}"
        raise UnsafeFileError(printable(path.name), expected, printable(kind), fix)
    check_claim(path, shape, 8, available=MAX_VARIABLE_BYTES)
