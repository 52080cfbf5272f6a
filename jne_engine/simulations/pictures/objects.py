"""Tools, furniture and other things of use."""

from __future__ import annotations

import numpy as np

from jne_engine.simulations.pictures.backdrops import drop_shadow, paint_backdrop
from jne_engine.simulations.pictures.canvas import Canvas, Pen
from jne_engine.simulations.pictures.palette import (
    WOOD,
    Color,
    any_color,
    chance,
    pick,
    shade,
    vary,
)

STEEL: Color = (170, 176, 184)


def draw_object(canvas: Canvas, rng: np.random.Generator) -> None:
    """Draw one tool, or one piece of furniture or kitchenware, on a neutral background."""
    paint_backdrop(canvas, rng)
    lying = (_hammer, _scissors, _key, _wrench, _umbrella)
    standing = (_chair, _mug, _table, _desk_lamp, _kettle, _armchair)
    draw = pick(rng, lying + standing)
    x, y, size = rng.uniform(0.43, 0.57), rng.uniform(0.45, 0.55), rng.uniform(0.29, 0.37)
    if draw in standing:
        drop_shadow(canvas, x, y + 0.98 * size, 0.85 * size)
    angle = rng.uniform(-0.8, 0.8) if draw in lying else rng.normal(0, 0.03)
    draw(canvas.pen(x, y, size, angle=angle, mirror=chance(rng, 0.5)), rng)


def _wood(rng: np.random.Generator) -> Color:
    return vary(rng, pick(rng, WOOD))


def _hammer(pen: Pen, rng: np.random.Generator) -> None:
    handle, grip = _wood(rng), any_color(rng)
    pen.box((-0.11, -0.7), (0.11, 1.0), handle, radius=0.08)
    pen.box((-0.14, 0.4), (0.14, 1.05), grip, radius=0.1)
    pen.box((-0.2, -0.98), (0.32, -0.58), STEEL)
    pen.box((0.3, -1.02), (0.66, -0.54), shade(STEEL, -0.2), radius=0.05)
    pen.blob([(-0.15, -0.98), (-0.5, -0.92), (-0.78, -0.62), (-0.42, -0.7), (-0.15, -0.62)], STEEL)


def _scissors(pen: Pen, rng: np.random.Generator) -> None:
    grip, spread = any_color(rng, (0.5, 0.9)), rng.uniform(0.2, 0.36)
    for side in (-1, 1):
        blade = pen.at(0, 0, angle=side * spread, mirror=side < 0)
        blade.polygon(
            [(0.1, 0.25), (-0.1, 0.1), (-0.06, -1.1), (0.1, -0.85)], shade(STEEL, 0.12 * side)
        )
        blade.line([(0, 0.1), (-0.05, 0.5)], 0.15, grip)
        blade.ring((-0.1, 0.78), (0.24, 0.32), 0.13, grip)
    pen.disc((0, 0.05), 0.07, shade(STEEL, -0.5))


def _key(pen: Pen, rng: np.random.Generator) -> None:
    metal = pick(rng, (STEEL, (206, 166, 84), (150, 104, 70)))
    pen.ring((0, -0.65), (0.36, 0.36), 0.17, metal)
    pen.box((-0.09, -0.34), (0.09, 1.0), metal)
    pen.box((-0.15, -0.3), (0.15, -0.18), shade(metal, -0.2))
    for top in (0.48, 0.76):
        pen.box((0.0, top), (0.42, top + 0.18), metal)
    pen.line([(-0.04, -0.25), (-0.04, 0.95)], 0.04, shade(metal, 0.4))


def _wrench(pen: Pen, rng: np.random.Generator) -> None:
    metal = vary(rng, STEEL, 0.2)
    pen.box((-0.14, -0.6), (0.14, 0.7), metal, radius=0.05)
    pen.box((-0.06, -0.45), (0.06, 0.5), shade(metal, -0.2), radius=0.05)
    head = [(-0.2, -1.1), (-0.42, -0.8), (-0.3, -0.5), (0.3, -0.5), (0.42, -0.8), (0.2, -1.1)]
    jaw = [(0.14, -0.86), (0.0, -0.76), (-0.14, -0.86)]
    pen.polygon(head + jaw, metal)
    pen.ring((0, 0.85), (0.23, 0.23), 0.17, metal)


def _umbrella(pen: Pen, rng: np.random.Generator) -> None:
    color = any_color(rng, (0.4, 0.9), (0.45, 0.95))
    pen.line([(0, -0.95), (0, 0.75)], 0.06, (70, 58, 54))
    pen.arc((0.16, 0.75), (0.16, 0.2), (0, 180), 0.09, _wood(rng))
    dome = [(-1.1 * np.cos(a), 0.05 - 0.95 * np.sin(a)) for a in np.linspace(0, np.pi, 26)]
    scallops = [
        (x, 0.05 - 0.12 * abs(np.sin(x * np.pi / 0.55))) for x in np.linspace(1.1, -1.1, 33)
    ]
    pen.polygon(dome + scallops, color)
    middle = [(-0.55, 0.05), (-0.35, -0.6), (0, -0.9), (0.35, -0.6), (0.55, 0.05), (0, -0.03)]
    pen.blob(middle, shade(color, 0.28))


def _chair(pen: Pen, rng: np.random.Generator) -> None:
    wood, seat = _wood(rng), any_color(rng)
    dark = shade(wood, -0.3)
    for x, top in ((-0.42, -1.05), (0.34, -1.05)):
        pen.line([(x, top), (x, 0.7)], 0.12, dark)
    for y in (-0.95, -0.68, -0.41):
        pen.box((-0.45, y), (0.37, y + 0.14), wood)
    for x, bottom in ((-0.6, 0.95), (0.55, 0.95)):
        pen.line([(x, 0.2), (x, bottom)], 0.13, wood)
    pen.polygon([(-0.45, -0.05), (0.4, -0.05), (0.64, 0.26), (-0.68, 0.26)], seat)
    pen.box((-0.68, 0.26), (0.64, 0.36), shade(seat, -0.3))


def _mug(pen: Pen, rng: np.random.Generator) -> None:
    color = any_color(rng)
    pen.ring((0.66, 0.22), (0.3, 0.34), 0.14, shade(color, -0.15))
    pen.box((-0.68, -0.42), (0.62, 0.95), color, radius=0.16)
    pen.box((0.3, -0.4), (0.62, 0.92), (0, 0, 0), alpha=0.1, radius=0.1)
    pen.box((-0.68, 0.1), (0.62, 0.4), shade(color, 0.5))
    pen.ellipse((-0.03, -0.42), (0.65, 0.16), shade(color, 0.35))
    pen.ellipse((-0.03, -0.4), (0.54, 0.11), (86, 56, 40))
    if chance(rng, 0.6):
        for x in (-0.25, 0.15):
            steam = [(x, -0.6), (x + 0.1, -0.75), (x - 0.05, -0.9), (x + 0.08, -1.1)]
            pen.line(steam, 0.06, (245, 245, 245))


def _table(pen: Pen, rng: np.random.Generator) -> None:
    wood = _wood(rng)
    for x, top, bottom in (
        (-0.55, -0.1, 0.55),
        (0.55, -0.1, 0.55),
        (-0.92, 0.1, 0.97),
        (0.92, 0.1, 0.97),
    ):
        pen.line([(x, top), (x, bottom)], 0.13, shade(wood, -0.3))
    pen.polygon([(-0.7, -0.4), (0.7, -0.4), (1.12, 0.05), (-1.12, 0.05)], wood)
    pen.box((-1.12, 0.05), (1.12, 0.22), shade(wood, -0.2))
    for y, reach in ((-0.28, 0.8), (-0.13, 0.93)):
        pen.line([(-reach, y), (reach, y)], 0.02, shade(wood, -0.15))


def _desk_lamp(pen: Pen, rng: np.random.Generator) -> None:
    color = any_color(rng, (0.2, 0.9))
    dark = shade(color, -0.4)
    pen.ellipse((-0.2, 0.92), (0.55, 0.13), dark)
    pen.line([(-0.2, 0.88), (-0.6, 0.05), (0.15, -0.7)], 0.09, dark)
    pen.disc((-0.6, 0.05), 0.1, color)
    head = pen.at(0.22, -0.72, angle=-0.7)
    head.disc((0.0, 0.5), 0.17, (255, 236, 160))
    head.polygon([(-0.16, -0.16), (0.16, -0.16), (0.5, 0.5), (-0.5, 0.5)], color)


def _kettle(pen: Pen, rng: np.random.Generator) -> None:
    color = any_color(rng, (0.1, 0.8))
    pen.arc((0, -0.35), (0.55, 0.62), (190, 350), 0.13, (52, 48, 50))
    pen.polygon([(0.5, 0.2), (1.05, -0.35), (1.18, -0.24), (0.68, 0.6)], shade(color, -0.12))
    pen.blob(
        [(-0.45, -0.35), (0.45, -0.35), (0.82, 0.5), (0.7, 0.92), (-0.7, 0.92), (-0.82, 0.5)], color
    )
    pen.ellipse((0, -0.36), (0.46, 0.11), shade(color, -0.25))
    pen.disc((0, -0.5), 0.1, (52, 48, 50))
    pen.ellipse((-0.4, 0.25), (0.1, 0.32), shade(color, 0.5), alpha=0.6, angle=0.2)


def _armchair(pen: Pen, rng: np.random.Generator) -> None:
    color = any_color(rng)
    for x in (-0.7, 0.7):
        pen.line([(x, 0.75), (x, 0.95)], 0.12, _wood(rng))
    pen.box((-0.7, -0.95), (0.7, 0.5), shade(color, -0.12), radius=0.25)
    pen.box((-0.62, 0.1), (0.62, 0.5), shade(color, 0.15), radius=0.12)
    pen.box((-0.85, 0.42), (0.85, 0.8), shade(color, -0.2), radius=0.08)
    for side in (-1, 1):
        pen.box((side * 0.82 - 0.2, -0.15), (side * 0.82 + 0.2, 0.82), color, radius=0.17)
    for x in (-0.3, 0.3):
        pen.disc((x, -0.45), 0.05, shade(color, -0.35))
