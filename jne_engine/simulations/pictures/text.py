"""Text: words and letters on paper, signs, screens and boards."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from jne_engine.simulations.pictures.backdrops import paint_backdrop
from jne_engine.simulations.pictures.canvas import Canvas
from jne_engine.simulations.pictures.palette import Color, any_color, chance, pick, shade

_VOCABULARY = """
brain cortex vision open stop music river paper light house green window morning garden
number seven letter market north ticket coffee school summer radio planet silver bridge
yellow story happy winter train thank please exit sale news today hello world map sugar
"""
WORDS = tuple(_VOCABULARY.split())


def draw_text(canvas: Canvas, rng: np.random.Generator) -> None:
    """Draw letters, one word or several lines, on a sheet or straight on the background."""
    paint_backdrop(canvas, rng)
    sheet = any_color(rng, (0.0, 0.6), (0.15, 1.0))
    light = sum(sheet) > 384
    ink = shade(any_color(rng, (0.2, 0.9), (0.5, 0.9)), -0.55 if light else 0.6)
    lines = _draw_lines(rng)
    angle = rng.normal(0, 0.07)
    pen = canvas.pen(0.5, 0.5, 0.5, angle=angle)
    height = rng.uniform(0.5, 0.9) if len(lines) < 3 else 0.9
    pen.box((-0.9, 0.06 - height), (0.94, height + 0.05), (0, 0, 0), alpha=0.25, radius=0.05)
    pen.box((-0.92, -height), (0.92, height), sheet, radius=pick(rng, (0.0, 0.06, 0.2)))
    if chance(rng, 0.3):
        pen.box((-0.85, 0.07 - height), (0.85, height - 0.07), shade(sheet, 0.12), radius=0.04)
    _print(canvas, lines, ink, (0.84, 0.86 * height, angle))


def _draw_lines(rng: np.random.Generator) -> list[str]:
    """Draw the text: one to three letters, a word, a few words, or small print."""
    kind = pick(rng, ("letters", "word", "lines", "lines", "print"))
    change = pick(rng, (str.upper, str.lower, str.capitalize))
    if kind == "letters":
        alphabet = "ABCDEFGHKLMNPRSTUVXYZabdefghkmnrst23456789"
        return ["".join(pick(rng, alphabet) for _ in range(int(rng.integers(1, 4))))]
    if kind == "word":
        return [change(pick(rng, WORDS))]
    if kind == "lines":
        return [change(pick(rng, WORDS)) for _ in range(int(rng.integers(2, 5)))]
    rows = int(rng.integers(5, 8))
    return [" ".join(pick(rng, WORDS) for _ in range(int(rng.integers(2, 4)))) for _ in range(rows)]


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """Return Pillow's built-in typeface at one of a few sizes."""
    return ImageFont.load_default(size)


def _print(canvas: Canvas, lines: list[str], ink: Color, frame: tuple[float, float, float]) -> None:
    """Print centred lines as large as the frame (half width, half height, angle) allows."""
    half_width, half_height, angle = frame
    width, height = half_width * canvas.size, half_height * canvas.size
    size = int(height / len(lines) / 1.05)
    longest = max(_font(size).getlength(line) for line in lines)
    size = max(int(size * min(1.0, width / longest)), 8)
    mask = Image.new("L", canvas.image.size)
    draw = ImageDraw.Draw(mask)
    middle, step = canvas.size / 2, 1.2 * size
    for i, line in enumerate(lines):
        y = middle + (i - (len(lines) - 1) / 2) * step
        draw.text(
            (middle, y), line, fill=255, font=_font(size), anchor="mm", stroke_width=size // 28
        )
    turned = mask.rotate(-np.degrees(angle), Image.Resampling.BILINEAR)
    canvas.image.paste(ink, mask=turned)
