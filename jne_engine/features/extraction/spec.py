"""What to extract: plain values that a job table can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

from jne_engine.core.checks import check_choice, check_positive
from jne_engine.core.devices import DEVICES, Device
from jne_engine.core.errors import InputError

GABOR: Final = "gabor"
MODELS: Final[Mapping[str, str]] = {
    "clip-vit-b32": "openai/clip-vit-base-patch32",
    "clip-vit-b16": "openai/clip-vit-base-patch16",
    "vit-b16": "google/vit-base-patch16-224",
}
"""Short names of models and their repositories on the hub."""


@dataclass(frozen=True)
class FeatureSpec:
    """Every choice of an extraction; all are plain values.

    Parameters
    ----------
    source : str
        A folder of images, Algonauts' ``training_images`` or ``test_images``, or an HDF5 file.
    model : str
        One of :data:`MODELS`, ``"gabor"``, or a folder that transformers' ``save_pretrained``
        wrote: ``config.json``, ``preprocessor_config.json``, ``model.safetensors``.
    key : str
        Dataset of an HDF5 source, (n_images, height, width, 3) uint8.
    ids : str, optional
        A file of zero-based image ids (``.npy``, ``.npz``, ``.h5``), or a list of file names
        (``.txt``, ``.csv``, ``.tsv``), that restricts the images and gives their order; all images
        otherwise.
    batch_size : int, optional
        Images a forward pass; None: 32 on a CPU, 256 on a GPU. It changes no result beyond
        rounding.
    device : {"auto", "cpu", "cuda", "mps"}
    revision : str, optional
        Commit, tag or branch of a model on the hub; its newest commit otherwise. The commit
        that was used is recorded.
    """

    source: str
    model: str = "clip-vit-b32"
    key: str = "imgBrick"
    ids: str | None = None
    batch_size: int | None = None
    device: Device = "auto"
    revision: str | None = None

    def __post_init__(self) -> None:
        """Validate each choice."""
        check_choice("device", self.device, DEVICES)
        if self.batch_size is not None:
            check_positive("batch_size", self.batch_size)
        if self.revision is not None and self.model not in MODELS:
            fix = "drop the revision, or name a model of the hub"
            raise InputError("revision", "none for a local model", repr(self.revision), fix)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the spec of :meth:`to_dict`.

        Raises
        ------
        InputError
            If a name is unknown or the source is missing.
        """
        known = [field.name for field in fields(cls)]
        for name in values:
            check_choice("features", name, known)
        if "source" not in values:
            raise InputError("features", "a source", "none", "name a folder or HDF5 file of images")
        return cls(**values)
