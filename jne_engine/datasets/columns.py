"""Which positions of the source files become response columns.

A part is what one file covers: a volume's grid, or one hemisphere of a surface.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import BoolArray, IntArray
from jne_engine.cortex.spaces import CorticalSpace, SurfaceSpace, VolumeSpace


@dataclass(frozen=True, eq=False)
class Columns:
    """The positions that are kept of each part, in the order of the response columns.

    Parameters
    ----------
    space : SurfaceSpace or VolumeSpace
        Where the columns lie.
    parts : tuple of numpy.ndarray of int64
        Zero-based positions in each part, x running fastest in a volume.
    """

    space: CorticalSpace
    parts: tuple[IntArray, ...]

    @property
    def n_columns(self) -> int:
        """Number of response columns."""
        return self.space.n_voxels

    def slices(self) -> tuple[slice, ...]:
        """Return the response columns of each part."""
        stops = np.cumsum([part.size for part in self.parts]).tolist()
        return tuple(slice(a, b) for a, b in zip([0, *stops[:-1]], stops, strict=True))

    def take(self, values: tuple[npt.NDArray[Any], ...]) -> npt.NDArray[Any]:
        """Return one value a column from one array a part."""
        pairs = zip(values, self.parts, strict=True)
        return np.concatenate([array[kept] for array, kept in pairs])


def volume_columns(
    mask: BoolArray, shape: tuple[int, int, int], affine: npt.NDArray[np.float64], name: str
) -> Columns:
    """Return the voxels of a mask in the order in which numpy indexes a volume by a mask.

    Parameters
    ----------
    mask : numpy.ndarray of bool, shape (n_positions,)
        Flat, x running fastest.
    shape : tuple of int
        Grid (x, y, z).
    affine : numpy.ndarray of float64, shape (4, 4)
        Voxel index to millimetres.
    name : str
        Name of the grid.
    """
    voxels = np.argwhere(mask.reshape(shape, order="F")).astype(np.int64)
    flat: IntArray = np.asarray(np.ravel_multi_index(tuple(voxels.T), shape, order="F"))
    return Columns(VolumeSpace(shape, affine, voxels, name), (flat,))


def surface_columns(left: BoolArray, right: BoolArray, name: str) -> Columns:
    """Return the vertices of two masks, left hemisphere first, ascending."""
    vertices = tuple(np.flatnonzero(mask).astype(np.int64) for mask in (left, right))
    return Columns(SurfaceSpace(name, *vertices), vertices)
