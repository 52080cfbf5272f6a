"""``export`` and ``methods``: a run for other people's tools, and what was done in it."""

from __future__ import annotations

from pathlib import Path

import click

from jne_engine.core.errors import InputError
from jne_engine.report.export.brain import export_run_html
from jne_engine.report.export.exporting import export_run, name_export
from jne_engine.report.export.formats import FORMATS
from jne_engine.report.export.methods import describe_methods, format_methods
from jne_engine.runs.store import Run, open_run

_HTML = "html"


@click.command()
@click.argument("path", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--to", "form", type=click.Choice(list(FORMATS)), default=_HTML, show_default=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to make.")
@click.option("--overwrite", is_flag=True, help="Replace an export of that name.")
@click.option("--maps", default="", help="Maps to take, separated by commas; all by default.")
@click.option(
    "--significant/--all-voxels",
    default=None,
    help="Which voxels keep values; all by default. An HTML file begins with significant ones.",
)
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With html: one file instead of a folder.",
)
@click.option("--map", "chosen", default="jne", show_default=True, help="With --file: first map.")
@click.option("--threshold", type=float, help="With --file: begin with values from this one on.")
def export(path: Path, form: str, *, significant: bool | None, **options: object) -> None:
    """Write RUN's maps for another tool: a folder with a README, or one HTML file.

    \b
    gifti    surfaces: Connectome Workbench, FreeView, nilearn
    cifti    both hemispheres of fs_LR 32k
    mgz      FreeSurfer's fsaverage and native surfaces
    nifti    volumes on the grid of the source
    csv, parquet   a table of voxels and one of ROIs
    bids     a derivatives folder
    html     the interactive brain; one file where no --out is given
    """  # noqa: D301 - click's mark for lines that it must not join
    run = open_run(path)
    if form == _HTML and options["out"] is None:
        click.echo(str(_write_file(run, significant=significant is not False, **options)))
        return
    if options["file"] is not None:
        raise InputError("--file", "--to html", f"--to {form}", "name a folder with --out")
    usual = Path(name_export(run, form, significant=bool(significant)))
    target = options["out"] or usual
    maps = [name.strip() for name in str(options["maps"]).split(",") if name.strip()]
    written = export_run(
        run,
        form,
        Path(str(target)),
        maps=maps,
        significant=bool(significant),
        overwrite=bool(options["overwrite"]),
    )
    click.echo(str(written))


@click.command()
@click.argument("path", metavar="RUN", type=click.Path(path_type=Path))
def methods(path: Path) -> None:
    """Say what was done in RUN: a paragraph for a paper, numbers, limits, BibTeX."""
    click.echo(format_methods(describe_methods(open_run(path))), nl=False)


def _write_file(run: Run, *, significant: bool, **options: object) -> Path:
    if options["maps"]:
        fix = "say --out, or --map for the one to begin with"
        raise InputError("--maps", "a folder of maps", "one HTML file, which holds all", fix)
    threshold = options["threshold"]
    return export_run_html(
        run,
        Path(str(options["file"] or f"{run.run_id}.html")),
        chosen=str(options["chosen"]),
        significant=significant,
        threshold=None if threshold is None else float(str(threshold)),
    )
