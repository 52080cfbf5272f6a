"""Naming the features that go with an imported folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError
from jne_engine.datasets.dataset import DESCRIPTION_NAME
from jne_engine.datasets.description import read_dataset, read_description_values
from jne_engine.datasets.feature_files import count_states
from jne_engine.datasets.folder import write_description
from jne_engine.datasets.imported import TRIALS_NAME, read_folder_features
from jne_engine.datasets.standardise import STANDARDISATIONS
from jne_engine.formats.guard import check_file, keep_name


def attach_features(
    folder: Path, features: Path, *, layer: int | None = None, standardisation: str | None = None
) -> Path:
    """Write into a dataset's description which features go with it.

    Parameters
    ----------
    folder : pathlib.Path
        An imported folder, or one whose description names plain arrays.
    features : pathlib.Path
        What ``features extract`` wrote; it must have every image of the folder.
    layer : int, optional
        State of the vision transformer; the last by default.
    standardisation : {"within-run", "global", "none"}, optional
        How to z-score; by default as the description says already.

    Returns
    -------
    pathlib.Path
        The description.

    Raises
    ------
    InputError
        If the folder was not imported, or the features lack an image or the layer.
    """
    path = folder / DESCRIPTION_NAME if folder.is_dir() else folder
    folder = path.parent
    values: dict[str, Any] = dict(read_description_values(path))
    if values.get("kind", "arrays") == "arrays":
        if standardisation is not None:
            fix = "choose it for the run: run --standardise"
            raise InputError("standardisation", "an imported folder", "plain arrays", fix)
        layer = read_dataset(path, features=features, layer=layer).layer
        values.pop("features_key", None)
        return _write(path, values, features, layer)
    if values.get("kind") != "imported":
        fix = "name the features in its dataset.toml"
        raise InputError(folder.name, "an imported folder", f"kind {values.get('kind')!r}", fix)
    layer = count_states(check_file(features)) - 1 if layer is None else layer
    read_folder_features(folder, features, layer=layer)
    if standardisation is not None:
        check_choice("standardisation", standardisation, STANDARDISATIONS)
        if standardisation == STANDARDISATIONS[0] and not (folder / TRIALS_NAME).exists():
            fix = "choose global or none"
            raise InputError("standardisation", "trials in runs", "a folder without", fix)
        values["standardisation"] = standardisation
    return _write(path, values, features, layer)


def _write(path: Path, values: dict[str, Any], features: Path, layer: int) -> Path:
    """Write the description again, with these features."""
    place = os.path.relpath(keep_name(features), path.parent.resolve())
    write_description(path, {**values, "features": place, "layer": layer})
    return path
