"""Tables as CSV that a spreadsheet opens without running anything."""

from __future__ import annotations

from typing import Any

import pandas as pd

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_csv(table: pd.DataFrame) -> str:
    """Return a table as CSV; text that a spreadsheet would run as a formula gets a quote.

    Numbers are written in full, so that reading them back gives the same floats.
    """
    unnamed = isinstance(table.index, pd.RangeIndex)
    return str(defuse_table(table).to_csv(index=not unnamed))


def defuse_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose text no spreadsheet runs as a formula; numbers stay as they are."""
    safe = table.map(_defuse).rename(columns=_defuse)
    if not isinstance(table.index, pd.RangeIndex):
        safe.index = safe.index.map(_defuse)
    return safe


def _defuse(value: Any) -> Any:
    """Return text with a quote before a formula's first character, else the value itself."""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value
