"""A deck as PowerPoint: native titles, captions, notes and tables; pictures at print resolution."""

from __future__ import annotations

import io
import re
import textwrap
from pathlib import Path
from typing import Any, Final

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.util import Emu, Inches, Pt

from jne_engine.core.palettes import SIMULATED_COLOUR
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.report.decks.slides import LEAST_POINTS, Deck, Slide

WIDTH, HEIGHT = Inches(13.333), Inches(7.5)
_MARGIN: Final = Inches(0.5)
_PICTURE: Final = (_MARGIN, Inches(1.25), WIDTH - 2 * _MARGIN, Inches(4.75))
_TITLE_ONLY: Final = 5
_CAPTION_LETTERS: Final = 335
_LARGE_LETTERS: Final = 175
_LINE_LETTERS: Final = 110
_CELL_LETTERS: Final = 8
_CELL_MARGIN: Final = 3
"""Letters of a table's row that the margins of one cell take."""
_QUIET: Final = "#5f6b76"
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def write_powerpoint(deck: Deck, path: Path, progress: Progress = ignore_progress) -> Path:
    """Write a deck as a 16:9 ``.pptx``.

    A pin whose table is short gets a second slide with it, as a native table.

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
    presentation = Presentation()
    presentation.slide_width, presentation.slide_height = WIDTH, HEIGHT
    presentation.core_properties.title = _clean(deck.name)
    presentation.core_properties.author = "JNE Explorer"
    for slide in deck.walk(progress):
        _add_picture_slide(presentation, slide)
        if slide.short_table():
            _add_table_slide(presentation, slide)
    presentation.save(str(path))
    return path


def _add_picture_slide(presentation: Any, slide: Slide) -> None:
    page = _add_page(presentation, slide, slide.pin.title)
    left, top, width, height = _fit(slide.size)
    stream = io.BytesIO(slide.contents.picture)
    picture = page.shapes.add_picture(stream, left, top, width, height)
    picture.name = _clean(slide.pin.title)[:60]
    caption = (_MARGIN, Inches(6.1), WIDTH - 2 * _MARGIN, Inches(0.85))
    short = textwrap.shorten(slide.pin.caption, _CAPTION_LETTERS, placeholder=" … (in the notes)")
    _write(page, caption, short, size=_caption_size(short))
    rest = [] if short == " ".join(slide.pin.caption.split()) else [slide.pin.caption]
    notes = "\n\n".join([slide.pin.notes, *rest])
    page.notes_slide.notes_text_frame.text = _clean(notes)


def _add_table_slide(presentation: Any, slide: Slide) -> None:
    page = _add_page(presentation, slide, f"{slide.pin.title}: the numbers")
    rows = [[_clean(_short(text)) for text in row] for row in slide.short_table()]
    height = Inches(min(0.4 * len(rows), 5.4))
    place = (_MARGIN, Inches(1.25), WIDTH - 2 * _MARGIN, height)
    table = page.shapes.add_table(len(rows), len(rows[0]), *place).table
    letters = _share_letters(rows)
    for column, count in enumerate(letters):
        table.columns[column].width = Emu(place[2] * (count + _CELL_MARGIN) // _whole(letters))
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            cell = table.cell(row, column)
            cell.text = _cut(text, letters[column])
            cell.text_frame.paragraphs[0].font.size = Pt(LEAST_POINTS)
            cell.margin_top = cell.margin_bottom = Inches(0.03)


def _share_letters(rows: list[list[str]]) -> list[int]:
    """Return the letters of each column that fit one line: the longest column gives way first."""
    letters = [max(3, *(len(row[i]) for row in rows)) for i in range(len(rows[0]))]
    while _whole(letters) > _LINE_LETTERS:
        letters[letters.index(max(letters))] -= 1
    return letters


def _whole(letters: list[int]) -> int:
    return sum(letters) + _CELL_MARGIN * len(letters)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _add_page(presentation: Any, slide: Slide, title: str) -> Any:
    page = presentation.slides.add_slide(presentation.slide_layouts[_TITLE_ONLY])
    box = page.shapes.title
    box.left, box.top, box.width, box.height = (
        _MARGIN,
        Inches(0.25),
        WIDTH - 2 * _MARGIN,
        Inches(0.9),
    )
    _fill(box.text_frame, title, size=_title_size(title), bold=True)
    foot = (_MARGIN, Inches(7.0), WIDTH - 2 * _MARGIN, Inches(0.35))
    _write(page, foot, _cut(slide.source, _LINE_LETTERS), size=LEAST_POINTS,
           colour=SIMULATED_COLOUR if slide.pin.simulated else _QUIET)  # fmt: skip
    return page


def _write(page: Any, place: tuple[Any, ...], text: str, *, size: int, colour: str = "") -> None:
    box = page.shapes.add_textbox(*place)
    _fill(box.text_frame, text, size=size, colour=colour)


def _fill(frame: Any, text: str, *, size: int, bold: bool = False, colour: str = "") -> None:
    frame.word_wrap = True
    frame.vertical_anchor = MSO_ANCHOR.TOP
    frame.text = _clean(text)
    for paragraph in frame.paragraphs:
        paragraph.alignment = PP_ALIGN.LEFT
        paragraph.font.size, paragraph.font.bold = Pt(size), bold
        if colour:
            paragraph.font.color.rgb = RGBColor(*bytes.fromhex(colour.lstrip("#")))


def _fit(size: tuple[int, int]) -> tuple[Emu, Emu, Emu, Emu]:
    """Return the largest place of a picture's proportions in the middle of a slide."""
    left, top, width, height = _PICTURE
    scale = min(width / size[0], height / size[1])
    wide, high = int(size[0] * scale), int(size[1] * scale)
    return Emu(left + (width - wide) // 2), Emu(top + (height - high) // 2), Emu(wide), Emu(high)


def _title_size(text: str) -> int:
    return 30 if len(text) <= 60 else 24 if len(text) <= 110 else 18


def _caption_size(text: str) -> int:
    return 18 if len(text) <= _LARGE_LETTERS else LEAST_POINTS


def _clean(text: str) -> str:
    """Leave out the characters that XML cannot hold."""
    return _FORBIDDEN.sub("", text)


def _short(text: str) -> str:
    """Return a number with four digits, as a slide can hold it; other text as it is."""
    if len(text) <= _CELL_LETTERS:
        return text
    try:
        return f"{float(text):.4g}"
    except ValueError:
        return text
