"""``demo`` and ``run``: compute runs, with an option for every choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

import click

from jne_engine.cli.jobs import Following, follow, out_option, quiet_option
from jne_engine.core.devices import DEVICES
from jne_engine.core.errors import InputError
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
    with_device,
)
from jne_engine.jobs.records import JobSpec
from jne_engine.model.spec import ACTIVATIONS, PRECISIONS, STANDARDISE, RunSpec

_SWITCHES = {
    "bias": "Biases in every layer.",
    "linear_first": "Fit the nonlinear encoder to what a ridge a voxel leaves.",
}


def spec_options(
    command: Callable[..., None], several: tuple[str, ...] = ()
) -> Callable[..., None]:
    """Add an option for every choice of :class:`RunSpec`; ``several`` may be given repeatedly."""
    choices = {"activation": ACTIVATIONS, "precision": PRECISIONS, "standardise": STANDARDISE}
    for field in reversed(fields(RunSpec)):
        flag = f"--{field.name.replace('_', '-')}"
        default = None if field.default is MISSING else field.default
        kind: Any = click.Choice(choices[field.name]) if field.name in choices else type(default)
        if isinstance(default, bool):
            told = _SWITCHES[field.name]
            option = click.option(f"{flag}/--no-{flag[2:]}", field.name, default=None, help=told)
        else:
            many = field.name in several
            told = f"Default {default}." + " Repeatable: a run of each." * many
            option = click.option(
                flag, field.name, type=kind, default=None, multiple=many, help=told
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
device_option = click.option(
    "--device",
    type=click.Choice(DEVICES),
    default="auto",
    show_default=True,
    help="Where to compute: auto is $JNE_DEVICE, else a GPU where CUDA finds one, else the CPU.",
)
study_option = click.option("--study", help="Also note the run in the study of this name.")


@click.command()
@out_option
@quiet_option
@inline_option
@study_option
@change_option
@device_option
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
    following, device = _following(options), options.pop("device")
    specs = tuple(with_device(each, device) for each in _request_demos(options))
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


@click.command()
@click.argument("dataset", type=click.Path(path_type=Path))
@out_option
@quiet_option
@inline_option
@study_option
@change_option
@device_option
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
    change, device, spec = options.pop("change"), options.pop("device"), read_spec(options)
    asked = [
        request_run(dataset, spec, weights=weights, layer=layer) for layer in layers or (None,)
    ]
    follow([with_device(with_change(each, change), device) for each in asked], following)


def _following(options: dict[str, Any]) -> Following:
    """Take how to wait for a job out of the command's options."""
    return Following(**{name: options.pop(name) for name in ("root", "quiet", "inline", "study")})
