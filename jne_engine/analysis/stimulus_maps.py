"""JNE-SS both ways: the map of some stimuli, and the stimuli of some voxels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from jne_engine.analysis.maps import read_significant
from jne_engine.core.arrays import BoolArray, Float32Array, IntArray
from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError
from jne_engine.runs.grouping import Grouping
from jne_engine.runs.stimulus_means import (
    JNE_SS,
    QUICK_VALUES,
    STAGE,
    compute_maps,
    compute_place_means,
    count_values,
    find_means,
    name_maps,
)
from jne_engine.runs.store import Run, read_stimuli


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
    return np.asarray(run.stage(STAGE).read_row(JNE_SS, row), dtype=np.float32)


def average_stimulus_maps(run: Run, rows: Sequence[int]) -> Float32Array:
    """Return the mean JNE-SS of some test stimuli at every response column.

    Blocks of stimuli that hold none of them are not read; of all stimuli none is, for their mean
    JNE-SS is the square of JNE.

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
    members = mark_stimuli(run, rows)
    return np.asarray(_read_maps(run, members)[0])


def average_maps_by_category(run: Run, grouping: Grouping) -> Float32Array:
    """Return the mean JNE-SS of each category at every response column: the paper's MoJ.

    Read where it is kept, else one pass over the store, whatever the number of categories.

    Returns
    -------
    numpy.ndarray of float32, shape (n_categories, n_voxels)
        NaN at invalid voxels.

    References
    ----------
    arXiv 2510.13688, experiment IV.
    """
    return _read_maps(run, grouping.members)


def has_maps(run: Run, grouping: Grouping) -> bool:
    """Tell whether a grouping's mean maps are kept, so that one can be read alone."""
    return find_means(run, name_maps(grouping.members)) is not None


def read_category_map(run: Run, grouping: Grouping, category: str) -> Float32Array:
    """Return one category's mean JNE-SS at every response column, alone where it is kept.

    Returns
    -------
    numpy.ndarray of float32, shape (n_voxels,)
        A row of :func:`average_maps_by_category`.
    """
    check_choice("category", category, grouping.categories)
    number, name = grouping.categories.index(category), name_maps(grouping.members)
    kept = find_means(run, name)
    if kept is None:
        return np.asarray(average_maps_by_category(run, grouping)[number])
    return np.asarray(kept.read_row(name, number), dtype=np.float32)


def mark_stimuli(run: Run, rows: Sequence[int]) -> BoolArray:
    """Return some test stimuli as one group, shape (n_test, 1).

    Raises
    ------
    InputError
        If there is none, or no such row.
    """
    _check_rows(run, rows)
    chosen = np.zeros((_count_stimuli(run), 1), dtype=np.bool_)
    chosen[np.asarray(rows, dtype=np.int64)] = True
    return chosen


def is_quick(run: Run, members: BoolArray) -> bool:
    """Tell whether mean maps of groups of stimuli are there, or read in about a second.

    Parameters
    ----------
    run : Run
    members : numpy.ndarray of bool, shape (n_test, n_groups)
    """
    quick = members.all() or count_values(run, members) <= QUICK_VALUES
    return bool(quick) or find_means(run, name_maps(members)) is not None


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
    mask = np.zeros((1, run.manifest.counts["n_voxels"]), dtype=np.bool_)
    mask[0, chosen] = True
    return pd.Series(compute_place_means(run.stage(STAGE), mask)[:, 0], index=ids)


def count_significant(run: Run, columns: IntArray) -> int:
    """Return how many of some response columns are significant."""
    return int(read_significant(run)[columns].sum())


def _read_maps(run: Run, members: BoolArray) -> Float32Array:
    if members.all():
        jne = np.asarray(run.stage(STAGE).read_array("jne"), dtype=np.float32)
        return np.tile(np.square(jne), (members.shape[1], 1))
    name = name_maps(members)
    kept = find_means(run, name)
    if kept is None:
        return compute_maps(run.stage(STAGE), members)
    return np.asarray(kept.read_array(name), dtype=np.float32)


def _count_stimuli(run: Run) -> int:
    return int(run.manifest.counts["n_test"])


def _check_rows(run: Run, rows: Sequence[int]) -> None:
    n_stimuli = _count_stimuli(run)
    if not len(rows) or not all(0 <= row < n_stimuli for row in rows):
        found = "none" if not len(rows) else f"{min(rows)} to {max(rows)}"
        fix = "choose stimuli of this run"
        raise InputError("stimuli", f"rows 0 to {n_stimuli - 1}", found, fix)
