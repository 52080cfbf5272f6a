"""What belongs to the columns of the responses: their places, their ROIs."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import BoolArray, Float32Array
from jne_engine.core.checks import check_indices, check_length
from jne_engine.core.errors import InputError
from jne_engine.cortex.names import FSLR, OWN_SURFACES, VERTICES, canonical_name, check_vertices
from jne_engine.cortex.spaces import HEMISPHERES, RoiSet, SurfaceSpace, Tier, VolumeSpace
from jne_engine.cortex.surfaces import load_cortex_vertices
from jne_engine.formats.arrays import read_vector, to_indices
from jne_engine.formats.guard import check_file, naming, printable, read_text
from jne_engine.formats.numpy_files import list_npz_keys, read_npz
from jne_engine.formats.volumes import read_volume

_NAME: Final = re.compile(r"""^name\s*=\s*["']([^"']+)["']""", re.MULTILINE)
_LAYOUTS: Final = (64984, 59412, 91282)
"""Columns of all vertices, of the cortex and of all grayordinates of fs_LR 32k."""
_AFFINE = "save the affine from voxels to millimetres"


def read_surface_space(path: str | Path, surface: str, n_voxels: int) -> SurfaceSpace:
    """Read the surface vertex of each response column.

    Parameters
    ----------
    path : str or pathlib.Path
        An ``.npz`` file with arrays ``left`` and ``right``: the zero-based vertices of the
        columns, left hemisphere first.
    surface : str
        Name of the surface family, for instance ``"fsLR32k"``.
    n_voxels : int
        Columns of the responses.

    Raises
    ------
    InputError
        If the file cannot be read, a vertex repeats, or the counts differ.
    """
    path = check_file(path)
    name = printable(path.name)
    left, right = (to_indices(name, read_npz(path, hemi)) for hemi in ("left", "right"))
    surface = know_surface(surface)
    with naming(path):
        space = SurfaceSpace(surface, left, right)
    check_vertices(name, surface, left, right)
    fix = "give one vertex a response column, left hemisphere first"
    check_length(name, space.n_voxels, n_voxels, unit="vertices", fix=fix)
    return space


def know_surface(surface: str) -> str:
    """Return the one name of a surface that is known here, or that a person described.

    Raises
    ------
    InputError
        If it is neither.
    """
    name = canonical_name(surface)
    folder = Path(os.environ.get(OWN_SURFACES, "surfaces"))
    if name in VERTICES or surface in _described_names(folder):
        return name
    near = difflib.get_close_matches(name, VERTICES, n=1)
    fix = f"did you mean {near[0]!r}? " if near else ""
    fix += f"a surface of your own is described in ${OWN_SURFACES}: see docs/datasets.md"
    raise InputError("surface", f"one of {', '.join(VERTICES)}", printable(repr(surface)), fix)


def _described_names(folder: Path) -> list[str]:
    """Return the names of a person's own surfaces."""
    texts = (read_text(path, max_bytes=2**20) for path in folder.glob("*.toml"))
    return [match.group(1) for text in texts for match in _NAME.finditer(text)]


def place_columns(surface: str, n_columns: int) -> SurfaceSpace | None:
    """Return the vertices of the columns of a usual layout, None where the count fits none.

    All vertices, left then right; of fs_LR 32k also the 59,412 grayordinates of the cortex, which
    are the first of the 91,282.
    """
    if surface == FSLR and n_columns in _LAYOUTS[1:]:
        return SurfaceSpace(surface, *(load_cortex_vertices(h) for h in HEMISPHERES))
    if n_columns != 2 * VERTICES.get(surface, 0):
        return None
    vertices = np.arange(VERTICES[surface], dtype=np.int64)
    return SurfaceSpace(surface, vertices, vertices)


def suggest_surface(n_columns: int) -> str | None:
    """Return the surface whose usual layouts have so many columns."""
    if n_columns in _LAYOUTS:
        return FSLR
    return next((name for name, n in VERTICES.items() if 2 * n == n_columns), None)


def read_volume_space(path: str | Path, n_voxels: int | None = None) -> VolumeSpace:
    """Read the voxel of each response column.

    Parameters
    ----------
    path : str or pathlib.Path
        A mask as NIfTI or MGH, whose voxels above 0 are the columns in numpy's order (x slowest)
        and whose header gives the millimetres; or an ``.npz`` file with arrays ``voxels``
        (n_voxels, 3), zero-based, ``shape`` (3,) and ``affine`` (4, 4).
    n_voxels : int, optional
        Columns of the responses, where these are not taken from a volume by this very mask.

    Raises
    ------
    InputError
        If the file cannot be read, a voxel repeats, or the counts differ.
    """
    path = check_file(path)
    name = printable(path.name)
    space = _read_listed(path) if path.suffix.lower() == ".npz" else _read_mask(path)
    fix = "give one voxel a response column, in the columns' order"
    if n_voxels is not None:
        check_length(name, space.n_voxels, n_voxels, unit="voxels", fix=fix)
    return space


def _read_listed(path: Path) -> VolumeSpace:
    voxels, shape = (read_npz(path, key) for key in ("voxels", "shape"))
    affine = read_npz(path, "affine")
    if not np.isfinite(affine).all() or affine.shape != (4, 4) or np.linalg.det(affine) == 0:
        raise InputError(printable(path.name), "an affine (4, 4)", "another array", _AFFINE)
    if voxels.dtype.kind not in "iu" or shape.dtype.kind not in "iu" or shape.shape != (3,):
        expected = "whole numbers voxels (n_voxels, 3) and shape (3,)"
        raise InputError(printable(path.name), expected, "others", "save zero-based indices")
    x, y, z = shape.tolist()
    with naming(path):
        return VolumeSpace((x, y, z), affine.astype(np.float64), voxels.astype(np.int64))


def _read_mask(path: Path) -> VolumeSpace:
    volume = read_volume(path)
    if volume.values.ndim != 3:
        found = f"shape {volume.values.shape}"
        raise InputError(printable(path.name), "a mask (x, y, z)", found, "save one volume")
    x, y, z = volume.values.shape
    with naming(path):
        voxels = np.argwhere(volume.values > 0).astype(np.int64)
        return VolumeSpace((x, y, z), volume.affine, voxels)


def read_rois(
    path: str | Path, n_voxels: int, *, tiers: Mapping[str, Tier] | None = None
) -> RoiSet:
    """Read named ROIs from an ``.npz`` file.

    Parameters
    ----------
    path : str or pathlib.Path
        One array an ROI: a mask of ``n_voxels`` True/False or 1/0, or a list of zero-based
        columns.
    n_voxels : int
        Columns of the responses.
    tiers : mapping of str to {"primary", "intermediate", "higher"}, optional
        Place of ROIs in the visual hierarchy.

    Returns
    -------
    RoiSet
        The ROIs in the order of the file; its preset is the file's name without its ending.

    Raises
    ------
    InputError
        If the file cannot be read, an array is neither mask nor list, or a tier names an
        ROI that the file lacks.
    """
    path = check_file(path)
    names = list_npz_keys(path)
    tiers = tiers or {}
    file = printable(path.name)
    check_tiers(file, names, tiers)
    masks = [read_roi_mask(f"{file} {n}", read_npz(path, n), n_voxels) for n in names]
    return RoiSet(
        preset=printable(path.stem),
        source=f"masks of {file}",
        names=tuple(map(printable, names)),
        tiers=tuple(tiers.get(name) for name in names),
        masks=np.stack(masks),
    )


def check_tiers(what: str, names: Sequence[str], tiers: Mapping[str, Tier]) -> None:
    """Require ROIs, and those to which a tier is given among them.

    Raises
    ------
    InputError
        If there are none, or a tier names another.
    """
    unknown = [name for name in tiers if name not in names]
    if unknown or not names:
        found = f"a tier for {unknown[0]!r}" if unknown else "no arrays"
        expected = f"ROIs ({', '.join(map(printable, names))})"
        raise InputError(what, expected, found, "name the ROIs of the file")


def read_noise_ceiling(path: str | Path, n_voxels: int, *, key: str | None = None) -> Float32Array:
    """Read the noise ceiling of each column as a fraction of variance.

    Raises
    ------
    InputError
        If the file cannot be read, has another length, or holds values outside 0 to 1.
    """
    values = read_vector(
        path, n_voxels, unit="voxels", key=key, key_option="noise_ceiling_key in dataset.toml"
    )
    outside = values[(values < 0) | (values > 1) | np.isinf(values)]
    if outside.size:
        fix = "divide percentages by 100"
        expected = "fractions from 0 to 1"
        raise InputError(printable(Path(path).name), expected, f"{outside[0]:g}", fix)
    return values


def read_roi_mask(name: str, values: npt.NDArray[Any], n_voxels: int) -> BoolArray:
    """Return an ROI's mask over the columns, from a mask or from a list of columns.

    Raises
    ------
    InputError
        If the values are neither.
    """
    fix = f"give a mask over the {n_voxels} columns, or a list of columns"
    if values.ndim != 1 or values.dtype.kind not in "iub":
        found = f"{values.dtype} of shape {values.shape}"
        raise InputError(name, "a mask or a list of columns", found, fix)
    if values.dtype.kind == "b" or (values.size == n_voxels and np.isin(values, (0, 1)).all()):
        check_length(name, values.size, n_voxels, unit="columns", fix=fix)
        return values.astype(np.bool_)
    mask = np.zeros(n_voxels, dtype=np.bool_)
    if values.size:
        columns = to_indices(name, values)
        check_indices(name, columns, n_voxels, fix=fix)
        mask[columns] = True
    return mask
