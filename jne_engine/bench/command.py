"""The command ``bench``: figures as a table or as JSON."""

from __future__ import annotations

import json

import click

from jne_engine.bench.catalogue import FIGURES
from jne_engine.bench.rows import Row, describe_machine
from jne_engine.bench.sizes import Sizes


@click.group(invoke_without_command=True)
@click.option("--quick", is_flag=True, help="Fewer stimuli and rounds.")
@click.option("--json", "as_json", is_flag=True, help="Print machine and rows as JSON.")
@click.option("--only", type=click.Choice(list(FIGURES)), help="One figure.")
@click.pass_context
def bench(context: click.Context, quick: bool, as_json: bool, only: str | None) -> None:
    """Time the engine against measured ceilings and rivals, on this machine."""
    if context.invoked_subcommand is not None:
        return
    sizes = Sizes.quick() if quick else Sizes()
    machine = describe_machine()
    if not as_json:
        click.echo(", ".join(f"{k} {v}" for k, v in machine.items()) + "\n")
    rows = [_measure(name, sizes, quiet=as_json) for name in FIGURES if only in {None, name}]
    if as_json:
        click.echo(json.dumps({"machine": machine, "rows": [r.to_dict() for r in rows]}, indent=1))


@bench.command(name="import")
@click.option("--quick", is_flag=True, help="Fewer rounds.")
def bench_import(quick: bool) -> None:
    """Time importing NSD against simply reading its files."""
    for name in (name for name in FIGURES if name.startswith("import_")):
        _measure(name, Sizes.quick() if quick else Sizes(), quiet=False)


def _measure(name: str, sizes: Sizes, *, quiet: bool) -> Row:
    """Measure one figure and print it unless JSON follows."""
    row = FIGURES[name](name, sizes)
    if not quiet:
        click.echo(str(row))
    return row
