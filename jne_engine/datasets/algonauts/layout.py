"""Where the Algonauts 2023 challenge keeps a subject's files.

The files ``mapping_*.npy`` are pickles and are never read: label names are built in.

References
----------
Gifford et al. (2023), The Algonauts Project 2023 challenge, arXiv 2301.03198.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from jne_engine.core.arrays import IntArray
from jne_engine.core.checks import check_matrix, check_unique
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere
from jne_engine.formats.guard import BROKEN_FILE_ERRORS, check_file, printable, reading
from jne_engine.formats.numpy_files import map_npy, read_npy

N_FSAVERAGE: Final = 163_842
"""Vertices of one hemisphere of fsaverage."""

ROI_CLASSES: Final = (
    "prf-visualrois", "floc-faces", "floc-bodies", "floc-places", "floc-words", "streams",
)  # fmt: skip
"""Collections of labels; their names are those of NSD."""

MAX_PIXELS: Final = 64_000_000
"""Largest picture that is decoded."""

_PREFIX: Final[dict[Hemisphere, str]] = {"left": "lh", "right": "rh"}
_IMAGE: Final = re.compile(r"(train|test)-(\d+)_nsd-?(\d+)\.(png|jpg|jpeg)")
COPY: Final = "unpack the subject's archive again"


@dataclass(frozen=True)
class AlgonautsTree:
    """One subject's folder, for instance ``subj01``.

    Parameters
    ----------
    root : pathlib.Path
        Folder that holds ``training_split`` and ``roi_masks``.

    Raises
    ------
    InputError
        If there is no such folder.
    """

    root: Path

    def __post_init__(self) -> None:
        """Require the training split."""
        if not (self.root / "training_split").is_dir():
            fix = "name the folder of one subject, for instance subj01"
            raise InputError(self.root.name, "a folder training_split", "none", fix)

    @property
    def label(self) -> str:
        """Name of the subject, for instance ``"subj01"``."""
        return self.root.resolve().name

    def responses(self, hemi: Hemisphere, split: str = "training") -> Path:
        """Return the file of a split's responses, (n_images, n_vertices)."""
        name = f"{_PREFIX[hemi]}_{split}_fmri.npy"
        folder = "training_split" if split == "training" else "test_split"
        return self.root / folder / f"{split}_fmri" / name

    def pictures(self, split: str = "training") -> Path:
        """Return the folder of a split's pictures."""
        folder = "training_split" if split == "training" else "test_split"
        return self.root / folder / f"{split}_images"

    def ceiling(self, hemi: Hemisphere) -> Path:
        """Return the file of the noise ceiling, which only some copies have."""
        return self.root / "test_split" / "noise_ceiling" / f"{_PREFIX[hemi]}_noise_ceiling.npy"

    def roi(self, hemi: Hemisphere, name: str, space: str) -> Path:
        """Return a file of ROI labels; ``space`` is ``"challenge"`` or ``"fsaverage"``."""
        return self.root / "roi_masks" / f"{_PREFIX[hemi]}.{name}_{space}_space.npy"


@dataclass(frozen=True)
class Picture:
    """A picture that was shown.

    Parameters
    ----------
    path : pathlib.Path
        Its file.
    image_id : int
        Zero-based 73k id, from the file's name.
    """

    path: Path
    image_id: int


def list_pictures(tree: AlgonautsTree, split: str = "training") -> tuple[Picture, ...]:
    """Return a split's pictures in the order of its responses.

    Raises
    ------
    InputError
        If there are none, or their numbers are not 1, 2, 3, …, or an id repeats.
    """
    folder = tree.pictures(split)
    found: dict[int, Picture] = {}
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        match = _IMAGE.fullmatch(path.name)
        if match is not None:
            number = int(match[2])
            if number in found:
                raise InputError(path.name, "each number once", f"{number} twice", COPY)
            found[number] = Picture(path, int(match[3]))
    if sorted(found) != list(range(1, len(found) + 1)) or not found:
        missing = next((n for n in range(1, len(found) + 2) if n not in found), 1)
        expected = "pictures train-0001_nsd-00013.png and on, numbered from 1 without gaps"
        raise InputError(folder.name, expected, f"no number {missing}", COPY)
    pictures = tuple(found[number] for number in sorted(found))
    check_unique(folder.name, [p.image_id for p in pictures], fix=COPY)
    return pictures


def map_responses(
    tree: AlgonautsTree, split: str = "training"
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Map the responses of both hemispheres, each (n_images, n_vertices).

    Raises
    ------
    InputError
        If a file cannot be read or the hemispheres have other images.
    """
    left, right = (map_npy(tree.responses(hemi, split)) for hemi in HEMISPHERES)
    for hemi, values in (("left", left), ("right", right)):
        check_matrix(f"{hemi} responses", values, ("n_images", "n_vertices"), fix=COPY)
    if len(left) != len(right):
        found = f"{len(left)} and {len(right)} images"
        raise InputError(f"lh_ and rh_{split}_fmri.npy", "the same images", found, COPY)
    return left, right


def read_vertices(tree: AlgonautsTree, hemi: Hemisphere, n_columns: int) -> tuple[IntArray, str]:
    """Return the fsaverage vertex of each column, and how it is known.

    Raises
    ------
    InputError
        If the mask of the challenge's vertices is missing or has another count.
    """
    path = tree.roi(hemi, "all-vertices", "fsaverage")
    if not path.exists() and n_columns == N_FSAVERAGE:
        return np.arange(n_columns, dtype=np.int64), "all vertices of fsaverage"
    mask = _read_labels(path)
    vertices = np.flatnonzero(mask != 0).astype(np.int64)
    if n_columns == mask.size:
        return np.arange(n_columns, dtype=np.int64), "all vertices of fsaverage"
    if not np.isin(mask, (0, 1)).all() or vertices.size != n_columns:
        found = f"{vertices.size} vertices in {path.name}"
        name = tree.responses(hemi).name
        raise InputError(name, f"as many columns as vertices ({n_columns})", found, COPY)
    return vertices, f"challenge vertices by {path.name}"


def read_roi(
    tree: AlgonautsTree, hemi: Hemisphere, name: str, vertices: IntArray
) -> IntArray | None:
    """Read one collection's label of each column, None where the copy has no file of it.

    Raises
    ------
    InputError
        If the file has another size than the columns or than fsaverage.
    """
    challenge, whole = (tree.roi(hemi, name, space) for space in ("challenge", "fsaverage"))
    if challenge.exists():
        labels = _read_labels(challenge)
        if labels.size == vertices.size:
            return labels
    if not whole.exists():
        if not challenge.exists():
            return None
        found = f"{labels.size} labels"
        raise InputError(challenge.name, f"{vertices.size} labels", found, COPY)
    labels = _read_labels(whole)
    if labels.size <= int(vertices.max()):
        raise InputError(whole.name, "a label for every vertex", f"{labels.size}", COPY)
    return labels[vertices]


def read_ceiling(tree: AlgonautsTree, hemi: Hemisphere) -> npt.NDArray[np.float32] | None:
    """Read the noise ceiling of each column as it stands in its file, None where there is none."""
    path = tree.ceiling(hemi)
    return read_npy(path).astype(np.float32) if path.exists() else None


def read_pictures(pictures: tuple[Picture, ...]) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield pictures, (height, width, 3) uint8 RGB, one at a time.

    Raises
    ------
    InputError
        If a picture cannot be decoded or is absurdly large.
    """
    for picture in pictures:
        path = check_file(picture.path)
        errors = (Image.DecompressionBombError, *BROKEN_FILE_ERRORS)
        with (
            reading(path, expected="a PNG or JPEG picture", fix=COPY, also=errors),
            Image.open(path, formats=("PNG", "JPEG")) as image,
        ):
            if image.width * image.height > MAX_PIXELS:
                raise InputError(path.name, "a picture", f"{image.size} pixels", COPY)
            values: npt.NDArray[np.uint8] = np.asarray(image.convert("RGB"), dtype=np.uint8)
        yield values


def _read_labels(path: Path) -> IntArray:
    values = read_npy(path)
    name = printable(path.name)
    check_matrix(name, values, ("n_vertices",), fix=COPY)
    if values.dtype.kind == "f" and (~np.isfinite(values) | (values % 1 != 0)).any():
        raise InputError(name, "whole-number labels", "other values", COPY)
    return values.astype(np.int64)
