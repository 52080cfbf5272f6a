"""The lock of a run's folder: one process computes in it, or deletes it."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock


def lock_run(path: Path) -> FileLock:
    """Return the lock of a run's folder; the system frees it when its owner dies."""
    folder = path.parent / ".locks"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{path.name}.lock")
