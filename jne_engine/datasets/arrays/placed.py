"""Responses in image files, which say themselves where their columns lie."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError
from jne_engine.cortex.names import FSLR, VERTICES
from jne_engine.cortex.spaces import HEMISPHERES, CorticalSpace, Hemisphere, SurfaceSpace
from jne_engine.datasets.locations import know_surface, read_volume_space
from jne_engine.formats.cifti import read_grayordinates, read_subcortex
from jne_engine.formats.guard import printable
from jne_engine.formats.hemispheres import find_other
from jne_engine.formats.surface_values import CIFTI_SUFFIXES, read_surface_values
from jne_engine.formats.volume_headers import MGH_SUFFIXES, NIFTI_SUFFIXES
from jne_engine.formats.volumes import open_volume, read_voxels

IMAGE_SUFFIXES: Final = (".func.gii", ".shape.gii", *CIFTI_SUFFIXES, *MGH_SUFFIXES, *NIFTI_SUFFIXES)
"""Endings of files that are images and no plain arrays."""

_TOLD_BY_ENDING: Final = (".func.gii", *CIFTI_SUFFIXES)

PARTS: Final = ("cortex", "volume")
"""What of a CIFTI file may be taken."""

_OF_HEMISPHERES: Final = (".gii", *MGH_SUFFIXES, ".annot", ".label")
_SURFACE_FIX: Final = "say which surface: --surface, or surface in dataset.toml"


class Placed(NamedTuple):
    """Responses with their places.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_stimuli, n_columns)
    space : SurfaceSpace or VolumeSpace
    notes : tuple of str
        What lies where, and what was left out.
    """

    values: npt.NDArray[Any]
    space: CorticalSpace
    notes: tuple[str, ...]


def is_image(path: Path) -> bool:
    """Tell whether a file's name is that of an image."""
    return path.name.lower().endswith(IMAGE_SUFFIXES)


def find_images(folder: Path) -> tuple[Path, ...]:
    """Return the image of the responses in a folder; of a pair, the left one; or none.

    Raises
    ------
    InputError
        If there are several.
    """
    images = sorted(path for path in folder.iterdir() if is_image(path) and path.is_file())
    here = [path for path in images if "responses" in path.name.lower()]
    here = here or [path for path in images if path.name.lower().endswith(_TOLD_BY_ENDING)]
    pairs = {frozenset(list_pair(path, None)) for path in here}
    if len(pairs) > 1:
        found = ", ".join(printable(path.name) for path in here[:4])
        fix = "name the right one in dataset.toml: responses = …"
        raise InputError(printable(folder.name), "one image of responses, or a pair", found, fix)
    return tuple(here[:1])


def list_pair(path: Path, other: Path | None) -> tuple[Path, ...]:
    """Return a file and that of the other hemisphere: the named one, or the one beside it."""
    if other is None and path.name.lower().endswith(_OF_HEMISPHERES):
        other = find_other(path)
    return (path,) if other is None else (path, other)


def read_placed(
    paths: tuple[Path, ...], *, surface: str | None, part: str, mask: Path | None
) -> Placed:
    """Read responses from images.

    Parameters
    ----------
    paths : tuple of pathlib.Path
        One file, or two of one hemisphere each, in any order.
    surface : str, optional
        Name of the surface, where the count of vertices does not tell it.
    part : {"cortex", "volume"}
        What to take of a CIFTI file.
    mask : pathlib.Path, optional
        Where the columns lie in a volume.

    Raises
    ------
    InputError
        If a file cannot be read, or does not say where its columns lie.
    """
    check_choice("cifti_part", part, PARTS)
    name = paths[0].name.lower()
    if name.endswith(CIFTI_SUFFIXES):
        return _from_cifti(paths[0], surface, part)
    if mask is not None:
        return _from_volume(paths[0], mask)
    if name.endswith(NIFTI_SUFFIXES):
        fix = "give the mask of its voxels: --voxels, or voxels in dataset.toml"
        raise InputError(printable(paths[0].name), "a mask beside a volume", "none", fix)
    return _from_hemispheres(paths, surface)


def _from_volume(path: Path, mask: Path) -> Placed:
    space, volume = read_volume_space(mask), open_volume(path)
    if not space.is_grid(volume.shape[:3], volume.affine):
        fix = "resample the mask to the responses' grid"
        expected = f"the grid of {printable(mask.name)}, {space.shape} with its millimetres"
        raise InputError(printable(path.name), expected, f"{volume.shape[:3]}", fix)
    note = f"columns: the {space.n_voxels:,} voxels of {printable(mask.name)} above 0"
    return Placed(read_voxels(path, space.voxels), space, (note,))


def _from_cifti(path: Path, surface: str | None, part: str) -> Placed:
    name = printable(path.name)
    if part == "volume":
        values, below = read_subcortex(path)
        return Placed(values, below, (f"columns: the {below.n_voxels:,} voxels of {name}",))
    found = read_grayordinates(path)
    called = _name_surface(path, dict(found.n_vertices), surface)
    space = _space(called, dict(found.vertices))
    notes = [_tell(space)]
    if found.n_below:
        of = space.n_voxels + found.n_below
        kept = "cifti_part = volume takes them instead"
        notes.append(
            f"{name}: {found.n_below:,} of {of:,} grayordinates lie below the cortex and are left"
            f" out ({kept})"
        )
    values = np.concatenate([found.values[h] for h in HEMISPHERES if h in found.values], axis=1)
    return Placed(values, space, tuple(notes))


def _from_hemispheres(paths: tuple[Path, ...], surface: str | None) -> Placed:
    parts: dict[Hemisphere, npt.NDArray[Any]] = {}
    for path in paths:
        for hemi, values in read_surface_values(path).parts.items():
            if hemi in parts:
                fix = "name one file of each hemisphere"
                raise InputError(printable(path.name), "the other hemisphere", f"{hemi} again", fix)
            parts[hemi] = values
    rows = {len(values) for values in parts.values()}
    if len(rows) > 1:
        names, found = " and ".join(printable(p.name) for p in paths), sorted(rows)
        fix = "write one map a stimulus into both"
        raise InputError(names, "as many stimuli in both", f"{found[0]} and {found[1]}", fix)
    sizes = {hemi: values.shape[1] for hemi, values in parts.items()}
    space = _space(
        _name_surface(paths[0], sizes, surface), {h: np.arange(n) for h, n in sizes.items()}
    )
    read = ", ".join(printable(path.name) for path in paths)
    joined = np.concatenate([parts[h] for h in HEMISPHERES if h in parts], axis=1)
    return Placed(joined, space, (f"{_tell(space)}, read from {read}",))


def _space(surface: str, vertices: dict[Hemisphere, Any]) -> SurfaceSpace:
    left, right = (np.asarray(vertices.get(h, ()), dtype=np.int64) for h in HEMISPHERES)
    return SurfaceSpace(surface, left, right)


def _tell(space: SurfaceSpace) -> str:
    return (
        f"columns: {space.n_voxels:,} vertices of {space.surface},"
        f" {space.left.size:,} left and then {space.right.size:,} right"
    )


def _name_surface(path: Path, sizes: dict[Hemisphere, int], surface: str | None) -> str:
    """Return the surface of so many vertices a hemisphere, and require it to fit its name."""
    name, counts = printable(path.name), sorted(set(sizes.values()))
    found = f"{' and '.join(f'{n:,}' for n in counts)} vertices a hemisphere"
    if surface is not None:
        known = know_surface(surface)
        if known in VERTICES and counts != [VERTICES[known]]:
            expected = f"{VERTICES[known]:,} vertices of {known}"
            raise InputError(name, expected, found, _SURFACE_FIX)
        return known
    fits = [known for known, n in VERTICES.items() if counts == [n]]
    fslr = path.name.lower().endswith(CIFTI_SUFFIXES) or re.search("fs_?lr", path.name, re.I)
    if not fits or (fslr and fits != [FSLR]):
        listed = ", ".join(f"{known} ({n:,})" for known, n in VERTICES.items())
        raise InputError(name, f"vertices of a known surface: {listed}", found, _SURFACE_FIX)
    return fits[0]
