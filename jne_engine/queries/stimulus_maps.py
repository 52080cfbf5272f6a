"""JNE-SS both ways: the map of some stimuli, and the stimuli of some voxels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from jne_engine.errors import InputError
from jne_engine.queries.groupings import Grouping
from jne_engine.queries.maps import read_significant
from jne_engine.store import CHUNK_STIMULI, Run, read_stimuli

Float32Array = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]


def read_stimulus_map(run: Run, row: int) -> Float32Array:
    """Return one test stimulus's JNE-SS at every response column.

    Parameters
    ----------
    run : Run
    row : int
        Of the test stimuli.

    Returns
    -------
    numpy.ndarray of float32, shape (n_voxels,)
        NaN at invalid voxels.

    Raises
    ------
    InputError
        If there is no such row.
    """
    _check_rows(run, [row])
    return np.asarray(run.stage("dispersion").read_array("jne_ss", row), dtype=np.float32)


def average_stimulus_maps(run: Run, rows: Sequence[int]) -> Float32Array:
    """Return the mean JNE-SS of some test stimuli at every response column.

    Blocks of stimuli that hold none of them are not read.

    Parameters
    ----------
    run : Run
    rows : sequence of int
        At least one row of the test stimuli; a row counts once.

    Returns
    -------
    numpy.ndarray of float32, shape (n_voxels,)
        NaN at invalid voxels.

    Raises
    ------
    InputError
        If there is none, or no such row.
    """
    chosen = np.zeros((_count_stimuli(run), 1), dtype=np.bool_)
    _check_rows(run, rows)
    chosen[np.asarray(rows, dtype=np.int64)] = True
    return np.asarray(_average(run, chosen)[0])


def average_maps_by_category(run: Run, grouping: Grouping) -> Float32Array:
    """Return the mean JNE-SS of each category at every response column: the paper's MoJ.

    One pass over the store, whatever the number of categories; memory is the result and a block
    of 32 stimuli.

    Returns
    -------
    numpy.ndarray of float32, shape (n_categories, n_voxels)
        NaN at invalid voxels.

    References
    ----------
    arXiv 2510.13688, experiment IV.
    """
    return _average(run, grouping.members)


def read_profile(run: Run, columns: IntArray) -> pd.Series:
    """Return each test stimulus's JNE-SS, averaged over some response columns.

    Parameters
    ----------
    run : Run
    columns : numpy.ndarray of int64, shape (n_chosen,)
        Response columns; only the significant ones count.

    Returns
    -------
    pandas.Series, shape (n_test,)
        Float64 means by stimulus id; NaN where no column is significant.
    """
    chosen = columns[read_significant(run)[columns]]
    ids = [str(i) for i in read_stimuli(run.stage("dataset")).table.index]
    if not chosen.size:
        return pd.Series(np.full(len(ids), np.nan), index=ids)
    values = run.stage("dispersion").read_columns("jne_ss", chosen)
    return pd.Series(values.astype(np.float64).mean(axis=1), index=ids)


def count_significant(run: Run, columns: IntArray) -> int:
    """Return how many of some response columns are significant."""
    return int(read_significant(run)[columns].sum())


def _average(run: Run, members: npt.NDArray[np.bool_]) -> Float32Array:
    """Return the mean JNE-SS of each column of members, summed in float64."""
    stage, sums = run.stage("dispersion"), np.zeros(0)
    for start in range(0, len(members), CHUNK_STIMULI):
        rows = slice(start, start + CHUNK_STIMULI)
        if members[rows].any():
            block = stage.read_array("jne_ss", rows).astype(np.float64)
            part = members[rows].T.astype(np.float64) @ block
            sums = part if not sums.size else sums + part
    return np.asarray(sums / members.sum(axis=0)[:, None], dtype=np.float32)


def _count_stimuli(run: Run) -> int:
    """Return the number of test stimuli."""
    return int(run.manifest.counts["n_test"])


def _check_rows(run: Run, rows: Sequence[int]) -> None:
    """Require some rows, all of them test stimuli."""
    n_stimuli = _count_stimuli(run)
    if not len(rows) or not all(0 <= row < n_stimuli for row in rows):
        found = "none" if not len(rows) else f"{min(rows)} to {max(rows)}"
        fix = "choose stimuli of this run"
        raise InputError("stimuli", f"rows 0 to {n_stimuli - 1}", found, fix)
