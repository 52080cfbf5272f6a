"""Names of surfaces: one for each, whatever spelling it comes in, and its vertices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from jne_engine.core.arrays import IntArray
from jne_engine.core.errors import InputError
from jne_engine.cortex.icosahedron import FSAVERAGE

OWN_SURFACES: Final = "JNE_SURFACES"
"""Environment variable that names the folder of a person's own surfaces; else ``surfaces``."""

FSLR: Final = "fsLR32k"

VERTICES: Final[Mapping[str, int]] = MappingProxyType({FSLR: 32492, **FSAVERAGE})
"""Vertices of one hemisphere of every surface that has a name of its own."""

_SPELLINGS: Final[Mapping[str, tuple[str, ...]]] = {
    FSLR: ("fslr", "fslr32k", "32kfslr", "fslrden32k", "conte6932kfslr"),
    "fsaverage": ("fsaverage", "fsaverage7", "fsaverageden164k", "fsaverage164k"),
    "fsaverage6": ("fsaverage6", "fsaverageden41k", "fsaverage41k"),
    "fsaverage5": ("fsaverage5", "fsaverageden10k", "fsaverage10k"),
    "fsaverage4": ("fsaverage4", "fsaverageden3k", "fsaverage3k"),
    "fsaverage3": ("fsaverage3",),
}
"""Usual spellings, in small letters and without signs."""

_NAMES: Final = {spelling: name for name, all_ in _SPELLINGS.items() for spelling in all_}


def canonical_name(surface: str) -> str:
    """Return the one name under which a surface is known here; an unknown one as it is."""
    return _NAMES.get(re.sub(r"[^a-z0-9]", "", surface.lower()), surface)


def check_vertices(what: str, surface: str, left: IntArray, right: IntArray) -> None:
    """Require vertices that a surface has; one that has no name here is not judged.

    Raises
    ------
    InputError
        If one lies beyond it; where the right hemisphere was counted on, it says so.
    """
    n = VERTICES.get(canonical_name(surface))
    if n is None:
        return
    for hemi, vertices in (("left", left), ("right", right)):
        if not vertices.size or vertices.max() < n:
            continue
        counted_on = hemi == "right" and vertices.min() >= n and vertices.max() < 2 * n
        fix = f"count from 0 to {n - 1} in each hemisphere"
        if counted_on:
            fix = f"subtract {n}: the right hemisphere is counted on from the left"
        expected = f"{hemi} vertices of {surface} in 0..{n - 1}"
        raise InputError(what, expected, f"{int(vertices.max())}", fix)
