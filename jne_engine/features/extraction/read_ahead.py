"""Prepared batches, read by threads while the batch before is computed."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import numpy as np

from jne_engine.core.arrays import UInt8Array
from jne_engine.features.extraction.extractors import Extractor
from jne_engine.features.extraction.images import ImageSource

PIECE: Final = 16
"""Images a thread reads at once."""
BATCHES_AHEAD: Final = 2
"""Batches that are being read beside the one that is computed."""


def read_ahead(
    images: ImageSource, extractor: Extractor, batches: Iterable[range]
) -> Generator[tuple[range, UInt8Array]]:
    """Yield each batch of rows with its prepared images, in order.

    Parameters
    ----------
    images : ImageSource
    extractor : Extractor
        Its ``prepare`` and ``n_readers`` are used.
    batches : iterable of range
        Rows of each batch.

    Yields
    ------
    (range, numpy.ndarray of uint8, shape (n_rows, height, width, 3))

    Raises
    ------
    InputError
        If an image cannot be read; batches before it have been yielded.

    Notes
    -----
    No more than :data:`BATCHES_AHEAD` prepared batches wait in memory.
    """
    waiting: deque[tuple[range, list[Future[UInt8Array]]]] = deque()
    pool = ThreadPoolExecutor(extractor.n_readers, thread_name_prefix="images")

    def prepare(rows: range) -> UInt8Array:
        return np.stack([extractor.prepare(image) for image in images.load(rows)])

    def collect() -> tuple[range, UInt8Array]:
        rows, pieces = waiting.popleft()
        return rows, np.concatenate([piece.result() for piece in pieces])

    try:
        for rows in batches:
            pieces = [rows[start : start + PIECE] for start in range(0, len(rows), PIECE)]
            waiting.append((rows, [pool.submit(prepare, piece) for piece in pieces]))
            if len(waiting) > BATCHES_AHEAD:
                yield collect()
        while waiting:
            yield collect()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
