"""Food: pizza, apple, burger, cake, ice cream, banana, egg, doughnut and watermelon."""

from __future__ import annotations

import numpy as np

from jne_engine.simulations.pictures.backdrops import drop_shadow, paint_backdrop
from jne_engine.simulations.pictures.canvas import Canvas, Pen
from jne_engine.simulations.pictures.palette import WHITE, any_color, chance, pick, shade, vary

CRUST = (206, 150, 84)
CREAM = (252, 240, 218)


def draw_food(canvas: Canvas, rng: np.random.Generator) -> None:
    """Draw one dish or fruit, often on a plate, on a neutral background."""
    paint_backdrop(canvas, rng)
    flat = (_pizza, _egg, _doughnut)
    standing = (_apple, _burger, _cake, _ice_cream, _bananas, _watermelon)
    draw = pick(rng, flat + standing)
    x, y, size = rng.uniform(0.43, 0.57), rng.uniform(0.46, 0.55), rng.uniform(0.26, 0.34)
    pen = canvas.pen(x, y, size, angle=rng.normal(0, 0.06), mirror=chance(rng, 0.5))
    if draw in flat:
        _plate_from_above(pen, rng)
    elif chance(rng, 0.6):
        _plate_from_the_side(pen, rng)
    else:
        drop_shadow(canvas, x, y + 0.98 * size, size)
    draw(pen, rng)


def _plate_from_above(pen: Pen, rng: np.random.Generator) -> None:
    color = any_color(rng, (0.0, 0.3), (0.8, 1.0))
    pen.disc((0.04, 0.08), 1.3, (0, 0, 0), 0.2)
    pen.disc((0, 0), 1.3, color)
    pen.disc((0, 0), 1.02, shade(color, -0.08))


def _plate_from_the_side(pen: Pen, rng: np.random.Generator) -> None:
    color = any_color(rng, (0.0, 0.35), (0.75, 1.0))
    pen.ellipse((0, 1.04), (1.3, 0.26), (0, 0, 0), alpha=0.18)
    pen.ellipse((0, 0.96), (1.3, 0.26), color)
    pen.ellipse((0, 0.93), (0.95, 0.17), shade(color, -0.12))


def _pizza(pen: Pen, rng: np.random.Generator) -> None:
    """Draw a pizza with toppings, perhaps one slice short."""
    pen.disc((0, 0), 1.0, vary(rng, CRUST))
    pen.disc((0, 0), 0.86, (198, 66, 40))
    pen.disc((0, 0), 0.82, (246, 200, 92))
    colors = ((178, 48, 40), (92, 132, 58), (238, 232, 206), (70, 54, 62))
    for _ in range(16):
        radius, angle = 0.72 * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
        place = (radius * np.cos(angle), radius * np.sin(angle))
        pen.disc(place, rng.uniform(0.06, 0.13), pick(rng, colors))
    for angle in np.arange(4) * np.pi / 4:
        x, y = np.cos(angle), np.sin(angle)
        pen.line([(-0.95 * x, -0.95 * y), (0.95 * x, 0.95 * y)], 0.025, (176, 116, 56))


def _egg(pen: Pen, rng: np.random.Generator) -> None:
    angles = np.linspace(0, 2 * np.pi, 9, endpoint=False)
    radii = rng.uniform(0.66, 0.92, 9)
    pen.blob(np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1), (254, 250, 240))
    pen.disc((0.04, 0), 0.34, (246, 176, 40))
    pen.ellipse((-0.06, -0.12), (0.12, 0.07), (255, 226, 142))
    for y in (-0.62, -0.78):
        pen.line([(-0.5, y), (-0.2, y - 0.08), (0.1, y), (0.4, y - 0.08)], 0.12, (168, 66, 52))


def _doughnut(pen: Pen, rng: np.random.Generator) -> None:
    icing = any_color(rng, (0.3, 0.7), (0.45, 0.95))
    pen.ring((0, 0), (0.6, 0.6), 0.66, vary(rng, CRUST))
    pen.ring((0, 0), (0.6, 0.6), 0.48, icing)
    for angle in np.linspace(0, 2 * np.pi, 26, endpoint=False):
        radius, tilt = 0.6 + rng.uniform(-0.16, 0.16), rng.uniform(0, np.pi)
        x, y = radius * np.cos(angle), radius * np.sin(angle)
        dx, dy = 0.06 * np.cos(tilt), 0.06 * np.sin(tilt)
        pen.line([(x - dx, y - dy), (x + dx, y + dy)], 0.045, any_color(rng, (0.3, 0.9), (0.8, 1)))


def _apple(pen: Pen, rng: np.random.Generator) -> None:
    skin = pick(rng, ((204, 50, 48), (132, 176, 60), (226, 186, 74), (168, 40, 66)))
    skin = vary(rng, skin)
    right = [(0, -0.55), (0.45, -0.74), (0.86, -0.35), (0.8, 0.35), (0.42, 0.92), (0, 0.84)]
    left = [(-x, y) for x, y in reversed(right[1:-1])]
    pen.blob(right + left, skin)
    pen.blob([(0.5, -0.5), (0.74, -0.2), (0.68, 0.4), (0.4, 0.8), (0.6, 0.1)], shade(skin, -0.22))
    pen.ellipse((-0.42, -0.25), (0.14, 0.24), shade(skin, 0.5), alpha=0.8, angle=0.4)
    pen.line([(0, -0.56), (0.04, -0.8), (0.14, -0.98)], 0.08, (92, 62, 40))
    pen.blob([(0.1, -0.76), (0.4, -1.05), (0.72, -0.95), (0.45, -0.75)], (88, 140, 62))


def _burger(pen: Pen, rng: np.random.Generator) -> None:
    """Draw a burger: bun, salad, tomato, cheese, patty, bun."""
    bun = vary(rng, (214, 148, 74), 0.14)
    pen.box((-0.92, 0.56), (0.92, 0.94), bun, radius=0.16)
    pen.box((-0.96, 0.26), (0.96, 0.56), (98, 58, 38), radius=0.13)
    pen.polygon(
        [(-0.95, 0.22), (0.95, 0.22), (0.6, 0.44), (0.25, 0.24), (-0.3, 0.48)], (246, 190, 62)
    )
    pen.box((-0.9, 0.08), (0.9, 0.24), (206, 62, 46), radius=0.07)
    for x in np.linspace(-0.88, 0.88, 7):
        pen.ellipse((x, 0.04), (0.2, 0.11), (122, 172, 66))
    dome = [(-0.95, 0.02), (-0.85, -0.42), (-0.4, -0.75), (0.4, -0.75), (0.85, -0.42), (0.95, 0.02)]
    pen.blob(dome, bun)
    pen.ellipse((-0.35, -0.48), (0.3, 0.11), shade(bun, 0.35), angle=-0.25)
    for _ in range(9):
        pen.ellipse((rng.uniform(-0.6, 0.6), rng.uniform(-0.6, -0.25)), (0.06, 0.035), CREAM)


def _cake(pen: Pen, rng: np.random.Generator) -> None:
    """Draw a slice of layered cake, or a whole one with candles."""
    sponge, icing = (
        vary(rng, pick(rng, ((112, 70, 46), (232, 190, 120)))),
        any_color(rng, (0.2, 0.6)),
    )
    pen.box((-0.85, -0.1), (0.85, 0.92), sponge, radius=0.06)
    pen.box((-0.85, 0.34), (0.85, 0.47), CREAM)
    pen.box((-0.9, -0.28), (0.9, 0.06), icing, radius=0.1)
    for x in np.linspace(-0.78, 0.78, 8):
        pen.ellipse((x, 0.06), (0.11, rng.uniform(0.1, 0.24)), icing)
    for x in np.linspace(-0.55, 0.55, int(rng.integers(1, 5))):
        pen.box((x - 0.05, -0.74), (x + 0.05, -0.28), any_color(rng, (0.3, 0.7), (0.8, 1)))
        pen.ellipse((x, -0.85), (0.06, 0.12), (250, 194, 70))
    for x in (-0.6, -0.2, 0.2, 0.6):
        pen.disc((x, -0.27), 0.09, (200, 44, 58))


def _ice_cream(pen: Pen, rng: np.random.Generator) -> None:
    """Draw a cone with two or three scoops."""
    pen.polygon([(-0.42, 0.0), (0.42, 0.0), (0, 1.05)], vary(rng, (216, 160, 92), 0.1))
    for shift in (-0.28, 0.0, 0.28):
        pen.line([(shift - 0.08, 0.02), (shift * 0.3 + 0.1, 0.6)], 0.025, (172, 116, 60))
        pen.line([(shift + 0.08, 0.02), (shift * 0.3 - 0.1, 0.6)], 0.025, (172, 116, 60))
    places = (
        ((-0.27, -0.16), (0.27, -0.16), (0, -0.6)) if chance(rng, 0.6) else ((0, -0.2), (0, -0.7))
    )
    for place in places:
        color = any_color(rng, (0.15, 0.55), (0.6, 1))
        pen.disc(place, 0.38, color)
        pen.ellipse((place[0] - 0.12, place[1] - 0.14), (0.1, 0.08), WHITE, alpha=0.5)
    pen.disc((places[-1][0], places[-1][1] - 0.4), 0.11, (196, 36, 52))


def _bananas(pen: Pen, rng: np.random.Generator) -> None:
    color = vary(rng, (240, 204, 70), 0.12)
    for i, spread in enumerate((0.42, 0.14, -0.14)):
        tone = shade(color, -0.22 + 0.11 * i)
        outer = [(-0.75, -0.7), (-0.7, 0.2), (-0.1, 0.85), (0.95, 0.75 - spread)]
        inner = [
            (0.85, 0.5 - spread),
            (0.15, 0.4 - spread),
            (-0.35 + 0.3 * spread, -0.1),
            (-0.5, -0.7),
        ]
        pen.blob(outer + inner, tone)
        pen.disc((0.92, 0.63 - spread), 0.07, (92, 66, 40))
    pen.line([(-0.62, -0.66), (-0.6, -0.95)], 0.2, (128, 108, 48))


def _watermelon(pen: Pen, rng: np.random.Generator) -> None:
    arc = [(np.cos(a), 0.85 * np.sin(a)) for a in np.linspace(0, np.pi, 22)]
    for scale, color in (
        (1.08, (62, 118, 66)),
        (0.98, (226, 236, 190)),
        (0.9, vary(rng, (222, 68, 74), 0.1)),
    ):
        pen.polygon([(scale * x, scale * y) for x, y in arc], color)
    for _ in range(11):
        angle, radius = rng.uniform(0.3, np.pi - 0.3), rng.uniform(0.3, 0.72)
        place = (radius * np.cos(angle), 0.85 * radius * np.sin(angle) + 0.02)
        pen.ellipse(place, (0.04, 0.065), (40, 30, 32))
