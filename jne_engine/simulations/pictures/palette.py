"""Colours of the drawn stimuli, chosen so that hue alone never names a category."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Color = tuple[int, int, int]
T = TypeVar("T")

INK: Color = (38, 36, 44)
WHITE: Color = (250, 248, 244)

SKIN: tuple[Color, ...] = (
    (255, 224, 196),
    (246, 205, 172),
    (232, 184, 148),
    (208, 154, 112),
    (172, 118, 80),
    (134, 88, 60),
    (98, 64, 46),
)
HAIR: tuple[Color, ...] = (
    (34, 28, 28),
    (66, 44, 32),
    (112, 72, 42),
    (168, 112, 58),
    (222, 184, 112),
    (150, 62, 34),
    (176, 174, 172),
)
FUR: tuple[Color, ...] = (
    (232, 168, 92),
    (142, 96, 62),
    (86, 78, 76),
    (240, 228, 206),
    (176, 170, 166),
    (198, 128, 74),
    (60, 52, 52),
)
WOOD: tuple[Color, ...] = ((164, 112, 66), (124, 80, 48), (206, 160, 104), (92, 62, 44))
FOLIAGE: tuple[Color, ...] = (
    (74, 132, 66),
    (48, 104, 70),
    (122, 156, 64),
    (196, 134, 44),
    (182, 82, 46),
    (92, 122, 96),
)


def pick(rng: np.random.Generator, choices: Sequence[T]) -> T:
    """Return one of ``choices``, each as likely as the others."""
    return choices[int(rng.integers(len(choices)))]


def chance(rng: np.random.Generator, probability: float) -> bool:
    """Return True with the given probability."""
    return bool(rng.random() < probability)


def any_color(
    rng: np.random.Generator,
    saturation: tuple[float, float] = (0.25, 0.85),
    value: tuple[float, float] = (0.35, 0.95),
) -> Color:
    """Draw a colour of any hue, saturation and value uniform in the given ranges."""
    red, green, blue = colorsys.hsv_to_rgb(
        rng.random(), rng.uniform(*saturation), rng.uniform(*value)
    )
    return round(red * 255), round(green * 255), round(blue * 255)


def shade(color: Color, amount: float) -> Color:
    """Mix a colour with white (``amount`` above 0) or with black (below 0), up to ±1."""
    target = 255 if amount > 0 else 0
    return mix(color, (target, target, target), abs(amount))


def mix(first: Color, second: Color, share: float) -> Color:
    """Return ``first`` with a ``share`` of ``second`` mixed in, 0 to 1."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def vary(rng: np.random.Generator, color: Color, amount: float = 0.18) -> Color:
    """Return a colour a little lighter or darker, up to ±``amount``."""
    return shade(color, rng.uniform(-amount, amount))
