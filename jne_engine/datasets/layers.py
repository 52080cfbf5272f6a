"""One layer of a dataset's features: what several runs of one dataset differ by."""

from __future__ import annotations

from pathlib import Path

from jne_engine.core.errors import InputError
from jne_engine.datasets.dataset import DESCRIPTION_NAME, EncodingDataset
from jne_engine.datasets.description import read_dataset, read_description_values
from jne_engine.datasets.imported import ImportedFiles, read_imported_dataset
from jne_engine.formats.guard import printable


def read_dataset_layer(folder: Path, *, features: Path, layer: int) -> EncodingDataset:
    """Read a dataset with one layer of a features file, whichever is attached to it.

    Parameters
    ----------
    folder : pathlib.Path
        An imported folder, or one whose description names plain arrays; or that description.
    features : pathlib.Path
        What ``features extract`` wrote.
    layer : int
        State of the model.

    Raises
    ------
    InputError
        If the folder is another kind of dataset, or the features lack an image or the layer.
    """
    path = folder / DESCRIPTION_NAME if folder.is_dir() else folder
    values = read_description_values(path)
    if values.get("kind", "arrays") == "arrays":
        return read_dataset(path, features=features, layer=layer)
    if values.get("kind") != "imported":
        fix = "run it as its description says"
        found = f"kind {printable(str(values.get('kind')))!r}"
        raise InputError(printable(folder.name), "an imported folder", found, fix)
    named = {k: str(values[k]) for k in ("name", "subject", "standardisation") if k in values}
    return read_imported_dataset(
        ImportedFiles(folder=path.parent, features=features, layer=layer, **named)
    )
