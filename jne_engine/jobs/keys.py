"""The key by which two askers mean the same job.

Hashing a dataset's content takes reading it, and asking must not take seconds. So a job's
key is the SHA-256 of its kind, its payload, the code's version, and a *mark* (size, times of
last change) of every file that the payload names: the file itself; all that a folder holds;
and, for a TOML description, every file or folder that its texts name.

The key of the *run* is still made of content (:func:`~jne_engine.runs.store.compute_run_key`),
in the worker, under the run's lock. A file that was touched is therefore another job but the
same run, which is found complete and not computed again.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jne_engine.jobs.records import JobSpec
from jne_engine.runs.version import ALGORITHM

MARKED_FILES = 256
"""Files that a key takes in; where a payload names more, it takes in none."""

MAX_TOML_BYTES = 2**20


@dataclass(frozen=True)
class JobKey:
    """A job's key.

    Parameters
    ----------
    text : str
        SHA-256, hexadecimal.
    complete : bool
        Whether every file is in it. Where not, a finished job that is asked for again goes to
        the worker, which compares content.
    """

    text: str
    complete: bool


def compute_job_key(spec: JobSpec) -> JobKey:
    """Return the key of a job as its files are now."""
    marks = _mark_files([Path(t) for t in _texts(spec.payload) if Path(t).is_absolute()])
    text = json.dumps([spec.kind, spec.payload_json(), ALGORITHM, sorted((marks or {}).items())])
    return JobKey(hashlib.sha256(text.encode()).hexdigest(), complete=marks is not None)


def _mark_files(paths: list[Path]) -> dict[str, tuple[int, ...]] | None:
    """Return the marks of these files and of what they name, None where there are too many."""
    marks: dict[str, tuple[int, ...]] = {}
    waiting = paths
    while waiting:
        path = Path(os.path.normpath(waiting.pop()))
        mark = None if str(path) in marks else _mark(path)
        if mark is None:
            continue
        if len(marks) == MARKED_FILES:
            return None
        marks[str(path)] = mark
        waiting += _folder_paths(path) if path.is_dir() else _described_paths(path)
    return marks


def _mark(path: Path) -> tuple[int, ...] | None:
    """Return a file's size and times of change, a folder's time, None where there is neither."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    if stat.S_ISDIR(status.st_mode):
        return (status.st_mtime_ns,)
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _folder_paths(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in itertools.islice(entries, MARKED_FILES + 1)]
    except OSError:
        return []


def _described_paths(path: Path) -> list[Path]:
    """Return what the texts of a TOML description could name.

    A description that cannot be read names nothing here; reading it is the worker's, who says
    what is wrong with it.
    """
    if path.suffix != ".toml":
        return []
    try:
        with path.open("rb") as file:
            values = tomllib.loads(file.read(MAX_TOML_BYTES).decode())
    except (OSError, ValueError):
        return []
    return [path.parent / text for text in _texts(values) if text]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
