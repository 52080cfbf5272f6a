"""Sets of stimuli that a person has named: plain JSON beside the runs, usable as categories.

::

    <runs>/selections/<name>-<digest>.json
        {"format": 1, "name": …, "tags": […], "stimuli": [ids…], "created": …}

A file is replaced as a whole, so a crash leaves the old one or the new one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from jne_engine.core.disk import write_atomically
from jne_engine.core.errors import InputError, StoreError

FOLDER: Final = "selections"
FORMAT: Final = 1
LONGEST_NAME: Final = 80


@dataclass(frozen=True)
class StimulusSelection:
    """A named set of stimuli.

    Parameters
    ----------
    name : str
        What a person calls it, one line of at most 80 characters.
    stimuli : tuple of str
        Ids of the stimuli; a run shows those that are in its test split.
    tags : tuple of str
        Under which it is found; the selections of one tag make up a way of grouping stimuli.
    created : str
        ISO time, UTC; set when it is saved.

    Raises
    ------
    InputError
        If the name is empty or too long, or there are no stimuli.
    """

    name: str
    stimuli: tuple[str, ...]
    tags: tuple[str, ...] = ()
    created: str = ""

    def __post_init__(self) -> None:
        """Refuse what could not be shown or found again."""
        _check_name(self.name)
        if not self.stimuli:
            fix = "select stimuli in the embedding first"
            raise InputError(self.name, "at least one stimulus", "none", fix)


def list_selections(root: Path) -> tuple[tuple[StimulusSelection, ...], tuple[str, ...]]:
    """Return the selections of a folder of runs by name, and one line on each broken one."""
    found, problems = [], []
    for path in sorted((root / FOLDER).glob("*.json")):
        try:
            found.append(_read(path))
        except (StoreError, InputError) as error:
            problems.append(str(error))
    return tuple(sorted(found, key=lambda s: (s.name.casefold(), s.name))), tuple(problems)


def save_selection(root: Path, selection: StimulusSelection) -> None:
    """Save a new selection.

    Raises
    ------
    InputError
        If there is one of that name.
    StoreError
        If the disk is full or not writable.
    """
    path = _place(root, selection.name)
    if path.exists():
        raise InputError(selection.name, "a new name", "a selection of that name", "rename one")
    path.parent.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    _write(path, replace(selection, created=selection.created or now))


def rename_selection(root: Path, name: str, new: str) -> None:
    """Give a selection another name.

    Raises
    ------
    InputError
        If there is none of the old name, one of the new name, or the new name is none.
    StoreError
        If the disk is full or not writable.
    """
    selection = _read(_find(root, name))
    if new != name:
        save_selection(root, replace(selection, name=new))
        delete_selection(root, name)


def delete_selection(root: Path, name: str) -> None:
    """Delete a selection.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    _find(root, name).unlink()


def split_tags(text: str) -> tuple[str, ...]:
    """Return the tags of a line that a person has written, separated by commas."""
    tags = (" ".join(tag.split())[:LONGEST_NAME] for tag in text.split(","))
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def _check_name(name: str) -> None:
    if name != " ".join(name.split()) or not 0 < len(name) <= LONGEST_NAME:
        fix = f"use 1 to {LONGEST_NAME} characters on one line"
        raise InputError("name of a selection", "a short name", repr(name[:100]), fix)


def _place(root: Path, name: str) -> Path:
    """Return the file of a name: readable, and unlike that of any other name."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:40] or "selection"
    return root / FOLDER / f"{slug}-{hashlib.sha256(name.encode()).hexdigest()[:10]}.json"


def _find(root: Path, name: str) -> Path:
    path = _place(root, name)
    if not path.is_file():
        fix = "reload the page; it may have been renamed or deleted"
        raise InputError(name, "a saved selection", "none of that name", fix)
    return path


def _write(path: Path, selection: StimulusSelection) -> None:
    record = {"format": FORMAT, **asdict(selection)}
    text = json.dumps(record, indent=1, ensure_ascii=False)
    write_atomically(path, f"{text}\n".encode())


def _read(path: Path) -> StimulusSelection:
    """Read a selection; a file that another hand has changed is checked like any input."""
    fix = "mend or delete the file"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["format"] != FORMAT:
            raise StoreError(str(path), f"format {FORMAT}", str(record["format"]), fix)
        texts = _texts(record["stimuli"]), _texts(record["tags"])
        return StimulusSelection(str(record["name"]), *texts, created=str(record["created"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(str(path), "a selection of stimuli", str(error), fix) from error


def _texts(values: Sequence[object]) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise TypeError("not a list of texts")
    return tuple(str(v) for v in values)
