"""NSD's images: which are shared, what they show, how they look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from jne_engine.core.arrays import IntArray
from jne_engine.core.errors import InputError
from jne_engine.datasets.coco import CropBox, VisibleObject, find_visible, read_instances
from jne_engine.datasets.nsd.layout import NsdTree
from jne_engine.datasets.nsd.trials import (
    WHOLE,
    read_design_images,
    read_shared_design,
)
from jne_engine.datasets.tables import read_columns, read_integer_columns
from jne_engine.formats.hdf5 import check_chunks, open_hdf5_dataset

IMAGE_KEY: Final = "imgBrick"
COCO_SPLITS: Final = ("train2017", "val2017")

_WHOLE: Final = "download the data set's own file again"
_TRUE: Final = ("True", "TRUE", "true", "1", "1.0")


@dataclass(frozen=True, eq=False)
class StimulusInfo:
    """The table of all images; row number and ``nsdId`` are the zero-based 73k id.

    Parameters
    ----------
    path : pathlib.Path
        Its file.
    table : pandas.DataFrame
        Columns ``cocoId, cocoSplit, cropBox, shared1000`` as text.
    """

    path: Path
    table: pd.DataFrame

    @property
    def shared(self) -> IntArray:
        """Ids of the shared images, ascending."""
        return np.flatnonzero(self.table["shared1000"].isin(_TRUE)).astype(np.int64)


def read_stimulus_info(tree: NsdTree) -> StimulusInfo:
    """Read ``nsd_stim_info_merged.csv``, and compare it with the design where that is there.

    Raises
    ------
    InputError
        If ``nsdId`` does not count rows from 0, or the subject's first presentation of an image
        is another image's in the design.
    """
    path = tree.stimulus_info
    ids = read_integer_columns(path, ("nsdId",), delimiter=",", fix=WHOLE)["nsdId"]
    if not np.array_equal(ids, np.arange(ids.size)):
        found = f"nsdId from {int(ids.min())}, or out of order"
        raise InputError(path.name, "nsdId that counts rows from 0", found, _WHOLE)
    columns = ("cocoId", "cocoSplit", "cropBox", "shared1000")
    info = StimulusInfo(path, read_columns(path, columns, delimiter=",", fix=WHOLE))
    if tree.design.exists():
        _check_first_presentations(tree, path)
    return info


def read_shared(tree: NsdTree) -> tuple[IntArray, str]:
    """Return the zero-based ids of the shared images, and the name of the file that says so.

    Raises
    ------
    InputError
        If neither the table of images nor the design is there.
    """
    if tree.stimulus_info.exists():
        return read_stimulus_info(tree).shared, tree.stimulus_info.name
    if tree.design.exists():
        return read_shared_design(tree.design), tree.design.name
    names = f"{tree.stimulus_info.name} or {tree.design.name}"
    fix = "download one of them, or test on the images common to some subjects"
    raise InputError("NSD shared images", names, "neither", fix)


def read_objects(
    tree: NsdTree, info: StimulusInfo, ids: IntArray
) -> tuple[list[list[VisibleObject]] | None, tuple[str, ...]]:
    """Find what COCO says that each image shows after its crop.

    Returns
    -------
    list of list of VisibleObject or None
        One entry an id; None where the annotations are not there.
    tuple of str
        Which files of annotations are missing.

    Raises
    ------
    InputError
        If an annotation file cannot be read or lacks an image.
    """
    table = info.table.iloc[ids]
    splits = table["cocoSplit"].to_numpy(dtype=str)
    unknown = sorted(set(splits) - set(COCO_SPLITS))
    if unknown:
        raise InputError(info.path.name, " or ".join(COCO_SPLITS), unknown[0], _WHOLE)
    files = {split: tree.find_annotations(split) for split in sorted(set(splits))}
    missing = [f"instances_{split}.json" for split, path in files.items() if path is None]
    if missing:
        return None, (f"no categories: {', '.join(missing)} not found",)
    found: list[list[VisibleObject]] = [[] for _ in ids]
    for split, path in files.items():
        if path is None:
            continue
        rows = np.flatnonzero(splits == split)
        crops = _read_crops(info.path, table.iloc[rows])
        for row, objects in zip(rows, find_visible(path, read_instances(path), crops), strict=True):
            found[row] = objects
    return found, ()


def read_images(path: Path, ids: IntArray) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield the images of some ids, (height, width, 3) uint8 RGB, one at a time.

    Raises
    ------
    InputError
        If the file holds no such images, or an id lies outside of it.
    """
    with open_hdf5_dataset(path, IMAGE_KEY) as dataset:
        shape: tuple[int, ...] = dataset.shape
        if len(shape) != 4 or shape[3] != 3 or dataset.dtype != np.uint8:
            found = f"{dataset.dtype} of shape {shape}"
            expected = "(n_images, height, width, 3) uint8"
            raise InputError(path.name, expected, found, _WHOLE)
        if int(ids.max()) >= shape[0]:
            found = f"{shape[0]} images"
            raise InputError(path.name, f"image {int(ids.max())}", found, _WHOLE)
        for i in ids.tolist():
            check_chunks(path, dataset, (i, slice(None), slice(None), slice(None)))
            yield np.asarray(dataset[i])


def _read_crops(path: Path, table: pd.DataFrame) -> list[tuple[int, CropBox]]:
    ids = pd.to_numeric(table["cocoId"], errors="coerce")
    if ids.isna().any():
        raise InputError(path.name, "whole numbers in cocoId", "other cells", _WHOLE)
    boxes = (CropBox.parse(text, file=path.name) for text in table["cropBox"])
    return list(zip(ids.astype(int).tolist(), boxes, strict=True))


def _check_first_presentations(tree: NsdTree, path: Path) -> None:
    column = f"subject{tree.subject}_rep0"
    trials = read_integer_columns(path, (column,), delimiter=",", fix=WHOLE)[column]
    images = read_design_images(tree.design, tree.subject)
    seen = np.flatnonzero(trials > 0)
    inside = seen[trials[seen] <= images.size]
    differ = inside[images[trials[inside] - 1] != inside]
    if inside.size < seen.size or differ.size:
        found = f"{differ.size + seen.size - inside.size} images whose {column} is another trial"
        names = f"{path.name} and {tree.design.name}"
        raise InputError(names, "the same image in the same trial", found, _WHOLE)
