"""The command line: everything that the dashboard shows can be made and asked here."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import MISSING, fields, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from jne_engine.cli.jobs import Following, follow, out_option, quiet_option
from jne_engine.core.errors import InputError, JneError
from jne_engine.core.version import VERSION
from jne_engine.features.gabor_layers import GABOR_LAYERS
from jne_engine.jobs.kinds.run import (
    DEMO_HIDDEN,
    DEMO_SIZES,
    SIMULATED_STUDY,
    SMALL_DEMO_HIDDEN,
    SMALL_DEMO_SIZES,
    request_demo,
    request_demo_study,
    request_run,
    with_change,
)
from jne_engine.jobs.records import JobSpec
from jne_engine.model.spec import ACTIVATIONS, PRECISIONS, STANDARDISE, RunSpec

INTERRUPTED = "Interrupted. What is complete is kept: run the same command to go on from there."

LATE_COMMANDS = {
    "app": "jne_engine.cli.app:app",
    "bench": "jne_engine.bench.command:bench",
    "check": "jne_engine.cli.imports:check",
    "claims": "jne_engine.cli.claims:claims",
    "export": "jne_engine.cli.export:export",
    "features": "jne_engine.cli.features:features",
    "import": "jne_engine.cli.imports:import_data",
    "jobs": "jne_engine.cli.jobs:jobs",
    "methods": "jne_engine.cli.export:methods",
    "simulate": "jne_engine.cli.simulate:simulate",
    "stability": "jne_engine.cli.stability:stability",
    "story": "jne_engine.cli.story:story",
    "surfaces": "jne_engine.cli.surfaces:surfaces",
}
"""Commands whose modules are imported only when they are asked for."""


class Commands(click.Group):
    """Commands that tell a :class:`JneError` in one line and leave with 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all commands, those of other modules included."""
        return sorted([*super().list_commands(ctx), *LATE_COMMANDS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, importing its module if need be."""
        if cmd_name not in LATE_COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, name = LATE_COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; expected problems end without a traceback."""
        try:
            return super().invoke(ctx)
        except JneError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(2)
        except KeyboardInterrupt:
            click.echo(f"\n{INTERRUPTED}", err=True)
            ctx.exit(130)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="jne_engine")
def main() -> None:
    """Compute and inspect JNE: where, how strongly and for which stimuli BOLD is nonlinear."""


_SWITCHES = {
    "bias": "Biases in every layer.",
    "linear_first": "Fit the nonlinear encoder to what a ridge a voxel leaves.",
}


def spec_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for every choice of :class:`RunSpec`."""
    choices = {"activation": ACTIVATIONS, "precision": PRECISIONS, "standardise": STANDARDISE}
    for field in reversed(fields(RunSpec)):
        flag = f"--{field.name.replace('_', '-')}"
        default = None if field.default is MISSING else field.default
        kind: Any = click.Choice(choices[field.name]) if field.name in choices else type(default)
        if isinstance(default, bool):
            told = _SWITCHES[field.name]
            option = click.option(f"{flag}/--no-{flag[2:]}", field.name, default=None, help=told)
        else:
            option = click.option(
                flag, field.name, type=kind, default=None, help=f"Default {default}."
            )
        command = option(command)
    return click.option(
        "--full-batch", is_flag=True, help="Every step sees all stimuli, as in the paper."
    )(
        click.option(
            "--paper", is_flag=True, help="As published: --full-batch --standardise none."
        )(command)
    )


def read_spec(options: dict[str, Any], **defaults: Any) -> RunSpec:
    """Take the run's choices out of the command's options."""
    full_batch, paper = options.pop("full_batch"), options.pop("paper")
    names = [field.name for field in fields(RunSpec)]
    given = {name: options.pop(name) for name in names}
    chosen = {name: value for name, value in given.items() if value is not None}
    if full_batch:
        chosen["batch_size"] = None
    make = RunSpec.paper if paper else RunSpec
    return make(**{**defaults, **chosen})


inline_option = click.option(
    "--inline",
    is_flag=True,
    help="Compute in this process, without the table of jobs: for clusters and network disks.",
)
change_option = click.option(
    "--change",
    help='With one thing changed: "first half", "second half", "pairing shuffled", "V1 alone".'
    "  See stability.",
)
study_option = click.option("--study", help="Also note the run in the study of this name.")


@main.command()
@out_option
@quiet_option
@inline_option
@study_option
@change_option
@click.option("--subject", help="Name of the one subject.  [default: S1]")
@click.option("--subject-seed", type=int, help="Which one subject.  [default: 0]")
@click.option(
    "--subjects",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="How many subjects see the same pictures: S1, S2, …",
)
@click.option(
    "--layers",
    type=click.IntRange(1, len(GABOR_LAYERS)),
    default=1,
    show_default=True,
    help=f"How many layers of features each is fitted to: {', '.join(GABOR_LAYERS)}.",
)
@click.option(
    "--small",
    is_flag=True,
    help="Reduced sizes: {n_stimuli} pictures, {n_test} of them test, about {n_vertices}"
    " vertices, {n_hidden} hidden units.".format(**SMALL_DEMO_SIZES, n_hidden=SMALL_DEMO_HIDDEN),
)
@click.option("--n-stimuli", type=int, help="Pictures in all.  [default: 3000]")
@click.option("--n-test", type=int, help="Pictures of the test.  [default: 600]")
@click.option("--n-vertices", type=int, help="About how many vertices; all by default.")
@spec_options
def demo(**options: Any) -> None:
    """Make the SIMULATED subject and its whole run.

    With several --subjects or --layers: a run of each, in the study of that name
    ("Simulated study" by default). Responses are made of layer 0.
    """  # fmt: skip
    following = _following(options)
    specs = _request_demos(options)
    if len(specs) > 1 and following.study is None:
        following = replace(following, study=SIMULATED_STUDY)
    follow(specs, following)


def _request_demos(options: dict[str, Any]) -> tuple[JobSpec, ...]:
    small = options.pop("small")
    n_subjects, n_layers = options.pop("subjects"), options.pop("layers")
    change = options.pop("change")
    one = {"seed": options.pop("subject_seed"), "subject": options.pop("subject")}
    named = {name: value for name, value in one.items() if value is not None}
    given = {name: options.pop(name) for name in DEMO_SIZES}
    sizes = dict(SMALL_DEMO_SIZES if small else DEMO_SIZES)
    sizes |= {name: value for name, value in given.items() if value is not None}
    spec = read_spec(options, n_hidden=SMALL_DEMO_HIDDEN if small else DEMO_HIDDEN)
    if n_subjects == n_layers == 1:
        return (with_change(request_demo(spec, **named, **sizes), change),)
    if named:
        found, fix = "several subjects or layers", "leave --subject and --subject-seed out"
        raise InputError("--subject, --subject-seed", "one subject and one layer", found, fix)
    asked = request_demo_study(spec, n_subjects=n_subjects, n_layers=n_layers, **sizes)
    return tuple(with_change(one, change) for one in asked)


@main.command()
@click.argument("dataset", type=click.Path(path_type=Path))
@out_option
@quiet_option
@inline_option
@study_option
@change_option
@click.option(
    "--linear-weights",
    type=click.Path(path_type=Path),
    help="Fitted linear encoder of the authors' scripts (.pth, .safetensors), instead of fitting.",
)
@click.option(
    "--nonlinear-weights",
    type=click.Path(path_type=Path),
    help="Fitted nonlinear encoder (.pth, .safetensors), instead of fitting.",
)
@click.option(
    "--layer",
    "layers",
    type=int,
    multiple=True,
    help="Feature layer, where the features hold several; a run of each that is given.",
)
@spec_options
def run(
    dataset: Path,
    linear_weights: Path | None,
    nonlinear_weights: Path | None,
    layers: tuple[int, ...],
    **options: Any,
) -> None:
    """Compute the run of DATASET: a folder or its dataset.toml."""
    following = _following(options)
    given = {"linear": linear_weights, "nonlinear": nonlinear_weights}
    weights = {name: path for name, path in given.items() if path is not None}
    if nonlinear_weights is not None and options["activation"] is None:
        from jne_engine.model.checkpoints import activation_from_name

        told = activation_from_name(nonlinear_weights)
        options["activation"] = None if told == "identity" else told  # which is then refused
    change, spec = options.pop("change"), read_spec(options)
    asked = [
        request_run(dataset, spec, weights=weights, layer=layer) for layer in layers or (None,)
    ]
    follow([with_change(each, change) for each in asked], following)


@main.command()
@click.argument("path", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--rois", "preset", default=None, help="ROI preset; the run's first by default.")
def info(path: Path, as_json: bool, preset: str | None) -> None:
    """Say what RUN holds: its areas, tiers, agreement with the truth, timings, versions."""
    from jne_engine.analysis.nonlinearity import summarise_nonlinearity, tell_nonlinearity
    from jne_engine.analysis.summary import summarise_run, tell_no_signal
    from jne_engine.runs.store import open_run

    opened = open_run(path)
    summary = summarise_run(opened, preset)
    if as_json:
        click.echo(json.dumps(summary, indent=1))
    else:
        click.echo(_describe(summary, tell_nonlinearity(summarise_nonlinearity(opened))))
        if told := tell_no_signal(opened):
            click.echo(told)


@main.command()
@out_option
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
def backup(target: Path, root: Path) -> None:
    """Bring TARGET, a copy of the folder of runs, up to date; it may be in use meanwhile."""
    from jne_engine.jobs.backup import back_up

    done = back_up(root, target)
    others = f"{done.n_kept} runs were there, {done.n_files} other files copied"
    click.echo(f"{done.n_runs} runs copied, {others}: {target}")


@main.command(name="list")
@out_option
def list_runs(root: Path) -> None:
    """List the complete runs of a folder, and what can be resumed."""
    from jne_engine.runs.store import find_runs, find_unfinished

    for finished in find_runs(root):
        manifest = finished.manifest
        counts = f"{manifest.counts['n_voxels']} voxels, {manifest.counts['n_test']} test stimuli"
        mark = " SIMULATED" if manifest.simulated else ""
        click.echo(f"{finished.run_id}  {manifest.created}  {counts}{mark}")
    for path in find_unfinished(root):
        click.echo(f"{path.name}  unfinished: run the same command to resume it", err=True)


def _following(options: dict[str, Any]) -> Following:
    """Take how to wait for a job out of the command's options."""
    return Following(**{name: options.pop(name) for name in ("root", "quiet", "inline", "study")})


def _describe(summary: dict[str, Any], nonlinearity: str) -> str:
    mark = "SIMULATED " if summary["simulated"] else ""
    lines = [f"{mark}{summary['name']}, {summary['subject']} ({summary['run_id']})", nonlinearity]
    lines += [f"{k}: {v}" for k, v in summary["counts"].items()]
    header = f"{'ROI':<12}{'tier':<14}{'n sig / n':>12}{'R² lin':>9}{'R² non':>9}{'JNE':>11}"
    lines += ["", header]
    lines += [_describe_roi(roi) for roi in (*summary["rois"], summary["whole"])]
    truth = summary["truth"]
    if truth is not None:
        r = "unknown" if truth["pearson_r_jne"] is None else f"{truth['pearson_r_jne']:.3f}"
        lines += ["", f"r(JNE, planted nonlinearity) = {r} over {truth['n']} significant voxels"]
    seconds = ", ".join(f"{k} {v:.1f}" for k, v in summary["timings_s"].items())
    return "\n".join([*lines, "", f"seconds: {seconds}"])


def _describe_roi(roi: dict[str, Any]) -> str:
    numbers = [roi["mean_r2_linear"], roi["mean_r2_nonlinear"], roi["mean_jne"]]
    linear, nonlinear, jne = (float("nan") if x is None else x for x in numbers)
    share = f"{roi['n_significant']} / {roi['n_voxels']}"
    tier = roi["tier"] or ""
    return f"{roi['name']:<12}{tier:<14}{share:>12}{linear:>9.3f}{nonlinear:>9.3f}{jne:>11.5f}"
