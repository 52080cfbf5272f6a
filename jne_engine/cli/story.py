"""``story``: list, export and import what is presented."""

from __future__ import annotations

from pathlib import Path

import click

from jne_engine.cli.jobs import out_option
from jne_engine.formats.guard import check_file
from jne_engine.report import stories
from jne_engine.report.decks import DECK_FORMATS, name_deck, read_deck, write_deck
from jne_engine.report.stories.parcel import MAX_PARCEL_BYTES

FILE = "file"
ENDING = "jne-story.zip"


@click.group()
def story() -> None:
    """Stories: pinned views in order, to present."""


@story.command("list")
@out_option
def list_all(root: Path) -> None:
    """List the stories beside the runs."""
    found, problems = stories.list_stories(root)
    for each in found:
        click.echo(f"{each.id}  {len(each.pins)} slides  {' '.join(each.name.split())}")
    for line in problems:
        click.echo(line, err=True)
    if not found:
        click.echo("No story yet. Pin a view in the dashboard, or: story import FILE")


@story.command()
@click.argument("story_id", metavar="STORY")
@click.option("--to", "form", type=click.Choice([*DECK_FORMATS, FILE]), default="html",
              show_default=True)  # fmt: skip
@click.option("--file", "path", type=click.Path(path_type=Path, dir_okay=False),
              help="Where to; the story's name in the working folder by default.")  # fmt: skip
@out_option
def export(story_id: str, form: str, path: Path | None, root: Path) -> None:
    """Write STORY (its id, see ``story list``) as one file.

    \b
    html   figures that answer, brains that turn; no network
    pptx   PowerPoint
    pdf    one page a slide
    zip    pictures and numbers
    file   the story itself, for another server: story import
    """  # noqa: D301 - click's mark for lines that it must not join
    if form == FILE:
        target = path or Path(f"{story_id}.{ENDING}")
        target.write_bytes(stories.pack_story(root, story_id))
    else:
        deck = read_deck(root, story_id)
        target = path or Path(name_deck(deck, story_id, form))
        write_deck(deck, target, form)
    click.echo(str(target))


@story.command("import")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@out_option
def import_file(path: Path, root: Path) -> None:
    """Take in a story that ``story export --to file`` wrote."""
    taken = stories.unpack_story(root, check_file(path, max_bytes=MAX_PARCEL_BYTES).read_bytes())
    click.echo(f"{taken.id}  {len(taken.pins)} slides")
