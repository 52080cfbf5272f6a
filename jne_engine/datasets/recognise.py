"""What lies in a folder, told from names of files alone, so that a page can ask at every click."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jne_engine.datasets.nsd.layout import BETA_VERSIONS, N_SUBJECTS, SPACES, VOLUME_SPACES

_SCRIPT_FILE: Final = re.compile(r"Stan_fmri_Sub(\d+)\.h5")
_ARRAYS: Final = {".npy", ".npz", ".h5", ".hdf5", ".mat"}
_IMAGES: Final = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}
_MAX_LOOKED_AT: Final = 3000
"""Entries of a folder that are looked at to tell what it is."""


@dataclass(frozen=True)
class Recognised:
    """What a folder is.

    Parameters
    ----------
    kind : {"nsd", "algonauts", "scripts", "described", "arrays", "images", ""}
        Importer that takes it; ``"images"`` can only give features; ``""``: nothing known.
    title : str
        What a person calls it.
    detail : str
        By what it was recognised.
    subjects : tuple of int
        Subjects that are there.
    spaces : mapping of int to mapping of str to tuple of str
        NSD: versions of betas by subject and space.
    files : tuple of str
        Arrays that could be features or responses.
    """

    kind: str
    title: str = ""
    detail: str = ""
    subjects: tuple[int, ...] = ()
    spaces: tuple[tuple[int, str, str], ...] = ()
    files: tuple[str, ...] = ()

    def spaces_of(self, subject: int) -> tuple[str, ...]:
        """Return the spaces in which a subject has betas, volumes first."""
        found = {space for number, space, _ in self.spaces if number == subject}
        return tuple(space for space in SPACES if space in found)

    def betas_of(self, subject: int, space: str) -> tuple[str, ...]:
        """Return the versions of a subject's betas in a space, the best denoised first."""
        found = {b for number, s, b in self.spaces if (number, s) == (subject, space)}
        return tuple(version for version in BETA_VERSIONS if version in found)


def recognise(folder: Path) -> Recognised:
    """Tell what a folder is; its files are not opened.

    Parameters
    ----------
    folder : pathlib.Path
        A folder that may be listed.
    """
    looks: tuple[Callable[[Path], Recognised | None], ...] = (
        _nsd, _described, _algonauts, _scripts, _arrays,
    )  # fmt: skip
    return next((found for look in looks if (found := look(folder))), Recognised(""))


def _nsd(folder: Path) -> Recognised | None:
    betas = folder / "nsddata_betas" / "ppdata"
    if not (folder / "nsddata").is_dir():
        return None
    spaces = tuple(
        (subject, space, version)
        for subject in range(1, N_SUBJECTS + 1)
        for space in SPACES
        for version in BETA_VERSIONS
        if (betas / f"subj{subject:02d}" / space / version).is_dir()
    )
    subjects = tuple(dict.fromkeys(subject for subject, _, _ in spaces))
    count = f"{len(subjects)} subject{'s' * (len(subjects) != 1)} with betas"
    return Recognised("nsd", "Natural Scenes Dataset", count, subjects, spaces)


def _algonauts(folder: Path) -> Recognised | None:
    if not (folder / "training_split" / "training_fmri").is_dir():
        return None
    detail = f"subject folder {folder.name}, with training_split"
    return Recognised("algonauts", "Algonauts 2023 challenge", detail)


def _scripts(folder: Path) -> Recognised | None:
    names = [p.name for place in (folder, folder / "Dataset_fMRI") for p in place.glob("Stan_*.h5")]
    subjects = sorted({int(m[1]) for name in names if (m := _SCRIPT_FILE.fullmatch(name))})
    if not subjects:
        return None
    return Recognised("scripts", "Files of the published scripts", "Stan_fmri_SubN.h5",
                      tuple(subjects))  # fmt: skip


def _described(folder: Path) -> Recognised | None:
    if (folder / "dataset.toml").is_file():
        return Recognised("described", "Described dataset", "dataset.toml")
    stems = {p.stem for p in folder.iterdir() if p.suffix in _ARRAYS and p.is_file()}
    if {"features", "responses"} <= stems:
        return Recognised("described", "Plain arrays", "features and responses side by side")
    return None


def _arrays(folder: Path) -> Recognised | None:
    paths = [p for _, p in zip(range(_MAX_LOOKED_AT), folder.iterdir(), strict=False)]
    files = sorted(p.name for p in paths if p.suffix in _ARRAYS and p.is_file())
    if len(files) > 1:
        return Recognised("arrays", "Plain arrays", f"{len(files)} array files", files=tuple(files))
    images = sum(p.suffix.lower() in _IMAGES for p in paths)
    if images:
        return Recognised("images", "Images", f"{images:,} image files")
    return None


def is_volume(space: str) -> bool:
    """Tell whether a space of NSD holds voxels rather than vertices."""
    return space in VOLUME_SPACES
