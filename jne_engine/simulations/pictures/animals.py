"""Animals: cat, dog, fish, bird, rabbit, elephant, turtle and giraffe."""

from __future__ import annotations

import numpy as np

from jne_engine.simulations.pictures.backdrops import drop_shadow, paint_backdrop
from jne_engine.simulations.pictures.canvas import Canvas, Pen
from jne_engine.simulations.pictures.palette import (
    FUR,
    INK,
    WHITE,
    Color,
    any_color,
    chance,
    mix,
    pick,
    shade,
    vary,
)


def draw_animal(canvas: Canvas, rng: np.random.Generator) -> None:
    """Draw one animal on a neutral background."""
    paint_backdrop(canvas, rng)
    draw = pick(rng, (_cat, _dog, _fish, _bird, _rabbit, _elephant, _turtle, _giraffe))
    x, y, size = rng.uniform(0.42, 0.58), rng.uniform(0.46, 0.56), rng.uniform(0.27, 0.36)
    if draw is not _fish:
        drop_shadow(canvas, x, y + 1.02 * size, 0.95 * size)
    draw(canvas.pen(x, y, size, mirror=chance(rng, 0.5)), rng)


def _eye(pen: Pen, x: float, y: float, radius: float = 0.08) -> None:
    pen.disc((x, y), radius, INK)
    pen.disc((x + 0.3 * radius, y - 0.35 * radius), 0.35 * radius, WHITE)


def _legs(pen: Pen, places: tuple[float, ...], top: float, width: float, color: Color) -> None:
    """Draw straight legs down to y = 1."""
    for i, x in enumerate(places):
        pen.line([(x, top), (x, 0.93)], width, shade(color, -0.16 if i % 2 else 0.0))


def _cat(pen: Pen, rng: np.random.Generator) -> None:
    fur = vary(rng, pick(rng, FUR))
    dark, pink = shade(fur, -0.25), (226, 142, 136)
    pen.arc((0.62, 0.5), (0.42, 0.42), (-70, 110), 0.17, dark)
    pen.blob([(-0.28, -0.1), (0.28, -0.1), (0.56, 0.7), (0.4, 1.0), (-0.4, 1.0), (-0.56, 0.7)], fur)
    pen.ellipse((0, 0.52), (0.25, 0.42), mix(fur, WHITE, 0.45))
    for side in (-1, 1):
        pen.polygon([(side * 0.56, -0.55), (side * 0.5, -1.12), (side * 0.1, -0.8)], fur)
        pen.polygon([(side * 0.47, -0.66), (side * 0.45, -0.97), (side * 0.22, -0.8)], pink)
        pen.ellipse((side * 0.2, 0.95), (0.18, 0.1), mix(fur, WHITE, 0.35))
    pen.ellipse((0, -0.42), (0.6, 0.48), fur)
    for side in (-1, 1):
        pen.ellipse((side * 0.25, -0.47), (0.12, 0.14), (196, 206, 96))
        pen.ellipse((side * 0.25, -0.47), (0.045, 0.12), INK)
        for lift in (-0.05, 0.05):
            pen.line([(side * 0.2, -0.22 + lift), (side * 0.75, -0.26 + 3 * lift)], 0.02, WHITE)
    pen.polygon([(-0.07, -0.31), (0.07, -0.31), (0, -0.23)], pink)
    for x in (-0.16, 0.0, 0.16):
        pen.line([(x, -0.86), (x * 0.8, -0.68)], 0.06, dark)


def _dog(pen: Pen, rng: np.random.Generator) -> None:
    fur = vary(rng, pick(rng, FUR))
    dark = shade(fur, -0.3)
    pen.line([(-0.8, 0.0), (-1.05, -0.3), (-1.1, -0.55)], 0.14, fur)
    _legs(pen, (-0.68, -0.48, 0.28, 0.48), 0.2, 0.2, fur)
    pen.blob([(-0.9, 0.0), (-0.3, -0.2), (0.45, -0.25), (0.68, 0.1), (0.4, 0.42), (-0.6, 0.4)], fur)
    pen.polygon([(0.25, 0.05), (0.42, -0.6), (0.85, -0.45), (0.68, 0.2)], fur)
    pen.line([(0.36, -0.14), (0.74, -0.04)], 0.1, any_color(rng, (0.6, 0.9)))
    pen.ellipse((0.7, -0.62), (0.36, 0.32), fur)
    pen.blob([(0.78, -0.72), (1.2, -0.6), (1.24, -0.42), (0.8, -0.36)], mix(fur, WHITE, 0.3))
    pen.disc((1.22, -0.6), 0.08, INK)
    pen.line([(1.18, -0.42), (0.9, -0.4)], 0.03, INK)
    pen.blob([(0.42, -0.9), (0.62, -0.85), (0.56, -0.3), (0.36, -0.25), (0.3, -0.55)], dark)
    _eye(pen, 0.82, -0.7, 0.065)
    if chance(rng, 0.5):
        pen.ellipse((-0.25, 0.02), (0.3, 0.18), mix(fur, WHITE, 0.6))


def _fish(pen: Pen, rng: np.random.Generator) -> None:
    body, stripe = any_color(rng, (0.4, 0.9), (0.5, 0.95)), any_color(rng, (0.1, 0.6), (0.6, 1.0))
    fin = shade(body, -0.25)
    pen.blob([(-0.6, 0), (-1.15, -0.5), (-1.0, 0), (-1.15, 0.5)], fin)
    pen.blob([(-0.4, -0.4), (0.0, -0.85), (0.35, -0.45)], fin)
    pen.blob([(-0.1, 0.4), (-0.25, 0.75), (0.2, 0.45)], fin)
    pen.blob([(1.0, 0.02), (0.5, -0.48), (-0.2, -0.45), (-0.8, 0), (-0.2, 0.45), (0.5, 0.48)], body)
    for x in (-0.3, 0.08):
        pen.blob([(x - 0.08, -0.42), (x + 0.1, -0.44), (x + 0.12, 0.44), (x - 0.1, 0.42)], stripe)
    pen.blob([(0.25, 0), (-0.05, -0.14), (-0.15, 0.1), (0.05, 0.2)], fin)
    pen.disc((0.62, -0.12), 0.13, WHITE)
    _eye(pen, 0.65, -0.12, 0.075)
    pen.arc((0.98, 0.06), (0.16, 0.14), (80, 190), 0.035, INK)
    for x, y, radius in ((1.2, -0.35, 0.06), (1.32, -0.62, 0.09), (1.18, -0.86, 0.05)):
        pen.ring((x, y), (radius, radius), 0.025, WHITE)


def _bird(pen: Pen, rng: np.random.Generator) -> None:
    body = any_color(rng, (0.35, 0.85), (0.45, 0.95))
    wing, legs = shade(body, -0.3), (206, 134, 48)
    for x in (-0.05, 0.2):
        pen.line([(x, 0.5), (x, 0.95)], 0.055, legs)
        pen.line([(x - 0.14, 0.97), (x, 0.93), (x + 0.16, 0.97)], 0.05, legs)
    pen.polygon([(-0.45, 0.1), (-1.3, 0.5), (-1.15, 0.72), (-0.3, 0.5)], wing)
    pen.blob(
        [(-0.6, 0.2), (-0.1, -0.4), (0.5, -0.3), (0.55, 0.2), (0.15, 0.62), (-0.35, 0.55)], body
    )
    pen.ellipse((0.3, 0.2), (0.24, 0.33), mix(body, WHITE, 0.55))
    pen.disc((0.42, -0.5), 0.38, body)
    pen.polygon([(0.74, -0.66), (1.12, -0.46), (0.74, -0.36)], (232, 160, 52))
    pen.line([(0.76, -0.5), (1.05, -0.47)], 0.025, INK)
    _eye(pen, 0.54, -0.57)
    pen.blob([(-0.7, 0.35), (-0.1, -0.2), (0.25, 0.05), (-0.1, 0.4)], wing)
    if chance(rng, 0.4):
        pen.blob([(0.3, -0.82), (0.1, -1.15), (0.5, -0.95)], wing)


def _rabbit(pen: Pen, rng: np.random.Generator) -> None:
    fur, pink = vary(rng, pick(rng, FUR)), (232, 160, 156)
    for side in (-1, 1):
        pen.ellipse((side * 0.22, -0.82), (0.15, 0.5), fur, angle=side * 0.16)
        pen.ellipse((side * 0.22, -0.82), (0.07, 0.38), pink, angle=side * 0.16)
    pen.ellipse((0, 0.5), (0.58, 0.52), fur)
    pen.ellipse((0, 0.58), (0.34, 0.36), mix(fur, WHITE, 0.5))
    pen.ellipse((0, -0.22), (0.46, 0.42), fur)
    for side in (-1, 1):
        pen.ellipse((side * 0.36, 0.93), (0.26, 0.12), mix(fur, WHITE, 0.25))
        _eye(pen, side * 0.2, -0.28, 0.085)
        pen.ellipse((side * 0.1, -0.06), (0.13, 0.1), mix(fur, WHITE, 0.55))
    pen.disc((0, -0.13), 0.06, pink)
    pen.box((-0.07, 0.02), (0.07, 0.14), WHITE)


def _elephant(pen: Pen, rng: np.random.Generator) -> None:
    skin = vary(rng, (142, 146, 158), 0.2)
    dark = shade(skin, -0.2)
    pen.line([(-0.95, -0.1), (-1.1, 0.3)], 0.06, dark)
    _legs(pen, (-0.65, -0.35, 0.15, 0.42), 0.2, 0.3, skin)
    pen.blob(
        [(-1.0, 0.0), (-0.5, -0.6), (0.2, -0.6), (0.6, -0.1), (0.4, 0.45), (-0.75, 0.45)], skin
    )
    pen.ellipse((0.62, -0.4), (0.44, 0.44), skin)
    pen.line([(0.88, -0.3), (1.08, 0.1), (1.04, 0.5), (1.22, 0.66)], 0.2, skin)
    pen.line([(0.84, -0.02), (1.0, 0.16), (1.28, 0.12)], 0.08, WHITE)
    pen.blob([(0.3, -0.75), (0.66, -0.6), (0.6, -0.1), (0.3, 0.05), (0.05, -0.35)], dark)
    _eye(pen, 0.82, -0.5, 0.055)


def _turtle(pen: Pen, rng: np.random.Generator) -> None:
    skin, shell = any_color(rng, (0.3, 0.6), (0.5, 0.8)), any_color(rng, (0.35, 0.75), (0.35, 0.7))
    for x in (-0.55, 0.5):
        pen.ellipse((x, 0.78), (0.2, 0.26), skin)
    pen.line([(0.7, 0.5), (1.0, 0.15)], 0.28, skin)
    pen.ellipse((1.06, 0.08), (0.27, 0.23), skin)
    _eye(pen, 1.16, 0.02, 0.06)
    pen.polygon([(-0.9, 0.55), (-1.2, 0.72), (-0.8, 0.7)], skin)
    dome = [(-1.0 * np.cos(a), 0.62 - 1.1 * np.sin(a)) for a in np.linspace(0, np.pi, 20)]
    pen.polygon(dome, shell)
    light = shade(shell, 0.3)
    for x, y in ((0, -0.12), (-0.45, 0.12), (0.45, 0.12), (-0.2, 0.36), (0.25, 0.36)):
        angles = np.arange(6) * np.pi / 3
        hexagon = np.stack([x + 0.19 * np.cos(angles), y + 0.15 * np.sin(angles)], axis=1)
        pen.polygon(hexagon, light)
    pen.line([(-0.98, 0.62), (0.98, 0.62)], 0.13, shade(shell, -0.25))


def _giraffe(pen: Pen, rng: np.random.Generator) -> None:
    coat, patch = vary(rng, (232, 186, 104)), vary(rng, (150, 92, 46))
    pen.line([(-0.62, 0.15), (-0.8, 0.5)], 0.05, patch)
    _legs(pen, (-0.5, -0.34, 0.12, 0.28), 0.3, 0.13, coat)
    pen.blob(
        [(-0.65, 0.1), (-0.1, 0.0), (0.4, -0.05), (0.4, 0.38), (-0.1, 0.45), (-0.6, 0.4)], coat
    )
    pen.polygon([(0.05, 0.1), (0.42, -0.95), (0.64, -0.9), (0.44, 0.25)], coat)
    pen.line([(0.5, -1.0), (0.46, -1.2)], 0.05, patch)
    pen.line([(0.6, -1.0), (0.6, -1.2)], 0.05, patch)
    pen.blob([(0.38, -1.02), (0.65, -1.08), (1.0, -0.82), (0.95, -0.7), (0.55, -0.78)], coat)
    _eye(pen, 0.64, -0.95, 0.05)
    for x, y in (
        (-0.45, 0.2),
        (-0.2, 0.14),
        (0.06, 0.2),
        (-0.32, 0.34),
        (0.24, 0.1),
        (-0.05, 0.36),
    ):
        pen.ellipse((x, y), (0.09, 0.07), patch)
    for x, y in ((0.3, -0.25), (0.4, -0.5), (0.49, -0.72), (0.42, -0.05)):
        pen.ellipse((x, y), (0.07, 0.09), patch)
