"""Ids, categories and small pictures of the images that were shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from jne_engine.core.arrays import IntArray
from jne_engine.core.progress import StageProgress
from jne_engine.datasets.coco import VisibleObject

LABEL_SEPARATOR: Final = "; "
"""Stands between the labels of an image that has several."""

NO_LABEL: Final = "none"
"""Category of an image that shows nothing that is annotated."""

THUMBNAIL_PIXELS: Final = 64


def name_images(ids: IntArray) -> pd.Index:
    """Return the ids as people write them, for instance ``nsd-02950`` (zero-based)."""
    return pd.Index([f"nsd-{i:05d}" for i in ids.tolist()], name="image", dtype=object)


def tabulate_categories(
    ids: IntArray, objects: Sequence[Sequence[VisibleObject]] | None
) -> pd.DataFrame:
    """Return one row an image with three ways of naming what it shows.

    Returns
    -------
    pandas.DataFrame
        ``main supercategory``: the one whose boxes cover most of the image; ``supercategories``
        and ``categories``: all of them, in alphabetical order, joined by
        :data:`LABEL_SEPARATOR`. No columns where nothing is known.
    """
    index = name_images(ids)
    if objects is None:
        return pd.DataFrame(index=index)
    columns = {
        "main supercategory": [_main(seen) for seen in objects],
        "supercategories": [_join({o.supercategory for o in seen}) for seen in objects],
        "categories": [_join({o.category for o in seen}) for seen in objects],
    }
    return pd.DataFrame(columns, index=index, dtype=object)


def shrink_pictures(
    pictures: Iterable[npt.NDArray[np.uint8]], n_images: int, report: StageProgress
) -> npt.NDArray[np.uint8]:
    """Return pictures at 64 × 64 pixels, each pixel the mean of what it covers.

    Returns
    -------
    numpy.ndarray of uint8, shape (n_images, 64, 64, 3)
    """
    size = (THUMBNAIL_PIXELS, THUMBNAIL_PIXELS)
    small = np.empty((n_images, *size, 3), dtype=np.uint8)
    for row, picture in enumerate(pictures):
        image = Image.fromarray(picture)
        small[row] = np.asarray(image.resize(size, Image.Resampling.BOX, reducing_gap=1.0))
        if row % 100 == 0:
            report("pictures", row, n_images)
    report("pictures", n_images, n_images)
    return small


def _main(seen: Sequence[VisibleObject]) -> str:
    shares: dict[str, float] = {}
    for visible in seen:
        shares[visible.supercategory] = shares.get(visible.supercategory, 0.0) + visible.share
    return max(sorted(shares), key=lambda name: shares[name]) if shares else NO_LABEL


def _join(labels: set[str]) -> str:
    return LABEL_SEPARATOR.join(sorted(labels)) or NO_LABEL
