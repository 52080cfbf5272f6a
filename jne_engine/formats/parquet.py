"""Matrices of ``.parquet`` tables: a number a cell, or one column of vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet

from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.formats.guard import (
    MAX_ARRAY_BYTES,
    check_file,
    printable,
    readable_size,
    reading,
)

PARQUET: Final = ".parquet"
_NAMES_OUT: Final = "leave columns of names out; they belong into stimuli.csv"
_WIDEST: Final = 8
_ROWS: Final = 4096


def list_vector_columns(path: str | Path) -> tuple[str, ...]:
    """Return the names of the columns whose cells are vectors, as embeddings often are kept.

    Raises
    ------
    InputError
        If the file is cut short, altered or not parquet.
    """
    path = check_file(path)
    with _reading(path):
        return tuple(f.name for f in parquet.read_schema(path) if _is_vector(f.type))


def read_parquet_matrix(
    path: str | Path, column: str | None = None, *, max_bytes: int = MAX_ARRAY_BYTES
) -> npt.NDArray[Any]:
    """Read a table as a matrix, one row a row.

    Parameters
    ----------
    path : str or pathlib.Path
        The file; what pandas keeps as its index is left out.
    column : str, optional
        A column of vectors of one length; without, every column must be of numbers.
    max_bytes : int
        Most bytes that the matrix may take.

    Returns
    -------
    numpy.ndarray, shape (n_rows, n_columns)
        A null is NaN.

    Raises
    ------
    InputError
        If the file is broken, a column holds anything but numbers, or vectors differ in length.
    UnsafeFileError
        If the matrix would be larger than the limit.
    """
    path = check_file(path)
    with _reading(path):
        schema = parquet.read_schema(path)
        names = _list_columns(schema) if column is None else [column]
        if column is not None and (column not in schema.names or not _is_vector(
            schema.field(column).type
        )):  # fmt: skip
            listed = ", ".join(map(printable, list_vector_columns(path))) or "none"
            fix = f"pass one of: {listed}" if listed != "none" else "pass no key"
            raise InputError(printable(path.name), f"vectors in {column!r}", "none", fix)
        odd = [f for f in map(schema.field, names) if column is None and not _is_number(f.type)]
        if odd or not names:
            found = f"{odd[0].type} in {printable(odd[0].name)!r}" if odd else "none"
            raise InputError(printable(path.name), "columns of numbers", found, _NAMES_OUT)
        with parquet.ParquetFile(path) as file:
            _check_size(path, file.metadata.num_rows * len(names), max_bytes)
            if column is not None:
                return _stack(path, file, column, max_bytes)
            table = file.read(columns=names)
        return np.column_stack([table.column(name).to_numpy() for name in names])


def _reading(path: Path) -> Any:
    return reading(path, expected="an intact parquet table", also=(pa.ArrowException,))


def _list_columns(schema: pa.Schema) -> list[str]:
    kept = (schema.pandas_metadata or {}).get("index_columns", ())
    return [name for name in schema.names if name not in kept]


def _is_number(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_floating(kind) or types.is_integer(kind) or types.is_boolean(kind))


def _is_vector(kind: pa.DataType) -> bool:
    types = pa.types
    lists = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return bool(lists and _is_number(kind.value_type))


def _check_size(path: Path, n_values: int, max_bytes: int) -> None:
    """Refuse values that would pass the limit, each counted as the widest."""
    if n_values * _WIDEST > max_bytes:
        expected = f"a table of at most {readable_size(max_bytes)}"
        fix = "select fewer columns or rows before writing the file"
        size = readable_size(n_values * _WIDEST)
        raise UnsafeFileError(printable(path.name), expected, size, fix)


def _stack(path: Path, file: parquet.ParquetFile, column: str, max_bytes: int) -> npt.NDArray[Any]:
    """Read vectors some rows at a time, so that their sum is known before it is too large."""
    parts, lengths, n_values = [], set(), 0
    for batch in file.iter_batches(_ROWS, columns=[column]):
        cells = batch.column(0)
        lengths |= set(cells.value_lengths().to_pylist())
        parts.append(cells.flatten().to_numpy(zero_copy_only=False))
        n_values += len(parts[-1])
        _check_size(path, n_values, max_bytes)
    if len(lengths) != 1 or not min(length or 0 for length in lengths):
        found = "an empty one" if lengths & {None, 0} else f"{len(lengths)} lengths"
        expected = f"vectors of one length in {printable(column)!r}"
        raise InputError(printable(path.name), expected, found, "repair the rows concerned")
    return np.concatenate(parts).reshape(-1, lengths.pop())
