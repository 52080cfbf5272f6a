"""Names of files and labels, made from whatever text a dataset brought."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LONGEST = 60


def slug(text: str, fallback: str = "unnamed") -> str:
    """Return text as part of a file's name: letters, digits and single hyphens only."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:_LONGEST].strip("-") or fallback


def bids_label(text: str, fallback: str = "unnamed") -> str:
    """Return text as the label of a BIDS entity: letters and digits only."""
    return re.sub(r"[^A-Za-z0-9]", "", text)[:_LONGEST] or fallback


def tell_apart(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names with repeated ones numbered, so that no file overwrites another.

    Names that differ in capitals only count as the same: some disks do not tell them apart.
    """
    seen: set[str] = set()
    result = []
    for name in names:
        unique, number = name, 2
        while unique.casefold() in seen:
            unique, number = f"{name}{number}", number + 1
        seen.add(unique.casefold())
        result.append(unique)
    return tuple(result)
