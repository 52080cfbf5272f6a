"""Which row of features belongs to which stimulus: by file names where there are any."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Final

import pandas as pd

from jne_engine.core.arrays import IntArray
from jne_engine.core.checks import check_unique
from jne_engine.core.errors import InputError
from jne_engine.core.order import describe_order, find_names
from jne_engine.datasets.tables import read_table
from jne_engine.formats.guard import printable

PICTURE_SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif")


def pair_by_names(table: Path, names: tuple[str, ...], file: str) -> tuple[IntArray | None, str]:
    """Find the row of features of each stimulus by the file that a table names for it.

    Parameters
    ----------
    table : pathlib.Path
        One row a stimulus; its ids, or a column of file names, name files.
    names : tuple of str
        File of each row of features.
    file : str
        Name of the features, for messages.

    Returns
    -------
    numpy.ndarray of int64, shape (n_stimuli,), or None
        Row of each stimulus; None where the table names no files.
    str
        How rows were paired.

    Raises
    ------
    InputError
        If the table names a file that has no features, or one twice.
    """
    title = printable(table.name)
    for column, cells in _list_columns(read_table(table)).items():
        rows = find_names(names, cells)
        absent = [cell for cell, row in zip(cells, rows, strict=True) if row < 0]
        if len(absent) == len(cells) and not all(map(is_picture, cells)):
            continue
        if absent:
            found = f"{len(absent)} others, the first {printable(absent[0])!r}"
            fix = "extract the features of these images, or correct the names"
            raise InputError(f"{title} {column}", f"images of {file}", found, fix)
        check_unique(f"{title} {column}, images", rows.tolist(), fix="name each image once")
        return rows, f"rows of {file} paired with {title} by file name ({column})"
    how = f"rows of {file} ({describe_order(names)}) paired with {title} by position"
    return None, f"{how}: it names no files"


def _list_columns(table: pd.DataFrame) -> dict[str, list[str]]:
    """Return the ids, and every column that holds nothing but names of pictures."""
    columns = {str(name): table[name].astype(str).tolist() for name in table.columns}
    named = {name: cells for name, cells in columns.items() if all(map(is_picture, cells))}
    ids = [str(i) for i in table.index]
    return {**named, printable(str(table.index.name or "ids")): ids}


def is_picture(cell: str) -> bool:
    """Tell whether a text is the name of a picture's file."""
    return PurePosixPath(cell).suffix.lower() in PICTURE_SUFFIXES
