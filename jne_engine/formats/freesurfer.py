"""FreeSurfer's meshes and values, given to nibabel only after their counts fit the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from nibabel import freesurfer

from jne_engine.core.arrays import Float32Array, IntArray
from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.cortex.spaces import Mesh
from jne_engine.formats.guard import (
    COPY_AGAIN,
    check_claim,
    check_file,
    printable,
    read_text,
    reading,
)
from jne_engine.formats.images import MAX_VERTICES, reading_image

MAX_SURFACE_BYTES: Final = 2**29
"""Largest file of one hemisphere; ten million vertices with their triangles have 360 MB."""

_TRIANGLES: Final = b"\xff\xff\xfe"
_NEW_MORPH: Final = b"\xff\xff\xff"
_PATCH: Final = b"\xff\xff\xff\xff"
_PATCH_VERTEX: Final = np.dtype([("number", ">i4"), ("point", ">f4", 3)])
_MAX_STAMP: Final = 10_000
_CONVERT: Final = "convert it with FreeSurfer's mris_convert"


def is_morph(path: Path) -> bool:
    """Tell whether a file begins as ``lh.curv`` and ``lh.sulc`` do."""
    start = _first_bytes(path)
    return start[:3] == _NEW_MORPH and start != _PATCH


def is_patch(path: Path) -> bool:
    """Tell whether a file begins as ``lh.full.flat.patch.3d`` does."""
    return _first_bytes(path) == _PATCH


def is_geometry(path: Path) -> bool:
    """Tell whether a file begins as ``lh.white`` and ``lh.pial`` do."""
    return _first_bytes(path)[:3] == _TRIANGLES


def read_morph(path: str | Path) -> Float32Array:
    """Read one value a vertex from ``lh.curv``, ``lh.sulc`` or ``lh.thickness``.

    Returns
    -------
    numpy.ndarray of float32, shape (n_vertices,)

    Raises
    ------
    InputError
        If the file is not such a file, cut short or altered.
    UnsafeFileError
        If it claims more than it holds.
    """
    path = check_file(path, max_bytes=MAX_SURFACE_BYTES)
    with reading(path, expected="FreeSurfer values"), path.open("rb") as stream:
        head = stream.read(15)
    if head[:3] != _NEW_MORPH or len(head) < 15:
        raise InputError(printable(path.name), "FreeSurfer values", "another format", _CONVERT)
    n_vertices, _, n_values = (int(n) for n in np.frombuffer(head[3:], ">i4"))
    if n_values != 1:
        raise InputError(printable(path.name), "one value a vertex", f"{n_values}", _CONVERT)
    _check_held(path, (n_vertices,), path.stat().st_size - 15)
    with reading_image(path, expected="FreeSurfer values"):
        return np.asarray(freesurfer.read_morph_data(path), dtype=np.float32)


def read_label_vertices(path: str | Path) -> IntArray:
    """Read the vertices of one region from a file such as ``lh.V1_exvivo.label``.

    Returns
    -------
    numpy.ndarray of int64, shape (n_vertices,)
        Zero-based, in the order of the file.

    Raises
    ------
    InputError
        If the file is no label, or lists another number of vertices than it says.
    """
    name = printable(Path(path).name)
    lines = [line for line in read_text(path).splitlines() if not line.startswith("#")]
    try:
        vertices = np.array([int(line.split()[0]) for line in lines[1:] if line.strip()], np.int64)
        claimed = int(lines[0])
    except (ValueError, IndexError) as error:
        fix = "choose a .label file of FreeSurfer"
        raise InputError(name, "a count, then a vertex a line", "other text", fix) from error
    if claimed != vertices.size or vertices.size == 0 or vertices.min() < 0:
        found = f"{vertices.size} lines"
        raise InputError(name, f"{claimed} vertices counted from 0", found, COPY_AGAIN)
    return vertices


def read_geometry(path: str | Path) -> Mesh:
    """Read a triangle mesh such as ``lh.white``.

    Returns
    -------
    Mesh
        Coordinates in scanner millimetres: FreeSurfer's own, plus the centre (``c_ras``)
        that the file states, where it states one. Faces as in the file.

    Raises
    ------
    InputError
        If the file is not such a file, cut short or altered.
    UnsafeFileError
        If it claims more than it holds.
    """
    path = check_file(path, max_bytes=MAX_SURFACE_BYTES)
    name = printable(path.name)
    with reading(path, expected="a FreeSurfer mesh"), path.open("rb") as stream:
        magic = stream.read(3)
        stamp = stream.readline(_MAX_STAMP) + stream.readline(_MAX_STAMP)
        counts = [int(n) for n in np.frombuffer(stream.read(8), ">i4")]
        offset = stream.tell()
    if magic != _TRIANGLES or stamp.count(b"\n") != 2 or len(counts) != 2:
        raise InputError(name, "a FreeSurfer triangle mesh", "another format", _CONVERT)
    if max(counts) > 2 * MAX_VERTICES:
        found = f"{counts[0]} vertices and {counts[1]} faces"
        raise UnsafeFileError(name, f"at most {MAX_VERTICES} vertices", found, COPY_AGAIN)
    held = path.stat().st_size - offset
    for count in counts:
        held -= check_claim(path, (count, 3), 4, available=held)
    with reading_image(path, expected="a FreeSurfer mesh"):
        if not held:
            points, faces = freesurfer.read_geometry(path)
            centre = np.zeros(3)
        else:
            points, faces, about = freesurfer.read_geometry(path, read_metadata=True)
            centre = _centre(about)
    return Mesh((points + centre).astype(np.float32), faces.astype(np.int64))


def read_patch(path: str | Path, mesh: Mesh) -> Mesh:
    """Read a part of a surface that was cut out and flattened, ``lh.full.flat.patch.3d``.

    Parameters
    ----------
    path : str or pathlib.Path
        The patch: numbers of vertices, counted from 1 and negative on the border, and places.
    mesh : Mesh
        The whole surface that it was cut from.

    Returns
    -------
    Mesh
        All vertices of ``mesh``; those outside the patch lie at its middle, and no triangle has
        them. Triangles of ``mesh`` whose three vertices are in the patch.

    Raises
    ------
    InputError
        If the file is no patch, is cut short, or names vertices that the surface lacks.
    UnsafeFileError
        If it claims more than it holds.
    """
    path = check_file(path, max_bytes=MAX_SURFACE_BYTES)
    name, n_vertices = printable(path.name), len(mesh.coordinates)
    with reading(path, expected="a FreeSurfer patch"), path.open("rb") as stream:
        head = stream.read(8)
        if head[:4] != _PATCH or len(head) < 8:
            raise InputError(name, "a FreeSurfer patch", "another format", _CONVERT)
        count = int(np.frombuffer(head[4:], ">i4")[0])
        held = path.stat().st_size - len(head)
        if check_claim(path, (count, 4), 4, available=held) != held:
            raise InputError(name, f"{count} vertices", f"{held} bytes of them", COPY_AGAIN)
        rows = np.frombuffer(stream.read(held), _PATCH_VERTEX)
    numbers = np.abs(rows["number"].astype(np.int64)) - 1
    if not count or numbers.min() < 0 or numbers.max() >= n_vertices:
        found = f"{count} vertices up to {int(numbers.max()) + 1 if count else 0}"
        fix = "choose the patch and the surface of one subject and hemisphere"
        raise InputError(name, f"vertices 1..{n_vertices}", found, fix)
    points = np.tile(rows["point"].mean(axis=0, dtype=np.float64), (n_vertices, 1))
    points[numbers] = rows["point"]
    inside = np.zeros(n_vertices, dtype=np.bool_)
    inside[numbers] = True
    return Mesh(points.astype(np.float32), mesh.faces[inside[mesh.faces].all(axis=1)])


def _first_bytes(path: Path) -> bytes:
    """Return the four bytes that tell FreeSurfer's formats apart."""
    with reading(path, expected="a readable file"), path.open("rb") as stream:
        return stream.read(4)


def _check_held(path: Path, shape: tuple[int, ...], held: int) -> None:
    """Require that a file holds exactly the single-precision values that it claims."""
    claimed = check_claim(path, shape, 4, available=held)
    if claimed != held:
        found = f"{held} bytes of values where the header says {claimed}"
        raise InputError(printable(path.name), f"values of shape {shape}", found, COPY_AGAIN)


def _centre(about: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    """Return the scanner position of FreeSurfer's origin, 0 where a mesh does not state it."""
    if "cras" not in about or not str(about.get("valid", "")).startswith("1"):
        return np.zeros(3)
    centre = np.asarray(about["cras"], dtype=np.float64)
    if centre.shape != (3,):
        raise ValueError(f"c_ras of {centre.size} numbers")
    return centre
