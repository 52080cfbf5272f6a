"""Stimuli that are the same: equal rows of features, and what they do to splits.

One row a trial, instead of a stimulus, puts presentations of one picture into training and test. A
model that remembers its training pictures then predicts the test without knowing anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from jne_engine.core.arrays import IntArray
from jne_engine.datasets.dataset import Splits
from jne_engine.datasets.splits import DEFAULT_FRACTIONS, random_splits
from jne_engine.datasets.tables import GROUP_COLUMN, is_missing


def number_stimuli(features: npt.NDArray[Any]) -> IntArray:
    """Return a number of each row, the same for equal rows, counted by first appearance.

    Parameters
    ----------
    features : numpy.ndarray, shape (n_stimuli, n_features)
        0 and −0 are equal.
    """
    seen: dict[bytes, int] = {}
    digests = (hashlib.blake2b((row + 0.0).tobytes(), digest_size=16).digest() for row in features)
    return np.array([seen.setdefault(d, len(seen)) for d in digests], dtype=np.int64)


def join_groups(stimuli: IntArray, labels: Sequence[str]) -> IntArray:
    """Return a number of each row, the same for rows of one stimulus or one label, or a chain.

    Parameters
    ----------
    stimuli : numpy.ndarray of int64, shape (n_rows,)
        As :func:`number_stimuli` counts them.
    labels : sequence of str
        Run or session of each row; a row without a label is bound to none.

    Returns
    -------
    numpy.ndarray of int64, shape (n_rows,)
        Counted by first appearance.
    """
    nodes: dict[str, int] = {}
    first = int(stimuli.max()) + 1
    edges = [
        (row, first + nodes.setdefault(label, len(nodes)))
        for row, label in zip(stimuli.tolist(), labels, strict=True)
        if not is_missing(label)
    ]
    ends = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    size = first + len(nodes)
    graph = coo_array((np.ones(len(edges)), (ends[0], ends[1])), shape=(size, size))
    found = connected_components(graph, directed=False)[1][stimuli]
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(n, len(numbers)) for n in found.tolist()], dtype=np.int64)


def draw_splits(
    features: npt.NDArray[Any],
    *,
    seed: int = 0,
    fractions: tuple[float, float, float] = DEFAULT_FRACTIONS,
    labels: Sequence[str] | None = None,
) -> tuple[Splits, str]:
    """Draw splits in which equal stimuli, and rows of one label, stay together; say so in a line.

    Parameters
    ----------
    features : numpy.ndarray, shape (n_stimuli, n_features)
    seed, fractions
        As for :func:`~jne_engine.datasets.splits.random_splits`.
    labels : sequence of str, optional
        Run or session of each row, whose rows stay in one split.

    Raises
    ------
    InputError
        If the shares do not sum to 1, or there are too few stimuli or groups.
    """
    groups = number_stimuli(features)
    bound = ["equal stimuli"] * bool(groups.max() + 1 < groups.size)
    if labels is not None:
        groups = join_groups(groups, labels)
        bound.append(f"rows of one {GROUP_COLUMN}")
    splits = random_splits(len(features), seed=seed, fractions=fractions, groups=groups)
    sizes = f"{splits.train.size}, {splits.validation.size} and {splits.test.size}"
    kept = f"; {' and '.join(bound)} stay together" if bound else ""
    drawn = f"{sizes} stimuli for train, validation and test drawn with seed {seed}"
    return splits, f"no splits given: {drawn}{kept}"


def describe_repeats(features: npt.NDArray[Any], splits: Splits) -> str:
    """Say how many rows have the features of a training row, empty where none do."""
    numbers = number_stimuli(features)
    known = numbers[splits.train]
    told = []
    for name, rows in (("test", splits.test), ("validation", splits.validation)):
        n = int(np.isin(numbers[rows], known).sum())
        told += [f"{n} of {rows.size} {name} rows"] * bool(n)
    if not told:
        return ""
    return (
        f"repeats across splits: {' and '.join(told)} have the features of a training row, so that "
        "remembering passes for predicting; keep the presentations of a stimulus in one split, or "
        "average them"
    )


def average_stimuli(numbers: IntArray, *values: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
    """Return one row a stimulus, in order of first appearance: the mean over its rows."""
    _, first, place, counts = np.unique(
        numbers, return_index=True, return_inverse=True, return_counts=True
    )
    if first.size == numbers.size:
        return values
    order = np.argsort(first)
    averaged = []
    for rows in values:
        sums = np.zeros((first.size, rows.shape[1]))
        np.add.at(sums, place, rows)
        averaged.append((sums / counts[:, np.newaxis])[order].astype(rows.dtype))
    return tuple(averaged)
