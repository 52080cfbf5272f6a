"""Finished batches on disk, until all are there: each a file of its own, written whole.

A batch is named by its rows, so that another batch size goes on where the last one stopped. A
crash costs the batches in flight; a row that was not computed exists nowhere, as no number.
"""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from jne_engine.core.arrays import Float32Array
from jne_engine.core.disk import write_atomically
from jne_engine.core.errors import StoreError
from jne_engine.formats.guard import printable
from jne_engine.formats.numpy_files import read_npy

_BATCH: Final = re.compile(r"rows-(\d{8})-(\d{8})\.npy")
_PLAN: Final = "plan.json"


@dataclass(frozen=True)
class BatchFolder:
    """Batches of one extraction.

    Parameters
    ----------
    path : pathlib.Path
        Folder beside the file that the batches become.
    shape : (int, int, int)
        n_images, n_states, n_features.
    """

    path: Path
    shape: tuple[int, int, int]

    def prepare(self, plan: Mapping[str, Any]) -> None:
        """Begin the folder, or require that it belongs to the same plan.

        Raises
        ------
        StoreError
            If it holds batches of other images, another model or other settings.
        """
        path = self.path / _PLAN
        text = json.dumps(plan, indent=1, sort_keys=True)
        if not path.exists():
            self.path.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text.encode())
            return
        before = _read_plan(path)
        changed = [k for k in sorted({*before, *plan}) if before.get(k) != json.loads(text).get(k)]
        if changed:
            fix = f"delete the folder {printable(self.path.name)}, or name another file"
            found = f"other {', '.join(map(printable, changed))}"
            raise StoreError(self.path.name, "batches of the same extraction", found, fix)

    def find(self) -> list[range]:
        """Return the rows of each finished batch, ascending and without overlap."""
        matches = (_BATCH.fullmatch(path.name) for path in self.path.iterdir())
        found = sorted((range(int(m[1]), int(m[2])) for m in matches if m), key=lambda r: r.start)
        for first, second in pairwise(found):
            if second.start < first.stop:
                fix = f"delete the folder {printable(self.path.name)}"
                raise StoreError(self.path.name, "batches of different rows", "an overlap", fix)
        return found

    def find_missing(self, batch_size: int) -> Iterator[range]:
        """Yield the rows that are to be computed, at most ``batch_size`` at a time."""
        start = 0
        for rows in [*self.find(), range(self.shape[0], self.shape[0])]:
            for first in range(start, rows.start, batch_size):
                yield range(first, min(first + batch_size, rows.start))
            start = rows.stop

    def write(self, rows: range, features: Float32Array) -> None:
        """Write one batch; it is either there as a whole or not at all."""
        content = io.BytesIO()
        np.save(content, features, allow_pickle=False)
        write_atomically(self._file(rows), content.getvalue())

    def read(self, rows: range) -> Float32Array:
        """Read one finished batch.

        Raises
        ------
        InputError
            If the file was altered.
        StoreError
            If it holds another number of images.
        """
        values = read_npy(self._file(rows))
        if values.shape != (len(rows), *self.shape[1:]) or values.dtype != np.float32:
            found = f"{values.dtype} {values.shape}"
            fix = "delete the file, and run the same command again"
            expected = f"float32 {(len(rows), *self.shape[1:])}"
            raise StoreError(self._file(rows).name, expected, found, fix)
        return values

    def remove(self) -> None:
        """Delete the folder; what it held is in the finished file."""
        shutil.rmtree(self.path)

    def _file(self, rows: range) -> Path:
        return self.path / f"rows-{rows.start:08d}-{rows.stop:08d}.npy"


def _read_plan(path: Path) -> dict[str, Any]:
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fix = f"delete the folder {printable(path.parent.name)}"
        raise StoreError(path.parent.name, "a readable plan.json", str(error), fix) from error
    return dict(plan) if isinstance(plan, dict) else {}
