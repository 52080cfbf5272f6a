"""Results of readers as JSON and ``.npy`` files, to cross from one process to another.

No pickle: what comes back can only be numbers, text and the few types that are listed here.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from jne_engine.readers.guard import read_text, reading
from jne_engine.readers.numpy_files import read_npy
from jne_engine.readers.surface_values import SurfaceValues
from jne_engine.readers.volumes import VolumeValues
from jne_engine.spaces import CorticalLabels, Mesh

RESULT: Final = "result.json"

_TYPES: Final[Mapping[str, Any]] = MappingProxyType(
    {kind.__name__: kind for kind in (SurfaceValues, VolumeValues, CorticalLabels, Mesh)}
)


def write_parcel(folder: Path, value: Any) -> None:
    """Write a reader's result into an empty folder, its description last."""
    (folder / RESULT).write_text(json.dumps(_pack(value, folder)), encoding="utf-8")


def read_parcel(folder: Path, *, max_bytes: int) -> Any:
    """Read what :func:`write_parcel` wrote, as untrusted as any other file.

    Raises
    ------
    InputError
        If it is incomplete, too large, or anything but such a result.
    """
    path = folder / RESULT
    with reading(path, expected="the result of a reader"):
        return _unpack(json.loads(read_text(path)), folder, max_bytes)


def _pack(value: Any, folder: Path) -> Any:
    """Return a description of a value in JSON's words, its arrays in files."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, np.ndarray):
        number = len(list(folder.glob("*.npy")))
        np.save(folder / f"{number}.npy", value, allow_pickle=False)
        return {"array": number}
    if isinstance(value, pd.DataFrame):
        table = {str(name): [str(x) for x in value[name]] for name in value.columns}
        index = [str(x) for x in value.index]
        return {"table": table, "index": index, "name": str(value.index.name)}
    if isinstance(value, Mapping):
        return {"mapping": [[_pack(k, folder), _pack(v, folder)] for k, v in value.items()]}
    kind = type(value).__name__
    if kind in _TYPES:
        names = getattr(value, "_fields", None) or [f.name for f in dataclasses.fields(value)]
        return {"type": kind, "fields": {n: _pack(getattr(value, n), folder) for n in names}}
    if isinstance(value, tuple):
        return {"tuple": [_pack(item, folder) for item in value]}
    raise TypeError(f"no way to write {kind}")


def _unpack(tree: Any, folder: Path, max_bytes: int) -> Any:
    """Return the value that a description stands for."""
    if not isinstance(tree, dict):
        return tree
    if "array" in tree:
        return read_npy(folder / f"{int(tree['array'])}.npy", max_bytes=max_bytes)
    if "table" in tree:
        return pd.DataFrame(
            tree["table"], index=pd.Index(tree["index"], name=tree["name"]), dtype=object
        )
    if "mapping" in tree:
        pairs = ([_unpack(item, folder, max_bytes) for item in pair] for pair in tree["mapping"])
        return MappingProxyType(dict(pairs))
    if "tuple" in tree:
        return tuple(_unpack(item, folder, max_bytes) for item in tree["tuple"])
    fields = {name: _unpack(x, folder, max_bytes) for name, x in tree["fields"].items()}
    return _TYPES[tree["type"]](**fields)
