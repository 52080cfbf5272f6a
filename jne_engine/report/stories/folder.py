"""Stories on disk: ``<runs>/stories/ID/story.json`` beside ``pins/PIN/`` with what each keeps.

``story.json`` is replaced as a whole; a pin's folder takes its name only when it is whole, and
``story.json`` names it after that. Changes of one story wait for each other.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from filelock import FileLock, Timeout

from jne_engine.core.disk import sync_folder, sync_tree, write_atomically
from jne_engine.core.errors import InputError, StoreError
from jne_engine.formats.guard import read_text, reading
from jne_engine.report.stories.records import MAX_TITLE, Pin, PinContents, Story

FOLDER: Final = "stories"
STORY: Final = "story.json"
PINS: Final = "pins"
FILES: Final = {
    "picture": "picture.png",
    "vector": "picture.svg",
    "table": "table.csv",
    "figure": "figure.json",
    "brain": "brain.bin.gz",
    "view": "view.json",
}
"""File of each part of :class:`PinContents`."""

_TEXTS: Final = ("vector", "table", "figure", "view")

MAX_PINS: Final = 200
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_WAIT_SECONDS: Final = 10
_FIX: Final = "remove the story's folder, or import the story again"


def list_stories(root: Path) -> tuple[tuple[Story, ...], tuple[str, ...]]:
    """Return the stories beside the runs, the last changed first, and one line on each broken one.

    Parameters
    ----------
    root : pathlib.Path
        Folder of runs.
    """
    stories, problems = [], []
    for path in sorted((root / FOLDER).glob(f"*/{STORY}")):
        try:
            stories.append(read_story(root, path.parent.name))
        except InputError as error:
            problems.append(f"{path.parent.name}: {error}")
    stories.sort(key=lambda story: story.changed, reverse=True)
    return tuple(stories), tuple(problems)


def read_story(root: Path, story_id: str) -> Story:
    """Read a story.

    Raises
    ------
    InputError
        If there is none of that id, or it cannot be read.
    """
    path = story_folder(root, story_id) / STORY
    if not path.is_file():
        fix = "choose another on the page Present"
        raise InputError("story", f"one named {story_id!r}", "none", fix)
    with reading(path, expected="a story", fix=_FIX, also=(msgspec.MsgspecError,)):
        story = msgspec.json.decode(read_text(path), type=Story)
    return msgspec.structs.replace(story, id=story_id)


def create_story(root: Path, name: str) -> Story:
    """Make an empty story.

    Raises
    ------
    InputError
        If it has no name.
    """
    name = _check_name(name)
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "story"
    now = _now()
    story = Story(id=f"{stem}-{secrets.token_hex(3)}", name=name, created=now, changed=now)
    folder = story_folder(root, story.id)
    (folder / PINS).mkdir(parents=True)
    _write(folder, story)
    return story


def rename_story(root: Path, story_id: str, name: str) -> Story:
    """Call a story something else; its folder keeps its name."""
    name = _check_name(name)
    return _change(root, story_id, lambda story: msgspec.structs.replace(story, name=name))


def remove_story(root: Path, story_id: str) -> None:
    """Delete a story and all its pins."""
    read_story(root, story_id)
    _discard(story_folder(root, story_id))


def add_pin(root: Path, story_id: str, pin: Pin, contents: PinContents) -> Story:
    """Add a pin at the end of a story.

    Raises
    ------
    InputError
        If the story is not there, or full.
    StoreError
        If the disk is full.
    """
    pin = msgspec.structs.replace(
        pin, id=f"pin-{secrets.token_hex(6)}", created=pin.created or _now()
    )

    def add(story: Story) -> Story:
        if len(story.pins) >= MAX_PINS:
            fix = "begin another story"
            raise InputError(f"story {story.name!r}", f"at most {MAX_PINS} pins", "one more", fix)
        _write_contents(_pin_folder(root, story_id, pin.id), contents)
        return msgspec.structs.replace(story, pins=(*story.pins, pin))

    return _change(root, story_id, add)


def edit_pin(
    root: Path,
    story_id: str,
    pin_id: str,
    *,
    title: str | None = None,
    caption: str | None = None,
    notes: str | None = None,
) -> Story:
    """Change a pin's texts; what is None stays."""
    texts = {"title": title, "caption": caption, "notes": notes}
    given = {name: text for name, text in texts.items() if text is not None}

    def edit(story: Story) -> Story:
        changed = msgspec.structs.replace(story.pin(pin_id), **given)
        changed.__post_init__()
        pins = tuple(changed if pin.id == pin_id else pin for pin in story.pins)
        return msgspec.structs.replace(story, pins=pins)

    return _change(root, story_id, edit)


def move_pin(root: Path, story_id: str, pin_id: str, place: int) -> Story:
    """Put a pin at a place, counted from 0; places beyond an end mean that end."""

    def move(story: Story) -> Story:
        others = [pin for pin in story.pins if pin.id != pin_id]
        others.insert(min(max(place, 0), len(others)), story.pin(pin_id))
        return msgspec.structs.replace(story, pins=tuple(others))

    return _change(root, story_id, move)


def duplicate_pin(root: Path, story_id: str, pin_id: str) -> Story:
    """Add a copy of a pin behind it."""
    copy_id = f"pin-{secrets.token_hex(6)}"

    def duplicate(story: Story) -> Story:
        pin = story.pin(pin_id)
        contents = read_contents(root, story_id, pin_id)
        _write_contents(_pin_folder(root, story_id, copy_id), contents)
        pins = list(story.pins)
        pins.insert(pins.index(pin) + 1, msgspec.structs.replace(pin, id=copy_id))
        return msgspec.structs.replace(story, pins=tuple(pins))

    return _change(root, story_id, duplicate)


def remove_pin(root: Path, story_id: str, pin_id: str) -> Story:
    """Take a pin out of a story and delete what it keeps."""

    def remove(story: Story) -> Story:
        story.pin(pin_id)
        pins = tuple(pin for pin in story.pins if pin.id != pin_id)
        return msgspec.structs.replace(story, pins=pins)

    changed = _change(root, story_id, remove)
    _discard(_pin_folder(root, story_id, pin_id))
    return changed


def read_contents(root: Path, story_id: str, pin_id: str) -> PinContents:
    """Read what a pin keeps.

    Raises
    ------
    InputError
        If its files are gone or broken.
    """
    folder = _pin_folder(root, story_id, pin_id)
    with reading(folder / FILES["picture"], expected="a pin's files", fix=_FIX):
        parts = {name: (folder / file).read_bytes() for name, file in FILES.items()
                 if (folder / file).is_file()}  # fmt: skip
        return decode_contents(parts)


def decode_contents(parts: dict[str, bytes]) -> PinContents:
    """Return a pin's contents from the bytes of its files, by the names of :data:`FILES`.

    Raises
    ------
    InputError
        If the picture is missing or no PNG.
    ValueError
        If a text is not UTF-8.
    """
    texts = {n: parts[n].decode("utf-8") for n in _TEXTS if n in parts}
    return PinContents(picture=parts.get("picture", b""), brain=parts.get("brain"), **texts)


def encode_contents(contents: PinContents) -> dict[str, bytes]:
    """Return the bytes of each file that a pin keeps, by the name of the file."""
    values = {f.name: getattr(contents, f.name) for f in fields(contents)}
    return {
        FILES[name]: value.encode() if isinstance(value, str) else value
        for name, value in values.items()
        if value is not None
    }


def story_folder(root: Path, story_id: str) -> Path:
    """Return a story's folder.

    Raises
    ------
    InputError
        If the id is not one that a story can have.
    """
    return root / FOLDER / _check_id(story_id)


def _pin_folder(root: Path, story_id: str, pin_id: str) -> Path:
    return story_folder(root, story_id) / PINS / _check_id(pin_id)


def _check_id(text: str) -> str:
    if _ID.fullmatch(text) is None:
        raise InputError("story or pin", "its id", repr(text[:40]), "choose it on the page Present")
    return text


def _check_name(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_TITLE:
        expected = f"1 to {MAX_TITLE} characters"
        raise InputError("a story's name", expected, f"{len(name)}", "type another name")
    return name


def _change(root: Path, story_id: str, change: Callable[[Story], Story]) -> Story:
    """Read, change and write a story while nobody else does."""
    with _alone(story_folder(root, story_id)):
        changed = change(read_story(root, story_id))
        changed = msgspec.structs.replace(changed, changed=_now())
        _write(story_folder(root, story_id), changed)
    return changed


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until nobody else changes a story."""
    if not folder.is_dir():
        raise InputError("story", f"one named {folder.name!r}", "none", "choose another")
    try:
        with FileLock(folder / ".lock", timeout=_WAIT_SECONDS):
            yield
    except Timeout as error:
        fix = "try again in a moment"
        raise StoreError(folder.name, "a story that nobody changes", "one at it", fix) from error


def _write(folder: Path, story: Story) -> None:
    write_atomically(folder / STORY, msgspec.json.format(msgspec.json.encode(story), indent=1))


def _write_contents(folder: Path, contents: PinContents) -> None:
    """Write a pin's files under a hidden name, then give them theirs."""
    hidden = folder.with_name(f".{folder.name}")
    try:
        hidden.mkdir(parents=True)
        for name, content in encode_contents(contents).items():
            (hidden / name).write_bytes(content)
        sync_tree(hidden)
        hidden.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        shutil.rmtree(hidden, ignore_errors=True)
        fix = "free disk space, then pin again"
        raise StoreError(str(folder), "a writable disk", str(error), fix) from error


def _discard(folder: Path) -> None:
    """Delete a folder that is gone at once for whoever looks."""
    hidden = folder.with_name(f".{folder.name}.{secrets.token_hex(3)}.removed")
    folder.rename(hidden)
    shutil.rmtree(hidden, ignore_errors=True)


def _now() -> str:
    """Return the time as stories write it, to the microsecond so that they can be sorted."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
