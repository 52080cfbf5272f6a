"""Maps over the vertices of a surface, whatever file they are in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from nibabel.cifti2 import SeriesAxis

from jne_engine.core.arrays import Float32Array
from jne_engine.core.checks import check_matrix
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import Hemisphere
from jne_engine.formats.cifti import read_grayordinates
from jne_engine.formats.freesurfer import is_morph, read_morph
from jne_engine.formats.gifti import intent_of, read_gifti, stated_hemisphere
from jne_engine.formats.guard import check_file, printable
from jne_engine.formats.hemispheres import hemisphere_of
from jne_engine.formats.images import MAX_VERTICES, reading_image
from jne_engine.formats.volume_headers import MGH_SUFFIXES
from jne_engine.formats.volumes import read_volume

FORMATS: Final = (
    ".mgh, .mgz, .func.gii, .shape.gii, .dscalar.nii, .dtseries.nii, or FreeSurfer's lh.curv"
)

CIFTI_SUFFIXES: Final = (".dscalar.nii", ".dtseries.nii")
_NO_MAPS: Final = ("NIFTI_INTENT_POINTSET", "NIFTI_INTENT_TRIANGLE", "NIFTI_INTENT_LABEL")


@dataclass(frozen=True, eq=False)
class SurfaceValues:
    """Maps over the vertices of one hemisphere or of both.

    Parameters
    ----------
    names : tuple of str
        Name of each map; ``""`` where the file has none.
    parts : mapping of hemisphere to numpy.ndarray of float32, shape (n_maps, n_vertices)
        Values of every vertex; NaN where the file has none.
    """

    names: tuple[str, ...]
    parts: Mapping[Hemisphere, Float32Array]

    @property
    def n_vertices(self) -> Mapping[Hemisphere, int]:
        """Vertices of each hemisphere that is there."""
        return MappingProxyType({hemi: part.shape[1] for hemi, part in self.parts.items()})


def read_surface_values(path: str | Path, *, hemi: Hemisphere | None = None) -> SurfaceValues:
    """Read maps over the vertices of a surface.

    Parameters
    ----------
    path : str or pathlib.Path
        ``.mgh`` or ``.mgz`` of shape (n_vertices, 1, 1, n_maps), ``.func.gii``,
        ``.shape.gii``, ``.dscalar.nii``, ``.dtseries.nii``, or a FreeSurfer
        file such as ``lh.curv``.
    hemi : {"left", "right"}, optional
        Hemisphere of a file that holds one; needed where neither name nor content says it.

    Returns
    -------
    SurfaceValues
        Single-precision maps of one hemisphere, or of both from ``.dscalar.nii``.

    Raises
    ------
    InputError
        If the file cannot be read, is cut short or altered, or holds something else.
    UnsafeFileError
        If it asks for more than its own content.
    """
    path = check_file(path)
    lower = path.name.lower()
    if lower.endswith(CIFTI_SUFFIXES):
        return _from_cifti(path)
    if lower.endswith(".gii"):
        return _from_gifti(path, hemi)
    if lower.endswith(MGH_SUFFIXES):
        return _one(path, read_mgh_maps(path), hemi)
    if is_morph(path):
        return _one(path, read_morph(path)[None], hemi)
    fix = "convert the maps to one of these"
    raise InputError(printable(path.name), FORMATS, "another format", fix)


def read_mgh_maps(path: Path) -> npt.NDArray[Any]:
    """Read (n_maps, n_vertices) from an ``.mgh`` or ``.mgz`` file of shape (n, 1, 1, n_maps).

    The vertices may lie along any of the first three axes: retinotopy tools write (1, 1, n).

    Raises
    ------
    InputError
        If the file cannot be read or holds a volume.
    """
    values = read_volume(path).values
    n_vertices = max(values.shape[:3])
    if math.prod(values.shape[:3]) != n_vertices or n_vertices > MAX_VERTICES:
        fix = "choose a file of surface values, not a volume"
        expected = "(n_vertices, 1, 1, n_maps)"
        raise InputError(printable(path.name), expected, str(values.shape), fix)
    return np.ascontiguousarray(values.reshape(n_vertices, -1).T)


def _one(
    path: Path,
    maps: npt.NDArray[Any],
    hemi: Hemisphere | None,
    *,
    stated: Hemisphere | None = None,
    names: tuple[str, ...] | None = None,
) -> SurfaceValues:
    check_matrix(printable(path.name), maps, ("n_maps", "n_vertices"), fix="choose another file")
    side = hemisphere_of(path, hemi, stated=stated)
    part = MappingProxyType({side: maps.astype(np.float32, copy=False)})
    return SurfaceValues(names or ("",) * len(maps), part)


def _from_gifti(path: Path, hemi: Hemisphere | None) -> SurfaceValues:
    """Read maps of a GIFTI file: one an array, or one a column of an array."""
    image = read_gifti(path)
    for array in image.darrays:
        intent = intent_of(path, array)
        if intent in _NO_MAPS:
            fix = "read it as a mesh or as labels"
            raise InputError(printable(path.name), "maps of values", intent, fix)
    with reading_image(path, expected="maps of one length"):
        columns = [np.atleast_2d(array.data.T) for array in image.darrays]
        maps = np.concatenate(columns).astype(np.float32)
    names = tuple(
        printable(array.meta.get("Name", ""))
        for array, rows in zip(image.darrays, columns, strict=True)
        for _ in rows
    )
    return _one(path, maps, hemi, stated=stated_hemisphere(image), names=names)


def _from_cifti(path: Path) -> SurfaceValues:
    cortex = read_grayordinates(path)
    parts = cortex.spread(np.nan)
    named = [""] * len(cortex.maps) if isinstance(cortex.maps, SeriesAxis) else cortex.maps.name
    names = tuple(printable(str(name)) for name in named)
    return SurfaceValues(
        names, MappingProxyType({h: part.astype(np.float32) for h, part in parts.items()})
    )
