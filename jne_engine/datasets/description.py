"""A dataset described by a ``dataset.toml``, or by the names of the files in a folder."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import TIERS
from jne_engine.datasets.arrays.features import count_layers
from jne_engine.datasets.arrays.files import ArrayFiles, read_arrays_dataset
from jne_engine.datasets.arrays.pictures import PICTURE_FOLDERS, holds_pictures
from jne_engine.datasets.arrays.placed import find_images
from jne_engine.datasets.dataset import DESCRIPTION_NAME, EncodingDataset
from jne_engine.datasets.imported import ImportedFiles, read_imported_dataset
from jne_engine.datasets.repeats import describe_repeats
from jne_engine.formats.arrays import ARRAY_SUFFIXES, READ_SUFFIXES
from jne_engine.formats.guard import check_inside, find_absent, printable, read_text, reading

DESCRIPTION_EXAMPLE: Final = """\
# dataset.toml: paths are relative to this file
kind = "arrays"                     # or "scripts": the authors' own files
name = "My study"
subject = "S1"

features = "features.npy"           # (n_stimuli, n_features)
responses = "responses.h5"          # (n_stimuli, n_voxels)
responses_key = "betas"             # needed where a file holds several arrays
feature_set = "clip-vit-b32"
layer = 12                          # selects one of an .h5 of layers; the last by default

pictures = "pictures"               # optional: the stimuli's images, a folder or NSD's .hdf5
unit = "% signal change"            # optional: of the responses; results come back in it too
notes = "Pilot of March"            # optional: what readers of the results ought to know
stimuli = "stimuli.csv"             # optional: ids, then one column a way of naming categories
splits = "splits.npz"               # optional: train, validation, test; else drawn with
split_seed = 0                      #   this seed and
split_fractions = [0.8, 0.1, 0.1]   #   these shares

surface = "fsLR32k"                 # optional, together with
vertices = "vertices.npz"           #   left and right: the vertex of each response column
rois = "rois.npz"                   # optional: one mask or list of columns an ROI; or an atlas
noise_ceiling = "noise_ceiling.npy" # optional: fractions of variance
test_repeats = "test_repeats.npy"   # optional: (n_repeats, n_test, n_voxels)

[roi_tiers]                         # optional
V1 = "primary"
V4 = "intermediate"
PPA = "higher"
"""
"""A description of plain arrays with every key."""

VOLUME_EXAMPLE: Final = """\
# dataset.toml of a volume
features = "features.npy"
responses = "responses.npy"         # (n_stimuli, n_voxels)
voxels = "mask.nii.gz"              # the columns: its voxels above 0, x slowest; or an .npz file
surface_folder = "sub-01/surf"      # lh.white, lh.pial, … in the volume's millimetres
anatomy = "T1w.nii.gz"              # optional: what slices are drawn on, in these millimetres
"""
"""A description of plain arrays that lie in a volume."""

SCRIPTS_EXAMPLE: Final = """\
# dataset.toml
kind = "scripts"
folder = "."      # Stan_clip_vit_Sub1.h5, Stan_fmri_Sub1.h5, Sub_info_uniqueFig.npy
subject = 1
layer = 12
seed = 0          # the scripts' own division into train and validation
"""
"""A description of the authors' own files."""

FOLDER_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "features": READ_SUFFIXES,
    "responses": READ_SUFFIXES,
    "stimuli": (".csv", ".tsv"),
    "splits": (".npz", ".csv", ".tsv"),
    "rois": (".npz",),
    "voxels": (".nii.gz", ".nii", ".mgz", ".npz"),
    "noise_ceiling": ARRAY_SUFFIXES,
    "test_repeats": ARRAY_SUFFIXES,
}
"""Files that a folder without description may hold; the first two are needed."""

_SEE: Final = "write it as the example in docs/datasets.md does"


@dataclass(frozen=True)
class _Changes:
    """What is read otherwise than a description says."""

    allowed_root: Path | None = None
    layer: int | None = None
    features: Path | None = None
    stand_in: bool = False


def read_dataset(
    path: str | Path,
    *,
    allowed_root: Path | None = None,
    layer: int | None = None,
    features: Path | None = None,
    stand_in: bool = False,
) -> EncodingDataset:
    """Read a dataset from its description or its folder.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``dataset.toml``, a folder that holds one, or a folder with ``features.*`` and
        ``responses.*`` (see :data:`FOLDER_NAMES`).
    allowed_root : pathlib.Path, optional
        Folder that no file of the dataset may leave, links followed; for datasets that came
        from someone else.
    layer : int, optional
        Feature layer to take instead of the described one, where the features hold several.
    features : pathlib.Path, optional
        Of plain arrays: file of features to take instead of the described one; it may lie
        anywhere.
    stand_in : bool
        Of plain arrays: whether Gabor features of the pictures may stand in where there are none.

    Returns
    -------
    EncodingDataset

    Raises
    ------
    InputError
        If the description has unknown keys or wrong values, or a file cannot be read.
    UnsafeFileError
        If a file lies outside ``allowed_root`` or asks for more than its own content.
    """
    dataset = _read(Path(path), _Changes(allowed_root, layer, features, stand_in))
    told = describe_repeats(dataset.features, dataset.splits)
    if not told:
        return dataset
    notes = (*dataset.provenance.notes, told)
    return replace(dataset, provenance=replace(dataset.provenance, notes=notes))


def read_description_values(path: Path) -> dict[str, Any]:
    """Read the values of a ``dataset.toml`` as they stand there.

    Raises
    ------
    InputError
        If it is no TOML file.
    """
    text = read_text(path, max_bytes=2**20)
    with reading(path, expected="a TOML file", fix=_SEE):
        return tomllib.loads(text)


def _read(path: Path, changes: _Changes) -> EncodingDataset:
    if changes.allowed_root is not None:
        check_inside(path, changes.allowed_root)
    if not path.is_dir():
        return _read_description(path, changes)
    if (path / DESCRIPTION_NAME).exists():
        return _read_description(path / DESCRIPTION_NAME, changes)
    files = ArrayFiles(**_folder_files(path, needs_features=changes.features is None))
    _check_paths({str(p): p for p in files.paths()}, changes.allowed_root)
    return _read_arrays(path, files, changes)


def _read_arrays(path: Path, files: ArrayFiles, changes: _Changes) -> EncodingDataset:
    """Read plain arrays, with other features or another layer where those are asked for."""
    if changes.features is not None:
        files = replace(files, features=changes.features, features_key=None)
    if changes.layer is not None:
        _check_layers(path, files)
        files = replace(files, layer=changes.layer)
    return read_arrays_dataset(files, stand_in=changes.stand_in)


def _read_description(path: Path, changes: _Changes) -> EncodingDataset:
    allowed_root, layer = changes.allowed_root, changes.layer
    name = printable(path.name)
    values = read_description_values(path)
    kind = values.pop("kind", "arrays")
    kinds = _list_kinds()
    check_choice(f"{name} kind", printable(str(kind)), tuple(kinds))
    description, read = kinds[kind]
    values |= {} if layer is None or kind == "arrays" else {"layer": layer}
    choices = _convert_all(name, path.parent, description, values)
    files = description(**choices)
    _check_paths(choices, allowed_root)
    _check_paths({str(p): p for p in files.paths()}, allowed_root)
    return _read_arrays(path, files, changes) if kind == "arrays" else read(files)


def _list_kinds() -> dict[str, tuple[type, Callable[[Any], EncodingDataset]]]:
    """Return what a description may be of: its keys' class, and its reader."""
    from jne_engine.datasets.registry import list_linked  # a layout is described folders

    linked = {layout.kind: layout for layout in list_linked() if layout.is_described}
    kinds = {kind: (linked[kind].request_type, linked[kind].read_files) for kind in sorted(linked)}
    return {**kinds, "imported": (ImportedFiles, read_imported_dataset)}


def _check_layers(path: Path, files: ArrayFiles) -> None:
    """Require features of several layers."""
    if files.features is not None and not count_layers(files.features, files.features_key):
        fix = "leave the layer out, or describe each layer's features in a dataset.toml of its own"
        found = f"one matrix in {printable(files.features.name)}"
        raise InputError(printable(path.name), "features of several layers", found, fix)


def _convert_all(
    name: str, folder: Path, description: type, values: Mapping[str, Any]
) -> dict[str, Any]:
    known: dict[str, Field[Any]] = {f.name: f for f in fields(description)}
    for key in values:
        if key not in known:
            nearest = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
            found = f"the key {printable(key)!r}"
            expected = f"keys among {', '.join(['kind', *known])}"
            raise InputError(name, expected, found, f"did you mean {nearest[0]!r}?")
    required = [f.name for f in known.values() if f.default is MISSING]
    missing = [key for key in required if key not in values]
    if missing:
        raise InputError(name, ", ".join(required), f"no {missing[0]}", f"add {missing[0]} = …")
    hints = get_type_hints(description)
    return {
        key: _convert(f"{name} {key}", folder, key, hints[key], value)
        for key, value in values.items()
    }


def _convert(what: str, folder: Path, key: str, hint: Any, value: Any) -> Any:
    """Turn one value of a TOML file into what its field holds."""
    if key == "splits" and isinstance(value, dict):
        return {split: folder / _text(f"{what}.{split}", path) for split, path in value.items()}
    if key == "split_fractions":
        return _three_numbers(what, value)
    if key == "roi_tiers":
        return _tiers(what, value)
    kinds = get_args(hint) or (hint,)
    if Path in kinds:
        return folder / _text(what, value)
    return _whole_number(what, value) if int in kinds else _text(what, value)


def _text(what: str, value: Any) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise InputError(printable(what), "text", printable(repr(value)), _SEE)
    return value


def _whole_number(what: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(printable(what), "a whole number", printable(repr(value)), _SEE)
    return value


def _three_numbers(what: str, value: Any) -> tuple[float, ...]:
    numbers = value if isinstance(value, list) else []
    if len(numbers) != 3 or not all(type(number) in (int, float) for number in numbers):
        raise InputError(printable(what), "three numbers", printable(repr(value)), _SEE)
    return tuple(float(number) for number in numbers)


def _tiers(what: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        expected = "a table of ROIs and their tiers"
        raise InputError(printable(what), expected, printable(repr(value)), _SEE)
    for roi, tier in value.items():
        check_choice(printable(f"{what}.{roi}"), printable(str(tier)), TIERS)
    return value


def _check_paths(values: Mapping[str, Any], root: Path | None) -> None:
    """Require that every path among the values stays inside a folder, where one is given."""
    if root is None:
        return
    for value in values.values():
        if isinstance(value, Path):
            check_inside(value, root)
        elif isinstance(value, Mapping):
            _check_paths(value, root)


def _folder_files(folder: Path, *, needs_features: bool) -> dict[str, Any]:
    """Return the files of a folder without description, by what they are."""
    found: dict[str, Path] = {}
    for stem, suffixes in FOLDER_NAMES.items():
        here = [folder / f"{stem}{suffix}" for suffix in suffixes]
        here = [path for path in here if find_absent(path) != "not found"]
        if len(here) > 1:
            names = " and ".join(path.name for path in here)
            fix = f"remove one, or name the right one in {DESCRIPTION_NAME}"
            raise InputError(printable(folder.name), f"one file {stem}.*", names, fix)
        if here:
            found[stem] = here[0]
    images = () if "responses" in found else find_images(folder)
    if images:
        found["responses"] = images[0]
    pictures = [folder / name for name in PICTURE_FOLDERS if (folder / name).is_dir()]
    pictures = [path for path in pictures if holds_pictures(path)]
    if len(pictures) > 1:
        names = " and ".join(path.name for path in pictures)
        fix = f"name the right one in {DESCRIPTION_NAME}: pictures = …"
        raise InputError(printable(folder.name), "one folder of pictures", names, fix)
    if pictures:
        found["pictures"] = pictures[0]
    needed = ("features", "responses") if needs_features and not pictures else ("responses",)
    missing = [stem for stem in needed if stem not in found]
    if missing:
        expected = f"{DESCRIPTION_NAME}, or features.* and responses"
        fix = f"add {missing[0]}.npy, or a {DESCRIPTION_NAME} that names the files"
        raise InputError(printable(folder.name), expected, f"no {missing[0]}.*", fix)
    return found
