"""Which triangle each pixel of a picture shows, and where in it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import Float32Array, IntArray


class Fragments(NamedTuple):
    """The pixels that show a surface.

    Parameters
    ----------
    row, column : numpy.ndarray of int64, shape (n_pixels,)
        Place in the picture, rows from the top.
    corners : numpy.ndarray of int64, shape (n_pixels, 3)
        Vertices of the triangle that is nearest to the eye.
    weights : numpy.ndarray of float32, shape (n_pixels, 3)
        Barycentric coordinates of the pixel's centre; they sum to 1.
    """

    row: IntArray
    column: IntArray
    corners: IntArray
    weights: Float32Array

    def interpolate(self, values: npt.NDArray[Any]) -> Float32Array:
        """Return the weighted mean of the corners' values, shape (n_pixels, ...)."""
        return np.asarray(np.einsum("pk,pk...->p...", self.weights, values[self.corners]))

    def nearest(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the value of the corner that is nearest to the pixel."""
        rows = np.arange(len(self.corners))
        return np.asarray(values[self.corners[rows, self.weights.argmax(axis=1)]])


def rasterise(
    points: npt.NDArray[Any], faces: npt.NDArray[Any], *, height: int, width: int
) -> Fragments:
    """Find the triangle in each pixel that faces the eye and is nearest to it.

    Memory grows with the pixels of all triangles' bounding boxes.

    Parameters
    ----------
    points : numpy.ndarray of float, shape (n_vertices, 3)
        Column and row in pixels (the first pixel's centre is at 0.5, 0.5), and nearness to the
        eye.
    faces : numpy.ndarray of int, shape (n_faces, 3)
        Triangles whose corners run counter-clockwise to an eye that looks at their front.
    height, width : int
        Size of the picture.
    """
    corners = points.astype(np.float32)[faces]
    a, b, c = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = b[:, 0] * c[:, 1] - c[:, 0] * b[:, 1]
    front = np.flatnonzero(area < 0)  # rows run down, so counter-clockwise is negative
    a, b, c, area = a[front], b[front], c[front], area[front]
    which, column, row = _pixels_in_boxes(corners[front], height, width)
    x = column.astype(np.float32) + np.float32(0.5) - a[which, 0]
    y = row.astype(np.float32) + np.float32(0.5) - a[which, 1]
    second = (c[:, 1] / area)[which] * x - (c[:, 0] / area)[which] * y
    third = (b[:, 0] / area)[which] * y - (b[:, 1] / area)[which] * x
    inside = np.flatnonzero((second >= 0) & (third >= 0) & (second + third <= 1))
    which, column, row, second, third = (v[inside] for v in (which, column, row, second, third))
    nearness = a[which, 2] + second * b[which, 2] + third * c[which, 2]
    top = _nearest(row * width + column, nearness)
    seen = np.asarray(faces)[front[which[top]]].astype(np.int64)
    weights = np.stack([1 - second[top] - third[top], second[top], third[top]], axis=1)
    return Fragments(row[top], column[top], seen, weights)


def _nearest(pixel: IntArray, nearness: Float32Array) -> IntArray:
    if not pixel.size:
        return pixel
    low = float(nearness.min())
    step = max(float(nearness.max()) - low, 1e-9) / (2**31 - 1)
    rank = ((nearness.astype(np.float64) - low) / step).astype(np.int64)
    order = np.argsort((pixel << 32) | rank)
    ends = np.append(np.diff(pixel[order]) != 0, True)
    return np.asarray(order[ends], dtype=np.int64)


def _pixels_in_boxes(
    corners: Float32Array, height: int, width: int
) -> tuple[IntArray, IntArray, IntArray]:
    """Return triangle, column and row of every pixel centre in a triangle's bounding box."""
    limit = np.array([width, height])
    flat = corners[:, :, :2]
    low = np.minimum(np.minimum(flat[:, 0], flat[:, 1]), flat[:, 2])
    high = np.maximum(np.maximum(flat[:, 0], flat[:, 1]), flat[:, 2])
    start = np.clip(np.ceil(low - 0.5), 0, limit).astype(np.int64)
    size = np.maximum(np.clip(np.floor(high + 0.5), 0, limit).astype(np.int64) - start, 0)
    counts = size[:, 0] * size[:, 1]
    which = np.repeat(np.arange(len(corners)), counts)
    place = np.arange(which.size) - np.repeat(np.cumsum(counts) - counts, counts)
    down, across = np.divmod(place, size[which, 0])
    return which, start[which, 0] + across, start[which, 1] + down
