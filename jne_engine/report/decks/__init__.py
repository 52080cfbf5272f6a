"""A story as a talk: an offline HTML deck, PowerPoint, PDF, or a zip of pictures and numbers."""

from jne_engine.report.decks.bundle import write_bundle
from jne_engine.report.decks.formats import DECK_FORMATS, DeckFormat, name_deck, write_deck
from jne_engine.report.decks.html import render_html, write_html
from jne_engine.report.decks.pdf import write_pdf
from jne_engine.report.decks.powerpoint import write_powerpoint
from jne_engine.report.decks.slides import Deck, Slide, read_deck
from jne_engine.report.decks.thumbnails import draw_thumbnail

__all__ = [
    "DECK_FORMATS",
    "Deck",
    "DeckFormat",
    "Slide",
    "draw_thumbnail",
    "name_deck",
    "read_deck",
    "render_html",
    "write_bundle",
    "write_deck",
    "write_html",
    "write_pdf",
    "write_powerpoint",
]
