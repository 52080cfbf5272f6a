"""Backgrounds and light that every object category shares, so that they tell nothing."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from jne_engine.simulations.pictures.canvas import IMAGE_SIZE, Canvas
from jne_engine.simulations.pictures.palette import Color, any_color, chance, mix, pick, shade

_MIDDLE_GREY = 118.0
_RAMP = np.linspace(-1, 1, IMAGE_SIZE, dtype=np.float32)


def paint_backdrop(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint one of five kinds of background, of any colour, with or without clutter."""
    paint = pick(rng, (_gradient, _gradient, _bokeh, _wall_and_floor, _hazy_view, _stripes))
    paint(canvas, rng)
    if chance(rng, 0.35):
        _clutter(canvas, rng)


def light_scene(image: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Light a finished picture from a random side, with random brightness and contrast."""
    angle, depth = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.16)
    brightness, contrast = rng.uniform(0.82, 1.12), rng.uniform(0.82, 1.08)
    tint = (brightness * contrast * rng.uniform(0.95, 1.05, 3)).astype(np.float32)
    # One row holds x and colour together, so that numpy runs along long rows of float32.
    row = np.outer(1 + depth * math.cos(angle) * _RAMP, tint).ravel()
    gain = row + np.outer(depth * math.sin(angle) * _RAMP, np.tile(tint, IMAGE_SIZE))
    lit = image.reshape(IMAGE_SIZE, -1) * gain
    lit += _MIDDLE_GREY * (1 - contrast)
    np.clip(lit, 0, 255, out=lit)
    finished: npt.NDArray[np.uint8] = lit.astype(np.uint8).reshape(image.shape)
    return finished


def drop_shadow(canvas: Canvas, x: float, y: float, width: float) -> None:
    """Lay a soft shadow under an object that stands at (x, y), all in canvas widths."""
    pen = canvas.pen(x, y, width)
    for spread in (1.0, 0.82, 0.64):
        pen.ellipse((0, 0), (spread, 0.17 * spread), (0, 0, 0), alpha=0.13)


def _grid(colors: list[list[Color]]) -> npt.NDArray[np.uint8]:
    return np.array(colors, dtype=np.uint8)


def _muted(rng: np.random.Generator) -> Color:
    """Draw a quiet colour that leaves the object in front."""
    return any_color(rng, (0.05, 0.5), (0.35, 0.92))


def _gradient(canvas: Canvas, rng: np.random.Generator) -> None:
    """Blend two colours from corner to corner."""
    first = _muted(rng)
    second = shade(mix(first, _muted(rng), 0.4), rng.uniform(-0.35, 0.35))
    middle = mix(first, second, 0.5)
    rows = [[first, middle], [middle, second]]
    canvas.fill_smoothly(np.rot90(_grid(rows), int(rng.integers(4))).copy())


def _bokeh(canvas: Canvas, rng: np.random.Generator) -> None:
    _gradient(canvas, rng)
    page, color = canvas.page(), _muted(rng)
    for _ in range(int(rng.integers(4, 10))):
        x, y, radius = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.04, 0.16)
        page.disc((x, y), radius, shade(color, rng.uniform(-0.3, 0.5)), 0.28)


def _wall_and_floor(canvas: Canvas, rng: np.random.Generator) -> None:
    """Put a plain wall above a plain floor or table."""
    wall, floor, horizon = _muted(rng), _muted(rng), rng.uniform(0.55, 0.85)
    page = canvas.page()
    page.box((0, 0), (1, horizon), wall)
    page.box((0, horizon), (1, 1), floor)
    page.box((0, horizon), (1, horizon + 0.015), shade(floor, -0.3))


def _hazy_view(canvas: Canvas, rng: np.random.Generator) -> None:
    """Blend three soft horizontal bands, as a view out of focus."""
    colors = [_muted(rng) for _ in range(3)]
    rows = [[shade(color, rng.uniform(-0.2, 0.2)) for _ in range(3)] for color in colors]
    canvas.fill_smoothly(_grid(rows))


def _stripes(canvas: Canvas, rng: np.random.Generator) -> None:
    """Hang wallpaper: faint stripes, upright, level or slanted."""
    base = _muted(rng)
    other, count = shade(base, rng.uniform(-0.16, 0.16)), int(rng.integers(4, 14))
    pen = canvas.pen(0.5, 0.5, 0.75, angle=rng.uniform(0, np.pi))
    pen.box((-2, -2), (2, 2), base)
    for left in np.linspace(-1, 1, count, endpoint=False):
        pen.box((left, -1), (left + 1 / count, 1), other)


def _clutter(canvas: Canvas, rng: np.random.Generator) -> None:
    """Strew a few faint shapes that belong to nothing."""
    for _ in range(int(rng.integers(2, 6))):
        pen = canvas.pen(
            rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.03, 0.1), angle=rng.uniform(0, 6)
        )
        color, alpha = any_color(rng), 0.35
        if chance(rng, 0.5):
            pen.box((-1, -0.7), (1, 0.7), color, alpha=alpha, radius=0.2)
        else:
            pen.ellipse((0, 0), (1, 0.8), color, alpha=alpha)
