"""Vehicles: car, bus, truck, bicycle, aeroplane, sailing boat, steamer and train."""

from __future__ import annotations

import numpy as np

from jne_engine.simulations.pictures.backdrops import drop_shadow, paint_backdrop
from jne_engine.simulations.pictures.canvas import Canvas, Pen
from jne_engine.simulations.pictures.palette import (
    WHITE,
    Color,
    any_color,
    chance,
    mix,
    pick,
    shade,
)

GLASS: Color = (170, 204, 218)
TYRE: Color = (44, 44, 50)
HUB: Color = (196, 198, 202)


def draw_vehicle(canvas: Canvas, rng: np.random.Generator) -> None:
    """Draw one vehicle from the side on a neutral background."""
    paint_backdrop(canvas, rng)
    wheeled = (_car, _car, _bus, _truck, _bicycle, _train)
    draw = pick(rng, (*wheeled, _plane, _sailing_boat, _steamer))
    x, y, size = rng.uniform(0.44, 0.56), rng.uniform(0.46, 0.58), rng.uniform(0.3, 0.37)
    if draw in wheeled:
        drop_shadow(canvas, x, y + 0.66 * size, 1.2 * size)
    angle = rng.normal(0, 0.12) if draw is _plane else rng.normal(0, 0.03)
    draw(canvas.pen(x, y, size, angle=angle, mirror=chance(rng, 0.5)), rng)


def _body_color(rng: np.random.Generator) -> Color:
    return any_color(rng, (0.15, 0.85), (0.4, 0.95))


def _wheel(pen: Pen, x: float, y: float, radius: float) -> None:
    pen.disc((x, y), radius, TYRE)
    pen.disc((x, y), 0.55 * radius, HUB)
    pen.disc((x, y), 0.2 * radius, TYRE)


def _car(pen: Pen, rng: np.random.Generator) -> None:
    """Draw a car: cabin, bonnet, two wheels, lamps."""
    color = _body_color(rng)
    back = rng.uniform(-0.85, -0.62)
    roof = [(back, -0.02), (back + 0.22, -0.52), (0.28, -0.52), (0.62, -0.02)]
    pen.polygon(roof, shade(color, -0.1))
    pen.polygon([(back + 0.13, -0.04), (back + 0.3, -0.43), (-0.16, -0.43), (-0.16, -0.04)], GLASS)
    pen.polygon([(-0.06, -0.04), (-0.06, -0.43), (0.23, -0.43), (0.48, -0.04)], shade(GLASS, 0.25))
    hull = [(-1.12, 0.05), (-0.9, -0.08), (0.6, -0.07), (1.08, 0.08), (1.15, 0.4), (-1.12, 0.4)]
    pen.blob(hull, color)
    pen.box((-1.1, 0.26), (1.12, 0.4), shade(color, -0.28))
    pen.line([(-0.11, 0.0), (-0.11, 0.3)], 0.02, shade(color, -0.35))
    pen.line([(0.0, 0.1), (0.12, 0.1)], 0.035, shade(color, -0.45))
    pen.ellipse((1.05, 0.16), (0.09, 0.07), (255, 240, 178))
    pen.box((-1.14, 0.1), (-1.04, 0.22), (196, 44, 40))
    for x in (-0.62, 0.66):
        _wheel(pen, x, 0.42, 0.25)


def _bus(pen: Pen, rng: np.random.Generator) -> None:
    color = _body_color(rng)
    pen.box((-1.2, -0.65), (1.2, 0.45), color, radius=0.12)
    pen.box((-1.2, 0.12), (1.2, 0.24), mix(color, WHITE, 0.75))
    for x in np.arange(-1.06, 0.7, 0.42):
        pen.box((x, -0.48), (x + 0.34, -0.02), GLASS, radius=0.04)
    pen.box((0.72, -0.48), (1.12, 0.4), shade(GLASS, 0.25), radius=0.04)
    pen.line([(0.92, -0.46), (0.92, 0.38)], 0.03, shade(color, -0.3))
    pen.disc((1.14, 0.32), 0.06, (255, 240, 178))
    for x in (-0.72, 0.46):
        _wheel(pen, x, 0.44, 0.23)


def _truck(pen: Pen, rng: np.random.Generator) -> None:
    cab, box = _body_color(rng), any_color(rng, (0.0, 0.5), (0.6, 1.0))
    pen.box((-1.25, -0.68), (0.42, 0.32), box, radius=0.04)
    for x in (-0.9, -0.5, -0.1):
        pen.line([(x, -0.62), (x, 0.26)], 0.02, shade(box, -0.15))
    pen.polygon(
        [(0.48, -0.4), (0.9, -0.4), (1.12, -0.02), (1.2, 0.05), (1.2, 0.36), (0.48, 0.36)], cab
    )
    pen.polygon([(0.62, -0.28), (0.85, -0.28), (1.02, 0.0), (0.62, 0.0)], GLASS)
    pen.box((-1.25, 0.32), (1.2, 0.42), (62, 62, 68))
    for x in (-0.95, -0.5, 0.8):
        _wheel(pen, x, 0.44, 0.22)


def _bicycle(pen: Pen, rng: np.random.Generator) -> None:
    color = any_color(rng, (0.5, 0.9), (0.35, 0.85))
    for x in (-0.66, 0.7):
        pen.ring((x, 0.25), (0.46, 0.46), 0.08, TYRE)
        for angle in np.arange(4) * np.pi / 4:
            dx, dy = 0.44 * np.cos(angle), 0.44 * np.sin(angle)
            pen.line([(x - dx, 0.25 - dy), (x + dx, 0.25 + dy)], 0.018, HUB)
    frame = [(-0.66, 0.25), (-0.25, -0.35), (0.46, -0.38), (0.02, 0.25), (-0.66, 0.25)]
    pen.line(frame, 0.085, color)
    pen.line([(0.02, 0.25), (-0.3, -0.48)], 0.085, color)
    pen.line([(0.7, 0.25), (0.42, -0.6)], 0.085, color)
    pen.line([(0.3, -0.66), (0.42, -0.62), (0.62, -0.7)], 0.08, TYRE)
    pen.ellipse((-0.32, -0.52), (0.22, 0.075), TYRE)
    pen.disc((0.02, 0.25), 0.12, HUB)


def _train(pen: Pen, rng: np.random.Generator) -> None:
    color, trim = any_color(rng, (0.3, 0.8), (0.25, 0.75)), any_color(rng, (0.5, 0.9), (0.5, 0.9))
    for x, y, radius in ((0.6, -0.85, 0.16), (0.38, -1.0, 0.2), (0.08, -1.1, 0.24)):
        pen.disc((x, y), radius, (236, 236, 238), 0.75)
    pen.box((0.54, -0.66), (0.78, -0.2), shade(color, -0.35))
    pen.box((-0.35, -0.3), (1.02, 0.28), color, radius=0.12)
    pen.box((-1.1, -0.72), (-0.3, 0.3), trim)
    pen.box((-1.18, -0.84), (-0.22, -0.7), shade(trim, -0.35), radius=0.04)
    pen.box((-0.92, -0.54), (-0.5, -0.14), GLASS, radius=0.04)
    pen.polygon([(0.95, 0.2), (1.28, 0.62), (0.95, 0.62)], shade(trim, -0.3))
    pen.ellipse((0.14, -0.32), (0.14, 0.16), trim)
    pen.box((-1.1, 0.26), (1.02, 0.38), (52, 50, 56))
    for x, radius in ((-0.75, 0.26), (-0.2, 0.26), (0.38, 0.2), (0.8, 0.2)):
        _wheel(pen, x, 0.64 - radius, radius)


def _plane(pen: Pen, rng: np.random.Generator) -> None:
    hull, trim = any_color(rng, (0.0, 0.25), (0.8, 1.0)), _body_color(rng)
    pen.polygon([(-1.0, -0.05), (-1.25, -0.62), (-0.98, -0.62), (-0.62, -0.08)], trim)
    pen.polygon([(0.1, -0.1), (-0.2, -0.55), (-0.02, -0.55), (0.38, -0.1)], shade(hull, -0.25))
    nose = [
        (1.2, 0.06),
        (0.95, -0.14),
        (0.4, -0.19),
        (-0.8, -0.14),
        (-1.2, -0.06),
        (-0.7, 0.16),
        (0.7, 0.22),
    ]
    pen.blob(nose, hull)
    pen.line([(-0.95, 0.06), (1.0, 0.1)], 0.06, trim)
    for x in np.arange(-0.55, 0.75, 0.17):
        pen.disc((x, -0.04), 0.045, (84, 116, 142))
    pen.polygon([(0.92, -0.13), (1.06, -0.06), (0.86, -0.05)], (84, 116, 142))
    pen.polygon([(0.3, 0.08), (-0.55, 0.72), (-0.28, 0.72), (0.66, 0.14)], shade(hull, -0.14))
    pen.box((-0.12, 0.3), (0.22, 0.46), trim, radius=0.07)
    pen.polygon([(-0.85, 0.03), (-1.28, 0.26), (-1.1, 0.27), (-0.6, 0.07)], shade(trim, -0.15))


def _waves(pen: Pen, rng: np.random.Generator) -> None:
    color = any_color(rng, (0.25, 0.6), (0.5, 0.8))
    for row, y in enumerate((0.62, 0.76)):
        x = np.linspace(-1.5, 1.5, 40)
        crest = np.stack([x, y + 0.05 * np.sin(9 * x + 1.5 * row)], axis=1)
        pen.polygon([*crest.tolist(), (1.5, 1.0), (-1.5, 1.0)], shade(color, -0.14 * row))


def _sailing_boat(pen: Pen, rng: np.random.Generator) -> None:
    sail, hull = any_color(rng, (0.0, 0.6), (0.75, 1.0)), _body_color(rng)
    pen.line([(0.05, -1.15), (0.05, 0.4)], 0.06, (104, 76, 52))
    pen.polygon([(-0.02, -1.1), (-0.02, 0.22), (-0.85, 0.22)], sail)
    pen.polygon([(0.12, -0.95), (0.12, 0.22), (0.72, 0.22)], shade(sail, -0.14))
    pen.polygon([(-1.0, 0.34), (1.1, 0.34), (0.72, 0.74), (-0.7, 0.74)], hull)
    pen.line([(-1.0, 0.36), (1.1, 0.36)], 0.06, mix(hull, WHITE, 0.6))
    _waves(pen, rng)


def _steamer(pen: Pen, rng: np.random.Generator) -> None:
    hull, funnel = _body_color(rng), any_color(rng, (0.5, 0.9), (0.5, 0.95))
    for x in (-0.3, 0.1, 0.5):
        pen.polygon(
            [(x - 0.02, -0.85), (x + 0.2, -0.85), (x + 0.16, -0.3), (x - 0.06, -0.3)], funnel
        )
        pen.box((x - 0.03, -0.86), (x + 0.21, -0.74), TYRE)
    pen.box((-0.62, -0.36), (0.85, -0.06), WHITE)
    pen.box((-0.8, -0.08), (0.98, 0.2), shade(WHITE, -0.07))
    for x in np.arange(-0.68, 0.9, 0.2):
        pen.disc((x, 0.06), 0.05, (84, 116, 142))
    pen.polygon([(-1.15, 0.18), (1.32, 0.08), (1.02, 0.74), (-0.95, 0.74)], hull)
    _waves(pen, rng)
