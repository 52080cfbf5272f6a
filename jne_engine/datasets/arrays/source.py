"""Plain arrays of any name as a source of data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Final

from jne_engine.core.order import natural_key
from jne_engine.datasets.arrays.files import ArrayFiles, read_arrays_dataset
from jne_engine.datasets.arrays.placed import IMAGE_SUFFIXES
from jne_engine.datasets.atlas import ATLAS_SUFFIXES
from jne_engine.datasets.dataset import EncodingDataset
from jne_engine.datasets.source import Found, LinkedSource, Option
from jne_engine.formats.arrays import ARRAY_SUFFIXES

_MAX_LOOKED_AT: Final = 3000
"""Entries of a folder among which arrays are looked for."""

_LABELS: Final = {
    "features": r"Features (n\_stimuli, n\_features)",
    "responses": r"Responses (n\_stimuli, n\_voxels)",
    "splits": "Splits, optional",
    "rois": "ROIs, optional",
}
_TABLES: Final = {"roi_tiers", "split_fractions"}
"""Fields that only a dataset.toml can give."""


def _options() -> tuple[Option, ...]:
    def kind(annotation: str) -> type:
        return Path if "Path" in annotation else int if annotation == "int" else str

    return tuple(
        Option(f.name, kind(str(f.type)), _LABELS.get(f.name, ""), required=f.default is MISSING)
        for f in fields(ArrayFiles)
        if f.name not in _TABLES
    )


class ArraysSource(LinkedSource):
    """Plain arrays; a person says which file is what."""

    kind = "arrays"
    title = "Plain arrays"
    hint = "a folder with several array files"
    help = "Check plain arrays and write the dataset.toml that names them."
    request_type = ArrayFiles
    folder_field = ""
    options = _options()
    volumes = ("volume",)

    def recognise(self, folder: Path) -> Found | None:
        """Tell whether a folder holds two arrays or more."""
        paths = [path for _, path in zip(range(_MAX_LOOKED_AT), folder.iterdir(), strict=False)]
        names = sorted((p.name for p in paths if not p.is_dir()), key=natural_key)
        arrays = [name for name in names if name.lower().endswith(ARRAY_SUFFIXES)]
        images = [n for n in names if n.lower().endswith((*IMAGE_SUFFIXES, *ATLAS_SUFFIXES))]
        if not arrays or len(arrays) + len(images) < 2:
            return None
        detail = f"{len(arrays)} array files" if len(arrays) > 1 else arrays[0]
        detail += f", images {', '.join(images[:4])}" if images else ""
        return Found(self.kind, self.title, detail, files=(*arrays, *images))

    def lacks(self, found: Found, chosen: Mapping[str, Any]) -> str:
        """Say what stands in the way of an import."""
        del found
        if chosen.get("features") is None or chosen.get("responses") is None:
            return "Say which file holds the features, and which the responses."
        return ""

    def settle(self, folder: Path, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request's choices; the dataset is called as its folder."""
        return {**super().settle(folder, chosen), "name": folder.name}

    def read_files(self, request: ArrayFiles) -> EncodingDataset:
        """Read the arrays."""
        return read_arrays_dataset(request)


SOURCE: Final = ArraysSource()
