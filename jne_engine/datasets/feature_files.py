"""Features of images in an HDF5 file that names each row's image.

Dataset ``features`` is (n_images, n_states, n_features), dataset ``image_ids`` the zero-based id
of each row; the attribute ``model`` says what computed them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import h5py
import numpy as np

from jne_engine.core.arrays import Float32Array, IntArray
from jne_engine.core.checks import check_finite, check_length, check_unique
from jne_engine.core.errors import InputError
from jne_engine.core.order import describe_order, find_names
from jne_engine.datasets.dataset import InputRecord
from jne_engine.formats.guard import check_file, hash_file, printable
from jne_engine.formats.hdf5 import (
    list_hdf5_keys,
    open_hdf5,
    open_hdf5_dataset,
    read_hdf5,
    read_hdf5_texts,
)

FEATURES_KEY: Final = "features"
IDS_KEY: Final = "image_ids"
NAMES_KEY: Final = "names"
EMBEDDING_KEY: Final = "embedding"
VALID_KEY: Final = "valid"
HDF5_SUFFIXES: Final = (".h5", ".hdf5")
_EXTRACT: Final = "extract the features again: python -m jne_engine features extract"


@dataclass(frozen=True, eq=False)
class FeatureFile:
    """One layer's features of some images.

    Parameters
    ----------
    values : numpy.ndarray of float32, shape (n_images, n_features)
        In the order that was asked for.
    model : str
        What computed them.
    inputs : tuple of InputRecord
        Their file.
    notes : tuple of str
        What a reader of the results ought to know.
    """

    values: Float32Array
    model: str
    inputs: tuple[InputRecord, ...] = ()
    notes: tuple[str, ...] = ()


def read_image_features(
    path: str | Path, ids: IntArray, *, layer: int, names: Sequence[str] = ()
) -> FeatureFile:
    """Read one layer's features of some images, found by their ids, or by their names.

    Only that layer is read from disk.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    ids : numpy.ndarray of int64, shape (n_images,)
        Zero-based id of each image that is wanted, in the order of the result.
    layer : int
        Position on the axis of states.
    names : sequence of str
        File of each image's picture; where they are given, they count and ids do not.

    Raises
    ------
    InputError
        If the file cannot be read, has no ids or names, lacks an image or the layer, or a feature
        is not finite.
    UnsafeFileError
        If it asks for more than its own content.
    """
    path = check_file(path)
    name = printable(path.name)
    if names and _is_embedding(path):
        return _read_embedding(path, names, layer)
    _check_complete(path)
    rows = _find_named(path, names) if names else _find_rows(path, ids)
    _check_layer(name, layer, count_states(path))
    values = np.asarray(read_hdf5(path, FEATURES_KEY, at=(1, layer)), dtype=np.float32)[rows]
    check_finite(name, values, fix=_EXTRACT)
    model = _read_model(path)
    inputs = (InputRecord(name, hash_file(path)),)
    notes = (f"features of {model}, state {layer}, from {name}", *_note_order(path))
    return FeatureFile(values, model, inputs, notes)


def count_states(path: Path) -> int:
    """Return how many layers of features of named or numbered images a file holds.

    Raises
    ------
    InputError
        If the file is no such file.
    """
    name, keys = printable(path.name), list_hdf5_keys(path)
    if set(keys) >= {EMBEDDING_KEY, IDS_KEY}:
        return 1
    if FEATURES_KEY not in keys:
        expected = f"{FEATURES_KEY} and {IDS_KEY}, or {EMBEDDING_KEY} and {IDS_KEY}"
        raise InputError(name, expected, ", ".join(map(printable, keys[:20])) or "none", _EXTRACT)
    with open_hdf5_dataset(path, FEATURES_KEY) as dataset:
        shape = dataset.shape
    if len(shape) != 3 or not shape[1]:
        expected = f"{FEATURES_KEY} (n_images, n_states, n_features)"
        raise InputError(name, expected, f"shape {shape}", _EXTRACT)
    return int(shape[1])


def is_extraction(path: Path) -> bool:
    """Tell whether a file holds features with the ids of their images."""
    if path.suffix.lower() not in HDF5_SUFFIXES:
        return False
    keys = list_hdf5_keys(path)
    return IDS_KEY in keys and (FEATURES_KEY in keys or EMBEDDING_KEY in keys)


def _is_embedding(path: Path) -> bool:
    """Tell whether a file holds embeddings of images that it names, as LAION-fMRI ships them."""
    return {EMBEDDING_KEY, IDS_KEY} <= set(list_hdf5_keys(path))


def read_named_features(path: Path, *, layer: int) -> tuple[FeatureFile, tuple[str, ...]]:
    """Read all features of a file as it stands, with the name of each row's image.

    Returns
    -------
    FeatureFile, tuple of str
        The names are empty where the file has none.

    Raises
    ------
    InputError
        As :func:`read_image_features` does.
    """
    if _is_embedding(path):
        named = read_hdf5_texts(path, IDS_KEY)
        return _read_embedding(path, named, layer), named
    found = read_image_features(path, read_hdf5(path, IDS_KEY), layer=layer)
    names = read_hdf5_texts(path, NAMES_KEY)
    return found, names if len(names) == len(found.values) else ()


def _note_order(path: Path) -> tuple[str, ...]:
    """Say from the names in the file how its rows stand."""
    names = read_hdf5_texts(path, NAMES_KEY)
    return (f"rows of {printable(path.name)}: {describe_order(names)}",) if names else ()


def _find_rows(path: Path, ids: IntArray) -> IntArray:
    name = printable(path.name)
    known = read_hdf5(path, IDS_KEY)
    if known.ndim != 1 or known.dtype.kind not in "iu":
        found = f"{known.dtype} of shape {known.shape}"
        raise InputError(name, f"whole numbers (n_images,) in {IDS_KEY}", found, _EXTRACT)
    with open_hdf5_dataset(path, FEATURES_KEY) as dataset:
        n_rows = dataset.shape[0]
    check_length(f"{name} {IDS_KEY}", known.size, n_rows, unit="ids as features", fix=_EXTRACT)
    check_unique(f"{name} {IDS_KEY}", known.tolist(), fix=_EXTRACT)
    order = np.argsort(known)
    places = np.searchsorted(known, ids, sorter=order).clip(max=known.size - 1)
    rows = order[places]
    missing = ids[known[rows] != ids]
    if missing.size:
        found = f"{missing.size} missing, the first image {int(missing[0])}"
        expected = f"features of all {ids.size} images (zero-based ids)"
        raise InputError(name, expected, found, "extract the features of those images too")
    found_rows: IntArray = rows.astype(np.int64)
    return found_rows


def _find_named(path: Path, names: Sequence[str]) -> IntArray:
    title = printable(path.name)
    known = read_hdf5_texts(path, NAMES_KEY)
    if not known:
        fix = "extract them by name: features extract IMAGES --ids DATASET/stimuli.tsv"
        raise InputError(title, f"file names of images in {NAMES_KEY}", "none", fix)
    rows = find_names(known, names)
    absent = [name for name, row in zip(names, rows, strict=True) if row < 0]
    if absent:
        found = f"{len(absent)} missing or twice, the first {printable(absent[0])}"
        fix = "extract the features of those images too"
        raise InputError(title, f"features of all {len(names)} images, by name", found, fix)
    return rows


def _read_embedding(path: Path, names: Sequence[str], layer: int) -> FeatureFile:
    """Read embeddings (n_images, n_features) whose ids are file names, as LAION-fMRI ships them."""
    title, known = printable(path.name), read_hdf5_texts(path, IDS_KEY)
    values = read_hdf5(path, EMBEDDING_KEY)
    _check_layer(title, layer, 1)
    if values.ndim != 2 or len(values) != len(known):
        expected, found = "(n_images, n_features), a name a row", f"{values.shape}, {len(known)}"
        raise InputError(title, expected, f"{found} names", "choose another file")
    rows = find_names(known, names)
    valid = np.ones(len(known), dtype=np.bool_)
    if VALID_KEY in list_hdf5_keys(path):
        valid = read_hdf5(path, VALID_KEY).astype(np.bool_)
    absent = [n for n, row in zip(names, rows, strict=True) if row < 0 or not valid[row]]
    if absent:
        found = f"{len(absent)} missing or not valid, the first {printable(absent[0])}"
        fix = "choose another file, or extract features"
        raise InputError(title, f"embeddings of all {len(names)} images", found, fix)
    taken = np.asarray(values[rows], dtype=np.float32)
    check_finite(title, taken, fix="choose another file, or extract features")
    model = title.split("desc-")[-1].split("_")[0]
    inputs = (InputRecord(title, hash_file(path)),)
    return FeatureFile(taken, model, inputs, (f"embeddings of {model} from {title}, by name",))


def _check_layer(name: str, layer: int, n_layers: int) -> None:
    """Require one of a file's layers, and name them where it is another."""
    if not 0 <= layer < n_layers:
        layers = f"layers 0 to {n_layers - 1}" if n_layers > 1 else "layer 0 alone"
        fix = "choose one of them with --layer" if n_layers > 1 else "choose --layer 0"
        raise InputError(name, layers, f"layer {layer}", f"{fix}, or another file")


def _check_complete(path: Path) -> None:
    """Refuse a file that says of itself that it is not whole; others' files need not say it."""
    with open_hdf5(path) as file:
        complete = file.attrs.get("complete", True)
    if not np.all(complete):
        name, fix = printable(path.name), "extract into it again, or copy it again"
        raise InputError(name, "complete features", "an extraction that was not finished", fix)


def _read_model(path: Path) -> str:
    with open_hdf5(path) as file:
        places: tuple[h5py.HLObject, ...] = (file, file[FEATURES_KEY])
        found = [place.attrs["model"] for place in places if "model" in place.attrs]
    text = found[0].decode("utf-8", "replace") if found and isinstance(found[0], bytes) else found
    return printable(str(text[0] if isinstance(text, list) and text else text or "features"))
