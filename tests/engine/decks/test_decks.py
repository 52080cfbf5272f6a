"""A deck holds its story's words, pictures and numbers in every format, and no code of theirs."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace

import pytest
from PIL import Image
from pptx import Presentation
from pptx.util import Inches

from jne_engine.report import decks, stories
from jne_engine.report.decks.pdf import draw_page
from jne_engine.report.decks.powerpoint import HEIGHT, WIDTH
from jne_engine.report.decks.slides import LEAST_POINTS
from tests.story_samples import FIGURE, HOSTILE, a_pin, tell_story


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    root = tmp_path_factory.mktemp("story")
    return decks.read_deck(root, tell_story(root).id)


def test_a_deck_is_its_story(deck):
    assert [slide.pin.title for slide in deck.slides] == ["Slide 1", "Slide 2", HOSTILE]
    assert deck.simulated
    assert deck.slides[0].source == "SIMULATED DATA. Run run-1"
    assert deck.slides[0].short_table() == []
    assert deck.slides[1].short_table() == [["roi", "mean"], ["V1", "0.25"], ["'=2+2", "0.5"]]


def test_the_html_deck_ends_no_script_early_and_loads_nothing(deck, tmp_path):
    text = decks.write_html(deck, tmp_path / "deck.html").read_text(encoding="utf-8")
    found = re.search(
        r'<script type="application/json" id="slides">(.*?)</script>', text, re.DOTALL
    )
    said = json.loads(found[1])
    assert [slide["title"] for slide in said["slides"]] == ["Slide 1", "Slide 2", HOSTILE]
    assert said["slides"][1]["figure"] == json.loads(FIGURE.figure)
    assert "<script>alert" not in text
    assert not re.search(r'<(script|img|link|iframe)[^>]+(src|href)="?(https?:)?//', text)
    assert "connect-src" not in text
    assert "default-src 'none'" in text


def shapes_of(slide):
    return [shape for shape in slide.shapes if shape.width]


def test_powerpoint_has_native_words_and_tables_inside_its_slides(deck, tmp_path):
    path = decks.write_powerpoint(deck, tmp_path / "deck.pptx")
    shown = Presentation(str(path))
    assert (shown.slide_width, shown.slide_height) == (WIDTH, HEIGHT)
    titles = [slide.shapes.title.text_frame.text for slide in shown.slides]
    clean = HOSTILE.replace("\x07", "")
    assert titles == ["Slide 1", "Slide 2", "Slide 2: the numbers", clean, f"{clean}: the numbers"]
    assert shown.slides[1].notes_slide.notes_text_frame.text == "Say this."
    for slide in shown.slides:
        for shape in shapes_of(slide):
            assert shape.left >= 0
            assert shape.top >= 0
            assert shape.left + shape.width <= WIDTH
            assert shape.top + shape.height <= HEIGHT
        assert any("SIMULATED" in s.text_frame.text for s in slide.shapes if s.has_text_frame)
    table = next(s for s in shown.slides[2].shapes if s.has_table).table
    assert [[c.text for c in row.cells] for row in table.rows] == deck.slides[1].short_table()
    picture = next(s for s in shown.slides[1].shapes if s.shape_type == 13)
    assert picture.image.blob == FIGURE.picture
    assert picture.width / picture.height == pytest.approx(1600 / 900, rel=1e-3)
    assert picture.image.size[0] / (picture.width / Inches(1)) >= 150


@pytest.mark.parametrize("length", [10, 90, 200])
def test_long_words_stay_in_their_boxes(tmp_path, length):
    words = "word " * (length // 5)
    story = stories.create_story(tmp_path, "Long")
    pin = a_pin(words[:200], caption=words * 4)
    stories.add_pin(tmp_path, story.id, pin, FIGURE)
    path = decks.write_powerpoint(decks.read_deck(tmp_path, story.id), tmp_path / "deck.pptx")
    for box in Presentation(str(path)).slides[0].shapes:
        if not box.has_text_frame or not box.text_frame.text:
            continue
        points = box.text_frame.paragraphs[0].font.size.pt
        letters_a_line = box.width / Inches(1) * 72 / (0.52 * points)
        lines = -(-len(box.text_frame.text) // int(letters_a_line))
        assert lines * 1.2 * points / 72 <= box.height / Inches(1), box.text_frame.text[:30]


def points_of(slide):
    """Return the size of every text of a slide, tables included."""
    cells = (c.text_frame for s in slide.shapes if s.has_table for c in s.table.iter_cells())
    frames = [*(s.text_frame for s in slide.shapes if s.has_text_frame), *cells]
    return [p.font.size.pt for frame in frames for p in frame.paragraphs if p.text]


@pytest.mark.parametrize("length", [10, 90, 200])
def test_printed_text_is_as_large_as_on_the_screen(tmp_path, length):
    assert LEAST_POINTS / 72 * 1280 / (WIDTH / Inches(1)) >= 18
    words = "word " * (length // 5)
    table = "\n".join([",".join(f"{words}{i}" for i in range(8))] * 15)
    slide = decks.Slide(a_pin(words[:200], caption=words * 4), replace(FIGURE, table=table))
    deck = decks.Deck("Wide", "", (slide,))
    shown = Presentation(str(decks.write_powerpoint(deck, tmp_path / "deck.pptx")))
    for page in shown.slides:
        assert min(points_of(page)) >= LEAST_POINTS
    assert min(t.get_fontsize() for t in draw_page(slide, number=1).texts) >= LEAST_POINTS
    (table,) = (s.table for s in shown.slides[1].shapes if s.has_table)
    for row in table.rows:
        for column, cell in zip(table.columns, row.cells, strict=True):
            room = (column.width - cell.margin_left - cell.margin_right) / Inches(1) * 72
            assert len(cell.text) * 0.52 * LEAST_POINTS <= room, cell.text
    assert sum(column.width for column in table.columns) <= WIDTH - Inches(0.9)


def test_the_pdf_has_a_page_a_slide(deck, tmp_path):
    content = decks.write_pdf(deck, tmp_path / "deck.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", content)) == 3


def test_the_bundle_holds_pictures_and_numbers_as_they_were(deck, tmp_path):
    with zipfile.ZipFile(decks.write_bundle(deck, tmp_path / "deck.zip")) as bundle:
        names = bundle.namelist()
        assert names[:2] == ["01-slide-1.png", "02-slide-2.png"]
        assert bundle.read("02-slide-2.csv").decode() == FIGURE.table
        assert bundle.read("02-slide-2.svg").decode() == FIGURE.vector
        assert Image.open(io.BytesIO(bundle.read("01-slide-1.png"))).size == (1600, 900)
        assert all(re.fullmatch(r"[\w.-]+", name) for name in names)
        assert "SIMULATED" in bundle.read("README.md").decode()
        assert [e["title"] for e in json.loads(bundle.read("slides.json"))][2] == HOSTILE


def test_every_format_tells_its_progress(deck, tmp_path):
    for write, name in ((decks.write_html, "a.html"), (decks.write_powerpoint, "a.pptx"),
                        (decks.write_pdf, "a.pdf"), (decks.write_bundle, "a.zip")):  # fmt: skip
        told = []
        write(deck, tmp_path / name, lambda done, total: told.append((done, total)))  # noqa: B023
        assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_story_without_slides_is_written_too(tmp_path):
    deck = decks.read_deck(tmp_path, stories.create_story(tmp_path, "Empty").id)
    assert "no slides yet" in decks.write_html(deck, tmp_path / "a.html").read_text()
    assert len(Presentation(str(decks.write_powerpoint(deck, tmp_path / "a.pptx"))).slides) == 0


def test_numbers_of_a_slides_table_are_short(tmp_path):
    contents = replace(FIGURE, table="roi,mean\nV1,0.35756479969941\nlong name of a region,12\n")
    shown = decks.Deck("Numbers", "", (decks.Slide(a_pin("One"), contents),))
    path = decks.write_powerpoint(shown, tmp_path / "deck.pptx")
    (table,) = (s.table for s in Presentation(str(path)).slides[1].shapes if s.has_table)
    texts = [[cell.text for cell in row.cells] for row in table.rows]
    assert texts == [["roi", "mean"], ["V1", "0.3576"], ["long name of a region", "12"]]
