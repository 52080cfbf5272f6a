"""What a person has named, kept beside the runs: one JSON file each, replaced as a whole.

::

    <runs>/<folder>/<name>-<digest>.json
        {"format": 1, "name": …, "created": …, …}

A crash leaves the old file or the new one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from jne_engine.core.disk import write_atomically
from jne_engine.core.errors import InputError, StoreError

FORMAT: Final = 1
LONGEST_NAME: Final = 80


@dataclass(frozen=True)
class Named:
    """Something with a name that a person gave it.

    Parameters
    ----------
    name : str
        One line of at most 80 characters.
    created : str
        ISO time, UTC; set when it is saved.

    Raises
    ------
    InputError
        If the name is empty, too long, or not on one line.
    """

    name: str
    created: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        """Refuse a name that could not be shown or found again."""
        name = self.name
        whole = name == " ".join(name.split()) and name.isprintable()
        if not whole or not 0 < len(name) <= LONGEST_NAME:
            fix = f"use 1 to {LONGEST_NAME} characters on one line"
            raise InputError("name", "a short name", repr(name[:100]), fix)


Kept = TypeVar("Kept", bound=Named)


@dataclass(frozen=True)
class Shelf(Generic[Kept]):
    """Where named things of one kind lie.

    Parameters
    ----------
    folder : str
        Its name, below the folder of runs.
    what : str
        What one thing is called in messages.
    parse : callable
        Makes a thing of its file's content; it may raise as a wrong key or type does.
    """

    folder: str
    what: str
    parse: Callable[[Mapping[str, Any]], Kept]

    def list(self, root: Path) -> tuple[tuple[Kept, ...], tuple[str, ...]]:
        """Return what is kept below a folder of runs by name, and one line on each broken file."""
        found, problems = [], []
        for path in sorted((root / self.folder).glob("*.json")):
            try:
                found.append(self._read(path))
            except StoreError as error:
                problems.append(str(error))
        return tuple(sorted(found, key=lambda s: (s.name.casefold(), s.name))), tuple(problems)

    def save(self, root: Path, made: Kept) -> None:
        """Save a new thing.

        Raises
        ------
        InputError
            If there is one of that name.
        StoreError
            If the disk is full or not writable.
        """
        path = self._place(root, made.name)
        if path.exists():
            raise InputError(made.name, "a new name", f"{self.what} of that name", "rename one")
        path.parent.mkdir(parents=True, exist_ok=True)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        record = {"format": FORMAT, **asdict(replace(made, created=made.created or now))}
        text = json.dumps(record, indent=1, ensure_ascii=False)
        write_atomically(path, f"{text}\n".encode())

    def rename(self, root: Path, name: str, new: str) -> None:
        """Give a thing another name.

        Raises
        ------
        InputError
            If there is none of the old name, one of the new name, or the new name is none.
        StoreError
            If the disk is full or not writable.
        """
        kept = self._read(self._find(root, name))
        if new != name:
            self.save(root, replace(kept, name=new))
            self.delete(root, name)

    def delete(self, root: Path, name: str) -> None:
        """Delete a thing.

        Raises
        ------
        InputError
            If there is none of that name.
        """
        self._find(root, name).unlink()

    def _place(self, root: Path, name: str) -> Path:
        """Return the file of a name: readable, and unlike that of any other name."""
        slug = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:40] or "unnamed"
        digest = hashlib.sha256(name.encode()).hexdigest()[:10]
        return root / self.folder / f"{slug}-{digest}.json"

    def _find(self, root: Path, name: str) -> Path:
        path = self._place(root, name)
        if not path.is_file():
            fix = "reload the page; it may have been renamed or deleted"
            raise InputError(name, f"{self.what} that is kept", "none of that name", fix)
        return path

    def _read(self, path: Path) -> Kept:
        """Read a thing; a file that another hand has changed is checked like any input."""
        fix = "mend or delete the file"
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            if record["format"] != FORMAT:
                raise StoreError(str(path), f"format {FORMAT}", str(record["format"]), fix)
            return self.parse(record)
        except (InputError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(str(path), self.what, str(error), fix) from error
