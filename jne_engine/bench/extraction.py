"""Feature extraction against the bare forward passes of the same model."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import torch
from PIL import Image

from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.sizes import Sizes
from jne_engine.bench.timing import Work, compare
from jne_engine.core.devices import find_device
from jne_engine.features.extraction.extract import run_extraction
from jne_engine.features.extraction.images import open_images
from jne_engine.features.extraction.preprocessing import Preprocessing
from jne_engine.features.extraction.spec import FeatureSpec
from jne_engine.features.extraction.transformer import TransformerExtractor

ARCHITECTURE: Final[dict[str, Any]] = {"patch_size": 32, "image_size": 224}
"""What differs from the defaults of ``CLIPVisionConfig``, which are CLIP's own: 768 wide, 12
blocks."""
BATCHES_A_ROUND: Final = 4
IMAGE_PIXELS: Final = 425
"""Width and height of NSD's images."""


def measure_extraction(name: str, sizes: Sizes, goal: Goal) -> Row:
    """Time extraction from an HDF5 file of images against forward passes on ready tensors."""
    extractor = build_extractor()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        n_images = extractor.batch_size * BATCHES_A_ROUND
        _write_images(folder / "images.h5", n_images)
        value = compare(
            _bare_forward(extractor), _extraction(extractor, folder), rounds=sizes.rounds
        )
    how = (
        f"bare forward ÷ extraction with reading, resizing, {extractor.n_states} states and "
        f"writing, {n_images} images of {IMAGE_PIXELS}² from HDF5, batches of "
        f"{extractor.batch_size}, random CLIP {ARCHITECTURE}, {extractor.device.type}"
    )
    return Row(name, value, goal, how)


def build_extractor() -> TransformerExtractor:
    """Build a CLIP vision model with random weights and its usual preprocessing."""
    from transformers import CLIPVisionConfig, CLIPVisionModel

    config = CLIPVisionConfig(**ARCHITECTURE)
    device = find_device()
    size = int(ARCHITECTURE["image_size"])
    bicubic = Image.Resampling.BICUBIC
    preprocessing = Preprocessing(
        size, None, bicubic, (size, size), scale=1 / 255, mean=(0.5,) * 3, std=(0.25,) * 3
    )
    model: Any = CLIPVisionModel(config)
    return TransformerExtractor(model.eval().to(device), preprocessing, device, {"model": "random"})


def _bare_forward(extractor: TransformerExtractor) -> Work:
    height, width = extractor.preprocessing.shape
    pixels = torch.randn(extractor.batch_size, 3, height, width, device=extractor.device)

    @torch.inference_mode()
    def forward() -> None:
        for _ in range(BATCHES_A_ROUND):
            extractor.model(pixel_values=pixels)
        if extractor.device.type == "cuda":
            torch.cuda.synchronize()

    return forward


def _extraction(extractor: TransformerExtractor, folder: Path) -> Work:
    images = open_images(FeatureSpec(str(folder / "images.h5")))
    out = folder / "features.h5"

    def extract() -> None:
        out.unlink(missing_ok=True)
        run_extraction(images, extractor, out)

    return extract


def _write_images(path: Path, n_images: int) -> None:
    shape = (n_images, IMAGE_PIXELS, IMAGE_PIXELS, 3)
    with h5py.File(path, "w") as file:
        file["imgBrick"] = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
