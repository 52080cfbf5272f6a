"""Faces: head, hair, eyes, mouth and now and then glasses or a beard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jne_engine.simulations.pictures.backdrops import paint_backdrop
from jne_engine.simulations.pictures.canvas import Canvas, Pen
from jne_engine.simulations.pictures.palette import (
    HAIR,
    INK,
    SKIN,
    WHITE,
    Color,
    any_color,
    chance,
    pick,
    shade,
    vary,
)


@dataclass(frozen=True)
class _Look:
    """What one person looks like."""

    skin: Color
    hair: Color
    shirt: Color
    iris: Color
    style: str
    mouth: str
    turn: float
    width: float
    open_eyes: float
    glasses: bool
    beard: bool


STYLES = ("short", "parted", "long", "bob", "curly", "bald", "bun")
BROWS = {"sad": (-0.45, -0.32), "open": (-0.45, -0.42)}
"""Height of a brow's inner and outer end where it is not at rest."""
MOUTHS = ("smile", "grin", "calm", "open", "sad")


def draw_face(canvas: Canvas, rng: np.random.Generator) -> None:
    """Draw one face with shoulders on a neutral background."""
    paint_backdrop(canvas, rng)
    look = _draw_look(rng)
    x, y = rng.uniform(0.42, 0.58), rng.uniform(0.44, 0.54)
    pen = canvas.pen(x, y, rng.uniform(0.26, 0.37), angle=rng.normal(0, 0.09))
    _hair_behind(pen, look)
    _shoulders(pen, look)
    _head(pen, look)
    if look.beard:
        _beard(pen, look)
    _eyes(pen, look)
    _nose(pen, look)
    _mouth(pen, look)
    _hair_in_front(pen, look)
    if look.glasses:
        _glasses(pen, look)


def _draw_look(rng: np.random.Generator) -> _Look:
    return _Look(
        skin=vary(rng, pick(rng, SKIN), 0.08),
        hair=vary(rng, pick(rng, HAIR), 0.12),
        shirt=any_color(rng),
        iris=pick(rng, ((86, 58, 40), (62, 106, 142), (82, 122, 78), (60, 44, 36))),
        style=pick(rng, STYLES),
        mouth=pick(rng, MOUTHS),
        turn=rng.uniform(-0.14, 0.14),
        width=rng.uniform(0.68, 0.82),
        open_eyes=rng.uniform(0.75, 1.15),
        glasses=chance(rng, 0.18),
        beard=chance(rng, 0.16),
    )


def _shoulders(pen: Pen, look: _Look) -> None:
    points = [(-1.35, 2.3), (-1.2, 1.5), (-0.5, 1.22), (0.5, 1.22), (1.2, 1.5), (1.35, 2.3)]
    pen.box((-0.3, 0.6), (0.3, 1.4), shade(look.skin, -0.16))
    pen.blob(points, look.shirt)
    pen.ellipse((0, 1.24), (0.36, 0.2), shade(look.skin, -0.1))


def _head(pen: Pen, look: _Look) -> None:
    """Draw ears and the outline of the face, a little darker on one side."""
    w = look.width
    for side in (-1, 1):
        pen.ellipse((side * w, 0.08), (0.13, 0.2), shade(look.skin, -0.12))
    outline = [
        (0, -1.0),
        (0.72 * w, -0.8),
        (w, -0.2),
        (0.93 * w, 0.38),
        (0.5 * w, 0.9),
        (0, 1.05),
        (-0.5 * w, 0.9),
        (-0.93 * w, 0.38),
        (-w, -0.2),
        (-0.72 * w, -0.8),
    ]
    pen.blob(outline, look.skin)
    for side in (-1, 1):
        pen.ellipse((side * 0.5 * w + look.turn, 0.36), (0.17, 0.12), (226, 92, 84), alpha=0.16)


def _eyes(pen: Pen, look: _Look) -> None:
    for side in (-1, 1):
        x = side * 0.36 * look.width / 0.75 + look.turn
        pen.ellipse((x, -0.06), (0.19, 0.125 * look.open_eyes), WHITE)
        pen.disc((x + 0.3 * look.turn, -0.06), 0.105, look.iris)
        pen.disc((x + 0.3 * look.turn, -0.06), 0.055, INK)
        pen.disc((x + 0.3 * look.turn + 0.04, -0.1), 0.026, WHITE)
        pen.arc((x, -0.05), (0.21, 0.14 * look.open_eyes), (200, 340), 0.045, INK)
        inner, outer = BROWS.get(look.mouth, (-0.35, -0.32))
        brow = [(x - side * 0.2, inner), (x, min(inner, outer) - 0.05), (x + side * 0.2, outer)]
        pen.line(brow, 0.07, shade(look.hair, -0.25))


def _nose(pen: Pen, look: _Look) -> None:
    x = 1.5 * look.turn
    pen.line([(x, 0.0), (x + 0.09, 0.32), (x - 0.07, 0.36)], 0.05, shade(look.skin, -0.26))


def _mouth(pen: Pen, look: _Look) -> None:
    x, lips = 1.1 * look.turn, (176, 72, 70)
    if look.mouth == "smile":
        pen.arc((x, 0.5), (0.3, 0.2), (15, 165), 0.075, lips)
    elif look.mouth == "grin":
        grin = [(x - 0.34, 0.54), (x, 0.6), (x + 0.34, 0.54), (x + 0.2, 0.76), (x - 0.2, 0.76)]
        pen.blob(grin, (132, 44, 48))
        pen.box((x - 0.23, 0.57), (x + 0.23, 0.65), WHITE, radius=0.03)
    elif look.mouth == "open":
        pen.ellipse((x, 0.66), (0.16, 0.19), (120, 40, 46))
    elif look.mouth == "sad":
        pen.arc((x, 0.78), (0.26, 0.17), (200, 340), 0.075, lips)
    else:
        pen.line([(x - 0.22, 0.63), (x, 0.61), (x + 0.22, 0.63)], 0.085, lips)


def _beard(pen: Pen, look: _Look) -> None:
    w = look.width
    edge = [(-0.97 * w, 0.2), (-0.6 * w, 0.38), (0, 0.42), (0.6 * w, 0.38), (0.97 * w, 0.2)]
    chin = [(0.7 * w, 0.92), (0, 1.18), (-0.7 * w, 0.92)]
    pen.blob(edge + chin, look.hair)
    pen.ellipse((1.1 * look.turn, 0.64), (0.36, 0.19), shade(look.skin, -0.05))


def _hair_behind(pen: Pen, look: _Look) -> None:
    w, dark = look.width, shade(look.hair, -0.15)
    if look.style == "long":
        pen.blob([(0, -1.2), (1.2 * w, -0.7), (1.3 * w, 0.6), (1.2 * w, 1.7), (0, 1.5)], dark)
        pen.blob([(0, -1.2), (-1.2 * w, -0.7), (-1.3 * w, 0.6), (-1.2 * w, 1.7), (0, 1.5)], dark)
    elif look.style == "bob":
        pen.blob(
            [(0, -1.25), (1.3 * w, -0.4), (1.35 * w, 0.75), (-1.35 * w, 0.75), (-1.3 * w, -0.4)],
            dark,
        )
    elif look.style == "curly":
        for angle in np.linspace(np.pi * 0.85, np.pi * 2.15, 11):
            pen.disc((1.12 * w * np.cos(angle), -0.25 + 0.85 * np.sin(angle)), 0.36, dark)
    elif look.style == "bun":
        pen.disc((0, -1.25), 0.4, dark)


def _hair_in_front(pen: Pen, look: _Look) -> None:
    w, x = look.width, look.turn
    if look.style == "bald":
        return
    crown = [(-1.04 * w, -0.1), (-1.02 * w, -0.75), (0, -1.2), (1.02 * w, -0.75), (1.04 * w, -0.1)]
    fringes = {
        "parted": [(0.85 * w, -0.45), (0.25 + x, -0.82), (-0.5 * w, -0.5), (-0.9 * w, -0.3)],
        "bob": [(0.85 * w, -0.42), (0.3, -0.52), (-0.3, -0.52), (-0.85 * w, -0.42)],
        "curly": [(0.8 * w, -0.5), (0.3, -0.62), (-0.3, -0.56), (-0.8 * w, -0.5)],
    }
    default = [(0.86 * w, -0.5), (0.4 * w, -0.74), (-0.4 * w, -0.74), (-0.86 * w, -0.5)]
    pen.blob(crown + fringes.get(look.style, default), look.hair)


def _glasses(pen: Pen, look: _Look) -> None:
    frame = shade(look.shirt, -0.6)
    reach = 0.36 * look.width / 0.75
    for side in (-1, 1):
        pen.ring((side * reach + look.turn, -0.05), (0.26, 0.23), 0.055, frame)
        outer = side * (reach + 0.26) + look.turn
        pen.line([(outer, -0.08), (side * look.width, -0.12)], 0.05, frame)
    pen.line([(look.turn - 0.1, -0.07), (look.turn + 0.1, -0.07)], 0.05, frame)
