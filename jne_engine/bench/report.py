"""Rows as a table that grows while they are measured, or as JSON at the end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import click

from jne_engine.bench.rows import Row


def report(machine: Mapping[str, Any], rows: Iterable[Row], *, as_json: bool) -> None:
    """Print the machine and each row.

    Parameters
    ----------
    machine : mapping
        What the figures depend on.
    rows : iterable of Row
        May measure as it goes.
    as_json : bool
        One JSON object when all is measured, in place of a line each at once.
    """
    if as_json:
        listed = [row.to_dict() for row in rows]
        click.echo(json.dumps({"machine": machine, "rows": listed}, indent=1))
        return
    click.echo(", ".join(f"{k} {v}" for k, v in machine.items()) + "\n")
    for row in rows:
        click.echo(str(row))
