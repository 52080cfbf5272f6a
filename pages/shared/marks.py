"""What a reader has marked, as text that a link can hold: vertices, and areas of a figure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain, islice

from jne_engine.spaces import HEMISPHERES, Hemisphere
from pages.shared.state import parse_number, read_selection

_SPAN = re.compile(r"(\d{1,7})(?:-(\d{1,7}))?")
_MOST = 400_000
"""Vertices of one hemisphere that a link may name."""


def read_vertices() -> dict[Hemisphere, tuple[int, ...]]:
    """Return the vertices that the reader has selected, by hemisphere; what is no vertex is not.

    ``left:12,14-16 right:3`` are vertices 12, 14, 15, 16 and 3.
    """
    found: dict[Hemisphere, tuple[int, ...]] = {}
    for part in read_selection().vertices.split():
        hemi, _, text = part.partition(":")
        if hemi in HEMISPHERES:
            spans = [_SPAN.fullmatch(span) for span in text.split(",")]
            limits = [(int(m[1]), int(m[2] or m[1])) for m in spans if m is not None]
            listed = chain.from_iterable(range(low, high + 1) for low, high in limits)
            found[hemi] = tuple(sorted(set(islice(listed, _MOST))))
    return {hemi: vertices for hemi, vertices in found.items() if vertices}


def write_vertices(vertices: Mapping[Hemisphere, Sequence[int]]) -> str:
    """Return vertices as :func:`read_vertices` reads them, neighbours in number as a span."""
    parts = []
    for hemi in HEMISPHERES:
        spans: list[list[int]] = []
        for vertex in sorted(vertices.get(hemi, ())):
            if spans and vertex == spans[-1][1] + 1:
                spans[-1][1] = vertex
            else:
                spans.append([vertex, vertex])
        text = ",".join(f"{a}-{b}" if b > a else str(a) for a, b in spans)
        parts += [f"{hemi}:{text}"] if text else []
    return " ".join(parts)


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
