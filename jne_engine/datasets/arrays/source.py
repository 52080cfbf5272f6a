"""Plain arrays of any name as a source of data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Final

from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError
from jne_engine.core.order import natural_key
from jne_engine.cortex.spaces import TIERS
from jne_engine.datasets.arrays.files import ArrayFiles, read_arrays_dataset
from jne_engine.datasets.arrays.pictures import holds_pictures
from jne_engine.datasets.arrays.placed import IMAGE_SUFFIXES
from jne_engine.datasets.atlas import ATLAS_SUFFIXES
from jne_engine.datasets.dataset import EncodingDataset
from jne_engine.datasets.source import Found, LinkedSource, Option
from jne_engine.formats.arrays import ARRAY_SUFFIXES
from jne_engine.formats.guard import printable
from jne_engine.formats.number_tables import NUMBER_TABLE_SUFFIXES

_MAX_LOOKED_AT: Final = 3000
"""Entries of a folder among which arrays are looked for."""
_MAX_FOLDERS: Final = 200
"""Entries among which folders of pictures are looked for."""

_LABELS: Final = {
    "features": r"Features (n\_stimuli, n\_features)",
    "responses": r"Responses (n\_stimuli, n\_voxels)",
    "pictures": "Folder of the stimuli's pictures, optional",
    "stimuli": "Table of stimuli, optional",
    "splits": "Splits, optional",
    "rois": "ROIs, optional",
    "unit": "Unit of the responses, optional",
}
_HELP: Final = {
    "anatomy": "T1w.nii.gz in the volume's millimetres: slices are drawn on it.",
    "layer": "Which layer of a features file that holds several; the last by default.",
    "pictures": "The stimuli's images: shown on pages, and features can be extracted from them.",
    "roi_tiers": "Tiers of ROIs: V1=primary,V4=intermediate,PPA=higher.",
    "split_fractions": "Shares of train, validation and test that are drawn: 0.8,0.1,0.1.",
    "splits": "Rows of train, validation and test: .npz, or a table with a column split.",
    "unit": 'Unit of the responses, for instance "% signal change": results come back in it too.',
    "notes": "What readers of the results ought to know; kept in the run and in its methods.",
}


def _options() -> tuple[Option, ...]:
    def kind(annotation: str) -> type:
        return Path if "Path" in annotation else int if annotation.startswith("int") else str

    return tuple(
        Option(
            f.name,
            kind(str(f.type)),
            _LABELS.get(f.name, ""),
            _HELP.get(f.name, ""),
            required=f.default is MISSING,
            several=f.name in {"roi_tiers", "split_fractions"},
            is_folder=f.name == "pictures",
        )
        for f in sorted(fields(ArrayFiles), key=lambda f: f.name != "features")
    )


class ArraysSource(LinkedSource):
    """Plain arrays; a person says which file is what."""

    kind = "arrays"
    title = "Plain arrays"
    hint = "a folder with several array files, or one beside a folder of pictures"
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
        tables = [name for name in names if name.lower().endswith(NUMBER_TABLE_SUFFIXES)]
        folders = [path.name for path in paths[:_MAX_FOLDERS] if _may_hold_pictures(path)]
        told = [f"{len(arrays)} array files" if len(arrays) > 1 else "".join(arrays)]
        told += [f"images {', '.join(images[:4])}" * bool(images)]
        told += [f"pictures in {', '.join(folders[:4])}" * bool(folders)]
        if not (arrays or (folders and images)) or len(arrays + images + folders) < 2:
            return None
        files = (*arrays, *images, *tables)
        return Found(self.kind, self.title, ", ".join(filter(None, told)), (), files, (*folders,))

    def lacks(self, found: Found, chosen: Mapping[str, Any]) -> str:
        """Say what stands in the way of an import."""
        del found
        if chosen.get("responses") is None:
            return "Say which file holds the responses, and which the features."
        if chosen.get("features") is None and chosen.get("pictures") is None:
            return "Say which file holds the features, or which folder the pictures."
        return ""

    def settle(self, folder: Path, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request's choices; the dataset is called as its folder."""
        given = {name: value for name, value in chosen.items() if value != ""}
        return {**super().settle(folder, given), "name": folder.name}

    def request(self, folder: Path, choices: Mapping[str, Any]) -> Any:
        """Return the request; tiers and shares come as texts from the command line."""
        values = dict(choices)
        if isinstance(tiers := values.get("roi_tiers"), Sequence):
            values["roi_tiers"] = dict(map(_split_tier, tiers))
        if (shares := values.get("split_fractions")) is not None:
            values["split_fractions"] = tuple(map(_read_share, shares))
        return super().request(folder, values)

    def read_files(self, request: ArrayFiles) -> EncodingDataset:
        """Read the arrays."""
        return read_arrays_dataset(request)

    def look(self, request: ArrayFiles) -> EncodingDataset:
        """Read the arrays, with Gabor features of the pictures where there are no others yet."""
        return read_arrays_dataset(request, stand_in=True)

    def find_pictures(self, request: ArrayFiles) -> Path | None:
        """Return the folder of the pictures."""
        return request.pictures


def _may_hold_pictures(path: Path) -> bool:
    with suppress(OSError):
        return path.is_dir() and holds_pictures(path)
    return False


def _split_tier(text: str) -> tuple[str, str]:
    roi, _, tier = text.partition("=")
    check_choice(f"--roi-tiers {printable(roi)}", printable(tier), TIERS)
    return roi.strip(), tier.strip()


def _read_share(text: str) -> float:
    with suppress(ValueError):
        return float(text)
    fix = "write 0.8,0.1,0.1"
    raise InputError("--split-fractions", "three numbers", printable(repr(text)), fix)


SOURCE: Final = ArraysSource()
