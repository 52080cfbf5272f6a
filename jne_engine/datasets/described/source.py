"""A folder with a ``dataset.toml``, or with ``features.*`` and ``responses.*``, as a source."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jne_engine.core.errors import InputError
from jne_engine.core.progress import StageProgress
from jne_engine.datasets.arrays.placed import find_images, list_pair
from jne_engine.datasets.dataset import DESCRIPTION_NAME, EncodingDataset
from jne_engine.datasets.description import read_dataset
from jne_engine.datasets.source import Found, LinkedSource
from jne_engine.formats.arrays import READ_SUFFIXES


@dataclass(frozen=True)
class DescribedFolder:
    """A folder that says itself what it holds."""

    folder: Path


class DescribedSource(LinkedSource):
    """A described folder; it is read as it is, and nothing has to be written."""

    kind = "described"
    title = "Described dataset"
    hint = "a folder with **dataset.toml**, or with **features** and **responses**"
    request_type = DescribedFolder
    is_described = False

    def recognise(self, folder: Path) -> Found | None:
        """Tell whether a folder has a description, or files whose names are one."""
        if (folder / DESCRIPTION_NAME).is_file():
            return Found(self.kind, self.title, DESCRIPTION_NAME)
        stems = {p.stem for p in folder.iterdir() if p.suffix in READ_SUFFIXES and not p.is_dir()}
        if {"features", "responses"} <= stems:
            return Found(self.kind, "Plain arrays", "features and responses side by side")
        images = _images(folder) if "features" in stems else ""
        return Found(self.kind, "Plain arrays", f"features beside {images}") if images else None

    def read_files(self, request: DescribedFolder) -> EncodingDataset:
        """Read the described dataset."""
        return read_dataset(request.folder)

    def read(
        self, request: DescribedFolder, *, allowed_root: Path | None = None
    ) -> EncodingDataset:
        """Read the described dataset; nothing outside ``allowed_root`` is opened."""
        return read_dataset(request.folder, allowed_root=allowed_root)

    def bring(self, request: DescribedFolder, out: Path, *, report: StageProgress) -> Path:
        """Return the folder itself."""
        del out, report
        return request.folder


def _images(folder: Path) -> str:
    """Name the images of a folder's responses; empty where it is not clear which they are."""
    with suppress(InputError):
        pairs = (list_pair(path, None) for path in find_images(folder))
        return " and ".join(path.name for pair in pairs for path in pair)
    return ""


SOURCE: Final = DescribedSource()
