"""COCO's object annotations, as far as an image that was cropped still shows the objects.

References
----------
Lin et al. (2014), Microsoft COCO, arXiv 1405.0312; crop boxes as the NSD data manual has them.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from jne_engine.core.checks import check_positive
from jne_engine.core.errors import InputError
from jne_engine.formats.guard import check_file, printable, reading

MAX_ANNOTATION_BYTES: Final = 2 * 2**30
"""Largest file of annotations; that of train2017 has 470 MB."""

_FIX: Final = "download annotations_trainval2017.zip again"


class CocoImage(msgspec.Struct, frozen=True):
    """Size of an image in pixels."""

    id: int
    width: int
    height: int


class CocoBox(msgspec.Struct, frozen=True):
    """One annotated object; ``bbox`` is x, y, width and height from the top left, in pixels."""

    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]


class CocoCategory(msgspec.Struct, frozen=True):
    """One of the 80 categories, and which of the 12 supercategories it belongs to."""

    id: int
    name: str
    supercategory: str


class CocoInstances(msgspec.Struct, frozen=True):
    """What is needed of an ``instances_*.json``; its outlines are passed over."""

    images: list[CocoImage]
    annotations: list[CocoBox]
    categories: list[CocoCategory]


@dataclass(frozen=True)
class CropBox:
    """What was cut off an image: fractions of its height and width.

    Parameters
    ----------
    top, bottom, left, right : float
        From 0 to 1.
    """

    top: float
    bottom: float
    left: float
    right: float

    @classmethod
    def parse(cls, text: str, *, file: str) -> CropBox:
        """Read the text of a tuple (top, bottom, left, right).

        Raises
        ------
        InputError
            If it is not four fractions that leave something of the image.
        """
        try:
            numbers = [float(cell) for cell in text.strip().strip("()").split(",")]
            top, bottom, left, right = numbers
        except ValueError as error:
            raise _wrong_crop(file, text) from error
        in_range = all(0 <= number < 1 for number in numbers)
        if not (in_range and top + bottom < 1 and left + right < 1):
            raise _wrong_crop(file, text)
        return cls(top, bottom, left, right)


@dataclass(frozen=True)
class VisibleObject:
    """A category that an image shows, and how much of the cropped image its boxes cover.

    Parameters
    ----------
    category, supercategory : str
        Names.
    share : float
        Area of the boxes inside the crop over the area of the crop, from 0; boxes that overlap
        count twice.
    """

    category: str
    supercategory: str
    share: float


def read_instances(path: str | Path) -> CocoInstances:
    """Read ``instances_train2017.json`` or ``instances_val2017.json``.

    The file is mapped, not loaded; what is kept takes about a third of its size.

    Raises
    ------
    InputError
        If it is no such file.
    """
    path = check_file(path, max_bytes=MAX_ANNOTATION_BYTES)
    expected = "COCO's images, annotations and categories"
    errors = (msgspec.MsgspecError,)
    with (
        reading(path, expected=expected, fix=_FIX, also=errors),
        path.open("rb") as stream,
        mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        return msgspec.json.decode(content, type=CocoInstances)


def find_visible(
    path: Path, instances: CocoInstances, crops: Iterable[tuple[int, CropBox]]
) -> list[list[VisibleObject]]:
    """Find what each cropped image shows.

    Parameters
    ----------
    path : pathlib.Path
        The file, for messages.
    instances : CocoInstances
        Its content.
    crops : iterable of (int, CropBox)
        COCO id of each image and what was cut off it.

    Returns
    -------
    list of list of VisibleObject
        For each image its categories, the one that covers most first; none where no box lies
        inside the crop.

    Raises
    ------
    InputError
        If an image or a category is missing in the file.
    """
    wanted = list(crops)
    sizes = {image.id: image for image in instances.images}
    names = {category.id: category for category in instances.categories}
    boxes: dict[int, list[CocoBox]] = {coco_id: [] for coco_id, _ in wanted}
    for box in instances.annotations:
        if box.image_id in boxes:
            boxes[box.image_id].append(box)
    found = []
    for coco_id, crop in wanted:
        if coco_id not in sizes or any(box.category_id not in names for box in boxes[coco_id]):
            missing = f"no image {coco_id}, or not its categories"
            raise InputError(printable(path.name), "every image of the data set", missing, _FIX)
        found.append(_describe(sizes[coco_id], crop, boxes[coco_id], names))
    return found


def crop_share(image: CocoImage, crop: CropBox, box: CocoBox) -> float:
    """Return the area of a box inside the crop, over the area of the crop; 0 where outside."""
    check_positive("COCO image size", image.width * image.height)
    x, y, width, height = box.bbox
    low_x, high_x = crop.left * image.width, (1 - crop.right) * image.width
    low_y, high_y = crop.top * image.height, (1 - crop.bottom) * image.height
    inside_x = min(x + width, high_x) - max(x, low_x)
    inside_y = min(y + height, high_y) - max(y, low_y)
    if inside_x <= 0 or inside_y <= 0:
        return 0.0
    return inside_x * inside_y / ((high_x - low_x) * (high_y - low_y))


def _describe(
    image: CocoImage, crop: CropBox, boxes: list[CocoBox], names: dict[int, CocoCategory]
) -> list[VisibleObject]:
    shares: dict[int, float] = {}
    for box in boxes:
        share = crop_share(image, crop, box)
        if share > 0:
            shares[box.category_id] = shares.get(box.category_id, 0.0) + share
    ranked = sorted(shares, key=lambda key: (-shares[key], names[key].name))
    return [VisibleObject(names[k].name, names[k].supercategory, shares[k]) for k in ranked]


def _wrong_crop(file: str, text: str) -> InputError:
    expected = "crop boxes (top, bottom, left, right) as fractions"
    return InputError(file, expected, printable(text), "download the data set's own file again")
