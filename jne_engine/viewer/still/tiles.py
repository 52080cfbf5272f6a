"""One hemisphere seen from one side, as colours and labels of pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import Float32Array, IntArray
from jne_engine.cortex.spaces import Hemisphere
from jne_engine.viewer.payload import ViewerScene, ViewerShape
from jne_engine.viewer.still.painting import paint
from jne_engine.viewer.still.rasteriser import rasterise

Side = Literal["lateral", "medial"]

FINER = 2
"""Pixels that are drawn along each axis for one of the picture: smooth edges."""
_MARGIN = 0.93

# Right, up and to the eye for an eye on the left and on the right of the head.
_FROM: Mapping[Hemisphere, Float32Array] = MappingProxyType(
    {
        "left": np.array([[0, -1, 0], [0, 0, 1], [-1, 0, 0]], dtype=np.float32),
        "right": np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]], dtype=np.float32),
    }
)


@dataclass(frozen=True, eq=False)
class Tile:
    """One hemisphere from one side.

    Parameters
    ----------
    colours : numpy.ndarray of float32, shape (height, width, 4)
        Red, green, blue and cover in 0..1.
    labels : numpy.ndarray of int64, shape (height, width)
        Region of each pixel; 0 for none, -1 off the brain.
    """

    colours: Float32Array
    labels: IntArray


def choose_shape(scene: ViewerScene) -> ViewerShape:
    """Return the shape that a scene begins with; the last folded one where that is flat."""
    shapes = scene.surface.shapes
    first = next((s for s in shapes if s.name == scene.shape), shapes[0])
    folded = [s for s in shapes if not s.flat]
    return folded[-1] if first.flat and folded else first


def choose_scale(scene: ViewerScene, shape: ViewerShape, *, height: int, width: int) -> float:
    """Return pixels a millimetre with which every hemisphere fits into a tile."""
    sizes = [
        np.abs(_axes(shape, hemi, "lateral") @ np.ptp(shape.points[hemi], axis=0))
        for hemi in scene.surface.hemispheres
    ]
    across, up, _ = np.max(sizes, axis=0)
    return float(_MARGIN * min(width / across, height / up))


def draw_tile(scene: ViewerScene, hemi: Hemisphere, side: Side, *, height: int, width: int) -> Tile:
    """Draw one hemisphere from one side, with white lines around regions.

    Parameters
    ----------
    scene : ViewerScene
        Its first map and its first label set are shown.
    hemi : {"left", "right"}
        Hemisphere.
    side : {"lateral", "medial"}
        Where the eye stands.
    height, width : int
        Pixels of the tile.
    """
    size = {"height": height * FINER, "width": width * FINER}
    screen, faces = _project(scene, hemi, side, **size)
    seen = rasterise(screen, faces, **size)
    sulcus = scene.surface.topology.arrays[f"{hemi}.sulcus"].astype(np.float32)
    viewer_map = scene.start_maps[0] if scene.start_maps else None
    normals = vertex_normals(screen * (1, -1, 1), faces)
    depth = np.asarray((sulcus - 128) / 64, dtype=np.float32)
    picture = np.zeros((size["height"], size["width"], 4), dtype=np.float32)
    picture[seen.row, seen.column, :3] = paint(
        seen, normals, depth=depth, viewer_map=viewer_map, hemi=hemi
    )
    picture[seen.row, seen.column, 3] = 1
    regions = np.full(picture.shape[:2], -1, dtype=np.int64)
    labels = _find_labels(scene, hemi)
    regions[seen.row, seen.column] = 0 if labels is None else seen.nearest(labels)
    picture[borders(regions)] = 1
    return Tile(_shrink(picture), regions[::FINER, ::FINER])


def _project(
    scene: ViewerScene, hemi: Hemisphere, side: Side, *, height: int, width: int
) -> tuple[Float32Array, npt.NDArray[Any]]:
    """Return vertices as (column, row, nearness) in pixels, and triangles with fronts outside."""
    shape = choose_shape(scene)
    points = np.asarray(shape.points[hemi], dtype=np.float32)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    scale = choose_scale(scene, shape, height=height, width=width)
    view = (points - middle) @ _axes(shape, hemi, side).T * np.float32(scale)
    screen = view * (1, -1, 1) + (width / 2, height / 2, 0)
    return np.asarray(screen, dtype=np.float32), _outward(scene, shape, hemi)


def vertex_normals(points: npt.NDArray[Any], faces: npt.NDArray[Any]) -> Float32Array:
    """Return the mean normal at every vertex, weighted by the triangles' areas, of any length.

    Parameters
    ----------
    points : numpy.ndarray of float, shape (n_vertices, 3)
    faces : numpy.ndarray of int, shape (n_faces, 3)
    """
    a, b, c = (points[faces[:, k]].astype(np.float64) for k in range(3))
    normals = np.cross(b - a, c - a)
    each = [
        np.bincount(faces.ravel(), np.repeat(normals[:, axis], 3), minlength=len(points))
        for axis in range(3)
    ]
    return np.stack(each, axis=1).astype(np.float32)


def borders(regions: IntArray) -> npt.NDArray[np.bool_]:
    """Return the pixels next to one of another region; the brain's own rim is no border."""
    edge = np.zeros(regions.shape, dtype=np.bool_)
    for axis in (0, 1):
        first = np.take(regions, range(regions.shape[axis] - 1), axis=axis)
        second = np.take(regions, range(1, regions.shape[axis]), axis=axis)
        differ = (first != second) & (first >= 0) & (second >= 0)
        for start in (0, 1):
            cut = [slice(None), slice(None)]
            cut[axis] = slice(start, start + differ.shape[axis])
            edge[tuple(cut)] |= differ
    return edge


def _axes(shape: ViewerShape, hemi: Hemisphere, side: Side) -> Float32Array:
    """Return which world directions run right, up and to the eye; a flat map is seen from above."""
    if shape.flat:
        return np.eye(3, dtype=np.float32)
    other: Hemisphere = "right" if hemi == "left" else "left"
    return _FROM[hemi if side == "lateral" else other]


def _outward(scene: ViewerScene, shape: ViewerShape, hemi: Hemisphere) -> npt.NDArray[Any]:
    """Return the triangles with their fronts outside, whichever way a file turns them."""
    faces = scene.surface.flat_faces[hemi] if shape.flat else scene.surface.faces[hemi]
    if shape.flat:
        return faces
    points = np.asarray(shape.points[hemi], dtype=np.float32)
    out = (vertex_normals(points, faces) * (points - points.mean(axis=0))).sum()
    return faces if out >= 0 else faces[:, ::-1]


def _find_labels(scene: ViewerScene, hemi: Hemisphere) -> npt.NDArray[Any] | None:
    """Return the region of each vertex, None where the scene begins without regions."""
    if not scene.labels or scene.region_style == "off":
        return None
    return scene.labels[0].left if hemi == "left" else scene.labels[0].right


def _shrink(picture: Float32Array) -> Float32Array:
    """Average blocks of pixels; colours are weighted by their cover."""
    picture[..., :3] *= picture[..., 3:]
    total = np.add.reduce([picture[i::FINER, k::FINER] for i in range(FINER) for k in range(FINER)])
    total[..., :3] /= np.maximum(total[..., 3:], 1)
    total[..., 3] /= FINER**2
    return np.asarray(total, dtype=np.float32)
