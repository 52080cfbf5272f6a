"""``claims``: the paper's findings held against stored runs, from the command line."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import click
import pandas as pd

from jne_engine.analysis.claims.verdicts import VERDICTS, tabulate_claims
from jne_engine.report.figures.claims import format_finding
from jne_engine.runs.store import Run, open_run


@click.command()
@click.argument("paths", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def claims(paths: tuple[Path, ...], as_json: bool) -> None:
    """Say which of the paper's findings hold in each RUN; several are a study's subjects."""
    runs = [open_run(path) for path in paths]
    tables = [tabulate_claims(run, runs) for run in runs]
    if as_json:
        found = [_to_json(run, table) for run, table in zip(runs, tables, strict=True)]
        click.echo(json.dumps(found, indent=1))
        return
    parts = [_describe(run, table) for run, table in zip(runs, tables, strict=True)]
    click.echo("\n\n".join(parts))


def _to_json(run: Run, table: pd.DataFrame) -> dict[str, Any]:
    """Return a run's claims as plain values; what is not known is null."""
    rows = [
        {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}
        for row in table.to_dict("records")
    ]
    manifest = run.manifest
    about = {"run": run.run_id, "subject": manifest.subject, "simulated": manifest.simulated}
    return {**about, "claims": rows}


def _describe(run: Run, table: pd.DataFrame) -> str:
    """Return a run's claims as lines: the verdict, the statement, the numbers, the reason."""
    manifest = run.manifest
    mark = "SIMULATED " if manifest.simulated else ""
    counts = table["verdict"].value_counts()
    summary = ", ".join(f"{v}: {counts.get(v, 0)}" for v in VERDICTS)
    lines = [f"{mark}{manifest.name}, {manifest.subject} ({run.run_id}): {summary}"]
    for row in table.itertuples():
        lines += _describe_claim(row)
    return "\n".join(lines)


def _describe_claim(row: Any) -> list[str]:
    paper = f"paper: {row.paper}" if row.paper else ""
    more = [text for text in (format_finding(row), paper, row.why) if text]
    return [f"{row.verdict.upper():<16}{row.statement}", *(f"{'':<16}{text}" for text in more)]
