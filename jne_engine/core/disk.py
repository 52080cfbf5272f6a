"""Files that a crash leaves whole: atomic replacement, fsync, SHA-256."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jne_engine.core.errors import StoreError

REMOVALS = 40
"""How often a folder is removed before it is given up."""
REMOVAL_PAUSE_S = 0.05


@contextmanager
def telling_disk_errors(path: Path) -> Iterator[None]:
    """Tell in one line what the disk refuses while the block writes to ``path``.

    Raises
    ------
    StoreError
        If the disk is full or not writable.
    """
    try:
        yield
    except OSError as error:
        fix = "free disk space or choose another folder, then run the same command again"
        raise StoreError(str(path), "a writable disk", str(error), fix) from error


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file by ``content`` so that a crash leaves the old or the new one.

    Raises
    ------
    StoreError
        If the disk is full or not writable.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with telling_disk_errors(path):
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def sync_tree(folder: Path) -> None:
    """Force every file and folder below ``folder`` to the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        else:
            sync_folder(path)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Force a folder's entries to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(content: bytes | memoryview) -> str:
    """Return a SHA-256 as hexadecimal text."""
    return hashlib.sha256(content).hexdigest()


@contextmanager
def partial_folder(place: Path) -> Iterator[Path]:
    """Make a hidden folder beside a place, and remove what of it has not been renamed to there."""
    prefix, suffix = f".{place.name}.", ".partial"
    folder = Path(tempfile.mkdtemp(prefix=prefix, suffix=suffix, dir=place.parent))
    try:
        yield folder
    finally:
        remove_folder(folder)


def remove_folder(path: Path) -> None:
    """Remove a folder with all in it, if it is there.

    Where a write has failed, others of the same array may still be ending in threads of zarr, and
    write into what is being removed: it is removed again until they have ended.
    """
    for _ in range(REMOVALS):
        if not path.exists():
            return
        shutil.rmtree(path, ignore_errors=True)
        time.sleep(REMOVAL_PAUSE_S)
