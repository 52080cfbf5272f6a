"""City scenes: streets in perspective, rows of houses and skylines."""

from __future__ import annotations

import numpy as np

from jne_engine.core.arrays import Float64Array
from jne_engine.simulations.pictures.canvas import Canvas, Pen
from jne_engine.simulations.pictures.outdoor import paint_sky
from jne_engine.simulations.pictures.palette import (
    FOLIAGE,
    Color,
    any_color,
    chance,
    mix,
    pick,
    shade,
)

LIT: Color = (255, 226, 150)
Quad = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]


def draw_city(canvas: Canvas, rng: np.random.Generator) -> None:
    """Draw a street canyon, a row of houses or a skyline."""
    haze = paint_sky(canvas, rng)
    paint = pick(rng, (_street, _street, _houses, _skyline))
    paint(canvas.page(), haze, rng)


def _facade(rng: np.random.Generator) -> Color:
    return any_color(rng, (0.05, 0.5), (0.45, 0.9))


def _street(page: Pen, haze: Color, rng: np.random.Generator) -> None:
    """Draw a road to the vanishing point between two rows of buildings."""
    vx, vy = rng.uniform(0.38, 0.62), rng.uniform(0.58, 0.68)
    for share in np.linspace(0.03, 0.6, 4):
        _tower(
            page,
            (vx - 0.2 + share * 0.6, vy),
            (0.08, rng.uniform(0.1, 0.25)),
            mix(_facade(rng), haze, 0.5),
            rng,
        )
    road = any_color(rng, (0.0, 0.15), (0.3, 0.55))
    page.box((0, vy), (1, 1), shade(road, 0.3))
    page.polygon([(vx - 0.02, vy), (vx + 0.02, vy), (0.95, 1), (0.05, 1)], road)
    for side in (0.0, 1.0):
        for near, far in ((0.62, 0.82), (0.3, 0.6), (-0.1, 0.28)):
            height = rng.uniform(0.75, 1.15)
            _side_building(page, _side_wall(side, (near, far), (vx, vy), height), _facade(rng), rng)
    for share in (0.1, 0.28, 0.5, 0.78):
        y = vy + (1 - vy) * share
        page.polygon(_dash(vx, y, 0.006 + 0.022 * share, 0.05 * share + 0.012), (240, 232, 206))
    if chance(rng, 0.6):
        _lamp_post(page, vx + 0.27, 0.87, 0.38)


def _dash(x: float, y: float, width: float, height: float) -> Quad:
    """Return a lane mark as a quadrilateral that widens towards us."""
    return (
        (x - 0.7 * width, y),
        (x + 0.7 * width, y),
        (x + width, y + height),
        (x - width, y + height),
    )


def _side_wall(
    side: float, span: tuple[float, float], vanishing: tuple[float, float], height: float
) -> Quad:
    """Return a wall's corners: near top, far top, far bottom, near bottom."""
    vx, vy = vanishing

    def towards(x: float, y: float, share: float) -> tuple[float, float]:
        return x + (vx - x) * share, y + (vy - y) * share

    base = -0.12 if side == 0 else 1.12
    top, bottom, (near, far) = vy - height, vy + 0.35, span
    return (
        towards(base, top, near),
        towards(base, top, far),
        towards(base, bottom, far),
        towards(base, bottom, near),
    )


def _side_building(page: Pen, wall: Quad, color: Color, rng: np.random.Generator) -> None:
    """Draw a building along the street with rows of windows in perspective."""
    corners = np.array(wall)
    page.polygon(corners, color)
    panes = _panes(int(rng.integers(2, 5)), int(rng.integers(4, 8)))
    page.polygons(_inside(corners, panes), _glazing(rng, color, len(panes)))
    page.line([wall[0], wall[1]], 0.012, shade(color, -0.35))


def _panes(columns: int, rows: int) -> Float64Array:
    """Return the corners of a grid of windows in a unit square, (n_windows, 4, 2)."""
    left = (np.arange(columns) + 0.22) / columns
    top = (np.arange(rows) + 0.25) / (rows + 0.6)
    corner = np.stack(np.meshgrid(left, top), axis=-1).reshape(-1, 1, 2)
    width, height = 0.56 / columns, 0.53 / (rows + 0.6)
    panes: Float64Array = corner + np.array([(0, 0), (width, 0), (width, height), (0, height)])
    return panes


def _glazing(rng: np.random.Generator, wall: Color, n_windows: int) -> list[Color]:
    """Return a colour a window: dark glass, and now and then a light behind it."""
    dark = mix(shade(wall, -0.6), (90, 120, 150), 0.4)
    return [LIT if lit else dark for lit in (rng.random(n_windows) < 0.18).tolist()]


def _inside(corners: Float64Array, places: Float64Array) -> Float64Array:
    """Map places of the unit square into a quadrilateral (upper left corner first)."""
    u, v = places[..., :1], places[..., 1:]
    top = corners[0] + (corners[1] - corners[0]) * u
    bottom = corners[3] + (corners[2] - corners[3]) * u
    inside: Float64Array = top + (bottom - top) * v
    return inside


def _tower(
    page: Pen,
    foot: tuple[float, float],
    size: tuple[float, float],
    color: Color,
    rng: np.random.Generator,
) -> None:
    """Draw a block with a grid of windows; ``foot`` is its lower left corner."""
    (x, y), (width, height) = foot, size
    page.box((x, y - height), (x + width, y), color)
    page.box((x + 0.82 * width, y - height), (x + width, y), shade(color, -0.2))
    panes = _panes(max(round(width / 0.045), 2), max(round(height / 0.06), 2))
    page.polygons(panes * (width, height) + (x, y - height), _glazing(rng, color, len(panes)))


def _houses(page: Pen, haze: Color, rng: np.random.Generator) -> None:
    """Draw a row of gabled town houses behind a pavement."""
    ground, x = rng.uniform(0.78, 0.86), -rng.uniform(0, 0.1)
    page.box((0, ground), (1, 1), any_color(rng, (0.0, 0.15), (0.35, 0.6)))
    page.box((0, ground), (1, ground + 0.03), shade(haze, -0.15))
    while x < 1:
        width, height = rng.uniform(0.2, 0.3), rng.uniform(0.32, 0.5)
        _house(page, (x, ground), (width, height), _facade(rng), rng)
        x += width
    if chance(rng, 0.5):
        _street_tree(page, rng.uniform(0.1, 0.9), ground + 0.05, pick(rng, FOLIAGE))
    if chance(rng, 0.5):
        _lamp_post(page, rng.uniform(0.1, 0.9), ground + 0.07, 0.42)


def _house(
    page: Pen,
    foot: tuple[float, float],
    size: tuple[float, float],
    color: Color,
    rng: np.random.Generator,
) -> None:
    (x, y), (width, height) = foot, size
    roof, top = any_color(rng, (0.2, 0.6), (0.3, 0.6)), y - height
    page.polygon([(x - 0.01, top), (x + width / 2, top - 0.15), (x + width + 0.01, top)], roof)
    page.box((x, top), (x + width, y), color)
    rows = 3 if height > 0.4 else 2
    for row in range(rows):
        for share in (0.14, 0.42, 0.7):
            left, high = x + share * width, top + height * (row + 0.25) / (rows + 0.4)
            door = row == rows - 1 and share == 0.42
            low = y if door else high + 0.09
            page.box(
                (left - 0.006, high - 0.006), (left + 0.17 * width + 0.006, low), (246, 242, 232)
            )
            fill = shade(roof, -0.2) if door else _glazing(rng, color, 1)[0]
            page.box((left, high), (left + 0.17 * width, low), fill)


def _skyline(page: Pen, haze: Color, rng: np.random.Generator) -> None:
    """Draw high-rise blocks in three depths, some with spires."""
    ground = rng.uniform(0.84, 0.95)
    for depth in range(3):
        x = -rng.uniform(0, 0.1)
        while x < 1:
            width, height = rng.uniform(0.1, 0.2), rng.uniform(0.3, 0.72) - 0.14 * depth
            color = mix(_facade(rng), haze, 0.5 - 0.25 * depth)
            if chance(rng, 0.25):
                middle = x + width / 2
                page.line(
                    [(middle, ground - height - 0.1), (middle, ground - height)], 0.012, color
                )
            _tower(page, (x, ground), (width, height), color, rng)
            x += width + rng.uniform(0.0, 0.05)
    page.box((0, ground), (1, 1), any_color(rng, (0.0, 0.3), (0.3, 0.6)))


def _lamp_post(page: Pen, x: float, y: float, height: float) -> None:
    """Draw a street lamp that stands at (x, y)."""
    page.line([(x, y), (x, y - height), (x + 0.07, y - height)], 0.012, (58, 60, 66))
    page.ellipse((x + 0.075, y - height + 0.014), (0.028, 0.014), (255, 240, 190))


def _street_tree(page: Pen, x: float, y: float, color: Color) -> None:
    """Draw a clipped street tree that stands at (x, y)."""
    page.line([(x, y), (x, y - 0.16)], 0.018, (92, 66, 48))
    page.disc((x, y - 0.24), 0.1, color)
    page.disc((x - 0.03, y - 0.27), 0.055, shade(color, 0.18))
