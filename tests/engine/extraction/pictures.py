"""Random pictures on disk and tiny models with random weights, as users have them."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from PIL import Image

SIDE = 20
"""Width and height of random pictures unless another is asked for."""


def random_pixels(n: int, *, height: int = SIDE, width: int = SIDE, seed: int = 0) -> np.ndarray:
    shape = (n, height, width, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def write_folder(folder: Path, names: list[str], *, seed: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, pixels in zip(names, random_pixels(len(names), seed=seed), strict=True):
        Image.fromarray(pixels).save(folder / name)
    return folder


def write_brick(path: Path, pixels: np.ndarray, **options: object) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("imgBrick", data=pixels, **options)
    return path


def read_features(path: Path) -> np.ndarray:
    with h5py.File(path, "r") as file:
        return file["features"][:]
