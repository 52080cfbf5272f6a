"""Shape, finiteness and range guards that raise :class:`InputError`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import IntArray
from jne_engine.core.errors import InputError


def check_matrix(name: str, array: npt.NDArray[Any], axes: Sequence[str], *, fix: str) -> None:
    """Require one axis for each name in ``axes``, none of them empty, and real numbers.

    Parameters
    ----------
    name : str
        What the message calls the array, usually a file name.
    array : numpy.ndarray
        The array to look at; it is not copied.
    axes : sequence of str
        Names of the expected axes, for instance ``("n_stimuli", "n_voxels")``.
    fix : str
        What the user can do when the array does not fit.

    Raises
    ------
    InputError
        If the number of axes differs, an axis is empty, or the values are not real numbers.
    """
    expected = f"({', '.join(axes)})"
    if array.ndim != len(axes):
        raise InputError(name, expected, str(tuple(array.shape)), fix)
    if 0 in array.shape:
        raise InputError(name, f"{expected} with no empty axis", str(tuple(array.shape)), fix)
    if array.dtype.kind not in "fiub":
        raise InputError(name, "real numbers", f"dtype {array.dtype}", fix)


def check_length(name: str, found: int, expected: int, *, unit: str, fix: str) -> None:
    """Require ``found`` to equal ``expected`` counts of ``unit``.

    Raises
    ------
    InputError
        If the two counts differ.
    """
    if found != expected:
        raise InputError(name, f"{expected} {unit}", f"{found}", fix)


def check_finite(name: str, array: npt.NDArray[Any], *, fix: str) -> None:
    """Require every value to be finite.

    Raises
    ------
    InputError
        If any value is NaN or infinite; the message counts them and names the first.
    """
    finite = np.isfinite(array)
    if finite.all():
        return
    first = tuple(int(i) for i in np.argwhere(~finite)[0])
    count = int((~finite).sum())
    raise InputError(name, "finite values", f"{count} NaN or Inf, the first at {first}", fix)


def check_unique(name: str, values: Sequence[Any], *, fix: str) -> None:
    """Require all values to differ.

    Raises
    ------
    InputError
        If a value occurs twice; the message names the first one.
    """
    seen: set[Any] = set()
    for value in values:
        if value in seen:
            raise InputError(name, "unique values", f"{value!r} more than once", fix)
        seen.add(value)


def check_indices(name: str, indices: IntArray, size: int, *, fix: str) -> None:
    """Require unique whole numbers in ``range(size)``, at least one.

    Raises
    ------
    InputError
        If the indices are empty, not whole numbers, out of range or repeated.
    """
    if indices.ndim != 1 or indices.size == 0:
        raise InputError(name, "a non-empty list of indices", f"shape {indices.shape}", fix)
    if indices.dtype.kind not in "iu":
        raise InputError(name, "whole-number indices", f"dtype {indices.dtype}", fix)
    low, high = int(indices.min()), int(indices.max())
    if low < 0 or high >= size:
        raise InputError(name, f"indices in 0..{size - 1}", f"{low}..{high}", fix)
    if np.unique(indices).size != indices.size:
        raise InputError(name, "each index once", "repeated indices", fix)


def check_choice(name: str, value: str, choices: Sequence[str], *, fix: str = "") -> None:
    """Require ``value`` to be one of ``choices``.

    Raises
    ------
    InputError
        If it is not.
    """
    if value not in choices:
        remedy = fix or f"choose one of {', '.join(choices)}"
        raise InputError(name, f"one of {', '.join(choices)}", repr(value), remedy)


def check_positive(name: str, value: float, *, fix: str = "give a number above 0") -> None:
    """Require a finite number above zero.

    Raises
    ------
    InputError
        If the value is zero, negative, NaN or infinite.
    """
    if not (np.isfinite(value) and value > 0):
        raise InputError(name, "a number above 0", repr(value), fix)
