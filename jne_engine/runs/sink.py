"""Deviations kept on disk while a run is made, so that it can be resumed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jne_engine.core.arrays import IntArray, cut_contiguous
from jne_engine.core.disk import write_atomically


class DiskSink:
    """A :class:`~jne_engine.model.dispersion.DeviationSink` of one file a block of stimuli.

    Each block is replaced atomically, so a block that exists is whole. JNE-SS goes
    straight into the stored array, at the columns of the voxels that were computed.

    Parameters
    ----------
    folder : pathlib.Path
        Where the blocks lie until the stage is complete.
    jne_ss : zarr.Array, shape (n_stimuli, n_all_voxels), or None
        Stored array to fill; columns that are not computed stay NaN. None keeps moments only.
    columns : numpy.ndarray of int64, shape (n_voxels,)
        Column of ``jne_ss`` for every computed voxel, ascending.
    """

    def __init__(self, folder: Path, jne_ss: Any, columns: IntArray) -> None:
        self._folder = folder
        self._jne_ss = jne_ss
        self._columns = columns

    def has(self, rows: slice) -> bool:
        """Tell whether the deviations of these stimuli are there already."""
        return self._path(rows).exists()

    def write(self, rows: slice, deviations: Tensor) -> None:
        """Write a block of stimuli, shape (n_rows, n_voxels), float32."""
        buffer = io.BytesIO()
        np.save(buffer, deviations.numpy(), allow_pickle=False)
        write_atomically(self._path(rows), buffer.getvalue())

    def read_voxels(self, voxels: slice) -> Tensor:
        """Return the deviations of a block of voxels, shape (n_stimuli, n_block)."""
        blocks = [np.load(path, mmap_mode="r")[:, voxels] for path in self._blocks()]
        return torch.from_numpy(np.concatenate(blocks))

    def write_jne_ss(self, voxels: slice, jne_ss: Tensor) -> None:
        """Write JNE-SS of a block of voxels to their columns, if it is wanted."""
        if self._jne_ss is None:
            return
        self._jne_ss.oindex[:, cut_contiguous(self._columns[voxels])] = jne_ss.numpy()

    def _path(self, rows: slice) -> Path:
        """Return the file of a block of stimuli; names sort in the order of stimuli."""
        return self._folder / f"{rows.start:08d}-{rows.stop:08d}.npy"

    def _blocks(self) -> list[Path]:
        return sorted(self._folder.glob("*-*.npy"))
