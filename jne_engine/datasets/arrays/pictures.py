"""Pictures of the stimuli beside plain arrays: small for pages, and whose features may be made."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from jne_engine.core.arrays import IntArray, UInt8Array
from jne_engine.core.errors import InputError
from jne_engine.core.order import describe_order, find_names
from jne_engine.core.progress import ignore_stages
from jne_engine.datasets.arrays.pairing import pair_by_names
from jne_engine.datasets.dataset import InputRecord
from jne_engine.datasets.stimuli import shrink_pictures
from jne_engine.features.extraction.decoding import FORMATS
from jne_engine.features.extraction.images import open_images
from jne_engine.features.extraction.spec import FeatureSpec
from jne_engine.formats.guard import hash_file, printable

PICTURE_FOLDERS: Final = ("pictures", "images", "stimuli")
"""Folders that hold the pictures of a folder without a description."""


class Pictures(NamedTuple):
    """Small pictures, one a stimulus.

    Parameters
    ----------
    small : numpy.ndarray of uint8, shape (n_stimuli, 64, 64, 3)
    names : tuple of str
        File of each.
    note : str
        How pictures and stimuli were paired.
    """

    small: UInt8Array
    names: tuple[str, ...]
    note: str


def read_pictures(
    source: Path, n_stimuli: int, *, stimuli: Path | None, names: tuple[str, ...]
) -> Pictures:
    """Read the picture of each stimulus, small.

    Parameters
    ----------
    source : pathlib.Path
        A folder of images, or an HDF5 file as ``features extract`` takes it.
    n_stimuli : int
    stimuli : pathlib.Path, optional
        Table that may name each stimulus's file.
    names : tuple of str
        Files that the rows of features are of; empty where nobody knows.

    Raises
    ------
    InputError
        If there is no image, a named one is not there, or position must decide and the counts
        differ.
    """
    images = open_images(FeatureSpec(str(source)))
    rows, note = _pair(printable(source.name), images.names, stimuli, names)
    if rows is None and len(images.names) != n_stimuli:
        fix = "name each stimulus's file in stimuli.csv, or name another folder of pictures"
        expected, found = f"{n_stimuli} pictures, one a stimulus", f"{len(images.names)}"
        raise InputError(printable(source.name), expected, found, fix)
    wanted = list(range(n_stimuli)) if rows is None else rows.tolist()
    loaded = (np.asarray(images.load([row])[0]) for row in wanted)
    small = shrink_pictures(loaded, len(wanted), ignore_stages)
    return Pictures(small, tuple(images.names[row] for row in wanted), note)


def list_pictures(source: Path) -> tuple[Path, ...]:
    """Return the files that :func:`read_pictures` may open."""
    if not source.is_dir():
        return (source,)
    return tuple(sorted(path for path in source.iterdir() if path.suffix.lower() in FORMATS))


def record_pictures(source: Path) -> InputRecord:
    """Return the content hash of all pictures as one input."""
    paths = list_pictures(source)
    digests = "".join(hash_file(path) for path in paths).encode()
    name = f"{printable(source.name)}, {len(paths)} files"
    return InputRecord(name, hashlib.sha256(digests).hexdigest())


def holds_pictures(folder: Path, most: int = 50) -> bool:
    """Tell whether a picture is among the first entries of a folder."""
    entries = (path for _, path in zip(range(most), folder.iterdir(), strict=False))
    return any(path.suffix.lower() in FORMATS for path in entries)


def _pair(
    source: str, known: tuple[str, ...], stimuli: Path | None, names: tuple[str, ...]
) -> tuple[IntArray | None, str]:
    if stimuli is not None:
        return pair_by_names(stimuli, known, source)
    if names:
        rows = find_names(known, names)
        if (rows >= 0).all():
            return rows, f"pictures of {source} paired with the features by file name"
        if (rows >= 0).any():
            missing = [name for name, row in zip(names, rows, strict=True) if row < 0]
            found = f"none for {len(missing)}, the first {printable(missing[0])!r}"
            fix = "name the folder that the features were extracted from"
            raise InputError(source, "a picture of each row of features", found, fix)
    return None, f"pictures of {source} ({describe_order(known)}) paired by position"
