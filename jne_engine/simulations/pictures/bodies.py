"""Bodies: whole figures in many poses, seen from the front or from behind, faces left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jne_engine.simulations.pictures.backdrops import drop_shadow, paint_backdrop
from jne_engine.simulations.pictures.canvas import Canvas, Pen
from jne_engine.simulations.pictures.palette import (
    HAIR,
    SKIN,
    Color,
    any_color,
    chance,
    pick,
    shade,
    vary,
)

Joint = tuple[float, float]


@dataclass(frozen=True)
class _Pose:
    """Angles in degrees from straight down, positive outward; arms then legs, left then right."""

    arms: tuple[tuple[float, float], tuple[float, float]]
    legs: tuple[tuple[float, float], tuple[float, float]]
    lean: float = 0.0


POSES: tuple[_Pose, ...] = (
    _Pose(((16, 8), (16, 8)), ((8, 4), (8, 4))),
    _Pose(((18, 10), (150, 175)), ((10, 5), (10, 5))),
    _Pose(((140, 165), (140, 165)), ((20, 12), (20, 12))),
    _Pose(((40, 110), (30, -75)), ((38, 10), (26, -55)), 10),
    _Pose(((88, 92), (88, 92)), ((14, 6), (14, 6))),
    _Pose(((42, -52), (42, -52)), ((12, 5), (12, 5))),
    _Pose(((120, 160), (55, 20)), ((10, 0), (55, 20)), -8),
    _Pose(((34, 14), (34, 14)), ((28, 10), (24, -12)), 4),
    _Pose(((70, 150), (70, 150)), ((52, -20), (52, -20))),
)


@dataclass(frozen=True)
class _Clothes:
    """Colours and cut of one figure."""

    skin: Color
    hair: Color
    top: Color
    bottom: Color
    shoes: Color
    build: float
    sleeves: bool
    skirt: bool
    long_hair: bool


def draw_body(canvas: Canvas, rng: np.random.Generator) -> None:
    """Draw one or two figures on a neutral background."""
    paint_backdrop(canvas, rng)
    pair = chance(rng, 0.2)
    places = (0.3, 0.7) if pair else (rng.uniform(0.4, 0.6),)
    for x in places:
        size = rng.uniform(0.17, 0.21) if pair else rng.uniform(0.19, 0.24)
        y = rng.uniform(0.47, 0.5)
        drop_shadow(canvas, x, y + 2.02 * size, 0.9 * size)
        pen = canvas.pen(x, y, size, mirror=chance(rng, 0.5))
        _figure(pen, _dress(rng), _vary_pose(rng, pick(rng, POSES)))


def _dress(rng: np.random.Generator) -> _Clothes:
    return _Clothes(
        skin=vary(rng, pick(rng, SKIN), 0.08),
        hair=pick(rng, HAIR),
        top=any_color(rng),
        bottom=any_color(rng, (0.1, 0.7), (0.15, 0.8)),
        shoes=any_color(rng, (0.0, 0.6), (0.1, 0.9)),
        build=rng.uniform(0.85, 1.2),
        sleeves=chance(rng, 0.5),
        skirt=chance(rng, 0.25),
        long_hair=chance(rng, 0.4),
    )


def _vary_pose(rng: np.random.Generator, pose: _Pose) -> _Pose:
    move = rng.normal(0, 7, (2, 2, 2))
    arms, legs = np.array(pose.arms) + move[0], np.array(pose.legs) + move[1]
    return _Pose(_pairs(arms), _pairs(legs), pose.lean + rng.normal(0, 3))


def _pairs(angles: npt.NDArray[np.float64]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return a 2 × 2 array as pairs."""
    (a, b), (c, d) = angles.tolist()
    return (a, b), (c, d)


def _limb(
    root: Joint, angles: tuple[float, float], lengths: tuple[float, float], side: int
) -> list[Joint]:
    joints = [root]
    for angle, length in zip(angles, lengths, strict=True):
        radians = np.radians(angle)
        x, y = joints[-1]
        joints.append((x + side * length * np.sin(radians), y + length * np.cos(radians)))
    return joints


def _figure(pen: Pen, clothes: _Clothes, pose: _Pose) -> None:
    """Draw one figure: about 4 units tall, hips near the middle."""
    w = clothes.build
    body = pen.at(0, 0.25, angle=np.radians(pose.lean))
    for side, angles in zip((-1, 1), pose.legs, strict=True):
        leg = _limb((side * 0.2 * w, 0), angles, (0.82, 0.85), side)
        _leg(pen.at(0, 0.25), leg, clothes, side)
    if clothes.long_hair:
        body.blob(
            [(-0.3, -1.85), (0, -2.2), (0.3, -1.85), (0.34, -1.2), (-0.34, -1.2)], clothes.hair
        )
    _torso(body, clothes)
    for side, angles in zip((-1, 1), pose.arms, strict=True):
        _arm(body, _limb((side * 0.42 * w, -1.18), angles, (0.62, 0.6), side), clothes)
    _head(body, clothes)


def _leg(pen: Pen, joints: list[Joint], clothes: _Clothes, side: int) -> None:
    """Draw a leg and its shoe; under a skirt the leg is bare."""
    color = clothes.skin if clothes.skirt else clothes.bottom
    pen.line(joints[:2], 0.34 * clothes.build, color)
    pen.line(joints[1:], 0.25 * clothes.build, color)
    x, y = joints[-1]
    pen.ellipse((x + side * 0.08, y + 0.06), (0.22, 0.11), clothes.shoes)


def _torso(pen: Pen, clothes: _Clothes) -> None:
    w = clothes.build
    pen.line([(0, -1.55), (0, -1.2)], 0.2, shade(clothes.skin, -0.15))
    hips = [(-0.36 * w, -0.35), (0.36 * w, -0.35), (0.4 * w, 0.12), (-0.4 * w, 0.12)]
    if clothes.skirt:
        hips = [(-0.34 * w, -0.35), (0.34 * w, -0.35), (0.7 * w, 0.55), (-0.7 * w, 0.55)]
    pen.polygon(hips, clothes.bottom)
    chest = [(-0.5 * w, -1.2), (0, -1.34), (0.5 * w, -1.2), (0.38 * w, -0.25), (-0.38 * w, -0.25)]
    pen.blob(chest, clothes.top)
    pen.polygon(
        [(0.08, -1.3), (0.48 * w, -1.15), (0.36 * w, -0.25), (0.14, -0.25)], (0, 0, 0), 0.08
    )


def _arm(pen: Pen, joints: list[Joint], clothes: _Clothes) -> None:
    """Draw an arm and its hand; a short sleeve ends above the elbow."""
    lower = clothes.top if clothes.sleeves else clothes.skin
    pen.line(joints[:2], 0.24 * clothes.build, shade(clothes.top, -0.1))
    pen.line(joints[1:], 0.19 * clothes.build, shade(lower, -0.06))
    pen.disc(joints[-1], 0.12, clothes.skin)


def _head(pen: Pen, clothes: _Clothes) -> None:
    """Draw a head without a face."""
    pen.ellipse((0, -1.78), (0.26, 0.32), clothes.skin)
    pen.blob([(-0.29, -1.75), (-0.2, -2.1), (0.1, -2.15), (0.29, -1.8), (0.1, -1.95)], clothes.hair)
