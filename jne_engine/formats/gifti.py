"""GIFTI files, given to nibabel only after every array has been weighed.

A GIFTI array can lie in any other file of the machine (``ExternalFileName``), claim any
size, and expand without a limit; nibabel follows, allocates and expands. So the XML is walked
first, and every array is expanded no further than its own dimensions say.
"""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from nibabel.gifti import GiftiDataArray, GiftiImage
from nibabel.nifti1 import intent_codes

from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.cortex.spaces import Hemisphere
from jne_engine.formats.guard import (
    COPY_AGAIN,
    check_claim,
    check_file,
    expansion_limit,
    printable,
    reading,
)
from jne_engine.formats.images import reading_image
from jne_engine.formats.xml_guard import scan_xml

MAX_GIFTI_BYTES: Final = 2**30
"""Largest GIFTI file; a thousand single-precision maps of 32,492 vertices have 170 MB."""

_SMALL: Final = 2**25
_ITEM_BYTES: Final[Mapping[str, int]] = {
    "NIFTI_TYPE_UINT8": 1,
    "NIFTI_TYPE_INT8": 1,
    "NIFTI_TYPE_INT16": 2,
    "NIFTI_TYPE_UINT16": 2,
    "NIFTI_TYPE_INT32": 4,
    "NIFTI_TYPE_UINT32": 4,
    "NIFTI_TYPE_FLOAT32": 4,
    "NIFTI_TYPE_FLOAT64": 8,
}
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "DataType": tuple(_ITEM_BYTES),
    "Encoding": ("ASCII", "Base64Binary", "GZipBase64Binary"),
    "Endian": ("LittleEndian", "BigEndian"),
    "ArrayIndexingOrder": ("RowMajorOrder", "ColumnMajorOrder"),
}
_STRUCTURES: Final[Mapping[str, Hemisphere]] = {"CortexLeft": "left", "CortexRight": "right"}
_EMBED: Final = "write the file with its arrays inside (GZipBase64Binary)"


def read_gifti(path: str | Path) -> GiftiImage:
    """Read a GIFTI file whose arrays all lie in it and have the sizes that it says.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``.gii`` file.

    Raises
    ------
    InputError
        If the file cannot be read, is cut short or altered, or is not GIFTI.
    UnsafeFileError
        If it points at another file, declares entities, or claims more than it holds.
    """
    path = check_file(path, max_bytes=MAX_GIFTI_BYTES)
    with reading(path, expected="a readable file"):
        content = path.read_bytes()
    scan = _Scan(path, left=max(len(content), expansion_limit(len(content), small=_SMALL)))
    scan_xml(path, content, start=scan.start, end=scan.end, text=scan.text)
    scan.finish()
    with reading_image(path, expected="a GIFTI file"):
        return GiftiImage.from_bytes(content)


def stated_hemisphere(image: GiftiImage) -> Hemisphere | None:
    """Return the hemisphere that a file's metadata names, if they name one."""
    metas = [image.meta, *(array.meta for array in image.darrays)]
    named = [_STRUCTURES.get(meta.get("AnatomicalStructurePrimary", "")) for meta in metas]
    return next((hemi for hemi in named if hemi is not None), None)


def intent_of(path: Path, array: GiftiDataArray) -> str:
    """Return the name of what an array is meant to be, for instance ``NIFTI_INTENT_LABEL``."""
    with reading_image(path, expected="a known intent"):
        return str(intent_codes.niistring[array.intent])


@dataclass
class _Array:
    """What a ``DataArray`` element says of its values."""

    shape: tuple[int, ...]
    itemsize: int
    encoding: str


@dataclass
class _Scan:
    """Checks of one walk through a file; ``left`` is what its arrays may still take."""

    path: Path
    left: int
    announced: int | None = None
    n_arrays: int = 0
    array: _Array | None = None
    pieces: list[str] | None = None
    root: str = ""
    _depth: list[str] = field(default_factory=list)

    def start(self, element: str, attributes: dict[str, str]) -> None:
        """Look at the beginning of an element."""
        self._depth.append(element)
        if self.pieces is not None:
            self._refuse("text only in Data", f"an element {element!r}")
        if len(self._depth) == 1:
            self._begin_file(element, attributes)
        elif element == "DataArray":
            self._begin_array(attributes)
        elif element == "Data":
            if self.array is None:
                self._refuse("one Data element a DataArray", "another")
            self.pieces = []

    def text(self, text: str) -> None:
        """Keep the text of an array."""
        if self.pieces is not None:
            self.pieces.append(text)

    def end(self, element: str) -> None:
        """Weigh an array at its end."""
        self._depth.pop()
        if element == "Data" and self.array is not None and self.pieces is not None:
            with reading(self.path, expected="intact GIFTI arrays"):
                self._weigh(self.array, "".join(self.pieces))
            self.array = self.pieces = None
        elif element == "DataArray" and self.array is not None:
            self._refuse("values in every DataArray", "none in one")

    def finish(self) -> None:
        """Require as many arrays as the file announces."""
        if self.n_arrays != (self.n_arrays if self.announced is None else self.announced):
            self._refuse(f"{self.announced} arrays", f"{self.n_arrays}")

    def _begin_file(self, element: str, attributes: dict[str, str]) -> None:
        if element != "GIFTI":
            self._refuse("a GIFTI file", f"XML of {element!r}")
        with reading(self.path, expected="a number of arrays"):
            if "NumberOfDataArrays" in attributes:
                self.announced = int(attributes["NumberOfDataArrays"])

    def _begin_array(self, attributes: dict[str, str]) -> None:
        if self.array is not None or "DataArray" in self._depth[:-1]:
            self._refuse("one DataArray after another", "one inside another")
        name = printable(self.path.name)
        external = attributes.get("ExternalFileName", "").strip()
        if external or attributes.get("Encoding") == "ExternalFileBinary":
            found = f"values in another file, {printable(external)!r}"
            raise UnsafeFileError(name, "values of its own", found, _EMBED)
        for key, choices in _CHOICES.items():
            if attributes.get(key) not in choices:
                found = printable(repr(attributes.get(key)))
                raise InputError(name, f"{key} one of {', '.join(choices)}", found, _EMBED)
        self.n_arrays += 1
        with reading(self.path, expected="dimensions of an array"):
            shape = _dimensions(attributes)
        itemsize = _ITEM_BYTES[attributes["DataType"]]
        self.array = _Array(shape, itemsize, attributes["Encoding"])

    def _weigh(self, array: _Array, text: str) -> None:
        gzipped = array.encoding == "GZipBase64Binary"
        factor = {"ASCII": array.itemsize / 2, "Base64Binary": 3 / 4}.get(array.encoding, 1)
        available = min(self.left, math.inf if gzipped else math.ceil((len(text) + 1) * factor))
        claimed = check_claim(self.path, array.shape, array.itemsize, available=int(available))
        self.left -= claimed
        if array.encoding == "ASCII":
            return
        raw = base64.b64decode("".join(text.split()), validate=True)
        held = _expanded_size(raw, claimed) if gzipped else len(raw)
        if held != claimed:
            found = f"{held} bytes{' or more' if held > claimed else ''}"
            expected = f"{claimed} bytes for an array of shape {array.shape}"
            raise UnsafeFileError(printable(self.path.name), expected, found, COPY_AGAIN)

    def _refuse(self, expected: str, found: str) -> None:
        raise InputError(printable(self.path.name), expected, printable(found), COPY_AGAIN)


def _dimensions(attributes: Mapping[str, Any]) -> tuple[int, ...]:
    """Return Dim0, Dim1 … and require as many as Dimensionality says."""
    n_axes = int(attributes["Dimensionality"])
    given = [key for key in attributes if key.startswith("Dim") and key[3:].isdigit()]
    if n_axes not in (1, 2) or len(given) != n_axes:
        raise ValueError(f"Dimensionality {n_axes} with {len(given)} of them")
    return tuple(int(attributes[f"Dim{axis}"]) for axis in range(n_axes))


def _expanded_size(raw: bytes, claimed: int) -> int:
    """Expand a zlib stream no further than one byte beyond the claim, checksum compared."""
    stream = zlib.decompressobj()
    size = len(stream.decompress(raw, claimed + 1))
    if size <= claimed and (not stream.eof or stream.unused_data):
        raise zlib.error("incomplete array")
    return size
