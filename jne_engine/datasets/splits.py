"""Which stimuli train, validate and test: read from a file, or drawn by a seed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from jne_engine.core.arrays import IntArray
from jne_engine.core.checks import check_choice, check_length
from jne_engine.core.errors import InputError
from jne_engine.datasets.dataset import Splits
from jne_engine.datasets.tables import SPLIT_COLUMN, read_table
from jne_engine.formats.arrays import read_indices
from jne_engine.formats.guard import check_file, naming, printable

SPLIT_NAMES: Final = ("train", "validation", "test")
DEFAULT_FRACTIONS: Final = (0.8, 0.1, 0.1)
"""Shares of train, validation and test: those of the paper's 10,000 images a subject."""

_UNUSED: Final = ""


def random_splits(
    n_stimuli: int,
    *,
    seed: int,
    fractions: tuple[float, float, float] = DEFAULT_FRACTIONS,
    groups: IntArray | None = None,
) -> Splits:
    """Draw disjoint splits by a seeded shuffle.

    Parameters
    ----------
    n_stimuli : int
        Stimuli to divide, at least 3.
    seed : int
        Seed of the shuffle.
    fractions : (float, float, float)
        Shares of train, validation and test, each above 0 and together 1.
    groups : numpy.ndarray of int64, shape (n_stimuli,), optional
        Number of each row's group, from 0; a group stays in one split, whose share is then met
        only as nearly as whole groups do. By default each row is a group.

    Returns
    -------
    Splits
        Rows in ascending order; no split is empty.

    Raises
    ------
    InputError
        If the shares do not sum to 1 or there are too few stimuli.
    """
    if min(fractions) <= 0 or not np.isclose(sum(fractions), 1):
        fix = "give the shares of train, validation and test, for instance 0.8, 0.1, 0.1"
        raise InputError("split fractions", "three shares that sum to 1", str(fractions), fix)
    n_validation, n_test = (max(1, round(n_stimuli * share)) for share in fractions[1:])
    if n_validation + n_test >= n_stimuli:
        fix = "add stimuli, or give the splits in a file"
        raise InputError("splits", "a stimulus or more in each", f"{n_stimuli} stimuli", fix)
    if groups is None:
        groups = np.arange(n_stimuli, dtype=np.int64)
    sizes = np.bincount(groups)
    if sizes.size < len(SPLIT_NAMES):
        found = f"{sizes.size} groups of equal stimuli, runs or sessions that belong together"
        fix = "give the splits in a file, or leave the column group out"
        raise InputError("splits", "a group or more in each", found, fix)
    order = np.random.default_rng(seed).permutation(sizes.size)
    test, rest = _take_groups(order, sizes, n_test, spare=2)
    validation, train = _take_groups(rest, sizes, n_validation, spare=1)
    return Splits(*(np.flatnonzero(np.isin(groups, part)) for part in (train, validation, test)))


def fixed_splits(pool: IntArray, test: IntArray, *, seed: int) -> Splits:
    """Keep a data set's own test stimuli and draw a ninth of its training stimuli for validation.

    Parameters
    ----------
    pool : numpy.ndarray of int64
        Rows of the training stimuli.
    test : numpy.ndarray of int64
        Rows of the test stimuli.
    seed : int
        Seed of the draw.

    Raises
    ------
    InputError
        If there are fewer than two training stimuli, or no test stimulus.
    """
    if pool.size < 2 or not test.size:
        found = f"{pool.size} training and {test.size} test stimuli"
        fix = "add sessions, or choose another test set"
        raise InputError("splits", "two training stimuli and a test stimulus", found, fix)
    order = np.random.default_rng(seed).permutation(pool)
    n_validation = max(1, round(pool.size * DEFAULT_FRACTIONS[1] / sum(DEFAULT_FRACTIONS[:2])))
    validation, train = order[:n_validation], order[n_validation:]
    return Splits(*(np.sort(part).astype(np.int64) for part in (train, validation, test)))


def _take_groups(
    order: IntArray, sizes: IntArray, n_rows: int, *, spare: int
) -> tuple[IntArray, IntArray]:
    """Cut off the first groups that hold the rows, leaving some groups whatever they hold."""
    n = int(np.searchsorted(np.cumsum(sizes[order]), n_rows)) + 1
    n = min(n, order.size - spare)
    return order[:n], order[n:]


def read_splits(path: str | Path, n_stimuli: int) -> Splits:
    """Read splits from a table or an ``.npz`` file.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``.csv`` or ``.tsv`` table with one row a stimulus and a column ``split`` that holds
        train, validation, test, or nothing for a stimulus left out; or an ``.npz`` file with
        arrays of zero-based rows named train, validation and test.
    n_stimuli : int
        Stimuli of the dataset.

    Raises
    ------
    InputError
        If the file cannot be read, or the splits are empty, overlap or leave the range.
    """
    path = check_file(path)
    if path.suffix.lower() == ".npz":
        splits = Splits(*(read_indices(path, key=name) for name in SPLIT_NAMES))
    else:
        splits = _table_splits(path, n_stimuli)
    with naming(path):
        splits.check(n_stimuli)
    return splits


def _table_splits(path: Path, n_stimuli: int) -> Splits:
    name = printable(path.name)
    table = read_table(path)
    check_length(name, len(table), n_stimuli, unit="rows", fix="give one row a stimulus")
    if SPLIT_COLUMN not in table:
        columns = ", ".join(printable(str(c)) for c in table.columns) or "only ids"
        raise InputError(name, f"a column {SPLIT_COLUMN!r}", columns, "add or rename a column")
    values = table[SPLIT_COLUMN].to_numpy(dtype=str)
    for value in np.unique(values):
        check_choice(f"{name} split", printable(str(value)), (*SPLIT_NAMES, _UNUSED))
    return Splits(*(np.flatnonzero(values == split).astype(np.int64) for split in SPLIT_NAMES))
