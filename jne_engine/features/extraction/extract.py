"""From a spec to a file of features: read ahead, compute, keep each batch, gather."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

from jne_engine.core.checks import check_finite
from jne_engine.core.errors import InputError, StoreError
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.features.extraction.batches import BatchFolder
from jne_engine.features.extraction.extractors import Extractor, load_extractor
from jne_engine.features.extraction.feature_file import FeatureFile
from jne_engine.features.extraction.images import ImageSource, open_images
from jne_engine.features.extraction.read_ahead import read_ahead
from jne_engine.features.extraction.spec import FeatureSpec
from jne_engine.formats.guard import printable, readable_size

SUFFIXES: Final = (".h5", ".hdf5")
SPARE_BYTES: Final = 64 * 2**20
"""Room that is left on the disk beside the features."""


def extract_features(
    spec: FeatureSpec, out: str | Path, progress: Progress = ignore_progress
) -> Path:
    """Compute features of all images of a source, or of those that are not done yet.

    Parameters
    ----------
    spec : FeatureSpec
        Which images, which model.
    out : str or pathlib.Path
        ``.h5`` file to write. Beside it, ``NAME.h5.partial`` keeps finished batches until all
        are there; the same call goes on from them.
    progress : callable, optional
        Called as ``progress(images done, n_images)``, those of earlier calls included.

    Returns
    -------
    pathlib.Path
        The file: ``features`` (n_images, n_states, n_features) float32, ``image_ids`` (zero-based
        73k ids of NSD and Algonauts, else row numbers), ``names``; attributes name the model,
        its weights' SHA-256, its preprocessing, and ``complete``.

    Raises
    ------
    InputError
        If images or model cannot be read, or the model cannot be reached.
    StoreError
        If the disk is full, or the file or its batches are of another extraction.
    """
    path = Path(out)
    if path.suffix.lower() not in SUFFIXES:
        found = printable(path.suffix) or "no ending"
        raise InputError(printable(path.name), "a name that ends in .h5", found, "rename it")
    images = open_images(spec)
    extractor = load_extractor(spec)
    return run_extraction(images, extractor, path, batch_size=spec.batch_size, progress=progress)


def run_extraction(
    images: ImageSource,
    extractor: Extractor,
    path: Path,
    *,
    batch_size: int | None = None,
    progress: Progress = ignore_progress,
) -> Path:
    """Compute, keep and gather the features of opened images by a loaded model.

    Parameters
    ----------
    images : ImageSource
    extractor : Extractor
    path : pathlib.Path
        File to write.
    batch_size : int, optional
        Images at once; the extractor's own choice by default.
    progress : callable, optional

    Returns
    -------
    pathlib.Path
        ``path``.
    """
    shape = (len(images.image_ids), extractor.n_states, extractor.n_features)
    plan = describe_plan(images, extractor)
    batches = BatchFolder(path.with_name(f"{path.name}.partial"), shape)
    file = FeatureFile(path, plan)
    if file.is_finished() and not batches.path.exists():
        return path
    batches.path.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(batches.path / "lock", timeout=0):
            if not file.is_finished():
                batches.prepare(plan)
                _check_room(batches)
                _compute(images, extractor, batches, batch_size or extractor.batch_size, progress)
                file.write(batches, images)
            batches.remove()
    except Timeout as error:
        fix = "wait for it, or name another file"
        raise StoreError(path.name, "no other extraction into it", "one at work", fix) from error
    progress(shape[0], shape[0])
    return path


def describe_plan(images: ImageSource, extractor: Extractor) -> Mapping[str, Any]:
    """Return all that the numbers depend on: the images, the model, its preprocessing."""
    return {
        **extractor.identity,
        "source": printable(images.name),
        "source_fingerprint": images.fingerprint,
        "image_ids_sha256": hashlib.sha256(images.image_ids.tobytes()).hexdigest(),
        "n_images": len(images.image_ids),
    }


def _compute(
    images: ImageSource,
    extractor: Extractor,
    batches: BatchFolder,
    batch_size: int,
    progress: Progress,
) -> None:
    """Compute the missing batches; each is written while the next is computed."""
    n_images = batches.shape[0]
    missing = list(batches.find_missing(batch_size))
    done = n_images - sum(map(len, missing))
    progress(done, n_images)
    pending: list[tuple[range, Future[None]]] = []
    with (
        ThreadPoolExecutor(1, thread_name_prefix="batches") as writer,
        closing(read_ahead(images, extractor, missing)) as prepared,
    ):
        for rows, pixels in prepared:
            features = extractor.compute(pixels)
            _check_features(images, rows, features)
            done += _settle(pending)
            progress(done, n_images)
            pending.append((rows, writer.submit(batches.write, rows, features)))
        _settle(pending)


def _settle(pending: list[tuple[range, Future[None]]]) -> int:
    """Wait for the batch that is being written and return its number of images."""
    written = 0
    while pending:
        rows, future = pending.pop()
        future.result()
        written += len(rows)
    return written


def _check_features(images: ImageSource, rows: range, features: npt.NDArray[np.float32]) -> None:
    """Require finite features; anything else means broken weights."""
    what = f"features of {images.names[rows.start]} to {images.names[rows.stop - 1]}"
    check_finite(what, features, fix="check the model's weights")


def _check_room(batches: BatchFolder) -> None:
    n_images, n_states, n_features = batches.shape
    row = n_states * n_features * 4
    done = sum(map(len, batches.find()))
    needed = (2 * n_images - done) * row + SPARE_BYTES
    free = shutil.disk_usage(batches.path).free
    if free < needed:
        expected = f"{readable_size(needed)} free for batches and file"
        fix = "free disk space, or name a file on another disk"
        raise StoreError(batches.path.name, expected, readable_size(free), fix)
