"""Tables of numbers as text, ``.csv`` and ``.tsv``: one row a stimulus, header or not."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Final

import numpy as np

from jne_engine.core.arrays import Float64Array
from jne_engine.core.errors import InputError
from jne_engine.formats.guard import check_file, printable, read_text, reading

NUMBER_TABLE_SUFFIXES: Final = (".csv", ".tsv")
MAX_TABLE_BYTES: Final = 2**30
_DELIMITERS: Final = ",;\t"


def read_number_table(path: str | Path, *, max_bytes: int = MAX_TABLE_BYTES) -> Float64Array:
    """Read a table whose every cell is a number.

    Parameters
    ----------
    path : str or pathlib.Path
        Columns are divided by commas, semicolons or tabs, whichever the first line has most of.
        A first line that is not all numbers, or is 0, 1, 2, …, is a header. Decimal commas are
        not read.
    max_bytes : int
        Most bytes of text.

    Returns
    -------
    numpy.ndarray of float64, shape (n_rows, n_columns)
        An empty cell, ``nan`` or ``NA`` is NaN.

    Raises
    ------
    InputError
        If rows differ in length or a cell holds text; the message names its line and column.
    """
    path = check_file(Path(path))
    name = printable(path.name)
    with reading(path, expected="a table", fix="save the table again from its program"):
        text = read_text(path, max_bytes=max_bytes)
        first = text.split("\n", 1)[0]
        delimiter = max(_DELIMITERS, key=first.count)
        rows = [r for r in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if r]
    header = bool(rows) and _is_header(rows[0])
    if len(rows) <= header:
        raise InputError(
            name, "a row of numbers or more", "none", "check that it is the right file"
        )
    width = len(rows[0])
    values = np.empty((len(rows) - header, width))
    for number, row in enumerate(rows[header:], 1 + header):
        if len(row) != width:
            fix = "give every row a cell a column"
            raise InputError(f"{name}, row {number}", f"{width} cells", str(len(row)), fix)
        for column, cell in enumerate(row):
            found = _to_number(cell)
            if found is None:
                where = f"{name}, row {number}, column {column + 1}"
                fix = "leave columns of names out; they belong into stimuli.csv"
                raise InputError(where, "a number", repr(printable(cell)), fix)
            values[number - 1 - header, column] = found
    return values


def _is_header(cells: list[str]) -> bool:
    """Tell names, or the column numbers 0, 1, 2 that programs write for want of names."""
    if any(_to_number(cell) is None for cell in cells):
        return True
    return len(cells) > 1 and [cell.strip() for cell in cells] == [
        str(i) for i in range(len(cells))
    ]


def _to_number(cell: str) -> float | None:
    """Return a cell's number, NaN where it says that there is none, None where it is text."""
    plain = cell.strip()
    if plain.lower() in {"", "nan", "na", "n/a"}:
        return float("nan")
    try:
        return float(plain)
    except ValueError:
        return None
