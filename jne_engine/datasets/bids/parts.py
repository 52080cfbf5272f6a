"""What each map of a series showed, as its name or a table beside it tells."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from jne_engine.core.arrays import IntArray
from jne_engine.core.errors import InputError
from jne_engine.core.order import natural_key
from jne_engine.datasets.arrays.placed import read_placed
from jne_engine.datasets.bids.names import BidsName, find_tables, pair_hemispheres
from jne_engine.datasets.tables import is_missing
from jne_engine.datasets.trial_choices import number_names
from jne_engine.datasets.trial_tables import (
    STIMULUS_COLUMNS,
    find_column,
    read_numbers,
    read_trial_table,
)
from jne_engine.datasets.trials import TrialTable
from jne_engine.formats.guard import printable
from jne_engine.formats.volumes import open_volume

INDEX_COLUMN: Final = "beta_index"
"""Column that says which map a row is, counted from 0."""


@dataclass(frozen=True, eq=False)
class Part:
    """Maps of one file or pair, and what they showed.

    Parameters
    ----------
    names : tuple of BidsName
        The file, or left and right.
    stimuli : tuple of str
        Name of each map's stimulus; empty where a row names none, which is left out.
    session, run : numpy.ndarray of int64
        Of each map.
    table : pathlib.Path, optional
        Where that is told.
    """

    names: tuple[BidsName, ...]
    stimuli: tuple[str, ...]
    session: IntArray
    run: IntArray
    table: Path | None


def read_parts(
    root: Path, files: tuple[BidsName, ...], chosen: tuple[BidsName, ...]
) -> tuple[Part, ...]:
    """Read what each map of a series showed.

    Parameters
    ----------
    root : pathlib.Path
        Folder of the derivatives.
    files, chosen : tuple of BidsName
        All files of the subject, and those of the series.

    Raises
    ------
    InputError
        If a file has no table of its maps, or they do not fit each other.
    """
    sessions, runs = (_number_labels(chosen, key) for key in ("ses", "run"))
    parts = []
    for names in pair_hemispheres(chosen):
        first, n = names[0], _count_maps(names[0])
        session, run = sessions[first.get("ses")], runs[first.get("run")]
        default = np.full(n, session), np.full(n, run)
        if first.get("contrast") and n == 1:
            parts.append(Part(names, (first.get("contrast"),), *default, None))
            continue
        parts.append(_read_table(root, files, names, n, default))
    return tuple(parts)


def _number_labels(names: tuple[BidsName, ...], key: str) -> dict[str, int]:
    """Return a number of each label: its own, or its place in natural order."""
    labels = sorted({name.get(key) for name in names}, key=natural_key)
    own = all(label.isdecimal() for label in labels)
    return {label: int(label) if own else i for i, label in enumerate(labels, start=1)}


def _count_maps(name: BidsName) -> int:
    if name.is_volume:
        return open_volume(name.path).n_times
    return len(read_placed((name.path,), surface=None, part="cortex", mask=None).values)


def _read_table(
    root: Path,
    files: tuple[BidsName, ...],
    names: tuple[BidsName, ...],
    n_maps: int,
    default: tuple[IntArray, IntArray],
) -> Part:
    table_name = next(find_tables(root, files, names[0]), None)
    if table_name is None:
        fix = "put a _trials.tsv or _events.tsv with a row a map beside it"
        title = printable(names[0].path.name)
        raise InputError(title, "a table of its maps' stimuli", "none", fix)
    path = table_name.path
    table = _order_rows(path, read_trial_table(path), n_maps)
    column = find_column(path, table, (*STIMULUS_COLUMNS, "trial_type"))
    stimuli = tuple("" if is_missing(cell) else cell for cell in table[column])
    has = [read_numbers(path, table, k) if k in table else d
           for k, d in zip(("session", "run"), default, strict=True)]  # fmt: skip
    return Part(names, stimuli, has[0], has[1], path)


def _order_rows(path: Path, table: pd.DataFrame, n_maps: int) -> pd.DataFrame:
    """Return a row a map, in the maps' order; rows whose index says that they have none go.

    Without an index only as many rows as maps can be paired: of events with other rows, those
    that name a stimulus may be as many as maps by chance.
    """
    indexed = INDEX_COLUMN in table
    if indexed:
        table = table[~table[INDEX_COLUMN].map(is_missing).astype(bool)]
    order = read_numbers(path, table, INDEX_COLUMN) if indexed else np.arange(len(table))
    if not np.array_equal(np.sort(order), np.arange(n_maps)):
        fix = (
            f"number its rows in a column {INDEX_COLUMN} from 0, n/a where a row has no map; or put"
            " a _trials.tsv with a row a map beside the maps"
        )
        found = f"{len(table)} rows" + f" that {INDEX_COLUMN} numbers otherwise" * indexed
        raise InputError(printable(path.name), f"a row for each of {n_maps} maps", found, fix)
    return table.iloc[np.argsort(order)]


def join_parts(parts: tuple[Part, ...]) -> tuple[IntArray, TrialTable, pd.Index]:
    """Return the maps that show a stimulus, as trials, and the stimuli's names."""
    shown = [name for part in parts for name in part.stimuli]
    kept = np.flatnonzero([bool(name) for name in shown]).astype(np.int64)
    image, names = number_names([shown[i] for i in kept])
    session, run = (np.concatenate([getattr(p, k) for p in parts]) for k in ("session", "run"))
    return kept, TrialTable(session[kept], run[kept], image), names
