"""``import``: bring data in from the command line, and ``check`` what came in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from jne_engine.cli.bars import StageBars
from jne_engine.core.errors import InputError
from jne_engine.datasets.algonauts.importing import import_algonauts, preview_algonauts
from jne_engine.datasets.algonauts.plan import PLACES, AlgonautsRequest
from jne_engine.datasets.arrays.files import ArrayFiles, read_arrays_dataset
from jne_engine.datasets.attach import attach_features
from jne_engine.datasets.descriptions import describe_arrays, describe_scripts
from jne_engine.datasets.nsd.importing import import_nsd
from jne_engine.datasets.nsd.layout import BETA_VERSIONS, SPACES
from jne_engine.datasets.nsd.plan import CEILINGS, NORMALISATIONS, TEST_SETS, NsdRequest
from jne_engine.datasets.nsd.preview import preview_nsd
from jne_engine.datasets.preview import Preview
from jne_engine.datasets.scripts.files import SCRIPT_EXTRACTORS, ScriptFiles, read_scripts_dataset
from jne_engine.datasets.selfcheck import check_dataset, check_imported
from jne_engine.datasets.source import preview_dataset
from jne_engine.datasets.standardise import STANDARDISATIONS
from jne_engine.jobs.kinds import KINDS

Command = Callable[..., None]
SomePath = click.Path(path_type=Path)

_ATTACH = "Features file (of `features extract`) to go with the images."


@click.group(name="import", context_settings={"help_option_names": ["-h", "--help"]})
def import_data() -> None:
    """Turn a data set as it was published into a folder that `run` takes."""


def output_options(command: Command) -> Command:
    """Add where the folder goes, what goes with it, and the preview."""
    options = [
        click.option("--out", type=SomePath, help="Folder to make."),
        click.option("--features", type=SomePath, help=_ATTACH),
        click.option("--layer", type=int, default=12, show_default=True, help="Feature layer."),
        click.option("--standardisation", type=click.Choice(STANDARDISATIONS)),
        click.option("--preview", is_flag=True, help="Only say what was found."),
        click.option("--json", "as_json", is_flag=True, help="Print the preview as JSON."),
        click.option("--quiet", is_flag=True, help="No progress bars."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@import_data.command()
@click.argument("root", type=SomePath)
@click.option("--subject", type=int, multiple=True, default=(1,), help="1 to 8; may be repeated.")
@click.option("--space", type=click.Choice(SPACES), default=SPACES[0], show_default=True)
@click.option("--betas", type=click.Choice(BETA_VERSIONS), default=BETA_VERSIONS[0])
@click.option(
    "--voxels",
    default="nsdgeneral",
    show_default=True,
    help="nsdgeneral, brainmask, all, or ROIs: V1,FFA-1,streams,floc-bodies:EBA",
)
@click.option("--test", type=click.Choice(TEST_SETS), default="shared", show_default=True)
@click.option("--common", default="", help="With --test common: subjects, such as 1,2,5,7.")
@click.option("--normalise", type=click.Choice(NORMALISATIONS), default="run", show_default=True)
@click.option("--ceiling", type=click.Choice(CEILINGS), default="auto", show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the validation images.")
@click.option("--pictures/--no-pictures", default=True, help="Keep small pictures.")
@output_options
def nsd(subject: tuple[int, ...], voxels: str, common: str, **options: Any) -> None:
    """Import subjects of the Natural Scenes Dataset from ROOT, which holds nsddata."""
    output = _take_output(options)
    subjects = _numbers("--common", common)
    for number in subject:
        request = NsdRequest(
            subject=number, voxels=_names(voxels), common_subjects=subjects, **options
        )
        out = output["out"] if len(subject) == 1 else _below(output["out"], f"subj{number:02d}")
        _import(request, preview_nsd, import_nsd, {**output, "out": out})


@import_data.command()
@click.argument("root", type=SomePath)
@click.option("--space", type=click.Choice(PLACES), default=PLACES[0], show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the splits.")
@click.option("--pictures/--no-pictures", default=True, help="Keep small pictures.")
@output_options
def algonauts(**options: Any) -> None:
    """Import a subject of the Algonauts 2023 challenge from its folder ROOT, such as subj01."""
    output = _take_output(options)
    _import(AlgonautsRequest(**options), preview_algonauts, import_algonauts, output)


def _preview_options(command: Command) -> Command:
    preview = click.option("--preview", is_flag=True, help="Only say what was found.")
    return preview(click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command))


def _array_options(command: Command) -> Command:
    for field in reversed(fields(ArrayFiles)):
        flag = f"--{field.name.replace('_', '-')}"
        if field.name in {"roi_tiers", "split_fractions"}:
            continue
        kind: Any = SomePath if "Path" in str(field.type) else str
        kind = int if field.type == "int" else kind
        required = field.name in {"features", "responses"}
        command = click.option(flag, field.name, type=kind, required=required)(command)
    return command


@import_data.command()
@click.option("--out", type=SomePath, help="Folder for the dataset.toml.")
@_preview_options
@_array_options
def arrays(out: Path | None, preview: bool, as_json: bool, **options: Any) -> None:
    """Check plain arrays and write the dataset.toml that names them."""
    files = ArrayFiles(**{name: value for name, value in options.items() if value is not None})
    if preview:
        _print(preview_dataset(read_arrays_dataset(files)), as_json=as_json)
        return
    click.echo(str(describe_arrays(files, _require_out(out))))


@import_data.command()
@click.argument("folder", type=SomePath)
@click.option("--out", type=SomePath, help="Folder for the dataset.toml.")
@_preview_options
@click.option("--subject", type=int, required=True)
@click.option("--layer", type=int, default=12, show_default=True)
@click.option("--extractor", type=click.Choice(SCRIPT_EXTRACTORS), default=SCRIPT_EXTRACTORS[0])
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--shared-row", type=int, help="Row of the shared-image file, from 0.")
@click.option("--name", help="Name shown to people.")
@click.option("--stimuli", type=SomePath, help="Table of ids and categories.")
def scripts(out: Path | None, preview: bool, as_json: bool, **options: Any) -> None:
    """Check the files of the published scripts in FOLDER and write a dataset.toml."""
    files = ScriptFiles(**{name: value for name, value in options.items() if value is not None})
    if preview:
        _print(preview_dataset(read_scripts_dataset(files)), as_json=as_json)
        return
    click.echo(str(describe_scripts(files, _require_out(out))))


@import_data.command()
@click.argument("dataset", type=SomePath)
@click.argument("file", metavar="FEATURES", type=SomePath)
@click.option("--layer", type=int, default=12, show_default=True, help="Feature layer.")
@click.option("--standardisation", type=click.Choice(STANDARDISATIONS))
def features(dataset: Path, file: Path, layer: int, standardisation: str | None) -> None:
    """Name the FEATURES that go with the imported folder DATASET, found by image id."""
    path = attach_features(dataset, file, layer=layer, standardisation=standardisation)
    click.echo(str(path))


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("dataset", type=SomePath)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check(context: click.Context, dataset: Path, as_json: bool) -> None:
    """Check orientation and alignment of DATASET before hours are spent on it."""
    from jne_engine.datasets.description import read_dataset

    verdicts = check_imported(dataset) or check_dataset(read_dataset(dataset))
    if as_json:
        click.echo(json.dumps([verdict.to_dict() for verdict in verdicts], indent=1))
    else:
        click.echo("\n".join(map(str, verdicts)))
    if any(verdict.ok is False for verdict in verdicts):
        context.exit(1)


def _import(
    request: Any,
    preview: Callable[[Any], Preview],
    importer: Callable[..., Path],
    output: dict[str, Any],
) -> None:
    if output["preview"]:
        _print(preview(request), as_json=output["as_json"])
        return
    out = _require_out(output["out"])
    with StageBars(KINDS["import"], quiet=output["quiet"]) as bars:
        path = importer(request, out, report=bars)
    if output["features"] is not None:
        attach_features(
            path,
            output["features"],
            layer=output["layer"],
            standardisation=output["standardisation"],
        )
    click.echo(str(path))


def _print(found: Preview, *, as_json: bool) -> None:
    click.echo(json.dumps(found.to_dict(), indent=1) if as_json else str(found))


def _require_out(out: Path | None) -> Path:
    if out is None:
        raise InputError("import", "--out FOLDER", "nothing", "say where the folder goes")
    return out


def _take_output(options: dict[str, Any]) -> dict[str, Any]:
    names = ("out", "features", "layer", "standardisation", "preview", "as_json", "quiet")
    return {name: options.pop(name) for name in names}


def _below(out: Path | None, name: str) -> Path | None:
    return None if out is None else out / name


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _numbers(option: str, text: str) -> tuple[int, ...]:
    parts = _names(text)
    if not all(part.isdecimal() for part in parts):
        raise InputError(option, "numbers separated by commas", repr(text), "write 1,2,5,7")
    return tuple(int(part) for part in parts)
