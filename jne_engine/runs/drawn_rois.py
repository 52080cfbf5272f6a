"""ROIs that a person has drawn on the cortex and named, beside the runs that show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere
from jne_engine.runs.named import Named, Shelf

FOLDER: Final = "rois"


@dataclass(frozen=True)
class DrawnRoi(Named):
    """A named set of vertices.

    Parameters
    ----------
    name, created : str
        As :class:`~jne_engine.runs.named.Named`.
    surface, subject : str
        Whose vertices they are.
    vertices : mapping of hemisphere to tuple of int
        Ascending, each once.
    run, map, by : str
        On which run's map it was drawn, and by whom; empty where nobody knows.

    Raises
    ------
    InputError
        If the name is none, or there are no vertices.
    """

    surface: str
    subject: str
    vertices: Mapping[Hemisphere, tuple[int, ...]]
    run: str = ""
    map: str = ""
    by: str = ""

    def __post_init__(self) -> None:
        """Refuse what could not be shown or found again."""
        super().__post_init__()
        if not any(self.vertices.values()):
            raise InputError(self.name, "at least one vertex", "none", "draw around cortex first")


def _parse(record: Mapping[str, Any]) -> DrawnRoi:
    texts = {key: str(record[key]) for key in ("name", "surface", "subject", "run", "map", "by")}
    named = {hemi: _numbers(record["vertices"].get(hemi, [])) for hemi in HEMISPHERES}
    return DrawnRoi(**texts, vertices=named, created=str(record["created"]))


def _numbers(values: object) -> tuple[int, ...]:
    if not isinstance(values, list) or not all(type(v) is int and v >= 0 for v in values):
        raise TypeError("not a list of vertices")
    return tuple(sorted(set(values)))


DRAWN_ROIS: Final = Shelf(FOLDER, "a drawn ROI", _parse)
