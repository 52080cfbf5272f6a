"""``import``: bring data in from the command line, and ``check`` what came in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from jne_engine.core.bars import StageBars
from jne_engine.core.errors import InputError
from jne_engine.datasets.attach import attach_features
from jne_engine.datasets.dataset import DESCRIPTION_NAME
from jne_engine.datasets.folder import check_free
from jne_engine.datasets.preview import Preview
from jne_engine.datasets.registry import list_layouts
from jne_engine.datasets.selfcheck import check_dataset, check_imported
from jne_engine.datasets.source import DatasetSource, LinkedSource, Option, divide
from jne_engine.datasets.standardise import STANDARDISATIONS
from jne_engine.jobs.kinds.imports import KIND
from jne_engine.model.spec import STANDARDISE

SomePath = click.Path(path_type=Path)

_ATTACH = "Features file (of `features extract`) to go with the images."
_PREVIEW = (
    click.Option(["--preview"], is_flag=True, help="Only say what was found."),
    click.Option(["--json", "as_json"], is_flag=True, help="Print the preview as JSON."),
)
_LINKED = (click.Option(["--out"], type=SomePath, help="Folder for the dataset.toml."), *_PREVIEW)
_COPIED = (
    click.Option(["--out"], type=SomePath, help="Folder to make."),
    click.Option(["--features"], type=SomePath, help=_ATTACH),
    click.Option(["--layer"], type=int, help="Feature layer; the last by default."),
    click.Option(["--standardisation"], type=click.Choice(STANDARDISATIONS)),
    *_PREVIEW,
    click.Option(["--quiet"], is_flag=True, help="No progress bars."),
)


@click.group(name="import", context_settings={"help_option_names": ["-h", "--help"]})
def import_data() -> None:
    """Turn a data set as it was published into a folder that `run` takes."""


def _make_command(layout: DatasetSource) -> click.Command:
    """Return the command of a layout: its folder, its options, where the result goes."""

    def run(**given: Any) -> None:
        output = {str(option.name): given.pop(str(option.name)) for option in common}
        folder = Path() if not layout.folder_field else given.pop(layout.folder_field)
        choices = {o.name: _read(o, given[o.name]) for o in layout.options}
        choices = {name: value for name, value in choices.items() if value is not None}
        _import_each(layout, folder, divide(layout, choices), output)

    common = _COPIED if layout.copies else _LINKED
    place = [click.Argument([layout.folder_field], type=SomePath)] if layout.folder_field else []
    options = [_make_option(layout, option) for option in layout.options]
    return click.Command(layout.kind, callback=run, params=[*place, *options, *common],
                         help=layout.help)  # fmt: skip


def _make_option(layout: DatasetSource, option: Option) -> click.Option:
    flag = option.flag or f"--{option.name.replace('_', '-')}"
    default = layout.default(option)
    told = ",".join(map(str, default)) if isinstance(default, tuple) else default
    if option.kind is bool:
        return click.Option([f"{flag}/--no-{flag[2:]}", option.name], default=default,
                            help=option.help)  # fmt: skip
    kind: Any = SomePath if option.kind is Path else option.kind
    kind = click.Choice(option.values) if option.values else kind
    return click.Option(
        [flag, option.name],
        type=str if option.several else kind,
        multiple=option.divides,
        required=option.required,
        help=f"{option.help}  {'' if told in (None, '') else f'[default: {told}]'}".strip(),
    )


def _read(option: Option, value: Any) -> Any:
    """Return an option's value as a request takes it: lists split, paths from where one stands."""
    if option.divides:
        return value or ((option.default,) if option.default is not None else None)
    if isinstance(value, Path):
        return value.absolute()
    if value is None or not option.several:
        return value
    return _numbers(option.flag, value) if option.kind is int else _names(value)


def _import_each(
    layout: DatasetSource, folder: Path, divided: list[dict[str, Any]], output: dict[str, Any]
) -> None:
    """Bring in what was asked for; several imports go into folders of their own."""
    divides = next((option for option in layout.options if option.divides), None)
    for choices in divided:
        out = output["out"]
        if out is not None and divides is not None and len(divided) > 1:
            out = out / divides.show(choices[divides.name])
        _import(layout, layout.request(folder, choices), {**output, "out": out})


def _import(layout: DatasetSource, request: Any, output: dict[str, Any]) -> None:
    if output["preview"]:
        _print(layout.preview(request), as_json=output["as_json"])
        return
    out = _require_out(output["out"])
    if isinstance(layout, LinkedSource):
        check_free(out / DESCRIPTION_NAME)
        layout.read(request)
    with StageBars(KIND.unit_of, quiet=output.get("quiet", True)) as bars:
        path = layout.bring(request, out, report=bars)
    if output.get("features") is not None:
        attach_features(
            path,
            output["features"],
            layer=output["layer"],
            standardisation=output["standardisation"],
        )
    click.echo(str(path))


for _layout in list_layouts():
    if _layout.help:
        import_data.add_command(_make_command(_layout))


@import_data.command()
@click.argument("dataset", type=SomePath)
@click.argument("file", metavar="FEATURES", type=SomePath)
@click.option("--layer", type=int, help="Feature layer; the last by default.")
@click.option("--standardisation", type=click.Choice(STANDARDISATIONS))
def features(dataset: Path, file: Path, layer: int | None, standardisation: str | None) -> None:
    """Name the FEATURES that go with DATASET, found by image id or by the pictures' names."""
    path = attach_features(dataset, file, layer=layer, standardisation=standardisation)
    click.echo(str(path))


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("dataset", type=SomePath)
@click.option("--layer", type=int, help="Feature layer, where the features hold several.")
@click.option("--standardise", type=click.Choice(STANDARDISE), default=STANDARDISE[0],
              show_default=True, help="What a run is going to do.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check(
    context: click.Context, dataset: Path, layer: int | None, standardise: str, as_json: bool
) -> None:
    """Check orientation and alignment of DATASET before hours are spent on it."""
    from jne_engine.datasets.description import read_dataset

    verdicts = check_imported(dataset, standardise=standardise) or check_dataset(
        read_dataset(dataset, layer=layer, stand_in=True), standardise=standardise
    )
    if as_json:
        click.echo(json.dumps([verdict.to_dict() for verdict in verdicts], indent=1))
    else:
        click.echo("\n".join(map(str, verdicts)))
    if any(verdict.ok is False for verdict in verdicts):
        context.exit(1)


def _print(found: Preview, *, as_json: bool) -> None:
    click.echo(json.dumps(found.to_dict(), indent=1) if as_json else str(found))


def _require_out(out: Path | None) -> Path:
    if out is None:
        raise InputError("import", "--out FOLDER", "nothing", "say where the folder goes")
    return out


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _numbers(option: str, text: str) -> tuple[int, ...]:
    parts = _names(text)
    if not all(part.isdecimal() for part in parts):
        raise InputError(option, "numbers separated by commas", repr(text), "write 1,2,5,7")
    return tuple(int(part) for part in parts)
