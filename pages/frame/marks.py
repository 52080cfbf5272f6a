"""What a reader has marked, as text that a link can hold: vertices, and areas of a figure."""

from __future__ import annotations

from collections.abc import Sequence

from jne_engine.cortex.spaces import Hemisphere
from pages.frame.ranges import parse_vertices
from pages.frame.state import parse_number, read_selection


def read_vertices() -> dict[Hemisphere, tuple[int, ...]]:
    """Return the vertices that the reader has selected, by hemisphere; what is no vertex is not."""
    return parse_vertices(read_selection().vertices)


def read_outline(pair: str) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Return the areas that a reader has drawn in one figure: the corners of each polygon.

    ``r2;0,0 0.5,0 0.5,0.5`` is one area in the figure ``r2``.
    """
    name, *areas = read_selection().outline.split(";")
    if name != pair:
        return ()
    found = []
    for area in areas:
        corners = [tuple(map(parse_number, corner.split(","))) for corner in area.split()]
        found.append(tuple(c for c in corners if len(c) == 2 and None not in c))
    return tuple(found)


def write_outline(pair: str, areas: Sequence[Sequence[tuple[float, float]]]) -> str:
    """Return drawn areas as :func:`read_outline` reads them; empty where there is none."""
    texts = [" ".join(f"{x:.6g},{y:.6g}" for x, y in area) for area in areas]
    return ";".join([pair, *texts]) if texts else ""
