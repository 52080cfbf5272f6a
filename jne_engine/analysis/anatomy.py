"""The anatomical image under the slices of a volume."""

from __future__ import annotations

from typing import Final

import numpy as np
from nibabel.nifti1 import Nifti1Image
from nibabel.processing import resample_from_to

from jne_engine.core.arrays import Float32Array
from jne_engine.cortex.spaces import Anatomy, VolumeSpace, bound_box

FINER: Final = 3
"""Points of the image along each edge of a response voxel; odd, so that one is its centre."""
_DARK: Final = 25
"""Brightness (of 255) up to which an image shows air."""


def cut_anatomy(
    anatomy: Anatomy, space: VolumeSpace, *, across: int, right: int, up: int, index: int
) -> Float32Array:
    """Return the image in a plane of the responses' grid, by millimetres.

    Parameters
    ----------
    anatomy : Anatomy
        An image of any grid.
    space : VolumeSpace
        The responses' grid.
    across, right, up : int
        Voxel axis that stands upright on the plane, and those along its sides.
    index : int
        Where the plane lies along ``across``.

    Returns
    -------
    numpy.ndarray of float32, shape (FINER n_up, FINER n_right)
        Brightness from 0 to 255, linear between the image's voxels; NaN where it ends. Each
        response voxel is FINER × FINER points, the middle one at its centre.
    """
    shape = [FINER * n for n in space.shape]
    shape[across] = 1
    to_voxel = np.diag([1 / FINER, 1 / FINER, 1 / FINER, 1.0])
    to_voxel[:3, 3] = -(FINER - 1) / (2 * FINER)
    to_voxel[across, across], to_voxel[across, 3] = 1, index
    image = Nifti1Image(anatomy.values.astype(np.float32), anatomy.affine)
    target = (tuple(shape), space.affine @ to_voxel)
    found = resample_from_to(image, target, order=1, cval=np.nan).get_fdata(dtype=np.float32)
    cut: Float32Array = found.transpose(across, up, right)[0]
    return cut


def find_extent(anatomy: Anatomy | None, space: VolumeSpace) -> tuple[tuple[int, int], ...]:
    """Return the first and last index of what there is to see, along each axis of the grid.

    Parameters
    ----------
    anatomy : Anatomy, optional
        Its part that is not dark is seen.
    space : VolumeSpace
        Its responses are seen.
    """
    low, high = space.voxels.min(axis=0), space.voxels.max(axis=0)
    bright = np.zeros((0, 0, 0)) if anatomy is None else anatomy.values > _DARK
    if anatomy is not None and bright.any():
        others = ((1, 2), (0, 2), (0, 1))
        ends = [np.flatnonzero(bright.any(axis=axes))[[0, -1]] for axes in others]
        to_grid = np.linalg.inv(space.affine) @ anatomy.affine
        least, greatest = bound_box(to_grid, np.stack(ends, axis=1))
        most = np.asarray(space.shape) - 1
        low = np.minimum(low, np.floor(least).clip(0, most))
        high = np.maximum(high, np.ceil(greatest).clip(0, most))
    return tuple((int(a), int(b)) for a, b in zip(low, high, strict=True))
