"""NSD's region labels and masks over a whole grid or over all vertices.

A *part* is what one file of betas covers: the grid of a volume (x running fastest), or one
hemisphere of a surface; a surface has two, left first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import IntArray
from jne_engine.core.errors import InputError
from jne_engine.datasets.nsd.layout import HEMI_PREFIX, NsdTree
from jne_engine.formats.guard import printable
from jne_engine.formats.label_tables import LABEL_NAMES, builtin_names, read_label_names
from jne_engine.formats.volumes import VolumeValues, read_volume

HCP_MMP1: Final = "HCP_MMP1"
ATLASES: Final = (*LABEL_NAMES, HCP_MMP1)
"""Collections of labels that are looked for."""

_N_HCP: Final = 180
_LARGEST: Final = 100_000
_COPY: Final = "copy the ROI files of that subject and space again"


@dataclass(frozen=True, eq=False)
class LabelParts:
    """One collection of labels over everything that the betas cover.

    Parameters
    ----------
    name : str
        Name of the collection, for instance ``"floc-faces"``.
    parts : tuple of numpy.ndarray of int64
        Label of each position of each part: -1 outside cortex, 0 without label.
    grid : tuple of int
        (x, y, z) of a volume; vertices of each hemisphere of a surface.
    names : mapping of int to str
        Names of labels.
    left, right : numpy.ndarray of int64, optional
        The two hemispheres of a volume one by one, where their files are there.
    notes : tuple of str
        What was decided on the way.
    """

    name: str
    parts: tuple[IntArray, ...]
    grid: tuple[int, ...]
    names: Mapping[int, str]
    left: IntArray | None = None
    right: IntArray | None = None
    notes: tuple[str, ...] = ()


def read_labels(
    tree: NsdTree, name: str, *, fallback: Mapping[int, str] | None = None
) -> LabelParts | None:
    """Read one collection of labels, None where the copy has no file of it.

    Parameters
    ----------
    tree : NsdTree
        The copy of NSD.
    name : str
        Name of the collection.
    fallback : mapping of int to str, optional
        Names of its labels where the copy has no ``.ctab``; NSD's are built in.

    Raises
    ------
    InputError
        If a hemisphere is missing, the two disagree in shape or names, or a label is no whole
        number.
    """
    read = _read_surface_labels if tree.is_surface else _read_volume_labels
    found = read(tree, name)
    if found is None:
        return None
    folded, notes = _fold_hemispheres(name, found.parts)
    names, name_notes = _read_names(tree, name, fallback)
    used = np.unique(np.concatenate([np.unique(part) for part in folded]))
    unnamed = [int(n) for n in used if n > 0 and int(n) not in names]
    if unnamed:
        notes = (*notes, f"{name}: labels {', '.join(map(str, unnamed[:9]))} have no name")
        names = names | {n: f"{name}-{n}" for n in unnamed}
    notes = (*found.notes, *notes, *name_notes)
    return replace(found, parts=folded, names=names, notes=notes)


def read_brain_mask(tree: NsdTree) -> VolumeValues:
    """Read the brain mask of a volume space, (x, y, z), with its affine."""
    return read_volume(tree.volume_folder / "brainmask.nii.gz")


def find_reference(tree: NsdTree) -> Path | None:
    """Return a small volume of the space, for its affine and grid, where there is one."""
    mask = tree.volume_folder / "brainmask.nii.gz"
    candidates = [mask, *sorted(tree.roi_folder.glob("*.nii.gz"))]
    return next((path for path in candidates if path.exists()), None)


def _read_surface_labels(tree: NsdTree, name: str) -> LabelParts | None:
    files = [tree.roi_folder / f"{prefix}{name}.mgz" for prefix in HEMI_PREFIX.values()]
    if not _both(files):
        return None
    parts = tuple(labels.ravel() for labels in map(_read_whole, files))
    return LabelParts(name, parts, tuple(part.size for part in parts), {})


def _read_volume_labels(tree: NsdTree, name: str) -> LabelParts | None:
    """Read a volume's labels: from the two hemispheres' files, else from the common one."""
    files = [tree.roi_folder / f"{prefix}{name}.nii.gz" for prefix in HEMI_PREFIX.values()]
    whole = tree.roi_folder / f"{name}.nii.gz"
    if not any(path.exists() for path in files) and whole.exists():
        labels = _read_whole(whole)
        return LabelParts(name, (_flat(labels),), labels.shape, {})
    if not _both(files):
        return None
    left, right = map(_read_whole, files)
    if left.shape != right.shape:
        found = f"{left.shape} and {right.shape}"
        raise InputError(f"lh. and rh.{name}.nii.gz", "one grid", found, _COPY)
    both = ((left > 0) & (right > 0)).sum()
    notes = (f"{name}: {both} voxels in both hemispheres, counted as left",) if both else ()
    whole_grid = (_flat(np.where(left > 0, left, right)),)
    return LabelParts(name, whole_grid, left.shape, {}, _flat(left), _flat(right), notes)


def _both(files: list[Path]) -> bool:
    there = [path for path in files if path.exists()]
    if len(there) == 1:
        name = printable(there[0].name)
        raise InputError(name, "the files of both hemispheres", f"{name} only", _COPY)
    return bool(there)


def _read_whole(path: Path) -> IntArray:
    """Read one file of whole numbers, (x, y, z); NaN is outside cortex."""
    values: npt.NDArray[Any] = read_volume(path).values
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), -1, values)
    if (values % 1 != 0).any() or (np.abs(values) > _LARGEST).any():
        raise InputError(printable(path.name), "whole-number labels", "other values", _COPY)
    return values.astype(np.int64)


def _flat(labels: IntArray) -> IntArray:
    return labels.reshape(-1, order="F")


def _fold_hemispheres(
    name: str, parts: tuple[IntArray, ...]
) -> tuple[tuple[IntArray, ...], tuple[str, ...]]:
    """Count HCP-MMP from 1 to 180 in both hemispheres; some files count on in the right one."""
    if name != HCP_MMP1 or max(int(part.max()) for part in parts) <= _N_HCP:
        return parts, ()
    folded = tuple(np.where(part > _N_HCP, part - _N_HCP, part) for part in parts)
    return folded, (f"{name}: labels above {_N_HCP} taken as the right hemisphere's",)


def _read_names(
    tree: NsdTree, name: str, fallback: Mapping[int, str] | None
) -> tuple[dict[int, str], tuple[str, ...]]:
    files = [tree.label_folder / f"{prefix}{name}.mgz.ctab" for prefix in HEMI_PREFIX.values()]
    tables = [read_label_names(path) for path in files if path.exists()]
    builtin = builtin_names(name) or dict(fallback or {})
    if not tables:
        return builtin, (f"{name}: built-in label names, as there is no .ctab",) if builtin else ()
    if name == HCP_MMP1:
        tables = [
            {n - _N_HCP if n > _N_HCP else n: label for n, label in t.items()} for t in tables
        ]
    if any(table != tables[0] for table in tables):
        found = "other names in the right hemisphere"
        raise InputError(f"lh. and rh.{name}.mgz.ctab", "the same names", found, _COPY)
    differ = [n for n, label in builtin.items() if tables[0].get(n, label) != label]
    notes = [f"{name}: label {n} is {tables[0][n]} in its .ctab, not {builtin[n]}" for n in differ]
    return {**builtin, **tables[0]}, tuple(notes)
