"""LibreOffice opens the PowerPoint file and prints every slide with its words on it."""

from __future__ import annotations

import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image
from pptx import Presentation

from jne_engine.report import decks
from tests.story_samples import tell_story

PROGRAMS = ("soffice", "pdftotext", "pdftoppm")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]
pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"needs {MISSING}: apt-get install libreoffice-impress poppler-utils"
)


def run(*words: object) -> None:
    subprocess.run([str(word) for word in words], check=True, capture_output=True, timeout=180)


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """Return the PowerPoint file, and the folder that holds it as PDF and as pictures."""
    folder = tmp_path_factory.mktemp("printed")
    deck = decks.read_deck(folder, tell_story(folder).id)
    path = decks.write_powerpoint(deck, folder / "deck.pptx")
    profile = f"-env:UserInstallation=file://{folder}/profile"
    run("soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", folder, path)
    run("pdftotext", "-layout", folder / "deck.pdf", folder / "deck.txt")
    run("pdftoppm", "-r", "60", "-png", folder / "deck.pdf", folder / "page")
    return path, folder


def letters(text: str) -> str:
    """Return a text without what a printer may set otherwise: spaces, line ends, control signs."""
    return re.sub(r"[\s\x00-\x1f]", "", text.replace("_x0007_", ""))


def test_every_slide_is_a_page_with_its_title_and_tables(printed):
    path, folder = printed
    slides = list(Presentation(str(path)).slides)
    pages = (folder / "deck.txt").read_text(encoding="utf-8").split("\f")[:-1]
    assert len(pages) == len(slides)
    for page, slide in zip(map(letters, pages), slides, strict=True):
        assert letters(slide.shapes.title.text_frame.text) in page
        for shape in slide.shapes:
            if shape.has_table:
                cells = [cell.text for row in shape.table.rows for cell in row.cells]
                assert all(letters(cell) in page for cell in cells)


def test_nothing_runs_over_the_edge_of_a_page(printed):
    _, folder = printed
    pages = sorted(folder.glob("page-*.png"))
    assert pages
    for page in pages:
        ink = np.asarray(Image.open(page).convert("L")) < 250
        assert 0.001 < ink.mean() < 0.9
        assert ink.sum() == ink[3:-3, 3:-3].sum(), page.name
