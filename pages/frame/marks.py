"""The vertices that a reader has marked."""

from __future__ import annotations

from jne_engine.cortex.spaces import Hemisphere
from pages.frame.ranges import parse_vertices
from pages.frame.state import Selection, read


def read_vertices() -> dict[Hemisphere, tuple[int, ...]]:
    """Return the vertices that the reader has selected, by hemisphere; what is no vertex is not."""
    return parse_vertices(read(Selection).vertices)
