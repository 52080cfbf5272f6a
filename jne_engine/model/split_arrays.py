"""What nonlinearity is measured on: features, and responses that are read as they are needed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from jne_engine.core.arrays import Float32Array, IntArray, cut_contiguous
from jne_engine.model.scaling import Scaling


@dataclass(frozen=True, eq=False)
class SplitArrays:
    """One subject's features and responses, and which stimuli are which.

    Parameters
    ----------
    features : numpy.ndarray, shape (n_stimuli, n_features)
        Of all stimuli, those without responses or outside the splits included.
    responses : numpy.ndarray, shape (n_stimuli, n_columns)
        May lie on disk (``numpy.memmap``): it is read a block of voxels at a time.
    train, validation, test : numpy.ndarray of int64
        Rows of each split.
    columns : numpy.ndarray of int64, optional
        Columns of the responses that are voxels of the encoder; all by default.
    scaling : Scaling, optional
        What is taken off the responses of all columns as they are read.
    """

    features: Float32Array
    responses: Float32Array
    train: IntArray
    validation: IntArray
    test: IntArray
    columns: IntArray | None = None
    scaling: Scaling | None = None

    @property
    def n_voxels(self) -> int:
        """Number of voxels."""
        return int(self.responses.shape[1]) if self.columns is None else int(self.columns.size)

    def read(self, block: slice) -> tuple[Tensor, ...]:
        """Return a block of voxels over train, validation and test, in the features' dtype."""
        every = np.arange(self.responses.shape[1]) if self.columns is None else self.columns
        chosen = every[block]
        columns = cut_contiguous(chosen)
        splits = self.train, self.validation, self.test
        parts = [self.responses[:, columns][rows] for rows in splits]
        if self.scaling is not None:
            parts = [self.scaling.take(chosen).apply(part) for part in parts]
        return tuple(torch.from_numpy(p.astype(self.features.dtype, copy=False)) for p in parts)
