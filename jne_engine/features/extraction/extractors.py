"""What turns prepared images into features: a vision model, or a Gabor pyramid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from PIL import Image

from jne_engine.core.arrays import Float32Array, UInt8Array
from jne_engine.features.extraction.spec import GABOR, FeatureSpec
from jne_engine.features.gabor import PIXELS, describe_gabor_features, extract_gabor_features
from jne_engine.features.gabor_layers import PYRAMID


class Extractor(Protocol):
    """Images → (n_images, n_states, n_features), in two steps.

    ``prepare`` runs in reading threads, one image at a time; ``compute`` runs alone.
    """

    @property
    def n_states(self) -> int:
        """Layers that come out."""

    @property
    def n_features(self) -> int:
        """Features of a layer."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """All that the numbers depend on, as plain values."""

    @property
    def batch_size(self) -> int:
        """Images at once that suit the device."""

    @property
    def n_readers(self) -> int:
        """Threads that read ahead."""

    def prepare(self, image: Image.Image) -> UInt8Array:
        """Bring an RGB image to the size that is computed on."""

    def compute(self, images: UInt8Array) -> Float32Array:
        """Return the features of prepared images (n_images, height, width, 3)."""


class GaborExtractor:
    """The Gabor pyramid as the one layer of a model without weights."""

    n_states = 1
    batch_size = 256
    n_readers = 1

    @property
    def n_features(self) -> int:
        """Features of the pyramid."""
        return len(describe_gabor_features())

    @property
    def identity(self) -> Mapping[str, Any]:
        """Name and settings of the pyramid."""
        return {"model": GABOR, "preprocessing": {"pixels": PIXELS}, "pyramid": repr(PYRAMID)}

    def prepare(self, image: Image.Image) -> UInt8Array:
        """Reduce an image to the pyramid's pixels by area."""
        small = image.resize((PIXELS, PIXELS), Image.Resampling.BOX, reducing_gap=1.0)
        return np.asarray(small)

    def compute(self, images: UInt8Array) -> Float32Array:
        """Filter images of the pyramid's size, which it does not resize again."""
        return extract_gabor_features(images)[:, np.newaxis]


def load_extractor(spec: FeatureSpec) -> Extractor:
    """Load what a spec asks for.

    Raises
    ------
    InputError
        If the model is not here, cannot be reached, or is none that is known.
    """
    if spec.model == GABOR:
        return GaborExtractor()
    from jne_engine.core.devices import find_device
    from jne_engine.features.extraction.hub import find_model
    from jne_engine.features.extraction.transformer import load_transformer

    device = find_device(spec.device)
    return load_transformer(find_model(spec.model, spec.revision), device)
