"""A story as a talk: an offline HTML deck, PowerPoint, PDF, or a zip of pictures and numbers."""

from jne_engine.decks.bundle import write_bundle
from jne_engine.decks.html import write_html
from jne_engine.decks.pdf import write_pdf
from jne_engine.decks.powerpoint import write_powerpoint
from jne_engine.decks.slides import Deck, Slide, read_deck

__all__ = [
    "Deck",
    "Slide",
    "read_deck",
    "write_bundle",
    "write_html",
    "write_pdf",
    "write_powerpoint",
]
