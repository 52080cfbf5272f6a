"""The regions that the viewer outlines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from jne_engine.core import palettes
from jne_engine.core.arrays import AnyArray
from jne_engine.core.checks import check_length, check_unique
from jne_engine.core.errors import InputError
from jne_engine.viewer.payload.blobs import Blob


@dataclass(frozen=True, eq=False)
class ViewerLabels:
    """Named regions: at most one a vertex in each set.

    Parameters
    ----------
    title : str
        Name of the set, for instance ``"HCP-MMP 1.0 (approximate)"``.
    names : tuple of str
        Region names; label ``i + 1`` is ``names[i]``, label 0 is none.
    left, right : numpy.ndarray of int, shape (n_vertices,), optional
        Label of each vertex.
    colours : tuple of str, optional
        ``"#rrggbb"`` of each region; None takes the project's own.

    Raises
    ------
    InputError
        If labels leave the list of names, or colours and names differ in number.
    """

    title: str
    names: tuple[str, ...]
    left: AnyArray | None
    right: AnyArray | None
    colours: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Validate labels and colours."""
        what = f"labels {self.title}"
        check_unique(what, self.names, fix="give every region a name of its own")
        if self.colours is not None:
            fix = "pass one colour a name"
            check_length(what, len(self.colours), len(self.names), unit="colours", fix=fix)
        for labels in (self.left, self.right):
            if (
                labels is not None
                and labels.size
                and not 0 <= labels.min() <= labels.max() <= len(self.names)
            ):
                found = f"{labels.min()}..{labels.max()}"
                raise InputError(what, f"labels in 0..{len(self.names)}", found, "renumber them")

    @cached_property
    def blob(self) -> Blob:
        """Labels as 16-bit numbers, names and colours."""
        sides = {"left": self.left, "right": self.right}
        arrays = {h: np.asarray(v).astype("<u2") for h, v in sides.items() if v is not None}
        colours = self.colours or palettes.region_colours(self.names)
        return Blob.of("labels", arrays, {"names": list(self.names), "colours": list(colours)})
