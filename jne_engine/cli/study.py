"""``study``: the runs of several subjects, layers, seeds and encoders, and one table of them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from jne_engine.cli.jobs import (
    Following,
    follow_jobs,
    leave_with,
    out_option,
    quiet_option,
    tell_end,
)
from jne_engine.cli.running import device_option, inline_option, read_spec, spec_options
from jne_engine.core.errors import InputError
from jne_engine.jobs.kinds.run import with_device
from jne_engine.jobs.queue import open_jobs
from jne_engine.jobs.records import JobSpec
from jne_engine.jobs.studies import add_to_study
from jne_engine.jobs.study_plan import StudyPlan, read_plan, request_plan
from jne_engine.jobs.units import UnitEnd, end_unit

REPEATED = ("seed", "activation")


@click.command()
@click.argument("config", required=False, type=click.Path(path_type=Path, dir_okay=False))
@out_option
@quiet_option
@inline_option
@device_option
@click.option("--name", help="Of the study, under which pages list its runs.  [default: Study]")
@click.option("--data", "datasets", multiple=True, help="Folder, dataset.toml, or name of an"
              " imported dataset. Repeatable: one a subject.")  # fmt: skip
@click.option("--simulated", type=click.IntRange(1), help="How many SIMULATED subjects.")
@click.option("--simulated-layers", type=click.IntRange(1), help="Layers of each.  [default: 1]")
@click.option("--small", is_flag=True, default=None, help="Simulated subjects of reduced size.")
@click.option("--features", help="Model of the extracted features, instead of the dataset's own.")
@click.option("--layer", "layers", type=int, multiple=True, help="Repeatable: a run of each.")
@click.option("--dry-run", is_flag=True, help="Print counts, core hours and disk; compute a few"
              " blocks only.")  # fmt: skip
@click.option("--table", type=click.Path(path_type=Path, dir_okay=False),
              help="Also write the table of runs to this CSV.")  # fmt: skip
@functools.partial(spec_options, several=REPEATED)
def study(config: Path | None, **options: Any) -> None:
    """Compute the runs of CONFIG, a TOML, or of the flags: subjects, layers, seeds, encoders.

    What is stored already is not computed again. A run that fails is told in one line, and the
    others go on.
    """
    names = ("root", "quiet", "inline", "device", "dry_run", "table")
    how = {name: options.pop(name) for name in names}
    plan = _read_flags(options) if config is None else _read_config(config, options)
    specs = [with_device(spec, how["device"]) for spec in request_plan(plan, how["root"])]
    click.echo(f"{plan.name}: {len(specs)} runs", err=True)
    if how["dry_run"]:
        from jne_engine.jobs.study_costs import measure_costs

        click.echo(str(measure_costs(specs)))
        return
    following = Following(how["root"], how["quiet"], how["inline"], plan.name)
    ends = _compute(specs, following)
    _show_table(following.root, ends, how["table"])
    failed = [end for end in ends if end.run_id is None]
    for end in failed:
        click.echo(f"error: {end.label}: {end.message}", err=True)
    leave_with([end.message for end in failed])


def _read_config(config: Path, options: dict[str, Any]) -> StudyPlan:
    """Read the plan from a TOML, beside which no flag may change it."""
    given = [name for name, value in options.items() if value not in (None, (), False)]
    if given:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise InputError(config.name, "a TOML or flags", f"also {flags}", "write them into it")
    return read_plan(config)


def _read_flags(options: dict[str, Any]) -> StudyPlan:
    seeds, activations = options.pop("seed"), options.pop("activation")
    plan = {f: options.pop(f) for f in StudyPlan.__struct_fields__ if f in options}
    specs = [
        read_spec({**options, "seed": None, "activation": activation})
        for activation in activations or (None,)
    ]
    encoders = tuple(spec.to_dict() for spec in specs)
    for encoder in encoders:
        del encoder["seed"]
    given = {name: value for name, value in plan.items() if value not in (None, ())}
    return StudyPlan(seeds=seeds or (0,), encoders=encoders, **given)


def _compute(specs: Sequence[JobSpec], following: Following) -> list[UnitEnd]:
    """Have units computed where the command asks, and return their ends in the order of specs."""
    if not following.inline:
        ended = follow_jobs(specs, following)
        return [
            UnitEnd(r.spec.label, r.place.name)
            if r.state == "done" and r.place is not None
            else UnitEnd(r.spec.label, None, tell_end(r))
            for r in ended
        ]
    ends = _compute_here(specs, following)
    if following.study is not None:
        made = [end.run_id for end in ends if end.run_id is not None]
        add_to_study(open_jobs(following.root), following.study, run_ids=made)
    return ends


def _compute_here(specs: Sequence[JobSpec], following: Following) -> list[UnitEnd]:
    """Compute units one after another in this process, and tell of each as it ends."""
    ends: list[UnitEnd] = []
    for spec in specs:
        ends.append(end_unit(spec, following.root))
        if not following.quiet:
            state = "done" if ends[-1].run_id else "FAILED"
            click.echo(f"{len(ends)} of {len(specs)}  {state}  {ends[-1].label}", err=True)
    return ends


def _show_table(root: Path, ends: Sequence[UnitEnd], file: Path | None) -> None:
    import pandas as pd

    from jne_engine.analysis.study_table import tabulate_ends

    table = tabulate_ends(root, [(end.label, end.run_id, end.message) for end in ends])
    if file is not None:
        table.to_csv(file, index=False)
    with pd.option_context("display.max_colwidth", 60):
        shown = table.drop(columns="message").dropna(axis="columns", how="all")
        click.echo(shown.to_string(index=False, float_format=lambda value: f"{value:.4g}"))
