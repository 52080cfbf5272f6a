"""What GLMsingle writes: single-trial betas of a model, and the design that they belong to.

References
----------
Prince et al. (2022), eLife 11, e77599; github.com/cvnlab/GLMsingle, glmsingle.py (Python, 1.2) and
GLMestimatesingletrial.m (MATLAB).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import IntArray
from jne_engine.core.checks import check_length
from jne_engine.core.errors import InputError
from jne_engine.formats.guard import check_file, printable
from jne_engine.formats.hdf5 import list_hdf5_keys, open_hdf5_dataset, read_hdf5
from jne_engine.formats.hdf5_windows import read_windows
from jne_engine.formats.matlab import read_mat_array
from jne_engine.formats.pickled_npy import read_pickled_npy

MODELS: Final = {
    "D": "TYPED_FITHRF_GLMDENOISE_RR",
    "C": "TYPEC_FITHRF_GLMDENOISE",
    "B": "TYPEB_FITHRF",
}
"""Models with single-trial betas, the best denoised first."""

SUFFIXES: Final = (".npy", ".hdf5", ".mat")
WINDOW_BYTES: Final = 2**26
_FIX: Final = "name the folder that GLMsingle wrote"


@dataclass(frozen=True, eq=False)
class StoredBetas:
    """Betas (x, y, z, n_trials) of a file; voxels or vertices without a grid are (n, 1, 1).

    Parameters
    ----------
    path : pathlib.Path
        The file.
    shape : tuple of int
        Four lengths.
    dtype : str
        Type of the values.
    windows : callable
        Yields stretches of x and their betas (n_x, y, z, n_trials).
    is_matlab : bool
        Whether MATLAB wrote it, which lists the voxels of a mask with x running fastest.
    """

    path: Path
    shape: tuple[int, int, int, int]
    dtype: str
    windows: Callable[[], Iterator[tuple[slice, npt.NDArray[Any]]]]
    is_matlab: bool


def find_models(folder: Path) -> tuple[str, ...]:
    """Return the models, ``"D"``, ``"C"`` and ``"B"``, whose betas lie in a folder."""
    return tuple(model for model in MODELS if _find(folder, MODELS[model]))


def find_betas(folder: Path, model: str) -> Path:
    """Return the file of a model's betas.

    Raises
    ------
    InputError
        If there is none, or several.
    """
    there = _find(folder, MODELS[model])
    if len(there) != 1:
        found = " and ".join(path.name for path in there) or "none"
        fix = "remove all but one" if there else _FIX
        raise InputError(printable(folder.name), f"one file {MODELS[model]}.*", found, fix)
    return there[0]


def find_design(folder: Path) -> Path | None:
    """Return the file of the design, None where there is none."""
    there = _find(folder, "DESIGNINFO")
    return there[0] if there else None


def open_betas(path: Path) -> StoredBetas:
    """Open a model's betas; values are read when they are asked for.

    Raises
    ------
    InputError
        If the file cannot be read, or holds no single-trial betas.
    UnsafeFileError
        If it claims more than it holds.
    """
    path = check_file(path)
    if path.suffix == ".npy":
        return _from_array(path, read_pickled_npy(path).get("betasmd"), is_matlab=False)
    if path.suffix == ".mat" and not h5py.is_hdf5(path):
        return _from_array(path, read_mat_array(path, "modelmd"), is_matlab=True)
    key = "modelmd" if path.suffix == ".mat" else "betasmd"
    with open_hdf5_dataset(path, key) as dataset:
        shape, dtype = dataset.shape, dataset.dtype.name
    is_matlab = path.suffix == ".mat"
    four = _check_shape(path, shape[::-1] if is_matlab else shape)

    def windows() -> Iterator[tuple[slice, npt.NDArray[Any]]]:
        for window, values in read_windows(path, key, axis=len(shape) - 1 if is_matlab else 0):
            turned = values.T if is_matlab else values
            yield window, turned.reshape(len(turned), *four[1:])

    return StoredBetas(path, four, dtype, windows, is_matlab)


def _from_array(path: Path, values: Any, *, is_matlab: bool) -> StoredBetas:
    if not isinstance(values, np.ndarray):
        raise InputError(printable(path.name), "single-trial betas", "none", _FIX)
    four = _check_shape(path, values.shape)

    def windows() -> Iterator[tuple[slice, npt.NDArray[Any]]]:
        step = max(1, WINDOW_BYTES * four[0] // max(values.nbytes, 1))
        for start in range(0, four[0], step):
            part = values[start : start + step]
            yield slice(start, start + len(part)), part.reshape(len(part), *four[1:])

    return StoredBetas(path, four, values.dtype.name, windows, is_matlab)


def _check_shape(path: Path, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return (x, y, z, n_trials); two axes are those of voxels without a grid, and trials."""
    if len(shape) == 2:
        return shape[0], 1, 1, shape[1]
    if len(shape) != 4 or 0 in shape:
        expected = "betas (x, y, z, n_trials)"
        raise InputError(printable(path.name), expected, f"shape {shape}", _FIX)
    x, y, z, n_trials = shape
    return x, y, z, n_trials


@dataclass(frozen=True, eq=False)
class Design:
    """Which condition each trial is, and in which run and session.

    Parameters
    ----------
    condition : numpy.ndarray of int64, shape (n_trials,)
        Zero-based column of the design matrix.
    run, session : numpy.ndarray of int64, shape (n_trials,)
        Counted from 1.
    n_conditions : int
        Columns of the design matrix.
    """

    condition: IntArray
    run: IntArray
    session: IntArray
    n_conditions: int


def read_design(path: Path) -> Design:
    """Read ``DESIGNINFO``; MATLAB counts conditions from 1, Python from 0.

    Raises
    ------
    InputError
        If it cannot be read, or its counts contradict each other.
    """
    values = _read_design_npy(path) if path.suffix == ".npy" else _read_design_mat(path)
    order, per_run, sessions = (values.get(k) for k in ("order", "per_run", "sessions"))
    name = printable(path.name)
    if order is None or per_run is None or not order.size:
        found = "no stimorder" if order is None or not order.size else "no numtrialrun"
        raise InputError(name, "stimorder and numtrialrun", found, "add a trials.tsv")
    fix = "run GLMsingle again, or add a trials.tsv"
    check_length(f"{name} numtrialrun", int(per_run.sum()), order.size, unit="trials", fix=fix)
    run = np.repeat(np.arange(1, per_run.size + 1), per_run)
    session = np.ones_like(run)
    if sessions is not None and sessions.size == per_run.size:
        session = np.repeat(sessions, per_run)
    condition = order - (path.suffix == ".mat")
    if condition.min() < 0:
        raise InputError(name, "conditions counted from 1", f"{int(order.min())}", fix)
    counts = values.get("counts")
    n_conditions = int(condition.max()) + 1 if counts is None else counts.size
    return Design(condition, run, session, n_conditions)


def _read_design_npy(path: Path) -> dict[str, IntArray | None]:
    values = read_pickled_npy(path)
    params = values.get("params")
    sessions = params.get("sessionindicator") if isinstance(params, dict) else None
    return {
        "order": _whole(path, values.get("stimorder")),
        "per_run": _whole(path, values.get("numtrialrun")),
        "counts": _whole(path, values.get("condcounts")),
        "sessions": _whole(path, sessions),
    }


def _read_design_mat(path: Path) -> dict[str, IntArray | None]:
    is_hdf5 = h5py.is_hdf5(path)
    found: dict[str, IntArray | None] = {
        "order": _whole(path, read_mat_array(path, "stimorder")),
        "per_run": _whole(path, read_mat_array(path, "numtrialrun")),
    }
    keys = list_hdf5_keys(path) if is_hdf5 else ()
    if "condcounts" in keys:
        found["counts"] = _whole(path, read_mat_array(path, "condcounts"))
    if "opt/sessionindicator" in keys:
        found["sessions"] = _whole(path, read_hdf5(path, "opt/sessionindicator"))
    return found


def _whole(path: Path, values: Any) -> IntArray | None:
    """Return whole numbers as one row, None where there are none."""
    if values is None or (isinstance(values, list) and not values):
        return None
    array = np.asarray(values)
    if array.dtype.kind not in "fiub" or not (np.isfinite(array) & (array % 1 == 0)).all():
        raise InputError(printable(path.name), "whole numbers", str(array.dtype), _FIX)
    return array.reshape(-1).astype(np.int64)


def _find(folder: Path, stem: str) -> tuple[Path, ...]:
    here = (folder / f"{stem}{suffix}" for suffix in SUFFIXES)
    return tuple(path for path in here if path.is_file())
