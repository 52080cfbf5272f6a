"""Importing NSD against simply reading the same files with the same library."""

from __future__ import annotations

import csv
import os
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import h5py
import nibabel
import numpy as np
import numpy.typing as npt

from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.sizes import Sizes
from jne_engine.bench.timing import compare
from jne_engine.datasets.nsd.importing import import_nsd
from jne_engine.datasets.nsd.plan import NsdRequest


@dataclass(frozen=True)
class Scan:
    """A session of one subject in the data set's own sizes, with fewer runs.

    Parameters
    ----------
    grid : tuple of int
        That of subject 1 in func1pt8mm.
    n_general : int
        Voxels of nsdgeneral.
    n_vertices : int
        Of one hemisphere of fsaverage.
    runs : tuple of int
        Trials of each run; a whole session has twelve.
    """

    grid: tuple[int, int, int] = (81, 104, 83)
    n_general: int = 15_724
    n_vertices: int = 163_842
    runs: tuple[int, ...] = (63, 62, 63)

    @property
    def n_trials(self) -> int:
        """Trials of the session."""
        return sum(self.runs)


SCAN = Scan()


def measure_import(name: str, sizes: Sizes, *, form: str, goal: Goal) -> Row:
    """Time an import against reading its betas whole.

    Parameters
    ----------
    name : str
        Name of the row.
    sizes : Sizes
        Rounds.
    form : {"nifti", "hdf5", "mgh"}
        Format of the betas.
    goal : Goal
        What the ratio should reach.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write = {"nifti": _write_nifti, "hdf5": _write_hdf5, "mgh": _write_mgh}[form]
        files = write(root / "nsd")
        surface = form == "mgh"
        request = NsdRequest(
            root=root / "nsd",
            subject=1,
            space="fsaverage" if surface else "func1pt8mm",
            pictures=False,
        )
        numbers = count()

        def bring_in() -> Path:
            return import_nsd(request, root / f"out{next(numbers)}")

        value = compare(
            lambda: _read(files), bring_in, rounds=sizes.rounds, before=lambda: _forget(files)
        )
        megabytes = sum(path.stat().st_size for path in files) / 1e6
    how = (
        f"reading {SCAN.n_trials} trials whole ÷ importing them, {form}, {megabytes:.0f} MB, not "
        "in the page cache, nsdgeneral"
    )
    return Row(name, value, goal, how)


def _forget(files: list[Path]) -> None:
    """Have the system drop the files from its page cache, so that both sides read the disk."""
    for path in files:
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _read(files: list[Path]) -> None:
    for path in files:
        if path.suffix == ".hdf5":
            with h5py.File(path) as file:
                file["betas"][...]
        else:
            image: Any = nibabel.load(path)
            values = np.asanyarray(image.dataobj)
            if isinstance(values, np.memmap):
                values.copy()  # nibabel only maps a plain file


def _write_nifti(root: Path) -> list[Path]:
    folder, betas = _write_volume_tree(root)
    path = folder / "betas_session01.nii.gz"
    nibabel.save(nibabel.Nifti1Image(betas.T, np.eye(4)), path)
    return [path]


def _write_hdf5(root: Path) -> list[Path]:
    """Write an HDF5 session, one chunk a trial and slice."""
    folder, betas = _write_volume_tree(root)
    path = folder / "betas_session01.hdf5"
    with h5py.File(path, "w") as file:
        file.create_dataset("betas", data=betas, chunks=(1, *betas.shape[1:]))
    return [path]


def _write_mgh(root: Path) -> list[Path]:
    _write_tables(root)
    betas_folder, label_folder = _betas_folder(root, "fsaverage"), _label_folder(root)
    rng, files = np.random.default_rng(0), []
    for hemi in ("lh", "rh"):
        values = rng.standard_normal((SCAN.n_vertices, 1, 1, SCAN.n_trials), dtype=np.float32)
        files.append(betas_folder / f"{hemi}.betas_session01.mgh")
        nibabel.save(nibabel.MGHImage(values, np.eye(4)), files[-1])
        mask = (np.arange(SCAN.n_vertices) < SCAN.n_general).astype(np.float32)
        nibabel.save(
            nibabel.MGHImage(mask[:, None, None], np.eye(4)),
            label_folder / f"{hemi}.nsdgeneral.mgz",
        )
    return files


def _write_volume_tree(root: Path) -> tuple[Path, npt.NDArray[np.int16]]:
    """Write everything but the betas, and draw those, (n_trials, z, y, x): 0 outside a brain."""
    _write_tables(root)
    shape = (SCAN.n_trials, *reversed(SCAN.grid))
    places = np.argwhere(np.ones(shape[1:], dtype=np.bool_)) / np.array(shape[1:]) - 0.5
    radius = np.linalg.norm(places, axis=1).reshape(shape[1:])
    betas = np.zeros(shape, dtype=np.int16)
    rng = np.random.default_rng(0)
    brain = radius < np.quantile(radius, 0.4)
    for trial in betas:
        trial[brain] = rng.normal(0, 600, int(brain.sum())).astype(np.int16)
    nearest = np.zeros(radius.size, dtype=np.int16)
    nearest[np.argsort(radius, axis=None)[: SCAN.n_general]] = 1
    roi = root / "nsddata/ppdata/subj01/func1pt8mm/roi"
    roi.mkdir(parents=True)
    mask = nearest.reshape(radius.shape).T
    nibabel.save(nibabel.Nifti1Image(mask, np.eye(4)), roi / "nsdgeneral.nii.gz")
    return _betas_folder(root, "func1pt8mm"), betas


def _betas_folder(root: Path, space: str) -> Path:
    folder = root / "nsddata_betas/ppdata/subj01" / space / "betas_fithrf_GLMdenoise_RR"
    folder.mkdir(parents=True)
    return folder


def _label_folder(root: Path) -> Path:
    folder = root / "nsddata/freesurfer/fsaverage/label"
    folder.mkdir(parents=True)
    return folder


def _write_tables(root: Path) -> None:
    """Write the behaviour and the table of images: a third of the trials shows shared images."""
    behaviour = root / "nsddata/ppdata/subj01/behav/responses.tsv"
    images = root / "nsddata/experiments/nsd/nsd_stim_info_merged.csv"
    trial, rows = count(1), []
    for run, length in enumerate(SCAN.runs, start=1):
        rows += [(1, run, k, n, n) for k, n in zip(range(length), trial, strict=False)]
    _write_rows(behaviour, ["SESSION", "RUN", "TRIAL", "73KID", "10KID"], rows, "\t")
    header = ["", "cocoId", "cocoSplit", "cropBox", "nsdId", "shared1000"]
    table = [(i, i, "train2017", "(0, 0, 0, 0)", i, i % 3 == 0) for i in range(SCAN.n_trials + 1)]
    _write_rows(images, header, table, ",")


def _write_rows(path: Path, header: list[str], rows: list[Any], delimiter: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows([header, *rows])
