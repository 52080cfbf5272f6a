"""A surface in files of the user's: several shapes of one topology, for the viewer."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jne_engine.core.arrays import Float32Array, IntArray
from jne_engine.core.checks import check_length, check_unique
from jne_engine.core.errors import InputError
from jne_engine.cortex.projection import SubjectSurface
from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere, Mesh
from jne_engine.formats.guard import printable, read_gzip
from jne_engine.formats.meshes import read_mesh
from jne_engine.formats.surface_values import read_surface_values
from jne_engine.viewer.payload import ViewerShape, ViewerSurface
from jne_engine.viewer.surfaces.curvature import compute_mean_curvature
from jne_engine.viewer.surfaces.packaged import SHAPE_LABELS, label_shape

FLAT = "flat"
FOLDED = ("white", "smoothwm", "midthickness", "graymid", "pial")
"""Shapes whose curvature tells gyri from sulci, the best first."""
MAX_MESH_BYTES = 2**30


@dataclass(frozen=True)
class ShapeFiles:
    """The two files of one shape, or of sulcal depth.

    Parameters
    ----------
    name : str
        For instance ``"white"``, ``"pial"``, ``"inflated"``; ``"flat"`` is a flat map.
    left, right : pathlib.Path
        One file a hemisphere.
    """

    name: str
    left: Path
    right: Path

    def path(self, hemi: Hemisphere) -> Path:
        """Return one hemisphere's file."""
        return self.left if hemi == "left" else self.right


@dataclass(frozen=True)
class SurfaceFiles:
    """Where a surface lies on disk.

    Parameters
    ----------
    name : str
        As runs call it: the ``surface`` of their dataset.
    shapes : tuple of ShapeFiles
        ``.surf.gii`` or FreeSurfer geometry, at least one of them folded; the flat map may also
        be a FreeSurfer patch.
    depth : ShapeFiles, optional
        Sulcal depth or curvature of every vertex (``lh.sulc``, ``lh.curv``, ``.shape.gii``);
        None computes the mean curvature of a folded shape.
    gyri_positive : bool
        True where depth counts gyri as positive, as the HCP does; FreeSurfer counts sulci.

    Raises
    ------
    InputError
        If there is no folded shape, or two have one name.
    """

    name: str
    shapes: tuple[ShapeFiles, ...]
    depth: ShapeFiles | None = None
    gyri_positive: bool = False

    def __post_init__(self) -> None:
        """Validate the names."""
        names = [shape.name for shape in self.shapes]
        check_unique(f"shapes of {self.name}", names, fix="give every shape a name of its own")
        if not set(names) - {FLAT}:
            found = ", ".join(names) or "none"
            fix = "add one, for instance white or inflated"
            raise InputError(f"surface {self.name}", "a folded shape", found, fix)


def read_surface_files(files: SurfaceFiles) -> ViewerSurface:
    """Read a user's surface for the viewer.

    Parameters
    ----------
    files : SurfaceFiles
        Where it lies.

    Returns
    -------
    ViewerSurface
        Shapes from folded to flat; its note says where the shading comes from.

    Raises
    ------
    InputError
        If a file cannot be read, or the shapes differ in vertices or triangles.
    UnsafeFileError
        If a file asks for more than its own content.
    """
    shapes = sorted(files.shapes, key=_order)
    first = shapes[0]
    whole = {h: _read_mesh(first.path(h), h) for h in HEMISPHERES}
    meshes = {
        s.name: {h: _read_mesh(s.path(h), h, whole[h]) for h in HEMISPHERES} for s in shapes[1:]
    }
    meshes[first.name] = whole
    for shape in shapes[1:]:
        for hemi in HEMISPHERES:
            _check_alike(shape, first, hemi, meshes)
    depth, source = _read_depth(files, meshes)
    for hemi in HEMISPHERES:
        if files.depth is not None:
            n = len(meshes[first.name][hemi].coordinates)
            what, fix = printable(files.depth.path(hemi).name), f"choose the values of {files.name}"
            check_length(what, len(depth[hemi]), n, unit="vertices", fix=fix)
    return ViewerSurface(
        name=files.name,
        faces={hemi: meshes[first.name][hemi].faces for hemi in HEMISPHERES},
        sulcal_depth=depth,
        shapes=tuple(_to_shape(s.name, meshes[s.name]) for s in shapes),
        flat_faces={h: meshes[FLAT][h].faces for h in HEMISPHERES} if FLAT in meshes else {},
        note=source,
    )


def build_subject_surface(own: SubjectSurface) -> ViewerSurface:
    """Return a surface that a run carries with it as the viewer takes it."""
    meshes = {
        name: {h: Mesh(points[h], own.faces[h]) for h in HEMISPHERES}
        for name, points in own.shapes.items()
    }
    depth, source = (own.depth, "") if own.depth else _compute_depth(meshes)
    shapes = tuple(_to_shape(name, meshes[name]) for name in SHAPE_LABELS if name in meshes)
    return ViewerSurface(own.name, own.faces, depth, shapes, note=source)


def _order(shape: ShapeFiles) -> tuple[int, str]:
    """Sort known shapes from folded to flat; others stand before the flat one."""
    known = list(SHAPE_LABELS)
    return (known.index(shape.name) if shape.name in known else known.index(FLAT), "")


def _to_shape(name: str, mesh: Mapping[Hemisphere, Mesh]) -> ViewerShape:
    points = {hemi: mesh[hemi].coordinates for hemi in HEMISPHERES}
    return ViewerShape(name, label_shape(name), points, flat=name == FLAT)


def _check_alike(
    shape: ShapeFiles,
    first: ShapeFiles,
    hemi: Hemisphere,
    meshes: Mapping[str, Mapping[Hemisphere, Mesh]],
) -> None:
    """Require the vertices and triangles of the first shape; a flat map may lack some."""
    what, like = printable(shape.path(hemi).name), printable(first.path(hemi).name)
    fix = "choose shapes of one subject and hemisphere"
    mesh, pattern = meshes[shape.name][hemi], meshes[first.name][hemi]
    n = len(pattern.coordinates)
    check_length(what, len(mesh.coordinates), n, unit=f"vertices as {like}", fix=fix)
    if shape.name == FLAT:
        odd = int((~np.isin(_keys(mesh.faces, n), _keys(pattern.faces, n))).sum())
    else:
        odd = _count_odd(mesh.faces, pattern.faces)
    if odd:
        raise InputError(what, f"the triangles of {like}", f"{odd} others", fix)


def _count_odd(faces: IntArray, pattern: IntArray) -> int:
    """Count triangles that differ from a pattern's, in whichever order files list them."""
    n = int(max(faces.max(), pattern.max())) + 1
    if faces.shape == pattern.shape and (faces == pattern).all():
        return 0
    return len(np.setxor1d(_keys(faces, n), _keys(pattern, n)))


def _keys(faces: IntArray, n_vertices: int) -> IntArray:
    a, b, c = np.sort(faces, axis=1).T
    return np.asarray((a * n_vertices + b) * n_vertices + c)


def _read_depth(
    files: SurfaceFiles, meshes: Mapping[str, Mapping[Hemisphere, Mesh]]
) -> tuple[dict[Hemisphere, Float32Array], str]:
    if files.depth is not None:
        sign = np.float32(-1 if files.gyri_positive else 1)
        return {h: sign * _read_values(files.depth.path(h), h) for h in HEMISPHERES}, ""
    return _compute_depth(meshes)


def _compute_depth(
    meshes: Mapping[str, Mapping[Hemisphere, Mesh]],
) -> tuple[dict[Hemisphere, Float32Array], str]:
    """Return the curvature of the best folded shape, and in words which that is."""
    folded = next((name for name in FOLDED if name in meshes), None)
    if folded is None:
        flat = {h: np.zeros(len(m.coordinates), np.float32) for h, m in _any(meshes).items()}
        return flat, "Sulci are not shaded: no sulcal depth and no folded shape was given."
    curvature = {h: compute_mean_curvature(meshes[folded][h]) for h in HEMISPHERES}
    return curvature, f"Sulci are shaded by the computed mean curvature of {folded}."


def _any(meshes: Mapping[str, Mapping[Hemisphere, Mesh]]) -> Mapping[Hemisphere, Mesh]:
    return next(iter(meshes.values()))


def _read_mesh(path: Path, hemi: Hemisphere, cut_from: Mesh | None = None) -> Mesh:
    if not path.name.lower().endswith(".gii.gz"):
        return read_mesh(path, cut_from=cut_from, hemi=hemi)
    with tempfile.TemporaryDirectory() as folder:
        return read_mesh(_expand(path, Path(folder)), hemi=hemi)


def _read_values(path: Path, hemi: Hemisphere) -> Float32Array:
    with tempfile.TemporaryDirectory() as folder:
        packed = path.name.lower().endswith(".gii.gz")
        values = read_surface_values(_expand(path, Path(folder)) if packed else path, hemi=hemi)
    part = values.parts.get(hemi)
    if part is None or len(part) != 1:
        found = f"{len(values.names)} maps of {' and '.join(values.parts)}"
        fix = "choose a file of sulcal depth or curvature"
        raise InputError(printable(path.name), f"one map of the {hemi} hemisphere", found, fix)
    depth: Float32Array = part[0]
    return depth


def _expand(path: Path, folder: Path) -> Path:
    """Write the content of a ``.gz`` file beside, checksum compared, and return its path."""
    target = folder / path.name[: -len(".gz")]
    target.write_bytes(read_gzip(path, max_bytes=MAX_MESH_BYTES))
    return target
