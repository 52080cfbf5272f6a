"""The trials of an NSD subject, from its behaviour and from the experiment's design.

Both files count images from 1; the tables that leave this module count from 0.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import IntArray
from jne_engine.core.errors import InputError
from jne_engine.datasets.nsd.layout import N_IMAGES, N_SESSIONS, N_SUBJECTS, NsdTree
from jne_engine.datasets.tables import read_integer_columns
from jne_engine.datasets.trials import TrialTable
from jne_engine.formats.guard import printable
from jne_engine.formats.matlab import read_mat

RUN_LENGTHS: Final = (63, 62) * 6
"""Trials of the twelve runs of a session, for a design that does not say."""

_COLUMNS: Final = ("SESSION", "RUN", "TRIAL", "73KID")
WHOLE: Final = "download the data set's own file again"


def read_trials(tree: NsdTree) -> tuple[TrialTable, tuple[str, ...]]:
    """Read every trial of a subject: which image, in which session and run.

    The behaviour is taken where it is there, else the design; where both are there, they must
    agree on every trial.

    Returns
    -------
    TrialTable
        Trials in the order of the betas, sessions without betas included.
    tuple of str
        Where the trials come from.

    Raises
    ------
    InputError
        If neither file is there, one cannot be read, or the two disagree.
    """
    has_behaviour, has_design = tree.responses.exists(), tree.design.exists()
    if not has_behaviour and not has_design:
        expected = f"{tree.responses.name} of {tree.label} or {tree.design.name}"
        fix = "download one of them into its place below nsddata"
        raise InputError("NSD trials", expected, "neither", fix)
    if not has_behaviour:
        trials, note = read_design_trials(tree.design, tree.subject)
        return trials, (f"trials from {tree.design.name}, {note}",)
    trials, notes = read_behaviour(tree.responses)
    if not has_design:
        return trials, (f"trials from {tree.responses.name}; no design to compare with", *notes)
    _check_agreement(tree, trials)
    return trials, (f"trials from {tree.responses.name}, which agrees with the design", *notes)


def read_behaviour(path: Path) -> tuple[TrialTable, tuple[str, ...]]:
    """Read ``responses.tsv``.

    Returns
    -------
    TrialTable
        Sorted by session, run and trial.
    tuple of str
        Says so where the file had another order.

    Raises
    ------
    InputError
        If columns are missing, a cell is no whole number, or a trial occurs twice.
    """
    table = read_integer_columns(path, _COLUMNS, delimiter="\t", fix=WHOLE)
    order = np.lexsort([table[c] for c in ("TRIAL", "RUN", "SESSION")])
    table = {column: values[order] for column, values in table.items()}
    keys = np.stack([table[c] for c in ("SESSION", "RUN", "TRIAL")])
    if (np.diff(keys, axis=1) == 0).all(axis=0).any():
        raise InputError(printable(path.name), "each trial once", "a trial twice", WHOLE)
    images = to_zero_based(path, "73KID", table["73KID"])
    trials = TrialTable(table["SESSION"], table["RUN"], images)
    sorted_already = bool((np.diff(order) > 0).all())
    return trials, () if sorted_already else (f"{path.name} was not in order and was sorted",)


def read_design_images(path: Path, subject: int) -> IntArray:
    """Read the zero-based 73k id of every trial of a subject, in order, from the design.

    Raises
    ------
    InputError
        If the design cannot be read or an index leaves its range.
    """
    design = read_mat(path, ("masterordering", "subjectim"))
    ordering, subject_images = design["masterordering"].ravel(), design["subjectim"]
    if subject_images.ndim != 2 or len(subject_images) != N_SUBJECTS:
        found = f"shape {subject_images.shape}"
        raise InputError(path.name, f"subjectim with {N_SUBJECTS} rows", found, WHOLE)
    ids = to_zero_based(path, "subjectim", subject_images[subject - 1])
    places = to_zero_based(path, "masterordering", ordering, stop=ids.size)
    return ids[places]


def read_design_trials(path: Path, subject: int) -> tuple[TrialTable, str]:
    """Read the trials of a subject from the design alone.

    Returns
    -------
    TrialTable
        All sessions of the subject.
    str
        Where the runs come from.

    Raises
    ------
    InputError
        If the design cannot be read or its parts disagree in length.
    """
    images = read_design_images(path, subject)
    pattern = read_mat(path, (), optional=("stimpattern",)).get("stimpattern")
    lengths, note = _run_lengths(path, pattern, images.size)
    sessions, runs = (np.asarray(index) for index in np.indices(lengths.shape))
    kept = (sessions < N_SESSIONS[subject - 1]) & (lengths > 0)
    counts: IntArray = lengths[kept]
    images = images[: int(counts.sum())]
    session = np.repeat(sessions[kept] + 1, counts).astype(np.int64)
    return TrialTable(session, np.repeat(runs[kept] + 1, counts).astype(np.int64), images), note


def read_shared_design(path: Path) -> IntArray:
    """Read the zero-based 73k ids of the shared images from the design, ascending."""
    shared = read_mat(path, ("sharedix",))["sharedix"]
    return np.unique(to_zero_based(path, "sharedix", shared.ravel()))


def to_zero_based(
    path: Path, what: str, values: npt.NDArray[Any], *, stop: int = N_IMAGES
) -> IntArray:
    """Return indices that count from 1 as ones that count from 0.

    Raises
    ------
    InputError
        If a value is no whole number from 1 to ``stop``: an index that counts from 0 would
        otherwise shift every image by one.
    """
    name = printable(path.name)
    if values.size == 0 or not (np.isfinite(values) & (values % 1 == 0)).all():
        raise InputError(name, f"whole numbers in {what}", "none, or others", WHOLE)
    low, high = int(values.min()), int(values.max())
    if low < 1 or high > stop:
        fix = f"{WHOLE}; it counts from 1"
        raise InputError(name, f"{what} from 1 to {stop}", f"{low} to {high}", fix)
    return values.astype(np.int64) - 1


def _run_lengths(
    path: Path, pattern: npt.NDArray[Any] | None, n_trials: int
) -> tuple[IntArray, str]:
    """Return the trials of each run, (n_sessions, n_runs), and where they come from."""
    if pattern is None:
        n_sessions = n_trials // sum(RUN_LENGTHS)
        lengths = np.tile(np.asarray(RUN_LENGTHS, dtype=np.int64), (n_sessions, 1))
        return lengths, "runs taken to alternate 63 and 62 trials, as its stimpattern is missing"
    if pattern.ndim != 3 or not np.isin(pattern, (0, 1)).all():
        found = f"shape {pattern.shape}"
        expected = "stimpattern (sessions, runs, trials) of 0 and 1"
        raise InputError(path.name, expected, found, WHOLE)
    lengths = np.asarray(pattern, dtype=np.int64).sum(axis=2)
    if int(lengths.sum()) != n_trials:
        found = f"{int(lengths.sum())} trials in stimpattern, {n_trials} in masterordering"
        raise InputError(path.name, "as many trials in both", found, WHOLE)
    return lengths, "runs from its stimpattern"


def _check_agreement(tree: NsdTree, trials: TrialTable) -> None:
    """Require that behaviour and design show the same image in every trial.

    The behaviour may lack sessions; without a stimpattern in the design, only ones at its end.
    """
    names = f"{tree.responses.name} and {tree.design.name}"
    fix = "one of them is of another subject or was altered: download both again"
    images = read_design_images(tree.design, tree.subject)
    pattern = read_mat(tree.design, (), optional=("stimpattern",)).get("stimpattern")
    if pattern is None:
        expected = images[: len(trials)]
    else:
        lengths, _ = _run_lengths(tree.design, pattern, images.size)
        of_trial = np.repeat(np.arange(len(lengths)) + 1, lengths.sum(axis=1))
        expected = images[np.isin(of_trial, trials.sessions)]
    if expected.size != len(trials):
        found = f"{len(trials)} and {expected.size} trials"
        raise InputError(names, "the same trials", found, fix)
    differ = np.flatnonzero(trials.image != expected)
    if differ.size:
        found = f"{differ.size} trials that differ, the first in position {int(differ[0])}"
        raise InputError(names, "the same image in every trial", found, fix)
