"""Single-trial betas, whichever way a layout stores them, run by run or session by session.

Axes: t trial, v column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import Float64Array, IntArray

GroupBetas = Iterator[tuple[int, slice, Float64Array]]
"""Number of a group of trials, some columns, and the betas (n_trials_of_group, n_columns)."""


@dataclass(frozen=True, eq=False)
class BetaParts:
    """Betas in files of some trials each, all columns in every file.

    Parameters
    ----------
    sizes : tuple of int
        Trials of each file, in order.
    n_columns : int
        Columns.
    read_part : callable
        Returns the betas (n_trials_of_file, n_columns) of the file of a number.
    dtype : str
        Type of the stored values.
    n_bytes : int
        Bytes that are read.
    """

    sizes: tuple[int, ...]
    n_columns: int
    read_part: Callable[[int], npt.NDArray[Any]]
    dtype: str
    n_bytes: int

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return sum(self.sizes)

    def read_groups(self, groups: Sequence[IntArray]) -> GroupBetas:
        """Yield each group's betas; the files that the last group needed stay in memory."""
        starts = np.cumsum((0, *self.sizes))
        held: dict[int, npt.NDArray[Any]] = {}
        for number, rows in enumerate(groups):
            part_of = np.searchsorted(starts, rows, side="right") - 1
            parts = np.unique(part_of).tolist()
            held = {part: held[part] for part in parts if part in held}
            values = np.empty((rows.size, self.n_columns))
            for part in parts:
                if part not in held:
                    held[part] = self.read_part(part)
                here = part_of == part
                values[here] = held[part][rows[here] - starts[part]]
            yield number, slice(0, self.n_columns), values


@dataclass(frozen=True, eq=False)
class BetaBlocks:
    """Betas of which it costs least to read all trials of some columns at once.

    Parameters
    ----------
    n_trials, n_columns : int
        Their shape.
    read_blocks : callable
        Yields some columns and their betas (n_columns_of_block, n_trials).
    dtype : str
        Type of the stored values.
    n_bytes : int
        Bytes that are read.
    """

    n_trials: int
    n_columns: int
    read_blocks: Callable[[], Iterator[tuple[slice, npt.NDArray[Any]]]]
    dtype: str
    n_bytes: int

    def read_groups(self, groups: Sequence[IntArray]) -> GroupBetas:
        """Yield each group's betas of one block of columns after the other."""
        for columns, block in self.read_blocks():
            for number, rows in enumerate(groups):
                yield number, columns, np.asarray(block[:, rows], dtype=np.float64).T


TrialBetas: TypeAlias = BetaParts | BetaBlocks
"""Betas (n_trials, n_columns) that lie on disk."""
