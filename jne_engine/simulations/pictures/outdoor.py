"""Natural outdoor scenes: mountains, beach, forest, lake, hills, desert and snow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from jne_engine.simulations.pictures.canvas import Canvas, Pen
from jne_engine.simulations.pictures.palette import FOLIAGE, Color, chance, mix, pick, shade, vary

SKIES: tuple[tuple[Color, Color], ...] = (
    ((92, 152, 214), (206, 230, 244)),
    ((64, 118, 176), (250, 214, 178)),
    ((96, 72, 126), (248, 160, 98)),
    ((150, 164, 178), (222, 226, 228)),
    ((44, 56, 98), (148, 122, 158)),
    ((128, 190, 214), (244, 240, 214)),
)


def draw_outdoor(canvas: Canvas, rng: np.random.Generator) -> None:
    """Draw a landscape under one of many skies."""
    horizon = rng.uniform(0.42, 0.62)
    haze = paint_sky(canvas, rng)
    page = canvas.page()
    if chance(rng, 0.55):
        _sun(page, rng, horizon)
    for _ in range(int(rng.integers(0, 4))):
        _cloud(page.at(rng.uniform(0, 1), rng.uniform(0.06, 0.3), rng.uniform(0.06, 0.13)), haze)
    paint = pick(rng, (_mountains, _beach, _forest, _lake, _hills, _desert, _snow))
    paint(page, horizon, haze, rng)


def paint_sky(canvas: Canvas, rng: np.random.Generator) -> Color:
    """Cover the canvas with a sky and return the colour of its haze."""
    above, below = pick(rng, SKIES)
    above, below = vary(rng, above), vary(rng, below, 0.08)
    rows = [above, mix(above, below, 0.4), below, below]
    canvas.fill_smoothly(np.array([[c, c] for c in rows], dtype=np.uint8))
    return below


def _sun(page: Pen, rng: np.random.Generator, horizon: float) -> None:
    x, y = rng.uniform(0.15, 0.85), rng.uniform(0.12, horizon - 0.04)
    color = pick(rng, ((255, 236, 170), (255, 248, 230), (255, 196, 120)))
    for radius, alpha in ((0.16, 0.12), (0.11, 0.2), (0.06, 1.0)):
        page.disc((x, y), radius, color, alpha)


def _cloud(pen: Pen, haze: Color) -> None:
    color = shade(haze, 0.6)
    for x, y, radius in (
        (-0.8, 0.1, 0.4),
        (-0.25, -0.18, 0.55),
        (0.4, -0.08, 0.48),
        (0.9, 0.14, 0.34),
    ):
        pen.disc((x, y), radius, color)
    pen.box((-1.1, 0.1), (1.15, 0.48), color, radius=0.18)


def ridge(
    rng: np.random.Generator, level: float, height: float, roughness: int
) -> npt.NDArray[np.float64]:
    """Return a wavy skyline closed along the lower edge of the page, (n_points, 2)."""
    x = np.linspace(-0.02, 1.02, 42)
    y = np.full_like(x, level)
    for octave in range(1, roughness + 1):
        phase, swing = rng.uniform(0, 2 * np.pi), height * rng.uniform(0.5, 1) / octave
        y -= 0.5 * swing * np.sin(2 * np.pi * octave * rng.uniform(0.7, 1.4) * x + phase)
    return np.concatenate([np.stack([x, y], axis=1), [(1.02, 1.02), (-0.02, 1.02)]])


def _water(page: Pen, top: float, color: Color, rng: np.random.Generator) -> None:
    """Draw a sheet of water down to the lower edge, with glitter."""
    page.box((0, top), (1, 1), color)
    for _ in range(22):
        y = top + (1 - top) * rng.random() ** 1.4
        x, width = rng.uniform(0, 1), rng.uniform(0.02, 0.1) * (0.4 + y)
        page.line([(x, y), (x + width, y)], 0.006, shade(color, 0.4))


def _peak(page: Pen, x: float, top: float, base: float, rock: Color) -> None:
    reach = 1.05 * (base - top)
    page.polygon([(x - reach, base), (x, top), (x + reach, base)], rock)
    page.polygon(
        [
            (x, top),
            (x + reach, base),
            (x + 0.25 * reach, base),
            (x - 0.1 * reach, top + 0.4 * (base - top)),
        ],
        shade(rock, -0.25),
    )
    cap = 0.3
    zigzag = [
        (x + cap * reach, top + cap * (base - top)),
        (x + 0.1 * reach, top + 0.24 * (base - top)),
    ]
    zigzag += [(x, top + 0.36 * (base - top)), (x - 0.13 * reach, top + 0.23 * (base - top))]
    page.polygon([(x, top), *zigzag, (x - cap * reach, top + cap * (base - top))], (246, 248, 252))


def _conifer(pen: Pen, color: Color) -> None:
    """Draw a fir of height 2 that stands at y = 1."""
    pen.box((-0.08, 0.6), (0.08, 1.0), (88, 62, 44))
    for top, bottom, reach in ((-1.0, -0.2, 0.34), (-0.6, 0.3, 0.48), (-0.2, 0.8, 0.6)):
        pen.polygon([(0, top), (reach, bottom), (-reach, bottom)], color)
        pen.polygon([(0, top), (reach, bottom), (0.1, bottom)], shade(color, -0.2))


def _leaf_tree(pen: Pen, color: Color) -> None:
    """Draw a broad tree of height 2 that stands at y = 1."""
    pen.polygon([(-0.1, 1.0), (-0.06, -0.1), (0.06, -0.1), (0.1, 1.0)], (98, 70, 48))
    for x, y, radius in ((-0.35, -0.05, 0.4), (0.35, -0.05, 0.4), (0, -0.45, 0.5)):
        pen.disc((x, y), radius, color)
    pen.disc((-0.14, -0.5), 0.28, shade(color, 0.15))


def _mountains(page: Pen, horizon: float, haze: Color, rng: np.random.Generator) -> None:
    """Draw two or three peaks over wooded slopes."""
    rock = vary(rng, pick(rng, ((108, 116, 138), (132, 112, 104), (92, 108, 112))))
    for share in (0.45, 0.15, 0.0)[: int(rng.integers(2, 4))]:
        x, top = rng.uniform(0.1, 0.9), horizon - rng.uniform(0.18, 0.36)
        _peak(page, x, top, horizon + 0.14, mix(rock, haze, share))
    ground = pick(rng, FOLIAGE)
    page.polygon(ridge(rng, horizon + 0.12, 0.06, 2), ground)
    for x in np.sort(rng.uniform(0, 1, 9)):
        _conifer(page.at(x, rng.uniform(0.72, 0.85), rng.uniform(0.06, 0.1)), shade(ground, -0.3))


def _beach(page: Pen, horizon: float, haze: Color, rng: np.random.Generator) -> None:
    sea = mix(vary(rng, (46, 128, 160)), haze, 0.2)
    _water(page, horizon, sea, rng)
    sand = vary(rng, (232, 206, 158), 0.12)
    shore = ridge(rng, 0.78, 0.08, 2)
    page.polygon(shore - [0, 0.025], (246, 248, 246))
    page.polygon(shore, sand)
    x, side = rng.uniform(0.2, 0.8), pick(rng, (-1, 1))
    trunk = [(x, 0.88), (x + side * 0.03, 0.6), (x + side * 0.1, 0.36)]
    page.line(trunk, 0.03, (124, 92, 62))
    for angle in np.linspace(-2.9, -0.2, 6):
        tip = (trunk[-1][0] + 0.2 * np.cos(angle), 0.36 + 0.1 * np.sin(angle) + 0.08)
        middle = (trunk[-1][0] + 0.11 * np.cos(angle), 0.33 + 0.08 * np.sin(angle))
        page.line([trunk[-1], middle, tip], 0.028, vary(rng, (62, 122, 66)))


def _forest(page: Pen, horizon: float, haze: Color, rng: np.random.Generator) -> None:
    """Draw rows of trees, nearer ones larger, over a path."""
    leaf = pick(rng, FOLIAGE)
    page.polygon(ridge(rng, horizon + 0.1, 0.04, 2), shade(leaf, 0.1))
    page.polygon(
        [(0.45, horizon + 0.12), (0.55, horizon + 0.12), (0.78, 1), (0.2, 1)], (188, 158, 116)
    )
    tree = pick(rng, (_conifer, _leaf_tree))
    for row in range(3):
        size, y = 0.13 + 0.06 * row, horizon + 0.02 + 0.09 * row
        color = mix(leaf, haze, 0.4 - 0.2 * row)
        for x in np.linspace(-0.05, 1.05, 7 - row) + rng.normal(0, 0.03, 7 - row):
            if row == 0 or abs(x - 0.5) > 0.08 + 0.1 * row:
                tree(page.at(float(x), y, size * rng.uniform(0.85, 1.15)), vary(rng, color, 0.14))


def _lake(page: Pen, horizon: float, haze: Color, rng: np.random.Generator) -> None:
    hill = mix(vary(rng, pick(rng, FOLIAGE)), haze, 0.35)
    water = mix((70, 116, 150), haze, 0.35)
    skyline = ridge(rng, horizon - 0.06, 0.14, 3)
    page.polygon(skyline, hill)
    _water(page, horizon, water, rng)
    mirrored = [(x, 2 * horizon - y) for x, y in skyline[:-2]]
    page.polygon([(-0.02, horizon), *mirrored, (1.02, horizon)], shade(hill, -0.1), 0.4)
    for x in rng.uniform(0, 1, 5):
        _conifer(page.at(x, horizon - 0.07, rng.uniform(0.05, 0.08)), shade(hill, -0.4))
    page.polygon(ridge(rng, 0.94, 0.05, 3), shade(pick(rng, FOLIAGE), -0.2))


def _hills(page: Pen, horizon: float, haze: Color, rng: np.random.Generator) -> None:
    field = pick(rng, (*FOLIAGE, (214, 186, 96)))
    for row in range(4):
        level = horizon + 0.13 * row
        color = mix(vary(rng, field), haze, 0.45 - 0.15 * row)
        page.polygon(ridge(rng, level, 0.1, 2), color)
        for _ in range(int(rng.integers(0, 3))):
            place = page.at(rng.uniform(0, 1), level - 0.03, 0.05 + 0.025 * row)
            _leaf_tree(place, shade(color, -0.3))


def _desert(page: Pen, horizon: float, haze: Color, rng: np.random.Generator) -> None:
    sand = vary(rng, (222, 172, 106), 0.14)
    for row in range(4):
        color = mix(shade(sand, 0.16 - 0.12 * row), haze, 0.35 - 0.11 * row)
        page.polygon(ridge(rng, horizon + 0.12 * row, 0.12, 2), color)
    for _ in range(int(rng.integers(1, 4))):
        pen, green = page.at(rng.uniform(0.1, 0.9), rng.uniform(0.7, 0.8), 0.11), (84, 126, 78)
        pen.line([(0, -0.9), (0, 0.9)], 0.28, green)
        pen.line([(0, 0.2), (-0.5, 0.1), (-0.5, -0.4)], 0.2, green)
        pen.line([(0, 0.0), (0.5, -0.1), (0.5, -0.6)], 0.2, shade(green, -0.15))


def _snow(page: Pen, horizon: float, haze: Color, rng: np.random.Generator) -> None:
    snow = mix((238, 243, 250), haze, 0.2)
    for row in range(3):
        level = horizon + 0.14 * row
        page.polygon(ridge(rng, level, 0.09, 2), shade(snow, -0.08 + 0.08 * row))
        for x in rng.uniform(0, 1, 4):
            fir = mix((52, 88, 84), haze, 0.4 - 0.2 * row)
            _conifer(page.at(x, level - 0.02, 0.06 + 0.04 * row), fir)
    if chance(rng, 0.4):
        for x, y in rng.random((40, 2)):
            page.disc((x, y), 0.008, (252, 252, 255))
