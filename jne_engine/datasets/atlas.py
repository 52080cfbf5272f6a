"""ROIs from atlas files: labels of vertices or of voxels, whatever format they are in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from jne_engine.core.arrays import BoolArray, IntArray
from jne_engine.core.checks import check_length
from jne_engine.core.errors import InputError
from jne_engine.cortex.names import VERTICES, check_vertices
from jne_engine.cortex.spaces import (
    HEMISPHERES,
    CorticalSpace,
    RoiSet,
    SurfaceSpace,
    Tier,
    VolumeSpace,
)
from jne_engine.datasets.locations import check_tiers
from jne_engine.formats.freesurfer import read_label_vertices
from jne_engine.formats.guard import printable
from jne_engine.formats.hemispheres import hemisphere_of
from jne_engine.formats.labels import name_labels, read_labels, whole_labels
from jne_engine.formats.volume_headers import MGH_SUFFIXES, NIFTI_SUFFIXES
from jne_engine.formats.volumes import read_volume

ATLAS_SUFFIXES: Final = (
    ".annot", ".label.gii", ".dlabel.nii", ".label", *MGH_SUFFIXES, *NIFTI_SUFFIXES,
)  # fmt: skip
"""Endings of files whose labels become ROIs."""


def read_atlas(
    paths: tuple[Path, ...],
    space: CorticalSpace | None,
    *,
    names: Path | None = None,
    tiers: Mapping[str, Tier] | None = None,
) -> RoiSet:
    """Read the labels of an atlas as ROIs over the response columns.

    Parameters
    ----------
    paths : tuple of pathlib.Path
        One file, or one of each hemisphere.
    space : SurfaceSpace or VolumeSpace
        Where the columns lie.
    names : pathlib.Path, optional
        Names of the numbers, where the files have none: a number and a name a line.
    tiers : mapping of str to {"primary", "intermediate", "higher"}, optional
        Place of ROIs in the visual hierarchy.

    Returns
    -------
    RoiSet
        Labels of the same name are one; a label without a column is left out, and its source
        says how many were.

    Raises
    ------
    InputError
        If a file cannot be read, labels another surface or grid, or no label has a column.
    """
    what = " and ".join(printable(path.name) for path in paths)
    if space is None:
        fix = "say where the columns lie (surface and vertices, or voxels), or give masks as .npz"
        raise InputError(what, "places of the columns beside an atlas", "none", fix)
    masks: dict[str, BoolArray] = {}
    for path in paths:
        for name, columns in _read_one(path, space, names):
            masks.setdefault(name, np.zeros(space.n_voxels, dtype=np.bool_))[columns] = True
    used = {name: mask for name, mask in masks.items() if mask.any()}
    if not used:
        found = f"none of its {len(masks)} labels"
        raise InputError(what, "labels on the columns", found, "choose an atlas of these columns")
    check_tiers(what, tuple(used), tiers or {})
    left_out = f" ({len(masks) - len(used)} without a column left out)"
    return RoiSet(
        preset=printable(paths[0].name.split(".")[1 if paths[0].name[:3] in ("lh.", "rh.") else 0]),
        source=f"labels of {what}{left_out if len(masks) > len(used) else ''}",
        names=tuple(used),
        tiers=tuple((tiers or {}).get(name) for name in used),
        masks=np.stack(list(used.values())),
    )


def _read_one(
    path: Path, space: CorticalSpace, names: Path | None
) -> Iterator[tuple[str, IntArray]]:
    """Yield each label of a file with its columns."""
    if isinstance(space, VolumeSpace):
        yield from _from_volume(path, space, names)
    elif path.name.lower().endswith(".label"):
        yield _from_label(path, space)
    else:
        yield from _from_surface(path, space, names)


def _from_surface(
    path: Path, space: SurfaceSpace, names: Path | None
) -> Iterator[tuple[str, IntArray]]:
    labels = read_labels(path, surface=space.surface, ctab=names)
    for hemi, index in labels.index.items():
        vertices = space.vertices(hemi)
        n = VERTICES.get(space.surface, max(index.size, int(vertices.max(initial=0)) + 1))
        fix = f"choose an atlas on {space.surface}"
        check_length(printable(path.name), index.size, n, unit="vertices", fix=fix)
        start = space.columns(hemi).start
        for number, name in enumerate(labels.names[1:], start=1):
            yield name, start + np.flatnonzero(index[vertices] == number)


def _from_label(path: Path, space: SurfaceSpace) -> tuple[str, IntArray]:
    hemi, found = hemisphere_of(path, None), read_label_vertices(path)
    nothing = np.empty(0, dtype=np.int64)
    left, right = (found if h == hemi else nothing for h in HEMISPHERES)
    check_vertices(printable(path.name), space.surface, left, right)
    columns = np.flatnonzero(np.isin(space.vertices(hemi), found))
    name = printable(path.name.removesuffix(".label"))
    return name.removeprefix(f"{hemi[0]}h."), space.columns(hemi).start + columns


def _from_volume(
    path: Path, space: VolumeSpace, names: Path | None
) -> Iterator[tuple[str, IntArray]]:
    if not path.name.lower().endswith((*MGH_SUFFIXES, *NIFTI_SUFFIXES)):
        fix = "choose a .nii, .nii.gz or .mgz file of labels"
        raise InputError(printable(path.name), "labels of voxels", "of vertices", fix)
    volume = read_volume(path)
    same = volume.values.shape == space.shape
    if not space.is_grid(volume.values.shape, volume.affine):
        fix = "resample the labels to the responses' grid (nearest neighbour)"
        found = f"{volume.values.shape}{' with other millimetres' if same else ''}"
        raise InputError(printable(path.name), f"the columns' grid {space.shape}", found, fix)
    codes = whole_labels(path, volume.values)
    table = name_labels(path, codes, names)
    at_columns = codes[tuple(space.voxels.T)]
    for code, name in table.items():
        if code > 0:
            yield name, np.flatnonzero(at_columns == code)
