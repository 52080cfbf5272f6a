"""Where images come from, in a fixed order, each with an id that datasets can be aligned by."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from PIL import Image

from jne_engine.core.arrays import IntArray
from jne_engine.core.checks import check_indices, check_unique
from jne_engine.core.errors import InputError
from jne_engine.core.order import find_names, natural_key
from jne_engine.features.extraction.decoding import FORMATS, read_image
from jne_engine.features.extraction.spec import FeatureSpec
from jne_engine.formats.arrays import read_indices
from jne_engine.formats.guard import printable, read_text, reading
from jne_engine.formats.hdf5 import open_hdf5_dataset, read_hdf5_rows

HDF5_SUFFIXES: Final = (".h5", ".hdf5", ".hdf")
LIST_SUFFIXES: Final = (".txt", ".csv", ".tsv")
"""A text has one name a line; a table has a header, and the names in its first column."""

_ALGONAUTS: Final = re.compile(r"(train|test)-(\d+)_nsd-?(\d+)")
_SHARED: Final = re.compile(r"shared(\d+)_nsd-?(\d+)")


class ImageSource(Protocol):
    """Images in order."""

    @property
    def name(self) -> str:
        """Name of the folder or file."""

    @property
    def image_ids(self) -> IntArray:
        """Id of each image, counted from 0; shape (n_images,)."""

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each image."""

    @property
    def fingerprint(self) -> str:
        """Digest of names, sizes and dates, which changes when an image does."""

    def load(self, rows: Sequence[int]) -> list[Image.Image]:
        """Decode the images of some rows, as RGB; threads may call it at once."""


@dataclass(frozen=True, eq=False)
class FolderImages:
    """Image files of one folder.

    Parameters
    ----------
    folder : pathlib.Path
    files : tuple of str
        Names in the order of the rows.
    image_ids : numpy.ndarray of int64, shape (n_images,)
        Zero-based 73k ids where the files are named by them, else row numbers.
    """

    folder: Path
    files: tuple[str, ...]
    image_ids: IntArray

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.resolve().name

    @cached_property
    def names(self) -> tuple[str, ...]:
        """File names, printable."""
        return tuple(printable(file) for file in self.files)

    @property
    def fingerprint(self) -> str:
        """Digest of every file's name, size and date."""
        stats = [(file, (self.folder / file).stat()) for file in self.files]
        return _digest([f"{f}\0{s.st_size}\0{s.st_mtime_ns}" for f, s in stats])

    def load(self, rows: Sequence[int]) -> list[Image.Image]:
        """Decode some files.

        Raises
        ------
        InputError
            If a file is not an image of one of :data:`FORMATS`, or not whole.
        """
        return [read_image(self.folder / self.files[row]) for row in rows]


@dataclass(frozen=True, eq=False)
class BrickImages:
    """Images of one HDF5 dataset (n_images, height, width, 3) uint8, as NSD's ``imgBrick``.

    Parameters
    ----------
    path : pathlib.Path
    key : str
    image_ids : numpy.ndarray of int64, shape (n_images,)
        Positions in the dataset, which are the ids.
    """

    path: Path
    key: str
    image_ids: IntArray

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.path.name

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Key and position of each image."""
        return tuple(f"{self.key}/{i}" for i in self.image_ids)

    @property
    def fingerprint(self) -> str:
        """Digest of the file's size and date, the key and the ids."""
        found = self.path.stat()
        ids = hashlib.sha256(self.image_ids.tobytes()).hexdigest()
        return _digest([self.key, str(found.st_size), str(found.st_mtime_ns), ids])

    def load(self, rows: Sequence[int]) -> list[Image.Image]:
        """Read some images; neighbours are read at once.

        Raises
        ------
        InputError
            If the values cannot be read.
        """
        ids = self.image_ids[np.asarray(rows)]
        breaks = np.flatnonzero(np.diff(ids) != 1) + 1
        stretches = np.split(ids, breaks)
        return [
            Image.fromarray(image)
            for ids in stretches
            for image in read_hdf5_rows(self.path, self.key, slice(int(ids[0]), int(ids[-1]) + 1))
        ]


def open_images(spec: FeatureSpec) -> ImageSource:
    """Find the images of a source, and those that the spec's ids choose.

    Parameters
    ----------
    spec : FeatureSpec
        Its ``source``, ``key`` and ``ids`` are used.

    Returns
    -------
    ImageSource
        Files named as in Algonauts (``train-0001_nsd-00013.png``: id 13) follow their number;
        NSD's shared1000 (``shared0001_nsd02951.png``) counts from 1, so that its id becomes
        2950; other files follow their names, numbers counted (1, 2, 10), and are numbered by row;
        where a folder has none itself, those of the folders below it are taken.
        Where ``ids`` is a table or a text file, it lists file names, and they give the order.

    Raises
    ------
    InputError
        If there is no image, names are mixed, or ids repeat or are not there.
    """
    path = Path(spec.source)
    images: FolderImages | BrickImages
    if path.is_dir():
        images = _open_folder(path)
    elif path.suffix.lower() in HDF5_SUFFIXES:
        images = _open_brick(path, spec.key)
    else:
        found = "another file" if path.exists() else f"nothing at {printable(str(path))}"
        fix = "name the folder that holds the images, or nsd_stimuli.hdf5"
        raise InputError(printable(path.name), "a folder or HDF5 file of images", found, fix)
    return images if spec.ids is None else _choose(images, Path(spec.ids))


def _open_folder(folder: Path) -> FolderImages:
    with reading(folder, expected="a readable folder", fix="check its rights"):
        found = [path for path in folder.iterdir() if _is_image(path)]
        found = found or [path for path in folder.rglob("*") if _is_image(path)]
    files = sorted((path.relative_to(folder).as_posix() for path in found), key=natural_key)
    if not files:
        fix = "name the folder that holds the images themselves"
        expected = f"images ({', '.join(FORMATS)})"
        raise InputError(printable(folder.resolve().name), expected, "none", fix)
    for pattern, first in ((_ALGONAUTS, 0), (_SHARED, 1)):
        if any(pattern.fullmatch(Path(file).stem) for file in files):
            return _open_numbered(folder, files, pattern, first)
    return FolderImages(folder, tuple(files), np.arange(len(files), dtype=np.int64))


def _is_image(path: Path) -> bool:
    visible = not path.name.startswith(".")
    return visible and path.suffix.lower() in FORMATS and path.is_file()


def _open_numbered(
    folder: Path, files: Sequence[str], pattern: re.Pattern[str], first: int
) -> FolderImages:
    """Take order and ids from names; ids in the names count from ``first``."""
    found = {}
    for file in files:
        match = pattern.fullmatch(Path(file).stem)
        if match is None:
            fix = "keep these images alone in a folder"
            raise InputError(printable(file), "a name like the others'", "another kind", fix)
        found[file] = match.groups()
    name = printable(folder.resolve().name)
    kinds = {groups[0] for groups in found.values() if len(groups) == 3}
    if len(kinds) > 1:
        fix = "keep training and test images in folders of their own"
        raise InputError(name, "training or test images", "both", fix)
    ordered = sorted(found, key=lambda file: int(found[file][-2]))
    ids = [int(found[file][-1]) - first for file in ordered]
    check_unique(f"{name}, nsd ids", ids, fix="remove the copies")
    if min(ids) < 0:
        fix = "check the file names"
        raise InputError(name, f"nsd ids from {first}", f"{min(ids) + first}", fix)
    return FolderImages(folder, tuple(ordered), np.array(ids, dtype=np.int64))


def _open_brick(path: Path, key: str) -> BrickImages:
    """Check shape and type of an HDF5 dataset of images."""
    with open_hdf5_dataset(path, key) as dataset:
        shape, dtype = dataset.shape, dataset.dtype
    if len(shape) != 4 or shape[3] != 3 or 0 in shape or dtype != np.uint8:
        expected = f"(n_images, height, width, 3) uint8 at {printable(key)!r}"
        raise InputError(printable(path.name), expected, f"{shape} {dtype}", "pass another key")
    return BrickImages(path, key, np.arange(shape[0], dtype=np.int64))


def _choose(images: FolderImages | BrickImages, path: Path) -> FolderImages | BrickImages:
    """Keep the images whose ids or names a file lists, in its order."""
    if path.suffix.lower() in LIST_SUFFIXES:
        return _choose_named(images, path)
    wanted = read_indices(path)
    name = printable(path.name)
    top = int(images.image_ids.max()) + 1
    check_indices(name, wanted, top, fix=f"give zero-based ids of images of {images.name}")
    row_of = {int(image): row for row, image in enumerate(images.image_ids)}
    missing = [int(i) for i in wanted if int(i) not in row_of]
    if missing:
        found = f"{len(missing)} others, the first {missing[0]}"
        raise InputError(name, f"ids of images of {images.name}", found, "give zero-based ids")
    if isinstance(images, BrickImages):
        return BrickImages(images.path, images.key, wanted)
    rows = [row_of[int(i)] for i in wanted]
    return FolderImages(images.folder, tuple(images.files[r] for r in rows), wanted)


def _choose_named(images: FolderImages | BrickImages, path: Path) -> FolderImages:
    """Keep the files that the first column of a list names, with or without their endings."""
    name = printable(path.name)
    if isinstance(images, BrickImages):
        raise InputError(name, "zero-based ids of images", "a list of names", "save ids as .npy")
    lines = read_text(path).splitlines()
    if path.suffix.lower() != ".txt":
        rows = csv.reader(lines, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
        lines = [row[0] for row in list(rows)[1:] if row]
    wanted = [line.strip() for line in lines if line.strip()]
    check_unique(name, wanted, fix="name each image once")
    rows_of = find_names(images.files, wanted)
    missing = [one for one, row in zip(wanted, rows_of, strict=True) if row < 0]
    if missing or not wanted:
        found = f"{len(missing)} others, the first {printable(missing[0])}" if missing else "none"
        fix = "name files of the folder, one a line"
        raise InputError(name, f"names of images of {images.name}", found, fix)
    files = tuple(images.files[row] for row in rows_of)
    return FolderImages(images.folder, files, images.image_ids[rows_of])


def _digest(parts: Sequence[str]) -> str:
    """Return the SHA-256 of a list of texts."""
    return hashlib.sha256("\0\0".join(parts).encode()).hexdigest()
