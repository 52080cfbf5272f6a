"""Folders of the server that its operator lets people read from.

A page or a request names a path; what counts is where it leads once ``..`` and links are
followed. The path that is returned holds no link, so that opening it opens what was looked at.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.formats.guard import printable, reading

VARIABLE: Final = "JNE_DATA"
"""Environment variable that holds the allowed folders, separated as in PATH."""

MAX_ENTRIES: Final = 2000
"""Most entries of a folder that are listed."""


@dataclass(frozen=True)
class Entry:
    """One file or folder that a person may choose.

    Parameters
    ----------
    name : str
        Its name as it is on disk.
    is_folder : bool
        Whether it can be entered.
    n_bytes : int
        Size of a file; 0 for a folder.
    """

    name: str
    is_folder: bool
    n_bytes: int


@dataclass(frozen=True)
class Listing:
    """What an allowed folder holds: folders first, then files, by name.

    Parameters
    ----------
    entries : tuple of Entry
        Hidden ones, links that lead outside and special files are left out.
    n_left_out : int
        Entries beyond :data:`MAX_ENTRIES`.
    """

    entries: tuple[Entry, ...]
    n_left_out: int = 0


def allowed_roots(environment: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Return the allowed folders, links followed; none where the operator named none.

    Raises
    ------
    InputError
        If one of them is not an absolute path of a folder.
    """
    roots = []
    for text in environment.get(VARIABLE, "").split(os.pathsep):
        if not text.strip():
            continue
        root = Path(text.strip())
        if not root.is_absolute() or not root.is_dir():
            fix = "give absolute paths of folders that exist"
            raise InputError(VARIABLE, "allowed folders", repr(printable(text)), fix)
        roots.append(root.resolve(strict=True))
    return tuple(dict.fromkeys(roots))


def resolve_allowed(path: str | Path, roots: Sequence[Path]) -> Path:
    """Return where a path leads, if that lies in an allowed folder.

    Parameters
    ----------
    path : str or pathlib.Path
        An absolute path, or one relative to the only allowed folder.
    roots : sequence of pathlib.Path
        Allowed folders, from :func:`allowed_roots`.

    Returns
    -------
    pathlib.Path
        An existing absolute path without links; open this one, not ``path``.

    Raises
    ------
    UnsafeFileError
        If it leads outside, to something hidden, or nowhere. The message is the same in
        every case, so that it tells nothing of what is outside.
    """
    asked = Path(path)
    if not asked.is_absolute() and len(roots) == 1:
        asked = roots[0] / asked
    real = _real(asked)
    if real is None or not asked.is_absolute() or not any(_holds(root, real) for root in roots):
        fix = "choose a file in one of the folders that the operator allows"
        found = "no such thing there" if roots else f"no allowed folder (see {VARIABLE})"
        raise UnsafeFileError(_name(path), "a path in an allowed folder", found, fix)
    return real


def list_folder(path: str | Path, roots: Sequence[Path]) -> Listing:
    """List an allowed folder for a person to choose from.

    Raises
    ------
    InputError
        If it is a file or cannot be listed.
    UnsafeFileError
        If it lies outside, as :func:`resolve_allowed` says.
    """
    folder = resolve_allowed(path, roots)
    if not folder.is_dir():
        raise InputError(_name(folder), "a folder", "a file", "choose the folder that holds it")
    with reading(folder, expected="a folder that can be listed", fix="ask for the right to"):
        with os.scandir(folder) as found:
            items = [item for item in found if not item.name.startswith(".")]
        items.sort(key=lambda item: item.name)
        entries = [entry for item in items[:MAX_ENTRIES] if (entry := _entry(item, roots))]
    entries.sort(key=lambda entry: not entry.is_folder)
    return Listing(tuple(entries), max(0, len(items) - MAX_ENTRIES))


def _real(path: Path) -> Path | None:
    try:
        return path.resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        return None


def _holds(root: Path, real: Path) -> bool:
    root = root.resolve()
    if not real.is_relative_to(root):
        return False
    return not any(part.startswith(".") for part in real.relative_to(root).parts)


def _entry(item: os.DirEntry[str], roots: Sequence[Path]) -> Entry | None:
    """Describe a file or folder of an allowed folder, None for what may not be chosen."""
    if item.is_symlink():
        real = _real(Path(item.path))
        if real is None or not any(_holds(root, real) for root in roots):
            return None
    if item.is_dir():
        return Entry(item.name, True, 0)
    return Entry(item.name, False, item.stat().st_size) if item.is_file() else None


def _name(path: str | Path) -> str:
    """Return what a message calls a path: its last part only."""
    return printable(Path(path).name) or "path"
