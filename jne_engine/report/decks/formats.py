"""The files that a story can become, and how each is written."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from jne_engine.core.checks import check_choice
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.report.decks.bundle import write_bundle
from jne_engine.report.decks.html import write_html
from jne_engine.report.decks.pdf import write_pdf
from jne_engine.report.decks.powerpoint import write_powerpoint
from jne_engine.report.decks.slides import Deck


@dataclass(frozen=True)
class DeckFormat:
    """One kind of file.

    Parameters
    ----------
    label, tells : str
        What people choose, and what is in it.
    mime : str
    write : callable
        ``write(deck, path, progress)``.
    """

    label: str
    tells: str
    mime: str
    write: Callable[[Deck, Path, Progress], Path]


DECK_FORMATS: Mapping[str, DeckFormat] = MappingProxyType(
    {
        "html": DeckFormat(
            "HTML",
            "One file for any browser, without a network: figures answer, brains turn, notes"
            " open in a second window.",
            "text/html",
            write_html,
        ),
        "pptx": DeckFormat(
            "PowerPoint",
            "Titles, captions, notes and short tables can be edited; views are pictures.",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            write_powerpoint,
        ),
        "pdf": DeckFormat("PDF", "One page a slide.", "application/pdf", write_pdf),
        "zip": DeckFormat(
            "Pictures",
            "A zip of PNG, SVG where a figure has no canvas, CSV, and what each shows.",
            "application/zip",
            write_bundle,
        ),
    }
)
"""Formats by the ending of their files."""


def write_deck(deck: Deck, path: Path, form: str, progress: Progress = ignore_progress) -> Path:
    """Write a deck so that the file of that name is the old one or the whole new one.

    Parameters
    ----------
    deck : Deck
    path : pathlib.Path
        File to write; its folder is made.
    form : str
        One of :data:`DECK_FORMATS`.
    progress : callable, optional
        Called as ``progress(slides done, slides)``; what it raises stops the writing.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        If there is no such format.
    """
    check_choice("format", form, tuple(DECK_FORMATS))
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        DECK_FORMATS[form].write(deck, hidden, progress)
        Path(hidden).replace(path)
    finally:
        hidden.unlink(missing_ok=True)
    return path


def name_deck(deck: Deck, story_id: str, form: str) -> str:
    """Return the name of a story's file; one with simulated slides says so."""
    return f"{'SIMULATED-' if deck.simulated else ''}{story_id}.{form}"
