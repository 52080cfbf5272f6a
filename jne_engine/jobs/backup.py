"""Copying a folder of runs while it is in use, so that the copy is a folder of runs itself.

Finished runs never change, so each is copied once. Everything else that people made (imported
data, stored simulations) is copied file by file where it differs. The table of jobs goes through
SQLite's own backup, which sees one moment of it. Unfinished runs and hidden files are left out.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from jne_engine.core.disk import sync_folder, sync_tree
from jne_engine.core.errors import InputError, StoreError
from jne_engine.jobs.database import JobFiles, connect
from jne_engine.runs.folder import MANIFEST
from jne_engine.runs.store import find_unfinished
from jne_engine.runs.store.manifest import Manifest
from jne_engine.runs.store.runs import RunFolder


@dataclass(frozen=True)
class BackedUp:
    """What a backup copied.

    Parameters
    ----------
    n_runs, n_kept : int
        Runs that were copied now; runs that the copy had already.
    n_files : int
        Other files that were new or had changed.
    """

    n_runs: int
    n_kept: int
    n_files: int


def back_up(root: Path, target: Path) -> BackedUp:
    """Bring a copy of a folder of runs up to date; nothing is ever removed from the copy.

    Parameters
    ----------
    root : pathlib.Path
        Folder of runs; it may be in use.
    target : pathlib.Path
        Folder of the copy, outside of ``root``; made if missing.

    Raises
    ------
    InputError
        If ``root`` is no folder, or the copy would lie in it.
    StoreError
        If the disk is full, or a run's copy is not what its manifest says.
    """
    if not root.is_dir():
        raise InputError(str(root), "a folder of runs", "no such folder", "name it with --out")
    if target.resolve().is_relative_to(root.resolve()):
        fix = "choose a folder on another disk"
        raise InputError(str(target), f"a folder outside of {root}", "one in it", fix)
    try:
        target.mkdir(parents=True, exist_ok=True)
        runs = [path.parent for path in sorted(root.glob(f"*/{MANIFEST}"))]
        new = [run for run in runs if not _has_run(target / run.name, run)]
        n_runs = sum(_copy_run(run, target) for run in new)
        n_files = sum(_copy_file(path, target / path.relative_to(root)) for path in _others(root))
        _copy_table(JobFiles(root), JobFiles(target))
    except OSError as error:
        fix = "free disk space, then run the same command again"
        raise StoreError(str(target), "a writable disk", str(error), fix) from error
    return BackedUp(n_runs, len(runs) - len(new), n_files)


def _has_run(copy: Path, run: Path) -> bool:
    mark = copy / MANIFEST
    return mark.is_file() and mark.read_bytes() == (run / MANIFEST).read_bytes()


def _copy_run(run: Path, target: Path) -> bool:
    """Copy a run under a hidden name and look at it first; False for one deleted meanwhile."""
    partial, copy = target / f".{run.name}.partial", target / run.name
    shutil.rmtree(partial, ignore_errors=True)
    try:
        shutil.copytree(run, partial)
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)
        if run.exists():
            raise
        return False
    if RunFolder(partial).hash_files() != Manifest.from_json(partial / MANIFEST).files:
        shutil.rmtree(partial)
        fix = "look at the disk, and compute the run again"
        raise StoreError(str(run), "the files of its manifest", "others", fix)
    sync_tree(partial)
    shutil.rmtree(copy, ignore_errors=True)
    partial.rename(copy)
    sync_folder(target)
    return True


def _others(root: Path) -> Iterator[Path]:
    """Yield every file that belongs to no run, hidden ones left out."""
    unfinished = set(find_unfinished(root))
    for place in sorted(root.iterdir()):
        if place.name.startswith(".") or place in unfinished or (place / MANIFEST).exists():
            continue
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
            if path.is_file() and not hidden:
                yield path


def _copy_file(path: Path, copy: Path) -> bool:
    """Copy a file that is new or has another size or time; False where nothing was to do."""
    now = path.stat()
    if copy.is_file():
        then = copy.stat()
        if (then.st_size, then.st_mtime_ns) == (now.st_size, now.st_mtime_ns):
            return False
    copy.parent.mkdir(parents=True, exist_ok=True)
    partial = copy.with_name(f".{copy.name}.partial")
    shutil.copy2(path, partial)
    partial.replace(copy)
    return True


def _copy_table(files: JobFiles, copy: JobFiles) -> None:
    """Copy the table of jobs as it is at one moment; nothing where there is none."""
    if not files.table.is_file():
        return
    copy.folder.mkdir(parents=True, exist_ok=True)
    partial = copy.table.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with connect(files.table) as source, closing(sqlite3.connect(partial)) as sink:
        source.backup(sink)
    partial.replace(copy.table)
