"""``simulate``: the validation of JNE from the command line."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pandas as pd
from tqdm import tqdm

from jne_engine.core.errors import InputError
from jne_engine.core.progress import Progress
from jne_engine.datasets.dataset import EncodingDataset
from jne_engine.runs.results import SimulationResult, write_result
from jne_engine.simulations.catalogue import SIMULATIONS, Simulation
from jne_engine.simulations.making import make
from jne_engine.simulations.settings import SimulationSettings

Command = Callable[..., None]


@dataclass(frozen=True)
class Report:
    """Where a result goes: as JSON or tables on stdout, and into a folder."""

    as_json: bool
    out: Path | None
    quiet: bool

    def compute(self, name: str, work: Callable[[Progress], SimulationResult]) -> None:
        """Do the work under a progress bar, then store and print its result."""
        with tqdm(desc=name, file=sys.stderr, disable=self.quiet, mininterval=0.2) as bar:
            result = make(lambda: work(lambda d, n: _advance(bar, d, n)), _tell_command())
        if self.out is not None:
            click.echo(f"written to {write_result(result, self.out)}", err=True)
        click.echo(json.dumps(result.to_json()) if self.as_json else _format(result))


def report_options(command: Command) -> Command:
    """Add ``--json``, ``--out`` and ``--quiet``."""
    folder = click.Path(path_type=Path, file_okay=False)
    options = [
        click.option("--json", "as_json", is_flag=True, help="Print JSON, all tables included."),
        click.option("--out", type=folder, default=None, help="Also store the result below DIR."),
        click.option("--quiet", is_flag=True, help="No progress bar."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _add_command(simulation: Simulation) -> None:
    """Add a simulation with ``--reduced`` and an option for each setting; tuples are ``a,b,c``."""

    @report_options
    @click.option("--reduced", is_flag=True, help="Sizes for a look, seconds instead of minutes.")
    def command(**options: Any) -> None:
        settings, report = _read(simulation.settings, options)
        kept = {}
        if simulation.is_resumable and report.out is not None:
            kept = {"parts": report.out / f"{simulation.name}-parts"}
        report.compute(simulation.name, lambda p: simulation.find()(settings, p, **kept))

    for name, default in reversed(simulation.settings().to_dict().items()):
        command = _setting_option(name, default, simulation.choices.get(name))(command)
    simulate.command(simulation.name, help=simulation.summary)(command)


class _List(click.ParamType[list[Any]]):
    """Values separated by commas, of the type of the default's first; ``full`` is None."""

    name = "a,b,c"

    def __init__(self, default: list[Any]) -> None:
        self._kind = type(default[0])

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the values as a list."""
        if isinstance(value, list):
            return value
        try:
            parts = [part.strip() for part in str(value).split(",")]
            return [None if part == "full" else self._kind(part) for part in parts if part]
        except ValueError:
            return self.fail(f"{value!r} is not a list of {self._kind.__name__}", param, ctx)


def _setting_option(name: str, default: Any, choices: tuple[str, ...] | None) -> Any:
    """Return the option of one setting; not given, it is None."""
    flag = f"--{name.replace('_', '-')}"
    if isinstance(default, bool):
        return click.option(f"{flag}/--no-{flag[2:]}", name, default=None)
    if isinstance(default, list):
        shown = ",".join("full" if v is None else str(v) for v in default)
        return click.option(flag, name, type=_List(default), help=f"Default {shown}.")
    kind = click.Choice(choices) if choices else type(default)
    return click.option(flag, name, type=kind, default=None, help=f"Default {default}.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def simulate() -> None:
    """Test what JNE measures, on SIMULATED data (the paper's Result I and appendix A)."""


for _simulation in SIMULATIONS.values():
    _add_command(_simulation)


@simulate.command()
@click.argument("path", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--dataset", type=click.Path(path_type=Path), help="Dataset folder of the run.")
@click.option("--subject-seed", type=int, help="Seed of the demo's simulated subject instead.")
@report_options
def variants(path: Path, dataset: Path | None, subject_seed: int | None, **options: Any) -> None:
    """Compute the four variants of JNE on RUN, and how far they agree."""
    from jne_engine.runs.store import open_run
    from jne_engine.simulations.run_variants import compute_run_variants

    run = open_run(path)
    data = _read_features(dataset, subject_seed)
    features = data.features[data.splits.test]
    Report(**options).compute("variants", lambda p: compute_run_variants(run, features, p))


def _read_features(dataset: Path | None, subject_seed: int | None) -> EncodingDataset:
    from jne_engine.datasets.description import read_dataset
    from jne_engine.simulations.subject import simulate_subject

    if (dataset is None) == (subject_seed is None):
        found = "neither" if dataset is None else "both"
        fix = "name where the test stimuli's features come from"
        raise InputError("simulate variants", "--dataset or --subject-seed", found, fix)
    return simulate_subject(subject_seed or 0) if dataset is None else read_dataset(dataset)


def _read(
    settings: type[SimulationSettings], options: dict[str, Any]
) -> tuple[SimulationSettings, Report]:
    report = Report(**{name: options.pop(name) for name in ("as_json", "out", "quiet")})
    reduced = options.pop("reduced")
    given = {k: v for k, v in options.items() if v is not None}
    start = settings.reduced() if reduced else settings()
    return settings.from_dict({**start.to_dict(), **given}), report


def _advance(bar: Any, done: int, total: int) -> None:
    bar.total = total
    bar.update(done - bar.n)


def _tell_command() -> str:
    """Return this command, without what only changes what is printed."""
    arguments = [a for a in sys.argv[1:] if a not in {"--json", "--quiet"}]
    return shlex.join(["python", "-m", "jne_engine", *arguments])


def _format(result: SimulationResult) -> str:
    tables = {
        name: table
        for name, table in result.tables.items()
        if name not in OBSERVATIONS and len(table) <= MAX_ROWS
    }
    parts = [f"{result.simulation}: SIMULATED" if _is_simulated(result) else result.simulation]
    parts += [f"{name}\n{_print_table(table)}" for name, table in tables.items()]
    left_out = [name for name in result.tables if name not in tables]
    if left_out:
        parts.append(f"longer tables, with --json or --out: {', '.join(left_out)}")
    return "\n\n".join([*parts, f"{result.made['seconds']} s"])


OBSERVATIONS = {"repetitions", "curves", "voxels", "maps", "bends", "directions"}
"""Tables of single observations, which are not printed."""
MAX_ROWS = 250
"""Longest table that is printed."""


def _is_simulated(result: SimulationResult) -> bool:
    """Tell whether a result's data are made up: all but a real run's variants."""
    return bool(result.settings.get("simulated", True))


def _print_table(table: pd.DataFrame) -> str:
    return table.to_string(index=False, float_format=lambda x: f"{x:.4g}")
