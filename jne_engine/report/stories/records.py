"""What a story and its pins are."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from jne_engine.core.errors import InputError
from jne_engine.formats.xml_guard import scan_xml

PinKind = Literal["figure", "brain"]

MAX_TITLE: Final = 200
MAX_TEXT: Final = 5_000
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_SVG_CODE: Final = frozenset({"script", "foreignobject", "iframe", "embed", "object", "handler"})
_MAX_PIXELS: Final = 100_000_000


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """One view that was kept: what it shows in words, and how to find it again.

    Parameters
    ----------
    id : str
        Name of its folder; empty until it is added to a story.
    kind : {"figure", "brain"}
        A Plotly figure, or the cortical viewer.
    title, caption, notes : str
        What is seen; what, n, mask, test and run; what the speaker says.
    page : str
        Name of the page that it was pinned on, for instance ``"maps"``.
    address : mapping of str to str
        The page's address, which restores the view.
    runs : tuple of str
        Ids of the runs that it shows.
    simulated : bool
        Whether any of them is simulated.
    created : str
        UTC, ISO 8601.
    """

    id: str = ""
    kind: PinKind
    title: str
    caption: str = ""
    notes: str = ""
    page: str = ""
    address: Mapping[str, str] = {}
    runs: tuple[str, ...] = ()
    simulated: bool = False
    created: str = ""

    def __post_init__(self) -> None:
        """Refuse texts that no slide holds."""
        for name, limit in (("title", MAX_TITLE), ("caption", MAX_TEXT), ("notes", MAX_TEXT)):
            length = len(getattr(self, name))
            if length > limit:
                expected = f"at most {limit} characters"
                raise InputError(f"a pin's {name}", expected, f"{length}", "shorten it")


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """Pins in the order in which they are shown.

    Parameters
    ----------
    id, name : str
        Name of its folder; what people call it.
    created, changed : str
        UTC, ISO 8601.
    pins : tuple of Pin
    """

    id: str
    name: str
    created: str
    changed: str
    pins: tuple[Pin, ...] = ()

    def pin(self, pin_id: str) -> Pin:
        """Return one pin.

        Raises
        ------
        InputError
            If there is none of that id.
        """
        found = next((pin for pin in self.pins if pin.id == pin_id), None)
        if found is None:
            fix = "reload the page: somebody else may have removed it"
            raise InputError(f"story {self.name!r}", f"a pin {pin_id!r}", "none", fix)
        return found


@dataclass(frozen=True)
class PinContents:
    """What a pin keeps beside its texts; never changed once it is there.

    Parameters
    ----------
    picture : bytes
        PNG of the moment it was pinned.
    vector : str, optional
        The same as SVG, where the figure is drawn by vectors.
    table : str, optional
        CSV of the numbers behind it.
    figure : str, optional
        Plotly's JSON; for the kind ``"figure"``.
    brain : bytes, optional
        The offline viewer's payload, gzipped; for the kind ``"brain"``.
    view : str, optional
        JSON of the viewer's state: camera, panes, colours, thresholds.

    Raises
    ------
    InputError
        If the picture is no PNG, or of more pixels than a slide can use, or the SVG holds code.
    """

    picture: bytes
    vector: str | None = None
    table: str | None = None
    figure: str | None = None
    brain: bytes | None = None
    view: str | None = None

    def __post_init__(self) -> None:
        """Validate the picture's head."""
        head = self.picture[:24]
        if head[:8] != _PNG or len(head) < 24:
            raise InputError("a pin's picture", "a PNG", "another format", "pin the view again")
        width, height = struct.unpack(">II", head[16:24])
        if not 0 < width * height <= _MAX_PIXELS:
            expected, found = f"at most {_MAX_PIXELS} pixels", f"{width} × {height}"
            raise InputError("a pin's picture", expected, found, "pin the view again")
        if self.vector is not None:
            scan_xml(Path("picture.svg"), self.vector.encode(), start=_refuse_code)


def _refuse_code(element: str, attributes: dict[str, str]) -> None:
    """Refuse what an SVG could run or load; labels may say what they like."""
    runs = element.rpartition(":")[2].lower() in _SVG_CODE
    for name, value in attributes.items():
        bare, said = name.rpartition(":")[2].lower(), "".join(value.split()).lower()
        runs = runs or bare.startswith("on") or "javascript:" in said
        runs = runs or (bare == "href" and not said.startswith(("#", "data:image/")))
    if runs:
        raise InputError("a pin's SVG", "drawing only", "code", "pin the view again")
