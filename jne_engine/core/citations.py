"""A work to cite, as text and as BibTeX."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Citation:
    """One work to cite.

    Parameters
    ----------
    key : str
        BibTeX key.
    text : str
        The reference in one line.
    bibtex : str
        The BibTeX entry.
    reason : str
        What of a run it stands for.
    """

    key: str
    text: str
    bibtex: str
    reason: str


def cite(kind: str, key: str, reason: str, text: str, **fields: str) -> Citation:
    """Return a work to cite; ``kind`` and ``fields`` are those of its BibTeX entry."""
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return Citation(key, text, f"@{kind}{{{key},\n{lines}}}", reason)
