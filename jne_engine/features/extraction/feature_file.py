"""The finished file: HDF5 that appears at once and whole, under its final name."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np

from jne_engine.core.disk import sync_folder
from jne_engine.core.errors import StoreError
from jne_engine.core.order import describe_order
from jne_engine.features.extraction.batches import BatchFolder
from jne_engine.features.extraction.images import ImageSource

CHUNK_IMAGES: Final = 256
"""Images of one layer that are read together."""


@dataclass(frozen=True)
class FeatureFile:
    """Where features go, and what is said of them.

    Parameters
    ----------
    path : pathlib.Path
    plan : mapping
        All that the numbers depend on.
    """

    path: Path
    plan: Mapping[str, Any]

    def is_finished(self) -> bool:
        """Tell whether the file is there and of the same plan.

        Raises
        ------
        StoreError
            If another file has the name.
        """
        if not self.path.exists():
            return False
        try:
            with h5py.File(self.path, "r") as file:
                before = json.loads(file.attrs.get("plan", "{}"))
                complete = bool(file.attrs.get("complete", False))
        except (OSError, ValueError, TypeError) as error:
            fix = "name another file, or delete this one"
            raise StoreError(self.path.name, "no file, or features", str(error), fix) from error
        if complete and before == json.loads(json.dumps(self.plan)):
            return True
        fix = "name another file, or delete this one"
        raise StoreError(self.path.name, "the same extraction", "other features", fix)

    def write(self, batches: BatchFolder, images: ImageSource) -> None:
        """Gather all batches into the file.

        Raises
        ------
        StoreError
            If the disk is full or not writable.
        """
        temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")
        try:
            with h5py.File(temporary, "w") as file:
                self._fill(file, batches, images)
            with temporary.open("rb") as stream:
                os.fsync(stream.fileno())
            temporary.replace(self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            fix = "free disk space, then run the same command again"
            raise StoreError(self.path.name, "a writable disk", str(error), fix) from error
        finally:
            temporary.unlink(missing_ok=True)

    def _fill(self, file: h5py.File, batches: BatchFolder, images: ImageSource) -> None:
        n_images, _, n_features = batches.shape
        features = file.create_dataset(
            "features",
            shape=batches.shape,
            dtype=np.float32,
            chunks=(min(n_images, CHUNK_IMAGES), 1, n_features),
            fillvalue=np.nan,
        )
        for rows in batches.find():
            features[rows.start : rows.stop] = batches.read(rows)
        file["image_ids"] = images.image_ids
        file.create_dataset("names", data=list(images.names), dtype=h5py.string_dtype())
        for name, value in _describe(self.plan).items():
            file.attrs[name] = value
        file.attrs["layers"] = np.arange(batches.shape[1])
        file.attrs["order"] = describe_order(images.names)
        file.attrs["complete"] = True


def _describe(plan: Mapping[str, Any]) -> dict[str, str]:
    """Return the attributes: texts as they are, nested values as JSON."""
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in plan.items()}
    return {
        **texts,
        "plan": json.dumps(plan, sort_keys=True),
        "standardisation": "none",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "torch": metadata.version("torch"),
    }
