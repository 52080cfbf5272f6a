"""A run's folder from outside: the file that makes it a run, and the lock on it."""

from __future__ import annotations

import os
from pathlib import Path

from filelock import FileLock

MANIFEST = "run.json"
"""Written last; a folder without it is no run."""
MEANS = "means"
VALIDATION = "validation"
"""Folder of simulations' results, beside the runs."""


def find_root() -> Path:
    """Return the folder of runs: ``$JNE_RUNS``, else ``runs`` in the working folder."""
    return Path(os.environ.get("JNE_RUNS", "runs"))


def locate_means(path: Path) -> Path:
    """Return the folder beside a run's that holds what was averaged of it later."""
    return path.parent / MEANS / path.name


def locate_results(path: Path) -> Path:
    """Return the folder of those results of simulations that are of one run only."""
    return path.parent / VALIDATION / path.name


def lock_run(path: Path) -> FileLock:
    """Return the lock of a run's folder; the system frees it when its owner dies."""
    folder = path.parent / ".locks"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{path.name}.lock")
