"""The types of arrays that the whole engine speaks of."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

AnyArray = npt.NDArray[Any]
BoolArray = npt.NDArray[np.bool_]
Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
FloatArray = npt.NDArray[np.floating[Any]]
Int32Array = npt.NDArray[np.int32]
IntArray = npt.NDArray[np.int64]
UInt8Array = npt.NDArray[np.uint8]


def cut_contiguous(columns: IntArray) -> slice | IntArray:
    """Return columns as a slice where each follows the last, so that taking copies nothing."""
    if columns.size and (np.diff(columns) == 1).all():
        return slice(int(columns[0]), int(columns[-1]) + 1)
    return columns
