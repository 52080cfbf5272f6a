"""Files of a subject in BIDS derivatives, told apart by the entities in their names.

References
----------
Brain Imaging Data Structure 1.10, derivatives; FitLins 0.11 (``_statmap``); NiBetaSeries 0.6
(``_betaseries``); fMRIPrep 24 (``space-``, ``den-``, ``hemi-``, ``_bold``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jne_engine.core.order import natural_key

SUFFIXES: Final = ("betas", "betaseries", "statmap")
"""What is imported; time series (``_bold``) are not."""

TABLE_SUFFIXES: Final = ("trials", "conditions", "events")
"""Tables that say what each map showed, the most exact first."""

ENDINGS: Final = (
    ".nii.gz", ".nii", ".func.gii", ".shape.gii", ".dscalar.nii", ".dtseries.nii",
)  # fmt: skip
_CIFTI: Final = (".dscalar.nii", ".dtseries.nii")
_OWN: Final = ("sub", "ses", "task", "run", "hemi", "contrast")
"""Entities by which files of one series differ."""

_MOST: Final = 50_000


@dataclass(frozen=True)
class BidsName:
    """A file and what its name says.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    entities : mapping of str to str
        For instance ``{"sub": "01", "space": "T1w"}``.
    suffix, ending : str
        For instance ``"statmap"`` and ``".nii.gz"``.
    """

    path: Path
    entities: Mapping[str, str]
    suffix: str
    ending: str

    @property
    def series(self) -> str:
        """What files of one kind have in common, for instance ``space-T1w_stat-effect_statmap``."""
        shared = [f"{k}-{v}" for k, v in self.entities.items() if k not in _OWN]
        return "_".join([*shared, self.suffix]) + ("" if self.is_volume else self.ending)

    @property
    def is_volume(self) -> bool:
        """Whether it is a NIfTI volume."""
        return self.ending in (".nii.gz", ".nii")

    def get(self, entity: str) -> str:
        """Return an entity's value, empty without."""
        return self.entities.get(entity, "")


def parse_name(path: Path) -> BidsName | None:
    """Return what a file's name says, None where it is not named as BIDS does."""
    stem, dot, ending = path.name.partition(".")
    *pairs, suffix = stem.split("_")
    keys = [pair.partition("-") for pair in pairs]
    if not dot or not suffix or not pairs or not all(k and s and v for k, s, v in keys):
        return None
    return BidsName(path, {k: v for k, _, v in keys}, suffix, f".{ending}")


def list_subjects(root: Path) -> tuple[str, ...]:
    """Return the subjects that have a folder, without ``sub-``."""
    folders = (path.name[4:] for path in root.glob("sub-*") if path.is_dir())
    return tuple(sorted(folders, key=natural_key))


def list_files(root: Path, subject: str) -> tuple[BidsName, ...]:
    """Return a subject's files that are named as BIDS does, in natural order."""
    walk = (root / f"sub-{subject}").rglob("*")
    paths = [path for path, _ in zip(walk, range(_MOST), strict=False) if path.is_file()]
    paths.sort(key=lambda path: natural_key(path.as_posix()))
    named = (parse_name(path) for path in paths)
    return tuple(name for name in named if name is not None)


def list_series(files: tuple[BidsName, ...]) -> dict[str, tuple[BidsName, ...]]:
    """Return the files that may be imported, by series."""
    found: dict[str, list[BidsName]] = {}
    for name in files:
        if name.suffix in SUFFIXES and name.ending in ENDINGS:
            found.setdefault(name.series, []).append(name)
    return {series: tuple(names) for series, names in found.items()}


def count_time_series(files: tuple[BidsName, ...]) -> int:
    """Return how many files are time series, which are left out."""
    return sum(name.suffix == "bold" and name.ending in ENDINGS for name in files)


def pair_hemispheres(names: tuple[BidsName, ...]) -> tuple[tuple[BidsName, ...], ...]:
    """Return the files of each map or series of maps: one, or the left and the right one."""
    parts: dict[tuple[tuple[str, str], ...], list[BidsName]] = {}
    for name in names:
        key = tuple((k, v) for k, v in name.entities.items() if k != "hemi")
        parts.setdefault(key, []).append(name)
    return tuple(tuple(sorted(part, key=lambda n: n.get("hemi"))) for part in parts.values())


def find_tables(root: Path, files: tuple[BidsName, ...], part: BidsName) -> Iterator[BidsName]:
    """Yield the tables that may say what a part's maps showed, the most exact first.

    Parameters
    ----------
    root : pathlib.Path
        The derivatives; the data set they derive from may lie above.
    files : tuple of BidsName
        All files of the subject.
    part : BidsName
        A file of maps.
    """
    raw = (above for above in (root.parent, *root.parents[1:3]) if above != root)
    folders = (above / part.path.relative_to(root).parent for above in raw)
    listed = (parse_name(p) for folder in folders for p in sorted(folder.glob("*_events.tsv")))
    every = (*files, *(name for name in listed if name is not None))
    for suffix in TABLE_SUFFIXES:
        for name in every:
            tells = name.suffix == suffix and name.ending in (".tsv", ".csv")
            if tells and all(name.get(k) in ("", part.get(k)) for k in ("ses", "task", "run")):
                yield name
