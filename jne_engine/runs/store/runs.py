"""Run folders: made stage by stage, then opened, listed, or refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jne_engine.core.disk import (
    partial_folder,
    sha256,
    sync_folder,
    sync_tree,
    telling_disk_errors,
    write_atomically,
)
from jne_engine.core.errors import StoreError
from jne_engine.runs.folder import MANIFEST
from jne_engine.runs.store.manifest import Manifest
from jne_engine.runs.store.stages import StageReader, StageWriter


class RunFolder:
    """A run that is being made: whole stages, and at last the manifest.

    Parameters
    ----------
    path : pathlib.Path
        Folder of the run; made if missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def has_stage(self, stage: str) -> bool:
        """Tell whether a stage is complete."""
        return (self.path / stage).is_dir()

    @contextmanager
    def write_stage(self, stage: str) -> Iterator[StageWriter]:
        """Write a stage in full, or leave no trace of it.

        Raises
        ------
        StoreError
            If the disk is full or not writable.
        """
        self._sweep(stage)
        place = self.path / stage
        with telling_disk_errors(self.path), partial_folder(place) as partial:
            yield StageWriter(partial)
            sync_tree(partial)
            partial.rename(place)
            sync_folder(self.path)

    def read_stage(self, stage: str) -> StageReader:
        """Open a complete stage for reading."""
        return StageReader(self.path / stage, files=None)

    def scratch(self, name: str) -> Path:
        """Return a hidden folder for blocks that are not a stage yet."""
        folder = self.path / f".{name}.blocks"
        folder.mkdir(exist_ok=True)
        return folder

    def complete(self, manifest: Manifest) -> None:
        """Write the manifest; from here on the folder is a run."""
        for scratch in self.path.glob(".*"):
            shutil.rmtree(scratch, ignore_errors=True)
        write_atomically(self.path / MANIFEST, manifest.to_json().encode())

    def hash_files(self) -> dict[str, str]:
        """Return the SHA-256 of every file that is not part of an array."""
        files = sorted(p for p in self.path.glob("*/*") if p.is_file())
        return {p.relative_to(self.path).as_posix(): sha256(p.read_bytes()) for p in files}

    def _sweep(self, stage: str) -> None:
        for leftover in self.path.glob(f".{stage}.*.partial"):
            shutil.rmtree(leftover, ignore_errors=True)


class Run:
    """A complete, immutable run.

    Parameters
    ----------
    path : pathlib.Path
        Folder of the run.

    Raises
    ------
    StoreError
        If the folder has no manifest, or a stage is missing.
    """

    STAGES = ("dataset", "linear", "nonlinear", "scores", "dispersion", "calibration")
    LATER = ("calibration",)
    """Stages that runs of earlier versions lack; they are complete without."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not (path / MANIFEST).is_file():
            raise _not_a_run(path)
        self.manifest = Manifest.from_json(path / MANIFEST)
        for stage in self.STAGES:
            if stage not in self.LATER and not (path / stage).is_dir():
                fix = "delete the folder and compute the run again"
                raise StoreError(str(path), f"the stage {stage}", "no such folder", fix)

    @property
    def run_id(self) -> str:
        """The run's folder name."""
        return self.path.name

    def has_stage(self, name: str) -> bool:
        """Tell whether the run has a stage, which earlier versions may not have computed."""
        return (self.path / name).is_dir()

    def stage(self, name: str) -> StageReader:
        """Open one of the run's stages."""
        return StageReader(self.path / name, files=self.manifest.files)


def find_runs(root: Path) -> list[Run]:
    """Return the complete runs below a folder, newest first.

    A folder without a manifest is never listed; see :func:`find_unfinished`.

    Raises
    ------
    StoreError
        If a manifest is there but cannot be read.
    """
    runs = [Run(path.parent) for path in root.glob(f"*/{MANIFEST}")]
    return sorted(runs, key=lambda run: (run.manifest.created, run.run_id), reverse=True)


def find_unfinished(root: Path) -> list[Path]:
    """Return run folders that have stages but no manifest yet."""
    folders = (p for p in root.glob("*/") if not p.name.startswith("."))
    return sorted(p for p in folders if _stages(p) and not (p / MANIFEST).exists())


def open_run(path: Path) -> Run:
    """Open a run by its folder, or the only run in a folder of runs.

    Raises
    ------
    StoreError
        If there is no complete run, or more than one to choose from.
    """
    if (path / MANIFEST).is_file() or _stages(path):
        return Run(path)
    runs = find_runs(path) if path.is_dir() else []
    if len(runs) == 1:
        return runs[0]
    if runs:
        names = ", ".join(run.run_id for run in runs[:5])
        raise StoreError(str(path), "one run", f"{len(runs)} runs", f"name one of {names}")
    raise _not_a_run(path)


def _stages(path: Path) -> list[str]:
    return [stage for stage in Run.STAGES if (path / stage).is_dir()]


def _not_a_run(path: Path) -> StoreError:
    stages = _stages(path)
    if stages:
        found = f"only the stages {', '.join(stages)}"
        return StoreError(str(path), "a finished run", found, "run the same command to resume it")
    found = "no run.json" if path.is_dir() else "no such folder"
    fix = "make one with: python -m jne_engine demo"
    return StoreError(str(path), "a finished run", found, fix)
