"""What every reader of neuroimaging files shares: nibabel's errors in one line."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final
from xml.parsers.expat import ExpatError

from nibabel.cifti2.cifti2 import Cifti2HeaderError
from nibabel.filebasedimages import ImageFileError
from nibabel.freesurfer.mghformat import MGHError
from nibabel.spatialimages import HeaderDataError, HeaderTypeError, ImageDataError
from nibabel.wrapstruct import WrapStructError

from jne_engine.formats.guard import COPY_AGAIN, reading

NIBABEL_ERRORS: Final = (
    ImageFileError,
    ImageDataError,
    HeaderDataError,
    HeaderTypeError,
    WrapStructError,
    MGHError,
    Cifti2HeaderError,
    ExpatError,
    AttributeError,
    AssertionError,
)
"""What nibabel raises on broken files; the last two come from its XML parsers."""

MAX_VERTICES: Final = 10_000_000
"""Most vertices of one hemisphere; the finest surfaces in use have some 500,000."""


def reading_image(
    path: Path, *, expected: str, fix: str = COPY_AGAIN
) -> AbstractContextManager[None]:
    """Turn what nibabel raises on a broken file into one line; only nibabel belongs inside."""
    return reading(path, expected=expected, fix=fix, also=NIBABEL_ERRORS)
