"""Lists of whole numbers as short text for the address: ``0-5,9``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere

MOST = 1_000_000
"""Numbers beyond this one are left out: no run has as many stimuli or vertices."""
_RANGE = re.compile(r"([0-9]{1,7})(?:-([0-9]{1,7}))?")


def format_rows(rows: Iterable[int]) -> str:
    """Return numbers as ascending ranges."""
    parts: list[list[int]] = []
    for row in sorted(set(rows)):
        if parts and row == parts[-1][1] + 1:
            parts[-1][1] = row
        else:
            parts.append([row, row])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def parse_rows(text: str, n_rows: int) -> tuple[int, ...]:
    """Return the numbers below ``n_rows`` that a text names; what is no number is left out.

    As soon as a text has named ``n_rows`` numbers the rest is left out, so that no text takes long.
    """
    found: set[int] = set()
    named = 0
    for part in text.split(","):
        match = _RANGE.fullmatch(part)
        if match is not None and named < n_rows:
            first, last = int(match[1]), min(int(match[2] or match[1]), n_rows - 1)
            found.update(range(first, last + 1))
            named += max(0, last - first + 1)
    return tuple(sorted(found))


def format_vertices(vertices: Mapping[Hemisphere, Iterable[int]]) -> str:
    """Return vertices as ``left:3,7-9;right:2``."""
    return ";".join(f"{h}:{format_rows(vertices[h])}" for h in HEMISPHERES if vertices.get(h))


def parse_vertices(text: str) -> dict[Hemisphere, tuple[int, ...]]:
    """Return the vertices that a text names, by hemisphere."""
    parts = dict(part.partition(":")[::2] for part in text.split(";"))
    named = {h: parse_rows(parts[h], MOST) for h in HEMISPHERES if h in parts}
    return {h: rows for h, rows in named.items() if rows}
