"""The datasets that lie below a folder of runs: what each is, its features, its self-check.

``<runs>/data/NAME/`` is an imported folder, or names data that stay where they are. Its
``entry.json``, written last, says what it holds; ``features-MODEL.json`` names a whole file of
features. Pages read nothing else of a dataset.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from jne_engine.core.disk import write_atomically
from jne_engine.core.errors import InputError
from jne_engine.formats.guard import read_text, reading

FOLDER: Final = "data"
ENTRY: Final = "entry.json"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_FIX: Final = "import the data again under another name"


class FeatureEntry(msgspec.Struct, frozen=True):
    """A whole file of features beside an imported dataset.

    Parameters
    ----------
    model, file : str
        What computed them; name of the file in the dataset's folder.
    n_images, n_states, n_features : int
        Shape; states are what people call layers.
    """

    model: str
    file: str
    n_images: int
    n_states: int
    n_features: int


class CheckEntry(msgspec.Struct, frozen=True):
    """One answer of the self-check; ``ok`` is None where it cannot be told."""

    name: str
    ok: bool | None
    text: str


class DatasetEntry(msgspec.Struct, frozen=True):
    """What a dataset is.

    Parameters
    ----------
    name, kind, subject, space : str
        Name of its folder; importer; whose brain; where the columns lie.
    n_images, n_train, n_test, n_voxels : int
        Sizes.
    path : str
        What a run reads: a description or a folder.
    allowed_root : str, optional
        Folder outside of which a run may open nothing; None for an imported dataset.
    images : str, optional
        Where the images lie that features can be extracted from.
    n_features, layer : int, optional
        Of features that the dataset brings itself; None where they are extracted.
    n_layers : int
        How many layers those hold.
    feature_set : str
        Which those are.
    checks : tuple of CheckEntry
        The last self-check.
    notes : tuple of str
        Decisions of the import.
    features : tuple of FeatureEntry
        Extracted features; filled by :func:`read_entry`.
    """

    name: str
    kind: str
    subject: str
    space: str
    n_images: int
    n_train: int
    n_test: int
    n_voxels: int
    path: str
    allowed_root: str | None = None
    images: str | None = None
    n_features: int | None = None
    layer: int | None = None
    n_layers: int = 1
    feature_set: str = ""
    checks: tuple[CheckEntry, ...] = ()
    notes: tuple[str, ...] = ()
    features: tuple[FeatureEntry, ...] = ()


def dataset_folder(root: Path, name: str) -> Path:
    """Return the folder of a dataset's name, which need not be there yet.

    Raises
    ------
    InputError
        If the name is not one for a folder.
    """
    if _NAME.fullmatch(name) is None:
        fix = "use letters, digits, dots, hyphens; begin with a letter or digit"
        raise InputError("dataset name", "a name for a folder", repr(name[:40]), fix)
    return root / FOLDER / name


def write_entry(folder: Path, entry: DatasetEntry) -> None:
    """Write what a dataset is into its folder, all at once."""
    _write(folder / ENTRY, msgspec.structs.replace(entry, features=()))


def write_features(folder: Path, features: FeatureEntry) -> None:
    """Note a whole file of features in a dataset's folder."""
    _write(folder / f"{Path(features.file).stem}.json", features)


def read_entry(folder: Path) -> DatasetEntry:
    """Read what a dataset is, with the features that lie beside it.

    Raises
    ------
    InputError
        If the folder has no whole entry.
    """
    entry: DatasetEntry = _read(folder / ENTRY, DatasetEntry)
    found = (_read(path, FeatureEntry) for path in sorted(folder.glob("features-*.json")))
    whole = tuple(f for f in found if (folder / f.file).is_file())
    return msgspec.structs.replace(entry, features=whole)


def list_datasets(root: Path) -> tuple[tuple[DatasetEntry, ...], tuple[str, ...]]:
    """Return the datasets of a folder of runs by name, and one line on each broken one."""
    entries, problems = [], []
    for path in sorted((root / FOLDER).glob(f"*/{ENTRY}")):
        try:
            entries.append(read_entry(path.parent))
        except InputError as error:
            problems.append(str(error))
    return tuple(entries), tuple(problems)


def _write(path: Path, value: msgspec.Struct) -> None:
    write_atomically(path, msgspec.json.format(msgspec.json.encode(value), indent=1))


def _read(path: Path, kind: type[Any]) -> Any:
    text = read_text(path)
    errors = (msgspec.MsgspecError,)
    with reading(path, expected="a record of a dataset", fix=_FIX, also=errors):
        return msgspec.json.decode(text, type=kind)


def suggest_name(root: Path, parts: Mapping[str, str] | tuple[str, ...]) -> str:
    """Return a free name made of some words."""
    words = parts.values() if isinstance(parts, Mapping) else parts
    stem = re.sub(r"[^A-Za-z0-9.]+", "-", "-".join(w for w in words if w)).strip("-.") or "data"
    names = [stem[:70], *(f"{stem[:70]}-{i}" for i in range(2, 1000))]
    return next(name for name in names if not (root / FOLDER / name).exists())
