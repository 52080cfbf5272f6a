"""Features of plain arrays: which layer is taken, and which row belongs to which stimulus."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy.typing as npt

from jne_engine.core.errors import InputError
from jne_engine.datasets.arrays.pairing import pair_by_names
from jne_engine.datasets.feature_files import (
    HDF5_SUFFIXES,
    count_states,
    is_extraction,
    read_named_features,
)
from jne_engine.formats.arrays import choose_key, read_raw
from jne_engine.formats.guard import check_file, printable
from jne_engine.formats.hdf5 import list_hdf5_keys, open_hdf5_dataset, read_hdf5

_KEY_OPTION: Final = "--features-key, or features_key in dataset.toml"


class Features(NamedTuple):
    """One layer's features.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_stimuli, n_features)
        With the type that the file gives them.
    layer, n_layers : int
        Which layer of how many in the file.
    names : tuple of str
        File of each row's picture; empty where the file does not say it.
    notes : tuple of str
    model : str
        What computed them.
    """

    values: npt.NDArray[Any]
    layer: int
    n_layers: int = 1
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    model: str = "features"


def read_features(
    path: Path, *, key: str | None, layer: int | None, stimuli: Path | None
) -> Features:
    """Read features in the order of the stimuli, where names tell it.

    Parameters
    ----------
    path : pathlib.Path
        A matrix; or an HDF5 file (n_stimuli, n_layers, n_features), of which only the layer is
        read.
    key : str, optional
        Name of the array inside the file.
    layer : int, optional
        Which layer; by default the last one, which is told.
    stimuli : pathlib.Path, optional
        Table whose names of files decide the order, where the features have names too.

    Raises
    ------
    InputError
        If the file cannot be read or has no such layer.
    """
    n_layers = count_layers(path, key)
    if not n_layers:
        axes = ("n_stimuli", "n_features")
        return Features(read_raw(path, key=key, key_option=_KEY_OPTION, axes=axes), layer or 0)
    chosen = n_layers - 1 if layer is None else layer
    name = printable(path.name)
    if not 0 <= chosen < n_layers:
        expected = f"a layer from 0 to {n_layers - 1}"
        raise InputError(name, expected, f"layer {chosen}", "choose another --layer")
    told = f"{name}: no layer was named, so the last of its {n_layers}, {chosen}, is taken"
    told_if = (told,) if layer is None and n_layers > 1 else ()
    if key is None and is_extraction(path):
        return _read_extraction(path, chosen, n_layers, stimuli, told_if)
    values = read_hdf5(path, _choose_hdf5_key(path, key), at=(1, chosen))
    return Features(values, chosen, n_layers, notes=told_if)


def count_layers(path: Path, key: str | None) -> int:
    """Return how many layers a file of features holds, 0 where it holds a matrix."""
    check_file(path)
    if path.suffix.lower() not in HDF5_SUFFIXES:
        return 0
    if key is None and is_extraction(path):
        return count_states(path)
    with open_hdf5_dataset(path, _choose_hdf5_key(path, key)) as dataset:
        return int(dataset.shape[1]) if dataset.ndim == 3 else 0


def _choose_hdf5_key(path: Path, key: str | None) -> str:
    return choose_key(path, () if key else list_hdf5_keys(path), key, _KEY_OPTION)


def _read_extraction(
    path: Path, layer: int, n_layers: int, stimuli: Path | None, told: tuple[str, ...]
) -> Features:
    found, names = read_named_features(path, layer=layer)
    notes = (*told, *found.notes)
    if stimuli is None or not names:
        return Features(found.values, layer, n_layers, names, notes, found.model)
    rows, how = pair_by_names(stimuli, names, printable(path.name))
    if rows is None:
        return Features(found.values, layer, n_layers, names, (*notes, how), found.model)
    named = tuple(names[row] for row in rows.tolist())
    return Features(found.values[rows], layer, n_layers, named, (*notes, how), found.model)
