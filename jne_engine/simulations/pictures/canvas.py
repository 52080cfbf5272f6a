"""A supersampled canvas and pens that draw smooth flat shapes at any place, size and angle.

A pen has local coordinates: x to the right, y down, the object about 2 units large around
(0, 0). What it draws is placed by an affine map, so each object is described once and can
appear anywhere on the canvas, turned and mirrored.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from jne_engine.core.arrays import Float64Array
from jne_engine.simulations.pictures.palette import Color

IMAGE_SIZE = 128
"""Width and height of a finished stimulus, in pixels."""
SUPERSAMPLING = 2
"""Canvas pixels a stimulus pixel, in each direction."""

Points = Sequence[tuple[float, float]] | Float64Array

_ANGLES = np.linspace(0, 2 * np.pi, 40, endpoint=False)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)


class Canvas:
    """An RGB picture drawn at a multiple of its final size."""

    def __init__(self) -> None:
        self.size = IMAGE_SIZE * SUPERSAMPLING
        self.image = Image.new("RGB", (self.size, self.size))
        self._brushes = _Brushes(self.image)

    def pen(
        self, x: float, y: float, size: float, *, angle: float = 0.0, mirror: bool = False
    ) -> Pen:
        """Return a pen centred at (x, y), where the canvas spans 0 to 1.

        Parameters
        ----------
        x, y : float
            Place of the pen's origin; (0, 0) is the upper left corner.
        size : float
            Length of one local unit, in canvas widths.
        angle : float
            Clockwise turn in radians.
        mirror : bool
            Whether left and right are exchanged.
        """
        scale = size * self.size
        cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
        flip = -1.0 if mirror else 1.0
        matrix = np.array([[flip * cos, flip * sin], [-sin, cos]])
        return Pen(self._brushes, matrix, np.array([x, y]) * self.size, scale)

    def page(self) -> Pen:
        """Return a pen whose unit square is the whole canvas, (0, 0) upper left."""
        return Pen(self._brushes, np.eye(2) * self.size, np.zeros(2), float(self.size))

    def fill_smoothly(self, colors: npt.NDArray[np.uint8]) -> None:
        """Cover the canvas with a small grid of colours (rows, columns, 3), interpolated."""
        # Interpolated at the final size, then repeated: averaging undoes the repetition.
        smooth = Image.fromarray(colors).resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC)
        self.image.paste(smooth.resize(self.image.size, Image.Resampling.NEAREST))

    def finish(self) -> npt.NDArray[np.uint8]:
        """Return the picture at its final size, (IMAGE_SIZE, IMAGE_SIZE, 3) uint8."""
        # The exact mean of each pixel's share of the canvas; at a factor of two it looks like
        # a Lanczos filter and takes a fifteenth of its time.
        return np.asarray(self.image.reduce(SUPERSAMPLING), dtype=np.uint8)


class _Brushes:
    """One brush that covers, and a slower one that blends what is translucent."""

    def __init__(self, image: Image.Image) -> None:
        self._opaque = ImageDraw.Draw(image, "RGB")
        self._blending = ImageDraw.Draw(image, "RGBA")

    def choose(self, color: Color, alpha: float) -> tuple[ImageDraw.ImageDraw, tuple[int, ...]]:
        """Return the brush and the paint for a colour of some opacity."""
        if alpha >= 1:
            return self._opaque, color
        return self._blending, (*color, round(alpha * 255))


class Pen:
    """Draws shapes given in local coordinates; colours may carry an ``alpha`` of 0 to 1."""

    def __init__(
        self,
        brushes: _Brushes,
        matrix: Float64Array,
        origin: Float64Array,
        scale: float,
    ) -> None:
        self._brushes, self._matrix, self._origin, self._scale = brushes, matrix, origin, scale
        self._coefficients: list[float] = [*matrix.ravel().tolist(), *origin.tolist()]

    def at(
        self, x: float, y: float, size: float = 1.0, *, angle: float = 0.0, mirror: bool = False
    ) -> Pen:
        """Return a pen whose origin is this pen's (x, y), scaled, turned and mirrored."""
        flip = -1.0 if mirror else 1.0
        cos, sin = np.cos(angle), np.sin(angle)
        local = size * np.array([[flip * cos, flip * sin], [-sin, cos]])
        origin = np.array([x, y]) @ self._matrix + self._origin
        return Pen(self._brushes, local @ self._matrix, origin, self._scale * size)

    def polygon(self, points: Points, color: Color, alpha: float = 1.0) -> None:
        """Fill a polygon."""
        brush, paint = self._brushes.choose(color, alpha)
        brush.polygon(self._place(points), fill=paint)

    def polygons(self, corners: Float64Array, colors: Sequence[Color], alpha: float = 1.0) -> None:
        """Fill many polygons of equally many corners, (n_polygons, n_corners, 2), at once."""
        placed = corners.reshape(len(corners), -1, 2) @ self._matrix + self._origin
        for flat, color in zip(placed.reshape(len(corners), -1).tolist(), colors, strict=True):
            brush, paint = self._brushes.choose(color, alpha)
            brush.polygon(flat, fill=paint)

    def blob(self, points: Points, color: Color, alpha: float = 1.0) -> None:
        """Fill the smooth closed curve through ``points``."""
        self.polygon(_smooth(np.asarray(points, dtype=np.float64)), color, alpha)

    def ellipse(
        self,
        center: tuple[float, float],
        radii: tuple[float, float],
        color: Color,
        *,
        alpha: float = 1.0,
        angle: float = 0.0,
    ) -> None:
        """Fill an ellipse, turned clockwise by ``angle`` radians."""
        cos, sin = np.cos(angle), np.sin(angle)
        turned = (_CIRCLE * radii) @ np.array([[cos, sin], [-sin, cos]])
        self.polygon(turned + center, color, alpha)

    def disc(
        self, center: tuple[float, float], radius: float, color: Color, alpha: float = 1.0
    ) -> None:
        """Fill a circle."""
        self.polygon(_CIRCLE * radius + center, color, alpha)

    def box(
        self,
        left_top: tuple[float, float],
        right_bottom: tuple[float, float],
        color: Color,
        *,
        alpha: float = 1.0,
        radius: float = 0.0,
    ) -> None:
        """Fill a rectangle, its corners rounded by ``radius``."""
        (left, top), (right, bottom) = left_top, right_bottom
        if radius <= 0:
            corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
            self.polygon(corners, color, alpha)
            return
        centers = np.array(
            [
                (right - radius, bottom - radius),
                (left + radius, bottom - radius),
                (left + radius, top + radius),
                (right - radius, top + radius),
            ]
        )
        quarter = len(_CIRCLE) // 4
        arcs = _CIRCLE.reshape(4, quarter, 2) * radius + centers[:, None]
        self.polygon(arcs.reshape(-1, 2), color, alpha)

    def line(self, points: Points, width: float, color: Color, alpha: float = 1.0) -> None:
        """Stroke an open line with round joints and ends, ``width`` in local units."""
        placed = self._place(points)
        pixels = max(round(width * self._scale), 1)
        brush, paint = self._brushes.choose(color, alpha)
        brush.line(placed, fill=paint, width=pixels, joint="curve")
        if alpha < 1 or pixels < 3:
            return
        reach = pixels / 2 - 0.5
        for x, y in (placed[:2], placed[-2:]):
            brush.ellipse((x - reach, y - reach, x + reach, y + reach), fill=paint)

    def arc(
        self,
        center: tuple[float, float],
        radii: tuple[float, float],
        turn: tuple[float, float],
        width: float,
        color: Color,
    ) -> None:
        """Stroke part of an ellipse between two clockwise angles in degrees, 0 to the right."""
        angles = np.radians(np.linspace(*turn, 18))
        curve = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radii + center
        self.line(curve, width, color)

    def ring(
        self,
        center: tuple[float, float],
        radii: tuple[float, float],
        width: float,
        color: Color,
    ) -> None:
        """Stroke a whole ellipse."""
        self.line(np.concatenate([_CIRCLE, _CIRCLE[:2]]) * radii + center, width, color)

    def _place(self, points: Points) -> list[float]:
        if isinstance(points, np.ndarray):
            flat: list[float] = (points @ self._matrix + self._origin).ravel().tolist()
            return flat
        xx, xy, yx, yy, x0, y0 = self._coefficients  # a few points: faster without numpy
        return [c for x, y in points for c in (x * xx + y * yx + x0, x * xy + y * yy + y0)]


@lru_cache(maxsize=32)
def _spline(n_points: int, steps: int = 6) -> tuple[npt.NDArray[np.int64], Float64Array]:
    """Return the neighbours of each point (n_points, 4) and their weights (steps, 4)."""
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    weights = 0.5 * np.hstack(
        [-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2]
    )
    neighbours = (np.arange(n_points)[:, None] + np.arange(-1, 3)) % n_points
    return neighbours, weights


def _smooth(points: Float64Array) -> Float64Array:
    neighbours, weights = _spline(len(points))
    curve: Float64Array = weights @ points[neighbours]
    return curve.reshape(-1, 2)
