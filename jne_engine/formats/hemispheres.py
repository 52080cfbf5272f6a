"""Which hemisphere a file of one hemisphere describes: as told, as it says, or as it is named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import Hemisphere
from jne_engine.formats.guard import printable

_NAMED: Final = re.compile(r"(?:^|[._-])(lh|rh|l|r|left|right)(?=[._-])", re.IGNORECASE)
_OTHER: Final = {"l": "r", "r": "l", "L": "R", "R": "L"}
_FIX: Final = "name the file lh.… or rh.…, or say which hemisphere it is"


def hemisphere_of(
    path: Path, hemi: Hemisphere | None, *, stated: Hemisphere | None = None
) -> Hemisphere:
    """Return the hemisphere of a file.

    Parameters
    ----------
    path : pathlib.Path
        The file; ``lh.sulc``, ``sub-1_hemi-L.shape.gii`` and ``S1.R.func.gii`` name theirs.
    hemi : {"left", "right"}, optional
        What the caller says.
    stated : {"left", "right"}, optional
        What the file's content says.

    Raises
    ------
    InputError
        If nothing says it, or caller, content and name disagree.
    """
    letters = {match.group(1)[0].lower() for match in _NAMED.finditer(path.name)}
    named: set[Hemisphere] = {"left" if letter == "l" else "right" for letter in letters}
    said = {h for h in (hemi, stated) if h is not None} | named
    if len(said) == 1:
        return said.pop()
    found = "both of them in its name, its content or the request" if said else "nothing said"
    raise InputError(printable(path.name), "one hemisphere", found, _FIX)


def find_other(path: Path) -> Path | None:
    """Return the other hemisphere's file beside one, by its name; None where there is none."""
    name = _NAMED.sub(_swap, path.name)
    other = path.with_name(name)
    return other if name != path.name and other.is_file() else None


def _swap(match: re.Match[str]) -> str:
    side = match.group(1)
    if len(side) <= 2:
        other = _OTHER[side[0]] + side[1:]
    else:
        other = {"left": "right", "right": "left"}[side.lower()]
        other = other.title() if side[0].isupper() else other
    return match.group(0).replace(side, other)
