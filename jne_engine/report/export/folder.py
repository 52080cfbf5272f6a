"""Folders and zip files that are there whole or not at all."""

from __future__ import annotations

import glob
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jne_engine.core.disk import sync_folder, sync_tree
from jne_engine.core.errors import InputError, StoreError
from jne_engine.formats.guard import printable

MARK = "export.json"
"""File of every export; a folder without it is somebody else's and is never replaced."""

_STALE_S = 3600.0
_FIX = "free disk space or choose another folder, then run the same command again"


@contextmanager
def write_whole(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Fill a hidden folder, then give it its name; an error or a crash leaves no target.

    Parameters
    ----------
    target : pathlib.Path
        Folder to make; its parents are made too.
    overwrite : bool
        Replace an export of this name. What is no export is never replaced.

    Yields
    ------
    pathlib.Path
        The hidden folder beside the target.

    Raises
    ------
    InputError
        If the target is there and may not be replaced.
    StoreError
        If the disk is full or not writable.
    """
    check_target(target, overwrite=overwrite)
    partial: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        partial = Path(tempfile.mkdtemp(prefix=_prefix(target), dir=target.parent))
        partial.chmod(0o755)
        yield partial
        sync_tree(partial)
        _give_name(partial, target)
        sync_folder(target.parent)
    except OSError as error:
        raise StoreError(printable(str(target)), "a writable disk", str(error), _FIX) from error
    finally:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)


def check_target(target: Path, *, overwrite: bool) -> None:
    """Require that nothing is there, or an export that may be replaced.

    Raises
    ------
    InputError
        If something else is there, or an export and ``overwrite`` is False.
    """
    name = printable(str(target))
    if not target.exists() and not target.is_symlink():
        return
    if target.is_symlink() or not (target / MARK).is_file():
        fix = "choose another --out: only exports are ever replaced"
        raise InputError(name, "a new folder", "something that is no export", fix)
    if not overwrite:
        fix = "choose another --out, or say --overwrite"
        raise InputError(name, "a new folder", "an export of that name", fix)


def zip_folder(folder: Path, target: Path) -> Path:
    """Write a folder as one zip file, whole or not at all; equal content gives equal bytes.

    Parameters
    ----------
    folder : pathlib.Path
        What to pack; the zip holds it as one folder of the zip's own name.
    target : pathlib.Path
        File to write or replace.

    Raises
    ------
    StoreError
        If the disk is full or not writable.
    """
    partial = target.with_name(f".{target.name}.partial")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for path in sorted(p for p in folder.rglob("*") if p.is_file()):
                name = f"{target.stem}/{path.relative_to(folder).as_posix()}"
                entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                with path.open("rb") as source, archive.open(entry, "w") as sink:
                    shutil.copyfileobj(source, sink)
        partial.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise StoreError(printable(str(target)), "a writable disk", str(error), _FIX) from error
    finally:
        partial.unlink(missing_ok=True)
    return target


def _give_name(partial: Path, target: Path) -> None:
    """Put the new folder where the old one was, and the old one back where that fails."""
    if not target.exists():
        partial.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=_prefix(target), dir=target.parent))
    target.rename(old / "old")
    try:
        partial.rename(target)
    except OSError:
        (old / "old").rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _sweep(target: Path) -> None:
    """Remove what a process that was killed left behind, but nothing that may be in work."""
    for leftover in target.parent.glob(f"{glob.escape(_prefix(target))}*"):
        if time.time() - leftover.stat().st_mtime > _STALE_S:
            shutil.rmtree(leftover, ignore_errors=True)


def _prefix(target: Path) -> str:
    """Return how the names of a target's hidden folders begin."""
    return f".{target.name}.partial-"
