"""A vision transformer of the transformers library: the CLS token of every hidden state.

State 0 is what enters the first block, state k what leaves block k; the final layer
normalisation is in none of them.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pickle import UnpicklingError
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from safetensors import SafetensorError
from torch import Tensor, nn

from jne_engine.core.errors import InputError
from jne_engine.features.extraction.hub import ModelFolder
from jne_engine.features.extraction.preprocessing import Preprocessing
from jne_engine.formats.guard import printable, reading

CLASSES: Final[Mapping[str, str]] = {
    "clip": "CLIPVisionModel",
    "clip_vision_model": "CLIPVisionModel",
    "vit": "ViTModel",
    "deit": "DeiTModel",
    "dinov2": "Dinov2Model",
    "dinov2_with_registers": "Dinov2WithRegistersModel",
}
"""Class of each model type whose token 0 is a CLS token."""
UNUSED: Final = ("pooler.", "post_layernorm.", "layernorm.", "embeddings.mask_token")
"""Weights that no hidden state depends on; a file may lack them."""


@dataclass(frozen=True, eq=False)
class TransformerExtractor:
    """A vision transformer with its preprocessing on a device.

    Parameters
    ----------
    model : torch.nn.Module
        Called as ``model(pixel_values=…, output_hidden_states=True)``.
    preprocessing : Preprocessing
    device : torch.device
    source : mapping
        What identifies the weights.
    """

    model: nn.Module
    preprocessing: Preprocessing
    device: torch.device
    source: Mapping[str, str]

    @property
    def n_states(self) -> int:
        """Blocks, and what enters the first."""
        return int(self._config.num_hidden_layers) + 1

    @property
    def n_features(self) -> int:
        """Width of the CLS token."""
        return int(self._config.hidden_size)

    @property
    def batch_size(self) -> int:
        """Images at once: enough to keep the device busy."""
        return 32 if self.device.type == "cpu" else 256

    @property
    def n_readers(self) -> int:
        """Threads that read ahead: few where the model itself needs the processor."""
        cores = os.cpu_count() or 1
        return max(1, cores // 4) if self.device.type == "cpu" else cores

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """Weights, preprocessing and library."""
        return {
            **self.source,
            "token": "CLS (token 0), without the final layer normalisation",
            "preprocessing": self.preprocessing.to_dict(),
            "transformers": metadata.version("transformers"),
        }

    def prepare(self, image: Image.Image) -> npt.NDArray[np.uint8]:
        """Resize and crop an image as the model's image processor does."""
        return self.preprocessing.prepare(image)

    @torch.inference_mode()
    def compute(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return token 0 of every hidden state, (n_images, n_states, n_features)."""
        pixels = self.normalise(torch.from_numpy(images).to(self.device, non_blocking=True))
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            output = self.model(pixel_values=pixels, output_hidden_states=True)
        states = torch.stack([state[:, 0] for state in output.hidden_states], dim=1)
        features: npt.NDArray[np.float32] = states.float().cpu().numpy()
        return features

    def normalise(self, images: Tensor) -> Tensor:
        """Rescale and normalise uint8 (n, height, width, 3) into float32 (n, 3, height, width)."""
        mean, std = (
            torch.tensor(v, dtype=torch.float32, device=images.device)
            for v in (self.preprocessing.mean, self.preprocessing.std)
        )
        pixels = images.to(torch.float32).mul_(self.preprocessing.scale).sub_(mean).div_(std)
        return pixels.permute(0, 3, 1, 2).contiguous()

    @property
    def _config(self) -> Any:
        return self.model.config


def load_transformer(folder: ModelFolder, device: torch.device) -> TransformerExtractor:
    """Load a vision transformer in single precision, weights complete.

    Raises
    ------
    InputError
        If its type is not one of :data:`CLASSES`, its files are broken, weights are missing, or
        its image processor asks for a step that is not known.
    """
    name = printable(folder.name)
    fix = "copy the model's files again"
    try:
        with _quiet(), reading(folder.path, expected="a whole model", fix=fix):
            processor = _load_processor(folder)
            model, missing = _load_model(folder)
    except (SafetensorError, UnpicklingError) as error:
        found = f"{type(error).__name__} ({printable(str(error))})"
        raise InputError(name, f"whole weights in {folder.weights.name}", found, fix) from error
    needed = [key for key in missing if not any(part in key for part in UNUSED)]
    if needed:
        found = f"{len(needed)} missing, the first {printable(needed[0])}"
        fix = "use the weights that belong to config.json"
        raise InputError(name, "all weights of the model", found, fix)
    model.config.tie_last_hidden_states = False
    preprocessing = Preprocessing.from_config(name, processor)
    _check_size(name, model.config, preprocessing)
    model = model.float().eval().to(device)
    return TransformerExtractor(model, preprocessing, device, folder.describe())


def _load_processor(folder: ModelFolder) -> dict[str, Any]:
    import transformers

    library: Any = transformers
    processor = library.AutoImageProcessor.from_pretrained(
        folder.path, local_files_only=True, backend="pil", trust_remote_code=False
    )
    return dict(processor.to_dict())


def _load_model(folder: ModelFolder) -> tuple[Any, list[str]]:
    import transformers

    config = transformers.AutoConfig.from_pretrained(
        folder.path, local_files_only=True, trust_remote_code=False
    )
    if config.model_type not in CLASSES:
        raise InputError(
            printable(folder.name),
            f"a model of type {', '.join(CLASSES)}",
            printable(str(config.model_type)),
            "use a vision transformer with a CLS token",
        )
    model, info = getattr(transformers, CLASSES[config.model_type]).from_pretrained(
        folder.path,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=folder.weights.suffix == ".safetensors",
        output_loading_info=True,
        dtype=torch.float32,
    )
    return model, sorted(info["missing_keys"])


def _check_size(name: str, config: Any, preprocessing: Preprocessing) -> None:
    size = config.image_size
    wanted = tuple(size) if isinstance(size, (list, tuple)) else (size, size)
    fixed = not config.model_type.startswith("dinov2")
    if fixed and preprocessing.shape != wanted:
        found = f"{preprocessing.shape[0]} × {preprocessing.shape[1]}"
        fix = "use the preprocessor_config.json that belongs to config.json"
        raise InputError(name, f"images of {wanted[0]} × {wanted[1]} pixels", found, fix)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's reports and bars to itself for a while; what matters is checked."""
    from transformers.utils import logging as transformers_logging

    library: Any = transformers_logging
    before = library.get_verbosity()
    library.set_verbosity(logging.CRITICAL)
    library.disable_progress_bar()
    try:
        yield
    finally:
        library.set_verbosity(before)
        library.enable_progress_bar()
