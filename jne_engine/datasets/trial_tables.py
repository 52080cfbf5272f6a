"""Tables that say what each trial showed, and pictures found by the names in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from jne_engine.core.arrays import IntArray
from jne_engine.core.errors import InputError
from jne_engine.core.order import find_names
from jne_engine.datasets.arrays.pairing import PICTURE_SUFFIXES
from jne_engine.datasets.tables import to_integers
from jne_engine.formats.guard import MAX_TEXT_BYTES, check_file, printable, reading

STIMULUS_COLUMNS: Final = ("stimulus", "stim_file", "image", "label", "image_name")
"""Columns that name the stimulus of a trial; the first that is there counts."""

_FIX: Final = "give every trial its row, with one header line"
_PICTURES: Final = 200_000
"""Most pictures that are looked for."""


def read_trial_table(path: Path) -> pd.DataFrame:
    """Read a table of trials as text, divided by tabs (``.tsv``) or commas (``.csv``).

    Raises
    ------
    InputError
        If it cannot be read or holds no row.
    """
    path = check_file(path, max_bytes=MAX_TEXT_BYTES)
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    with reading(path, expected="a table of trials", fix=_FIX):
        table = pd.read_csv(path, sep=delimiter, dtype=str, keep_default_na=False)
    if table.empty:
        raise InputError(printable(path.name), "a row a trial", "none", _FIX)
    return table


def find_column(path: Path, table: pd.DataFrame, names: Sequence[str]) -> str:
    """Return the first of some columns that a table has.

    Raises
    ------
    InputError
        If it has none of them.
    """
    found = next((name for name in names if name in table), None)
    if found is None:
        there = ", ".join(printable(str(column)) for column in table.columns)
        expected = f"a column {' or '.join(names)}"
        raise InputError(printable(path.name), expected, there, "rename the column")
    return found


def read_numbers(path: Path, table: pd.DataFrame, column: str) -> IntArray:
    """Return a column as whole numbers; ``ses-03`` and ``run-3`` count as 3.

    Raises
    ------
    InputError
        If a cell holds no whole number.
    """
    cells = table[column].str.replace(r"^[A-Za-z]+-?(?=\d)", "", regex=True)
    return to_integers(path, cells, fix=_FIX)


def find_pictures(folder: Path | None, names: Sequence[str]) -> tuple[Mapping[str, Path], str]:
    """Return each stimulus's picture below a folder, and what to say of it.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where images may lie, at any depth.
    names : sequence of str
        Names of the stimuli.
    """
    if folder is None:
        return {}, ""
    listed = (path for path in folder.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES)
    files = [path for path, _ in zip(listed, range(_PICTURES), strict=False)]
    rows = find_names([path.name for path in files], list(names))
    absent = [name for name, row in zip(names, rows, strict=True) if row < 0]
    if absent:
        where = f"{len(absent)} of {len(names)} images are not below {printable(folder.name)}"
        return {}, f"no pictures: {where}, the first {printable(absent[0])}"
    return {name: files[row] for name, row in zip(names, rows, strict=True)}, ""
