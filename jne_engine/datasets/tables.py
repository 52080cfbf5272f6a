"""Tables of stimuli: one row a stimulus, the first column its id."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from jne_engine.core.arrays import IntArray
from jne_engine.core.checks import check_length, check_unique
from jne_engine.core.errors import InputError
from jne_engine.datasets.dataset import StimulusTable
from jne_engine.formats.guard import MAX_TEXT_BYTES, check_file, printable, read_text, reading

SPLIT_COLUMN: Final = "split"
"""Column that assigns stimuli to train, validation and test; it names no category."""

GROUP_COLUMN: Final = "group"
"""Column of runs or sessions, whose rows stay in one split; it names no category."""

RUN_COLUMNS: Final = ("session", "run")
"""Columns that say in which session and run a row was measured; they name no category."""

MISSING_LABELS: Final = frozenset({"", "nan", "n/a", "null", "<na>"})
"""What programs write where there is no label, in lower case; ``NA`` may be a label."""

_DELIMITERS: Final = {".csv": ",", ".tsv": "\t"}


def is_missing(label: str) -> bool:
    """Tell whether a label only says that there is none."""
    return label.strip().lower() in MISSING_LABELS


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a ``.csv`` or ``.tsv`` file as text, its first column becoming the index.

    Parameters
    ----------
    path : str or pathlib.Path
        A table with a header line; every row has as many cells as the header. Where the header
        is one column by the file's ending, it is divided at semicolons, tabs or commas instead.

    Returns
    -------
    pandas.DataFrame
        Every cell as text; an empty cell is ``""``.

    Raises
    ------
    InputError
        If the file is not such a table, an id repeats, or a column name repeats.
    """
    path = Path(path)
    name = printable(path.name)
    if path.suffix.lower() not in _DELIMITERS:
        fix = "save the table as comma-separated .csv or tab-separated .tsv"
        raise InputError(name, "a .csv or .tsv file", printable(path.suffix) or "no ending", fix)
    text = io.StringIO(read_text(path), newline="")
    with reading(path, expected="a table", fix="save the table again from its program"):
        delimiter = _find_delimiter(text, _DELIMITERS[path.suffix.lower()])
        lines = csv.reader(text, delimiter=delimiter, strict=True)
        rows = [line for line in lines if line]
    return _frame(name, rows)


def read_stimuli(path: str | Path, n_stimuli: int) -> StimulusTable:
    """Read ids and category columns of stimuli, in the order of the feature rows.

    Parameters
    ----------
    path : str or pathlib.Path
        A table; its first column holds unique ids, every further one but ``split``, ``group``,
        ``session`` and ``run`` a way of naming categories. A missing label becomes ``""``, which
        is no category, and a column without a label is left out.
    n_stimuli : int
        Rows it must have.

    Raises
    ------
    InputError
        If the table cannot be read or does not have ``n_stimuli`` rows.
    """
    table = read_table(path)
    fix = "give the table one row a feature row, in the same order, and one header line"
    check_length(printable(Path(path).name), len(table), n_stimuli, unit="rows", fix=fix)
    table = table.drop(columns=[SPLIT_COLUMN, GROUP_COLUMN, *RUN_COLUMNS], errors="ignore")
    missing = table.map(is_missing).astype(bool)
    return StimulusTable(table.mask(missing, "").loc[:, ~missing.all()])


def read_runs(path: Path) -> tuple[str, ...] | None:
    """Read in which run each stimulus was measured: by session and run, else by group.

    Returns
    -------
    tuple of str or None
        One label a row, for instance ``"session 1, run 2"``; None where the table does not say.

    Raises
    ------
    InputError
        If the table cannot be read, or a row has no label.
    """
    table = read_table(path)
    columns = [name for name in RUN_COLUMNS if name in table] or [
        name for name in (GROUP_COLUMN,) if name in table
    ]
    if not columns:
        return None
    cells = table[columns]
    if cells.map(is_missing).to_numpy().any():
        fix = "name the run of every row, or leave the column out"
        found = f"{int(cells.map(is_missing).any(axis=1).sum())} rows without"
        raise InputError(printable(path.name), f"a label in {' and '.join(columns)}", found, fix)
    rows = cells.itertuples(index=False)
    return tuple(
        ", ".join(f"{c} {printable(str(v))}" for c, v in zip(columns, row, strict=True))
        for row in rows
    )


def read_integer_columns(
    path: Path, columns: Sequence[str], *, delimiter: str, fix: str
) -> dict[str, IntArray]:
    """Read some columns of a text table as whole numbers.

    Raises
    ------
    InputError
        If a column is missing, or a cell is empty or no whole number.
    """
    table = read_columns(path, columns, delimiter=delimiter, fix=fix)
    integers: dict[str, IntArray] = {}
    for column in columns:
        integers[column] = to_integers(path, table[column], fix=fix)
    return integers


def to_integers(path: Path, column: pd.Series[str], *, fix: str) -> IntArray:
    """Return a column of text as whole numbers.

    Raises
    ------
    InputError
        If a cell is empty or no whole number.
    """
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    if not (np.isfinite(values) & (values % 1 == 0)).all():
        found = "empty or other cells"
        raise InputError(printable(path.name), f"whole numbers in {column.name}", found, fix)
    return values.astype(np.int64)


def read_columns(path: Path, columns: Sequence[str], *, delimiter: str, fix: str) -> pd.DataFrame:
    """Read some columns of a text table as text.

    Raises
    ------
    InputError
        If the file is missing, empty or no such table, or a column is missing.
    """
    path = check_file(path, max_bytes=MAX_TEXT_BYTES)
    with reading(path, expected=f"a table with {', '.join(columns)}", fix=fix):
        table = pd.read_csv(
            path, sep=delimiter, usecols=list(columns), dtype=str, keep_default_na=False
        )
    if table.empty:
        raise InputError(printable(path.name), "a row or more", "none", fix)
    return table


def numbered_stimuli(n_stimuli: int) -> StimulusTable:
    """Return stimuli of which nothing is known but their row, counted from 0."""
    return StimulusTable(pd.DataFrame(index=[str(row) for row in range(n_stimuli)]))


def _find_delimiter(text: io.StringIO, expected: str) -> str:
    """Return what divides the header: the expected one, else another that does."""
    start = text.tell()
    counts = {}
    for delimiter in (expected, ";", "\t", ","):
        text.seek(start)
        counts[delimiter] = len(next(csv.reader(text, delimiter=delimiter, strict=True), ()))
    text.seek(start)
    return expected if counts[expected] > 1 else max(counts, key=lambda each: counts[each])


def _frame(name: str, rows: Sequence[Sequence[str]]) -> pd.DataFrame:
    if len(rows) < 2:
        raise InputError(name, "a header and rows", f"{len(rows)} lines", "add the stimuli")
    header, *cells = rows
    check_unique(f"{name} header", header, fix="give every column a name of its own")
    for number, row in enumerate(cells, start=2):
        if len(row) != len(header):
            fix = "quote cells that hold the delimiter"
            expected = f"{len(header)} cells in row {number}"
            raise InputError(name, expected, f"{len(row)}", fix)
    ids = [printable(row[0]) for row in cells]
    check_unique(f"{name} ids", ids, fix="give every stimulus an id of its own")
    columns = {h: [row[i] for row in cells] for i, h in enumerate(header) if i > 0}
    return pd.DataFrame(columns, index=pd.Index(ids, name=header[0]), dtype=object)
