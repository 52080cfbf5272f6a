"""In which order names stand: as people count (1, 2, 10), or as text (1, 10, 2)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

import numpy as np

from jne_engine.core.arrays import IntArray

NATURAL: Final = "sorted by number (1, 2, 10)"
TEXT: Final = "sorted as text (1, 10, 2)"
OTHER: Final = "as listed"

_DIGITS: Final = re.compile(r"(\d+)")


def natural_key(name: str) -> tuple[list[tuple[int, int | str]], str]:
    """Return what names are sorted by so that numbers in them count as numbers.

    Examples
    --------
    >>> sorted(["10.png", "2.png", "1.png"], key=natural_key)
    ['1.png', '2.png', '10.png']
    """
    parts = [part for part in _DIGITS.split(name) if part]
    keys: list[tuple[int, int | str]] = [
        (0, int(part)) if part.isdecimal() else (1, part.casefold()) for part in parts
    ]
    return keys, name


def describe_order(names: Sequence[str]) -> str:
    """Say the first and the last name, and how the names are sorted."""
    listed = list(names)
    if listed == sorted(listed, key=natural_key):
        how = NATURAL
    else:
        how = TEXT if listed == sorted(listed) else OTHER
    return f"{listed[0]} … {listed[-1]}, {how}"


def find_names(known: Sequence[str], asked: Sequence[str]) -> IntArray:
    """Return the place of each asked file name among the known ones, −1 where it has none.

    Folders before a name do not count, and an ending may be left out, where that is unambiguous.
    """
    paths = [PurePosixPath(name) for name in known]
    places: dict[str, int] = {}
    for keys in ([path.stem for path in paths], [path.name for path in paths], list(known)):
        counts = Counter(keys)
        places |= {key: row for row, key in enumerate(keys) if counts[key] == 1}
        places |= {key: -1 for key, n in counts.items() if n > 1}
    rows = (places.get(name, places.get(PurePosixPath(name).name, -1)) for name in asked)
    return np.array(list(rows), dtype=np.int64)
