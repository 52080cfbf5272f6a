"""``doctor``: what keeps the folder of runs from working, and what to do."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from jne_engine.cli.jobs import out_option
from jne_engine.jobs.doctor import examine


@click.command()
@out_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor(ctx: click.Context, root: Path, as_json: bool) -> None:
    """Examine the folder of runs, the queue, the disk and the versions.

    Nothing is changed. Leaves with 1 where something does not work.
    """
    findings = examine(root)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    for finding in [] if as_json else findings:
        click.echo(f"{finding.state:<6}{finding.check:<10} {finding.found}")
        if finding.fix:
            click.echo(f"{'':<17}{finding.fix}")
    if any(finding.state == "fault" for finding in findings):
        ctx.exit(1)
