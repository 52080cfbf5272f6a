"""Writing the ``dataset.toml`` of plain arrays and of the authors' files, once they were read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from jne_engine.datasets.arrays.files import ArrayFiles, read_arrays_dataset
from jne_engine.datasets.description import DESCRIPTION_NAME
from jne_engine.datasets.folder import check_free, write_description
from jne_engine.datasets.scripts.files import ScriptFiles, read_scripts_dataset


def describe_arrays(files: ArrayFiles, out: Path) -> Path:
    """Read plain arrays to check them, then write the description that names them.

    Parameters
    ----------
    files : ArrayFiles
        The files, and the choices that they leave open.
    out : pathlib.Path
        Folder for the description; it may be that of the arrays.

    Returns
    -------
    pathlib.Path
        The description. Paths in it are relative to it.

    Raises
    ------
    InputError
        If the arrays cannot be read or do not fit, or there is a description already.
    """
    check_free(out / DESCRIPTION_NAME)
    read_arrays_dataset(files)
    return _write("arrays", files, out)


def describe_scripts(files: ScriptFiles, out: Path) -> Path:
    """Read the authors' files to check them, then write the description that names them.

    Raises
    ------
    InputError
        If the files cannot be read or do not fit, or there is a description already.
    """
    check_free(out / DESCRIPTION_NAME)
    read_scripts_dataset(files)
    return _write("scripts", files, out)


def _write(kind: str, files: Any, out: Path) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    values: dict[str, Any] = {"kind": kind}
    for field in fields(files):
        value = getattr(files, field.name)
        if value is not None and (field.default is MISSING or value != field.default):
            values[field.name] = _relative(value, out)
    write_description(out / DESCRIPTION_NAME, values)
    return out / DESCRIPTION_NAME


def _relative(value: Any, out: Path) -> Any:
    """Return paths relative to the description; other values as they are."""
    if isinstance(value, Path):
        return os.path.relpath(value.resolve(), out.resolve())
    if isinstance(value, Mapping):
        return {key: _relative(entry, out) for key, entry in value.items()}
    return list(value) if isinstance(value, tuple) else value
