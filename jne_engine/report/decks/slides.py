"""What is on each slide of a deck, whatever file it becomes."""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jne_engine.core.progress import Progress
from jne_engine.report.stories import Pin, PinContents, read_contents, read_story

SIMULATED = "SIMULATED DATA"
MAX_ROWS, MAX_COLUMNS = 14, 8
"""Largest table that a slide holds legibly."""
LEAST_POINTS = 14
"""Smallest text of a printed slide, 13.33 inches wide: 18 pixels where that is 1280 wide."""


@dataclass(frozen=True)
class Slide:
    """One pin as a slide.

    Parameters
    ----------
    pin : Pin
        Its words.
    contents : PinContents
        Its picture and what is behind it.
    """

    pin: Pin
    contents: PinContents

    @property
    def source(self) -> str:
        """The line at the foot: what it is of, and that it is simulated where it is."""
        runs = ", ".join(self.pin.runs)
        parts = [SIMULATED if self.pin.simulated else "", f"Run {runs}" if runs else ""]
        return ". ".join(part for part in parts if part)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture, pixels."""
        width, height = struct.unpack(">II", self.contents.picture[16:24])
        return width, height

    def rows(self) -> list[list[str]]:
        """Return the table behind the slide, names first; empty where there is none."""
        return list(csv.reader(io.StringIO(self.contents.table or "")))

    def short_table(self) -> list[list[str]]:
        """Return the table where a slide can hold it, else nothing."""
        rows = self.rows()
        fits = 1 < len(rows) <= MAX_ROWS + 1 and all(len(row) <= MAX_COLUMNS for row in rows)
        return rows if fits else []


@dataclass(frozen=True)
class Deck:
    """A story with everything that its slides need.

    Parameters
    ----------
    name : str
        What people call it.
    changed : str
        When it was changed last, UTC, ISO 8601.
    slides : tuple of Slide
    """

    name: str
    changed: str
    slides: tuple[Slide, ...]

    def walk(self, progress: Progress) -> Iterator[Slide]:
        """Yield the slides one by one; ``progress(slides done, slides)`` is called at each."""
        for done, slide in enumerate(self.slides):
            progress(done, len(self.slides))
            yield slide
        progress(len(self.slides), len(self.slides))

    @property
    def simulated(self) -> bool:
        """Whether any slide shows simulated data."""
        return any(slide.pin.simulated for slide in self.slides)


def read_deck(root: Path, story_id: str) -> Deck:
    """Read a story as a deck.

    Parameters
    ----------
    root : pathlib.Path
        Folder of runs.
    story_id : str

    Raises
    ------
    InputError
        If the story or what one of its pins keeps cannot be read.
    """
    story = read_story(root, story_id)
    slides = (Slide(pin, read_contents(root, story_id, pin.id)) for pin in story.pins)
    return Deck(story.name, story.changed, tuple(slides))
