"""XML of files that someone else wrote: no entities, no other files, no floods of elements."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat

from jne_engine.core.errors import UnsafeFileError
from jne_engine.formats.guard import COPY_AGAIN, printable, reading

MAX_ELEMENTS: Final = 200_000
"""Most elements of a file; a thousand maps with their metadata have some 30,000."""

StartHandler = Callable[[str, dict[str, str]], None]


def scan_xml(
    path: Path,
    content: bytes,
    *,
    start: StartHandler,
    end: Callable[[str], None] = lambda _: None,
    text: Callable[[str], None] = lambda _: None,
) -> None:
    """Walk through XML without building anything of it.

    Parameters
    ----------
    path : pathlib.Path
        The file, for the message.
    content : bytes
        The XML.
    start, end, text : callable
        What is called with an element's name and attributes, its name, and text.

    Raises
    ------
    InputError
        If it is not well-formed.
    UnsafeFileError
        If it declares an entity (a few hundred bytes of them expand to gigabytes, or to
        another file), or has more than :data:`MAX_ELEMENTS` elements.
    """
    name = printable(path.name)
    count = 0

    def refuse(*_: Any) -> int:
        fix = "remove the entity declarations, or write the file again"
        raise UnsafeFileError(name, "XML without entities of its own", "one", fix)

    def count_start(element: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > MAX_ELEMENTS:
            raise UnsafeFileError(name, f"at most {MAX_ELEMENTS} elements", "more", COPY_AGAIN)
        start(element, attributes)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.StartElementHandler = count_start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    with reading(path, expected="well-formed XML", also=(expat.ExpatError,)):
        parser.Parse(content, True)
