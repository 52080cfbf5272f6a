"""A deck as PDF pages in 16:9, drawn by matplotlib: title, picture, caption, source."""

from __future__ import annotations

import io
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from jne_engine.core.palettes import SIMULATED_COLOUR
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.report.decks.slides import LEAST_POINTS, Deck, Slide

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 13.333, 7.5
"""Inches, as PowerPoint's 16:9."""
_QUIET = "#5f6b76"
_TITLE_LETTERS = 66
_LINE_LETTERS = 110
_CAPTION_LINES = 3


def write_pdf(deck: Deck, path: Path, progress: Progress = ignore_progress) -> Path:
    """Write a deck as PDF, one page a slide.

    Parameters
    ----------
    deck : Deck
    path : pathlib.Path
        File to write; its folder must exist.
    progress : callable, optional
        Called as ``progress(slides done, slides)``.

    Returns
    -------
    pathlib.Path
    """
    from matplotlib.backends.backend_pdf import PdfPages  # half a second, which no page needs

    about = {"Title": deck.name, "Creator": "JNE Explorer", "CreationDate": None}
    with PdfPages(path, metadata=about) as pages:
        for number, slide in enumerate(deck.walk(progress), start=1):
            pages.savefig(draw_page(slide, number=number))
    return path


def draw_page(slide: Slide, *, number: int) -> Figure:
    """Draw one slide.

    Parameters
    ----------
    slide : Slide
    number : int
        Printed at its foot.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT), facecolor="white")
    axes = figure.add_axes((0.04, 0.17, 0.92, 0.70))
    axes.set_axis_off()
    axes.imshow(np.asarray(Image.open(io.BytesIO(slide.contents.picture)).convert("RGB")))
    write: dict[str, Any] = {"parse_math": False, "va": "top"}
    title = textwrap.wrap(_printable(slide.pin.title), _TITLE_LETTERS, max_lines=2, placeholder="…")
    figure.text(0.04, 0.97, "\n".join(title), fontsize=26 if len("".join(title)) <= 48 else 20,
                weight="bold", **write)  # fmt: skip
    caption = textwrap.wrap(_printable(slide.pin.caption), _LINE_LETTERS,
                            max_lines=_CAPTION_LINES, placeholder=" …")  # fmt: skip
    figure.text(0.04, 0.155, "\n".join(caption), fontsize=LEAST_POINTS, **write)
    colour = SIMULATED_COLOUR if slide.pin.simulated else _QUIET
    source = textwrap.shorten(slide.source, _LINE_LETTERS - 5, placeholder="…")
    figure.text(0.04, 0.045, source, fontsize=LEAST_POINTS, color=colour, **write)
    figure.text(0.96, 0.045, str(number), fontsize=LEAST_POINTS, color=_QUIET, ha="right", **write)
    return figure


def _printable(text: str) -> str:
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
