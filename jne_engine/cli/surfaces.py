"""``surfaces``: which surfaces can be drawn, and fetching fsaverage's finer meshes."""

from __future__ import annotations

from pathlib import Path

import click

from jne_engine.viewer.surfaces import fetch_fsaverage, list_drawable
from jne_engine.viewer.surfaces.places import FETCHABLE


@click.command()
@click.option("--fetch", type=click.Choice(FETCHABLE), help="Download this one with nilearn.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to; nilearn's data folder by default, which is the one that is looked at.",
)
def surfaces(fetch: str | None, folder: Path | None) -> None:
    """List the surfaces that can be drawn and where they come from."""
    if fetch is not None:
        files = fetch_fsaverage(fetch, folder)
        click.echo(str(files.shapes[0].left.parent))
        return
    for name, place in list_drawable().items():
        click.echo(f"{name:<14}{place}")
