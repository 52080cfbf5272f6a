"""An image processor's settings, and what Pillow does with them before the model's device.

Resizing and cropping happen on 8-bit pixels in reading threads; rescaling and normalisation are
left to the model's device, so that a quarter of the bytes travels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from PIL import Image

from jne_engine.core.arrays import UInt8Array
from jne_engine.core.errors import InputError


@dataclass(frozen=True)
class Preprocessing:
    """What happens to an image before a vision model.

    Parameters
    ----------
    shortest_edge : int or None
        Pixels of the shorter side after resizing, the aspect ratio kept.
    size : (int, int) or None
        Height and width after resizing, the aspect ratio lost; instead of ``shortest_edge``.
    resample : int
        Pillow's number of the filter, for instance 3 for bicubic.
    crop : (int, int) or None
        Height and width of the central part that is kept.
    scale : float
        What 8-bit values are multiplied by.
    mean, std : (float, float, float)
        Subtracted from, and then divided by, in each channel.
    """

    shortest_edge: int | None
    size: tuple[int, int] | None
    resample: int
    crop: tuple[int, int] | None
    scale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @classmethod
    def from_config(cls, name: str, config: Mapping[str, Any]) -> Self:
        """Read the settings of a transformers image processor.

        Raises
        ------
        InputError
            If a step is asked for that is not known here; none is left out silently.
        """
        _check_steps(name, config)
        size, crop = config["size"], None
        if config.get("do_center_crop"):
            crop = (int(config["crop_size"]["height"]), int(config["crop_size"]["width"]))
        shortest = size.get("shortest_edge")
        fixed = None if shortest else (int(size["height"]), int(size["width"]))
        if shortest and (crop is None or max(crop) > shortest):
            fix = "set crop_size to at most size in preprocessor_config.json"
            found = f"shortest edge {shortest}, crop {crop}"
            raise InputError(name, "a crop inside the resized image", found, fix)
        return cls(
            shortest_edge=int(shortest) if shortest else None,
            size=fixed,
            resample=int(config["resample"]),
            crop=crop,
            scale=float(config["rescale_factor"]),
            mean=_three(name, config["image_mean"]),
            std=_three(name, config["image_std"]),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of what comes out."""
        shape = self.crop or self.size
        assert shape is not None
        return shape

    def prepare(self, image: Image.Image) -> UInt8Array:
        """Resize and crop an RGB image.

        Returns
        -------
        numpy.ndarray of uint8, shape (height, width, 3)
        """
        height, width = self.size or self._keep_aspect(image)
        filtered = image.resize((width, height), Image.Resampling(self.resample))
        if self.crop is not None:
            top, left = (height - self.crop[0]) // 2, (width - self.crop[1]) // 2
            filtered = filtered.crop((left, top, left + self.crop[1], top + self.crop[0]))
        return np.asarray(filtered)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    def _keep_aspect(self, image: Image.Image) -> tuple[int, int]:
        assert self.shortest_edge is not None
        short, long = sorted((image.width, image.height))
        longer = int(self.shortest_edge * long / short)
        wide = image.width > image.height
        return (self.shortest_edge, longer) if wide else (longer, self.shortest_edge)


def _check_steps(name: str, config: Mapping[str, Any]) -> None:
    for step in ("do_resize", "do_rescale", "do_normalize"):
        if not config.get(step):
            fix = "use a model whose images are resized, rescaled and normalised"
            raise InputError(name, f"{step} true", repr(config.get(step)), fix)
    unknown = [k for k, v in config.items() if k.startswith("do_") and v and k not in _STEPS]
    if unknown:
        raise InputError(name, f"no step but {', '.join(_STEPS)}", unknown[0], "use another model")
    size = {k for k, v in (config.get("size") or {}).items() if v is not None}
    if size not in ({"shortest_edge"}, {"height", "width"}):
        found = ", ".join(sorted(size)) or "no size"
        raise InputError(name, "shortest_edge, or height and width", found, "use another model")


_STEPS = ("do_resize", "do_center_crop", "do_rescale", "do_normalize", "do_convert_rgb")


def _three(name: str, values: Any) -> tuple[float, float, float]:
    numbers = [float(v) for v in values] if isinstance(values, (list, tuple)) else []
    if len(numbers) != 3:
        raise InputError(name, "three means and deviations", repr(values), "use an RGB model")
    return numbers[0], numbers[1], numbers[2]
