"""FreeSurfer's ``.annot`` files and colour tables.

Read here and not by nibabel, which takes a vertex whose colour the table lacks for the next
larger one, pairs names with colours by their order and not by their number, and reserves as
much memory as a length in the file claims.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple, NoReturn

import numpy as np

from jne_engine.core.arrays import IntArray
from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.formats.freesurfer import MAX_SURFACE_BYTES
from jne_engine.formats.guard import COPY_AGAIN, check_file, printable, read_text, reading
from jne_engine.formats.images import MAX_VERTICES

MAX_LABELS: Final = 100_000
"""Most labels of a colour table; the largest in use have some 15,000."""

_HEADINGS: Final = ("index", "key", "number", "label", "value")


class Annotation(NamedTuple):
    """A colour-coded labelling.

    Parameters
    ----------
    codes : numpy.ndarray of int64, shape (n_vertices,)
        Packed colour of each vertex; 0 for none.
    names : dict of int to str
        Label of each packed colour, in the order of the file.
    """

    codes: IntArray
    names: dict[int, str]


def read_annotation(path: str | Path) -> Annotation:
    """Read an ``.annot`` file with its colour table, of version 1 or 2.

    Raises
    ------
    InputError
        If the file is not such a file, is cut short or altered, or lacks its colour table.
    UnsafeFileError
        If it claims more than it holds.

    References
    ----------
    FreeSurfer, LabelsClutsAnnotationFiles; ``matlab/read_annotation.m``.
    """
    path = check_file(path, max_bytes=MAX_SURFACE_BYTES)
    with reading(path, expected="a FreeSurfer annotation"):
        cursor = _Cursor(path, path.read_bytes())
    n_vertices = cursor.count(MAX_VERTICES)
    pairs = np.frombuffer(cursor.take(8 * n_vertices), ">i4").reshape(-1, 2)
    if not n_vertices or not np.array_equal(pairs[:, 0], np.arange(n_vertices)):
        cursor.refuse("every vertex once, in order", "another order")
    if cursor.number() == 0:
        cursor.refuse("a colour table", "none")
    return Annotation(pairs[:, 1].astype(np.int64), _read_colours(cursor))


def read_ctab(path: str | Path) -> dict[int, str]:
    """Read a table of names as text: a number and a name a line, further columns ignored.

    Columns are separated by white space, or by commas; a heading is skipped.

    Returns
    -------
    dict of int to str
        Name of each number, in the order of the file. Empty lines and lines that begin
        with ``#`` are skipped.

    Raises
    ------
    InputError
        If a line is not a number and a name, or a number repeats.
    """
    path = Path(path)
    names: dict[int, str] = {}
    for number, line in enumerate(read_text(path, max_bytes=2**22).splitlines(), start=1):
        cells = line.replace(",", " ").split()
        if not cells or cells[0].startswith("#") or (number == 1 and cells[0].lower() in _HEADINGS):
            continue
        where = f"{printable(path.name)} line {number}"
        fix = "write one number and one name a line"
        if len(cells) < 2 or not cells[0].lstrip("-").isdecimal() or len(cells[0]) > 10:
            raise InputError(where, "a number and a name", repr(printable(line)), fix)
        if int(cells[0]) in names:
            raise InputError(where, "each number once", f"{int(cells[0])} again", fix)
        names[int(cells[0])] = printable(cells[1])
    if not names:
        raise InputError(printable(path.name), "a number and a name a line", "none", COPY_AGAIN)
    return names


def _read_colours(cursor: _Cursor) -> dict[int, str]:
    version = cursor.number()
    if version not in (-2, *range(1, MAX_LABELS)):
        cursor.refuse("a colour table of version 1 or 2", f"{version}")
    size = cursor.count(MAX_LABELS) if version == -2 else version
    cursor.text()  # the name of the file that the table came from
    names: dict[int, str] = {}
    for _ in range(cursor.count(size) if version == -2 else size):
        if version == -2:
            cursor.count(size)
        name = cursor.text()
        red, green, blue, _ = (cursor.count(255) for _ in range(4))
        names.setdefault(red | green << 8 | blue << 16, name)
    return names


class _Cursor:
    """A place in the content of a file from which nothing beyond its end is taken."""

    def __init__(self, path: Path, content: bytes) -> None:
        self._name = printable(path.name)
        self._content = memoryview(content)
        self._at = 0

    def take(self, n_bytes: int) -> memoryview:
        """Take the next bytes."""
        left = len(self._content) - self._at
        if not 0 <= n_bytes <= left:
            found = f"a claim of {n_bytes} where {left} are left"
            raise UnsafeFileError(self._name, "lengths inside the file", found, COPY_AGAIN)
        self._at += n_bytes
        return self._content[self._at - n_bytes : self._at]

    def number(self) -> int:
        """Take a whole number."""
        return int.from_bytes(self.take(4), "big", signed=True)

    def count(self, most: int) -> int:
        """Take a whole number from 0 to ``most``."""
        number = self.number()
        if not 0 <= number <= most:
            expected = f"a number from 0 to {most}"
            raise UnsafeFileError(self._name, expected, f"{number}", COPY_AGAIN)
        return number

    def text(self) -> str:
        """Take a length and so much text, up to its first zero."""
        raw = bytes(self.take(self.number()))
        return printable(raw.split(b"\0")[0].decode("utf-8", "replace"))

    def refuse(self, expected: str, found: str) -> NoReturn:
        """Raise the error of a file that is not built as annotations are."""
        raise InputError(self._name, f"an annotation with {expected}", found, COPY_AGAIN)
