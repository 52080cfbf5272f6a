"""Indoor scenes: rooms in one-point perspective with furniture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jne_engine.simulations.pictures.canvas import Canvas, Pen
from jne_engine.simulations.pictures.palette import (
    FOLIAGE,
    WOOD,
    Color,
    any_color,
    chance,
    pick,
    shade,
    vary,
)

Place = tuple[float, float]


@dataclass(frozen=True)
class _Room:
    """Back wall of a room in page units: left, top, right, bottom."""

    left: float
    top: float
    right: float
    bottom: float
    wall: Color
    floor: Color

    @property
    def width(self) -> float:
        """Width of the back wall."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height of the back wall."""
        return self.bottom - self.top


def draw_indoor(canvas: Canvas, rng: np.random.Generator) -> None:
    """Draw a living room, bedroom, kitchen or study."""
    page = canvas.page()
    room = _draw_room(rng)
    _shell(page, room, rng)
    if chance(rng, 0.6):
        _side_window(page, room, left=chance(rng, 0.5))
    furnish = pick(rng, (_living_room, _bedroom, _kitchen, _study))
    furnish(page, room, rng)
    if chance(rng, 0.5):
        _ceiling_lamp(page, room, any_color(rng))


def _draw_room(rng: np.random.Generator) -> _Room:
    return _Room(
        left=rng.uniform(0.1, 0.26),
        top=rng.uniform(0.1, 0.22),
        right=rng.uniform(0.74, 0.9),
        bottom=rng.uniform(0.6, 0.7),
        wall=any_color(rng, (0.05, 0.4), (0.6, 0.97)),
        floor=vary(rng, pick(rng, (*WOOD, (150, 150, 154), (196, 180, 160)))),
    )


def _shell(page: Pen, room: _Room, rng: np.random.Generator) -> None:
    """Draw floor, ceiling and three walls, with boards running to the vanishing point."""
    left, top, right, bottom = room.left, room.top, room.right, room.bottom
    page.polygon([(0, 0), (1, 0), (right, top), (left, top)], shade(room.wall, 0.5))
    page.polygon([(0, 0), (left, top), (left, bottom), (0, 1)], shade(room.wall, -0.16))
    page.polygon([(1, 0), (right, top), (right, bottom), (1, 1)], shade(room.wall, -0.26))
    page.polygon([(0, 1), (left, bottom), (right, bottom), (1, 1)], room.floor)
    page.box((left, top), (right, bottom), room.wall)
    for share in np.linspace(0, 1, int(rng.integers(5, 10))):
        near, far = 1.6 * share - 0.3, left + share * room.width
        page.line([(near, 1.02), (far, bottom)], 0.006, shade(room.floor, -0.22))
    page.box((left, bottom - 0.018), (right, bottom), shade(room.wall, 0.6))


def _side_window(page: Pen, room: _Room, *, left: bool) -> None:
    edge = room.left if left else 1 - room.right

    def corner(depth: float, height: float) -> Place:
        top, bottom = room.top * depth, 1 - (1 - room.bottom) * depth
        x = edge * depth
        return (x if left else 1 - x), top + (bottom - top) * height

    outer = [corner(0.2, 0.25), corner(0.85, 0.25), corner(0.85, 0.6), corner(0.2, 0.6)]
    page.polygon(outer, (222, 238, 246))
    for ends in ((0, 1), (1, 2), (2, 3), (3, 0)):
        page.line([outer[ends[0]], outer[ends[1]]], 0.014, (246, 244, 238))


def _back_window(page: Pen, x: float, y: float, width: float, height: float) -> None:
    page.box((x, y), (x + width, y + height), (178, 214, 236))
    hill = [(x, y + height), (x, y + 0.7 * height), (x + 0.5 * width, y + 0.55 * height)]
    page.polygon([*hill, (x + width, y + 0.75 * height), (x + width, y + height)], (130, 164, 118))
    frame = (248, 246, 240)
    for share in (0.0, 0.5, 1.0):
        page.line([(x + share * width, y), (x + share * width, y + height)], 0.014, frame)
        page.line([(x, y + share * height), (x + width, y + share * height)], 0.014, frame)


def _picture(page: Pen, x: float, y: float, size: float, rng: np.random.Generator) -> None:
    page.box((x, y), (x + size, y + 0.8 * size), vary(rng, pick(rng, WOOD)))
    inner = 0.12 * size
    page.box((x + inner, y + inner), (x + size - inner, y + 0.8 * size - inner), any_color(rng))


def _ceiling_lamp(page: Pen, room: _Room, color: Color) -> None:
    x, y = (room.left + room.right) / 2, room.top + 0.1
    page.line([(x, room.top * 0.5), (x, y)], 0.008, (60, 58, 60))
    page.polygon([(x - 0.03, y), (x + 0.03, y), (x + 0.08, y + 0.06), (x - 0.08, y + 0.06)], color)
    page.ellipse((x, y + 0.06), (0.05, 0.014), (255, 244, 200))


def _rug(page: Pen, rng: np.random.Generator) -> None:
    color, x = any_color(rng), rng.uniform(0.42, 0.58)
    page.polygon([(x - 0.2, 0.78), (x + 0.2, 0.78), (x + 0.31, 0.95), (x - 0.31, 0.95)], color)
    inner = [(x - 0.16, 0.8), (x + 0.16, 0.8), (x + 0.24, 0.925), (x - 0.24, 0.925)]
    page.polygon(inner, shade(color, 0.35))


def _plant(page: Pen, x: float, y: float, rng: np.random.Generator) -> None:
    """Place a potted plant whose pot stands at (x, y)."""
    leaf = pick(rng, FOLIAGE)
    for angle in np.linspace(-1.2, 1.2, 7):
        tip = (x + 0.1 * np.sin(angle), y - 0.1 - 0.13 * np.cos(angle))
        page.line([(x, y - 0.08), tip], 0.022, vary(rng, leaf))
    page.polygon(
        [(x - 0.05, y - 0.1), (x + 0.05, y - 0.1), (x + 0.035, y), (x - 0.035, y)], (186, 104, 70)
    )


def _living_room(page: Pen, room: _Room, rng: np.random.Generator) -> None:
    middle = room.left + room.width * rng.uniform(0.4, 0.6)
    if chance(rng, 0.5):
        width = 0.42 * room.width
        _back_window(page, middle - width / 2, room.top + 0.06, width, 0.42 * room.height)
    else:
        for shift in (-0.17, 0.04):
            _picture(page, middle + shift, room.top + rng.uniform(0.07, 0.14), 0.14, rng)
    _rug(page, rng)
    _sofa(page.at(middle, room.bottom + 0.02, 0.2), any_color(rng))
    _plant(page, room.left + 0.07, room.bottom + 0.07, rng)
    _floor_lamp(page, room.right - 0.07, room.bottom + 0.06, any_color(rng, (0.1, 0.6), (0.7, 1)))


def _sofa(pen: Pen, color: Color) -> None:
    """Draw a sofa with two cushions; its feet stand at y = 0.35."""
    pen.box((-1, -0.75), (1, 0.2), shade(color, -0.12), radius=0.18)
    for x in (-0.85, 0.02):
        pen.box((x, -0.3), (x + 0.83, 0.1), shade(color, 0.18), radius=0.08)
    pen.box((-1.0, 0.02), (1.0, 0.28), shade(color, -0.24), radius=0.06)
    for side in (-1, 1):
        pen.box((side * 1.02 - 0.16, -0.4), (side * 1.02 + 0.16, 0.3), color, radius=0.14)


def _floor_lamp(page: Pen, x: float, y: float, color: Color) -> None:
    page.line([(x, y - 0.34), (x, y)], 0.01, (70, 64, 62))
    page.ellipse((x, y), (0.045, 0.013), (70, 64, 62))
    page.polygon(
        [(x - 0.035, y - 0.43), (x + 0.035, y - 0.43), (x + 0.07, y - 0.32), (x - 0.07, y - 0.32)],
        color,
    )


def _bedroom(page: Pen, room: _Room, rng: np.random.Generator) -> None:
    x = room.left + room.width * rng.uniform(0.35, 0.65)
    _back_window(page, x - 0.32 * room.width, room.top + 0.06, 0.26 * room.width, 0.4 * room.height)
    _picture(page, x + 0.02, room.top + 0.08, 0.14, rng)
    cover, y = any_color(rng), room.bottom
    page.box((x - 0.19, y - 0.18), (x + 0.19, y + 0.04), vary(rng, pick(rng, WOOD)), radius=0.03)
    page.polygon([(x - 0.18, y), (x + 0.18, y), (x + 0.26, 0.9), (x - 0.26, 0.9)], cover)
    page.box((x - 0.26, 0.9), (x + 0.26, 0.96), shade(cover, -0.3))
    page.polygon(
        [(x - 0.185, y + 0.05), (x + 0.185, y + 0.05), (x + 0.21, y + 0.11), (x - 0.21, y + 0.11)],
        shade(cover, 0.45),
    )
    for shift in (-0.15, 0.02):
        page.box((x + shift, y - 0.05), (x + shift + 0.13, y + 0.045), (248, 246, 240), radius=0.03)
    page.box((x + 0.24, y - 0.06), (x + 0.34, y + 0.08), shade(pick(rng, WOOD), -0.1))
    _floor_lamp(page, x + 0.29, y - 0.06, any_color(rng, (0.1, 0.6), (0.7, 1)))


def _kitchen(page: Pen, room: _Room, rng: np.random.Generator) -> None:
    cupboard, top = any_color(rng), room.bottom - 0.17
    step = room.width / 5
    for i in range(5):
        x = room.left + i * step
        if i != 2:
            page.box((x + 0.004, room.top + 0.05), (x + step - 0.004, room.top + 0.18), cupboard)
            page.disc((x + step - 0.03, room.top + 0.15), 0.008, shade(cupboard, -0.5))
        page.box((x + 0.004, top), (x + step - 0.004, room.bottom + 0.02), shade(cupboard, -0.1))
        page.disc((x + step - 0.03, top + 0.04), 0.008, shade(cupboard, -0.5))
    page.box((room.left, top - 0.025), (room.right, top), shade(room.floor, 0.4))
    middle = room.left + 2 * step
    _back_window(page, middle + 0.01, room.top + 0.05, step - 0.02, 0.14)
    page.box(
        (middle + 0.01, top + 0.03),
        (middle + step - 0.01, room.bottom + 0.01),
        (58, 58, 64),
        radius=0.01,
    )
    table = vary(rng, pick(rng, WOOD))
    for x in (0.26, 0.74):
        page.line([(x, 0.82), (x, 1.0)], 0.025, shade(table, -0.3))
    page.polygon([(0.3, 0.76), (0.7, 0.76), (0.82, 0.84), (0.18, 0.84)], table)


def _study(page: Pen, room: _Room, rng: np.random.Generator) -> None:
    case, x = vary(rng, pick(rng, WOOD)), room.left + 0.03
    width, height = 0.4 * room.width, 0.85 * room.height
    top = room.bottom - height
    page.box((x, top), (x + width, room.bottom + 0.02), shade(case, -0.35))
    for shelf in range(4):
        y, spine = top + (shelf + 1) * height / 4, x + 0.012
        while spine < x + width - 0.025:
            thick, tall = rng.uniform(0.013, 0.026), rng.uniform(0.55, 0.85) * height / 4
            page.box((spine, y - tall), (spine + thick, y), any_color(rng))
            spine += thick + 0.003
        page.box((x, y), (x + width, y + 0.014), case)
    desk, far = vary(rng, pick(rng, WOOD)), room.right
    page.polygon(
        [(far - 0.3, 0.7), (far - 0.02, 0.7), (far + 0.06, 0.78), (far - 0.32, 0.78)], desk
    )
    for leg in (far - 0.3, far + 0.03):
        page.line([(leg, 0.78), (leg, 0.95)], 0.022, shade(desk, -0.3))
    page.box((far - 0.25, 0.52), (far - 0.06, 0.66), (46, 48, 54), radius=0.01)
    page.box((far - 0.24, 0.53), (far - 0.07, 0.645), any_color(rng, (0.2, 0.5), (0.6, 0.9)))
    page.box((far - 0.17, 0.66), (far - 0.14, 0.72), (46, 48, 54))
    _picture(page, far - 0.24, room.top + 0.08, 0.16, rng)
