"""Results of simulations: tidy tables with their settings, in memory and on disk.

On disk a result is a folder ``<simulation>/`` of one parquet file a table and
``result.json``, written last, with settings, how it was made, and each table's SHA-256.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from jne_engine.core.disk import sha256, write_atomically
from jne_engine.core.errors import StoreError
from jne_engine.model.measures import RENAMED

RESULT = "result.json"
FORMAT_VERSION = 1


@dataclass(frozen=True, eq=False)
class SimulationResult:
    """What a simulation found; its data are SIMULATED, but for the variants of a real run.

    Parameters
    ----------
    simulation : str
        Name of the simulation, as the command line has it.
    settings : mapping
        Its settings as plain values.
    tables : mapping of str to pandas.DataFrame
        Tidy tables: one row an observation, one column a variable.
    made : mapping
        Command, date, seconds and machine of a stored result; empty for a live one.
    """

    simulation: str
    settings: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    made: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values; NaN becomes None."""
        tables = {
            name: json.loads(table.to_json(orient="records", double_precision=15))
            for name, table in self.tables.items()
        }
        return {**_describe(self), "tables": tables}


def write_result(result: SimulationResult, root: Path) -> Path:
    """Write a result below ``root`` and return its folder.

    Raises
    ------
    StoreError
        If the disk is full or not writable.
    """
    folder = root / result.simulation
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            str(folder), "a writable disk", str(error), "choose another --out"
        ) from error
    hashes = {}
    for name, table in result.tables.items():
        content = table.to_parquet(index=False)
        write_atomically(folder / f"{name}.parquet", content)
        hashes[name] = sha256(content)
    text = json.dumps({**_describe(result), "tables": hashes}, indent=1, ensure_ascii=False)
    write_atomically(folder / RESULT, f"{text}\n".encode())
    return folder


def read_result(folder: Path) -> SimulationResult:
    """Read a result back.

    Parameters
    ----------
    folder : pathlib.Path
        What :func:`write_result` returned.

    Raises
    ------
    StoreError
        If it is missing, incomplete or altered.
    """
    described = _read_description(folder)
    tables = {n: _read_table(folder / f"{n}.parquet", h) for n, h in described["tables"].items()}
    simulation, settings = described["simulation"], described["settings"]
    return SimulationResult(simulation, settings, tables, described["made"])


def _describe(result: SimulationResult) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "simulation": result.simulation,
        "simulated": bool(result.settings.get("simulated", True)),
        "settings": dict(result.settings),
        "made": dict(result.made),
    }


def _read_description(folder: Path) -> dict[str, Any]:
    path = folder / RESULT
    fix = "make it with: python -m jne_engine simulate NAME --out DIR"
    try:
        described: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(str(path), "a simulation's result", str(error), fix) from error
    found = described.get("format_version") if isinstance(described, dict) else "no object"
    if found != FORMAT_VERSION:
        raise StoreError(str(path), f"format_version {FORMAT_VERSION}", str(found), fix)
    return described


def _read_table(path: Path, expected: str) -> pd.DataFrame:
    fix = "run the simulation again"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StoreError(str(path), "a table of the result", str(error), fix) from error
    if sha256(content) != expected:
        raise StoreError(str(path), "the SHA-256 in result.json", "other content", fix)
    return _rename_measures(pd.read_parquet(io.BytesIO(content)))


def _rename_measures(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the names that measures have today, as columns and as values."""
    table = table.rename(columns=RENAMED)
    named = {c: table[c].replace(RENAMED) for c in ("measure", "first", "second") if c in table}
    return table.assign(**named)
