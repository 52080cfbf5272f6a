"""The two surfaces that cortex lies between: a subject's own files, or a packaged template."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from jne_engine.core.arrays import Float32Array
from jne_engine.core.checks import check_choice, check_length
from jne_engine.core.errors import InputError
from jne_engine.cortex.projection import Sheet, SubjectSurface
from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere, Mesh
from jne_engine.cortex.surfaces import GEOMETRIES, load_surface
from jne_engine.formats.guard import printable
from jne_engine.formats.meshes import read_mesh
from jne_engine.formats.surface_values import read_surface_values

NEEDED: Final = ("white", "pial")
SHAPES: Final = (*NEEDED, "inflated")
DEPTH: Final = "sulc"


def list_subject_files(folder: Path) -> tuple[Path, ...]:
    """Return the files that :func:`read_subject_surface` reads, as far as they are there."""
    named = [folder / f"{h[0]}h.{name}" for h in HEMISPHERES for name in (*SHAPES, DEPTH)]
    return tuple(path for path in named if path.is_file())


def has_subject_surface(folder: Path) -> bool:
    """Tell whether a folder has white and pial surface of both hemispheres."""
    return all((folder / f"{h[0]}h.{name}").is_file() for h in HEMISPHERES for name in NEEDED)


def read_subject_surface(folder: Path, name: str) -> SubjectSurface:
    """Read a subject's own surfaces.

    Parameters
    ----------
    folder : pathlib.Path
        FreeSurfer's ``surf`` folder: ``lh.white``, ``lh.pial``, ``rh.white`` and ``rh.pial``;
        ``inflated`` and ``sulc`` where they are there.
    name : str
        What the surface is called.

    Returns
    -------
    SubjectSurface
        In the scanner's millimetres.

    Raises
    ------
    InputError
        If a surface is missing or cannot be read, or two do not correspond.
    """
    for hemi in HEMISPHERES:
        for path in (folder / f"{hemi[0]}h.{needed}" for needed in NEEDED):
            if not path.is_file():
                fix = "copy lh.white, lh.pial, rh.white and rh.pial of the subject there"
                expected = "the subject's own surfaces, since volumes have no vertices"
                raise InputError(printable(f"{folder.name}/{path.name}"), expected, "no file", fix)
    there = [name for name in SHAPES if all(_path(folder, h, name).is_file() for h in HEMISPHERES)]
    meshes = {
        shape: {h: read_mesh(_path(folder, h, shape)) for h in HEMISPHERES} for shape in there
    }
    for shape in there[1:]:
        for hemi in HEMISPHERES:
            _check_alike(meshes["white"][hemi], meshes[shape][hemi], hemi, shape)
    has_depth = all(_path(folder, h, DEPTH).is_file() for h in HEMISPHERES)
    return SubjectSurface(
        name,
        {h: meshes["white"][h].faces for h in HEMISPHERES},
        {shape: {h: meshes[shape][h].coordinates for h in HEMISPHERES} for shape in there},
        {h: _read_depth(folder, h, meshes["white"][h]) for h in HEMISPHERES} if has_depth else {},
    )


def load_sheets(surface: str) -> Mapping[Hemisphere, Sheet]:
    """Load white and pial meshes of a surface that installed packages carry.

    They lie in template millimetres: only a volume in that template's space fits them.

    Raises
    ------
    InputError
        If no installed package carries it.
    """
    check_choice("surface of a volume", surface, tuple(GEOMETRIES), fix="or name surface_folder")
    white, pial = (load_surface(surface, geometry) for geometry in NEEDED)
    return MappingProxyType({h: Sheet(white[h], pial[h]) for h in HEMISPHERES})


def _path(folder: Path, hemi: Hemisphere, name: str) -> Path:
    """Return FreeSurfer's path of one hemisphere's file."""
    return folder / f"{hemi[0]}h.{name}"


def _check_alike(white: Mesh, other: Mesh, hemi: Hemisphere, shape: str) -> None:
    same = len(white.coordinates) == len(other.coordinates)
    if not (same and np.array_equal(white.faces, other.faces)):
        what = f"{hemi[0]}h.white and {hemi[0]}h.{shape}"
        raise InputError(what, "the same triangles", "different ones",
                         "take both from the same reconstruction")  # fmt: skip


def _read_depth(folder: Path, hemi: Hemisphere, white: Mesh) -> Float32Array:
    path = _path(folder, hemi, DEPTH)
    depth = read_surface_values(path, hemi=hemi).parts[hemi][0]
    fix = "take it from the same reconstruction"
    check_length(path.name, len(depth), len(white.coordinates), unit="vertices", fix=fix)
    return np.asarray(depth, dtype=np.float32)
