"""The layouts of data that can be brought in, and what is asked of any of them.

A ``source`` is what a job or a page holds, in plain values: ``kind``; ``folder``, absolute;
``allowed_root``; ``choices`` of the layout's request. The same values give the preview and the
import, so that what was shown is what is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from jne_engine.core.checks import check_choice
from jne_engine.datasets.dataset import EncodingDataset
from jne_engine.datasets.preview import Preview
from jne_engine.datasets.source import DatasetSource, Found, LinkedSource

LAYOUTS: Final = (
    "nsd",
    "described",
    "algonauts",
    "scripts",
    "laion",
    "things",
    "bold5000",
    "mosaic",
    "glmsingle",
    "bids",
    "single_trials",
    "arrays",
)
"""Folders beside this file; of the layouts that recognise a folder the first takes it."""

_IMAGES: Final = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}
_MAX_LOOKED_AT: Final = 3000
"""Entries of a folder that are looked at to tell whether it holds images."""


@cache
def list_layouts() -> tuple[DatasetSource, ...]:
    """Return every layout."""
    return tuple(import_module(f"jne_engine.datasets.{name}.source").SOURCE for name in LAYOUTS)


def find_layout(kind: str) -> DatasetSource:
    """Return the layout of a kind.

    Raises
    ------
    InputError
        If there is none.
    """
    layouts = {layout.kind: layout for layout in list_layouts()}
    check_choice("kind of data", kind, tuple(layouts))
    return layouts[kind]


def list_linked() -> tuple[LinkedSource, ...]:
    """Return the layouts whose files stay where they are."""
    return tuple(layout for layout in list_layouts() if isinstance(layout, LinkedSource))


def find_linked(kind: str) -> LinkedSource:
    """Return a layout whose files stay where they are."""
    linked = {entry.kind: entry for entry in list_linked()}
    check_choice("kind of data that stay where they are", kind, tuple(linked))
    return linked[kind]


def recognise(folder: Path) -> Found:
    """Tell what a folder is; its files are not opened.

    Parameters
    ----------
    folder : pathlib.Path
        A folder that may be listed.
    """
    looks = (layout.recognise(folder) for layout in list_layouts())
    return next((found for found in looks if found), None) or _find_images(folder)


def is_volume(space: str) -> bool:
    """Tell whether a space of some layout holds voxels rather than vertices."""
    return any(space in layout.volumes for layout in list_layouts())


def make_request(source: Mapping[str, Any]) -> Any:
    """Return the layout's request."""
    return find_layout(source["kind"]).request(Path(source["folder"]), source["choices"])


def preview_source(source: Mapping[str, Any], *, measure: bool = True) -> Preview:
    """Tell what an import would do.

    Parameters
    ----------
    source : mapping
    measure : bool
        Read a few blocks to estimate the time.

    Raises
    ------
    InputError
        If the import could not begin.
    """
    layout, root = find_layout(source["kind"]), Path(source["allowed_root"])
    return layout.preview(make_request(source), measure=measure, allowed_root=root)


def read_source(source: Mapping[str, Any]) -> EncodingDataset:
    """Read files that stay where they are; nothing outside ``allowed_root`` is opened."""
    layout, root = find_linked(source["kind"]), Path(source["allowed_root"])
    return layout.read(make_request(source), allowed_root=root)


def _find_images(folder: Path) -> Found:
    paths = (path for _, path in zip(range(_MAX_LOOKED_AT), folder.iterdir(), strict=False))
    images = sum(path.suffix.lower() in _IMAGES for path in paths)
    return Found("images", "Images", f"{images:,} image files") if images else Found("")
