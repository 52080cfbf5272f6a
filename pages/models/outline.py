"""What the page of models lets choose: two measures, and areas drawn in their figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pages.frame.state import declares, parse_number, read


@declares
@dataclass(frozen=True)
class ModelChoices:
    """What a reader chooses on this page only.

    Parameters
    ----------
    pair, outline : str
        Which two measures, and the areas that a reader has drawn in their figure, as
        :func:`write_outline` writes them.
    """

    pair: str = ""
    outline: str = ""


def read_outline(pair: str) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Return the areas that a reader has drawn in one figure: the corners of each polygon.

    ``r2;0,0 0.5,0 0.5,0.5`` is one area in the figure ``r2``.
    """
    name, *areas = read(ModelChoices).outline.split(";")
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
