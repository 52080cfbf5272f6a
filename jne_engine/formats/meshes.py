"""Meshes of one hemisphere, whatever file they are in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from jne_engine.core.checks import check_finite, check_matrix
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import Hemisphere, Mesh
from jne_engine.formats.freesurfer import is_geometry, is_patch, read_geometry, read_patch
from jne_engine.formats.gifti import intent_of, read_gifti, stated_hemisphere
from jne_engine.formats.guard import COPY_AGAIN, check_file, printable

FORMATS = ".surf.gii, or FreeSurfer's lh.white, lh.pial, lh.inflated"

_POINTS = "NIFTI_INTENT_POINTSET"
_FACES = "NIFTI_INTENT_TRIANGLE"


def read_mesh(
    path: str | Path, *, cut_from: Mesh | None = None, hemi: Hemisphere | None = None
) -> Mesh:
    """Read the triangle mesh of one hemisphere.

    Parameters
    ----------
    path : str or pathlib.Path
        ``.surf.gii``, or a FreeSurfer file such as ``lh.white``.
    cut_from : Mesh, optional
        The whole surface, where the file may also be a FreeSurfer patch of it.
    hemi : {"left", "right"}, optional
        Hemisphere that it is taken for; a GIFTI file that names the other one is refused.

    Returns
    -------
    Mesh
        Coordinates in millimetres: of a GIFTI file as they stand in it, of a FreeSurfer
        file in the scanner's system, which is its own plus the centre that it states.

    Raises
    ------
    InputError
        If the file cannot be read, is cut short or altered, holds something else, or a face
        names a vertex that is not there.
    UnsafeFileError
        If it asks for more than its own content.
    """
    path = check_file(path)
    if path.name.lower().endswith(".gii"):
        mesh = _from_gifti(path, hemi)
    elif is_geometry(path):
        mesh = read_geometry(path)
    elif cut_from is not None and is_patch(path):
        mesh = read_patch(path, cut_from)
    else:
        fix = "convert the mesh to one of these"
        raise InputError(printable(path.name), FORMATS, "another format", fix)
    return _checked(path, mesh)


def _from_gifti(path: Path, hemi: Hemisphere | None) -> Mesh:
    image = read_gifti(path)
    stated = stated_hemisphere(image)
    if hemi is not None and stated not in (None, hemi):
        fix = "swap the two files of the pair: AnatomicalStructurePrimary says which is which"
        raise InputError(printable(path.name), f"the {hemi} hemisphere", f"the {stated} one", fix)
    intents = [intent_of(path, array) for array in image.darrays]
    if sorted(intents) != [_POINTS, _FACES]:
        found = ", ".join(intents[:4]) or "no arrays"
        fix = "choose a .surf.gii file"
        raise InputError(printable(path.name), f"{_POINTS} and {_FACES}", found, fix)
    points, faces = (image.darrays[intents.index(intent)].data for intent in (_POINTS, _FACES))
    if faces.dtype.kind not in "iu":
        raise InputError(printable(path.name), "whole-number faces", f"{faces.dtype}", COPY_AGAIN)
    return Mesh(_frozen(points, np.float32), _frozen(faces, np.int64))


def _checked(path: Path, mesh: Mesh) -> Mesh:
    """Require points and triangles that fit each other."""
    name = printable(path.name)
    for values, axes in ((mesh.coordinates, ("n_vertices", "3")), (mesh.faces, ("n_faces", "3"))):
        check_matrix(name, values, axes, fix=COPY_AGAIN)
        if values.shape[1] != 3:
            raise InputError(name, f"({', '.join(axes)})", str(values.shape), COPY_AGAIN)
    check_finite(name, mesh.coordinates, fix=COPY_AGAIN)
    low, high = int(mesh.faces.min()), int(mesh.faces.max())
    if low < 0 or high >= len(mesh.coordinates):
        expected = f"faces of vertices 0..{len(mesh.coordinates) - 1}"
        raise InputError(name, expected, f"{low}..{high}", COPY_AGAIN)
    return mesh


def _frozen(values: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    copy = np.array(values, dtype=dtype)
    copy.flags.writeable = False
    return copy
