"""The command ``bench``: figures as a table or as JSON."""

from __future__ import annotations

import click

from jne_engine.bench.catalogue import FIGURES
from jne_engine.bench.report import report
from jne_engine.bench.rows import describe_machine
from jne_engine.bench.sessions import sessions
from jne_engine.bench.sizes import Sizes
from jne_engine.bench.viewer.command import viewer


@click.group(invoke_without_command=True)
@click.option("--quick", is_flag=True, help="Fewer stimuli and rounds.")
@click.option("--json", "as_json", is_flag=True, help="Print machine and rows as JSON.")
@click.option("--only", type=click.Choice(list(FIGURES)), help="One figure.")
@click.pass_context
def bench(context: click.Context, quick: bool, as_json: bool, only: str | None) -> None:
    """Time the engine against measured ceilings and rivals, on this machine."""
    if context.invoked_subcommand is not None:
        if quick or as_json or only:
            raise click.UsageError(f"write the options after {context.invoked_subcommand}")
        return
    sizes = Sizes.quick() if quick else Sizes()
    rows = (FIGURES[name](name, sizes) for name in FIGURES if only in {None, name})
    report(describe_machine(), rows, as_json=as_json)


@bench.command(name="import")
@click.option("--quick", is_flag=True, help="Fewer rounds.")
@click.option("--json", "as_json", is_flag=True, help="Print machine and rows as JSON.")
def bench_import(quick: bool, as_json: bool) -> None:
    """Time importing NSD against simply reading its files."""
    sizes = Sizes.quick() if quick else Sizes()
    names = (name for name in FIGURES if name.startswith("import_"))
    report(describe_machine(), (FIGURES[name](name, sizes) for name in names), as_json=as_json)


bench.add_command(sessions)
bench.add_command(viewer)
