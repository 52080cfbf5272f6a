"""Read crafted files in this process while its memory and everything it opens are noted.

Run as ``python -m tests.engine.readers.trap_reader FOLDER``, a folder with ``traps.json``:
[name, path, reader] of files that must be read, so that everything is imported, and of traps.
Prints what came of every trap as one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from jne_engine.core.errors import JneError
from jne_engine.formats.arrays import read_array
from jne_engine.formats.labels import read_labels
from jne_engine.formats.meshes import read_mesh
from jne_engine.formats.surface_values import read_surface_values
from jne_engine.formats.volumes import read_volume, read_voxels

READERS: dict[str, Callable[[Path], Any]] = {
    "array": lambda path: read_array(path, key="data" if path.suffix == ".h5" else None),
    "labels": read_labels,
    "mesh": read_mesh,
    "values": read_surface_values,
    "volume": read_volume,
    "voxels": lambda path: read_voxels(path, np.array([[0, 0, 0]])),
}
WATCHED = ("os.system", "subprocess.Popen", "socket.connect", "pickle.find_class")


class OpenLog:
    """Every path that this process opens and every command that it starts."""

    def __init__(self) -> None:
        self.noted: list[str] = []
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], (str, bytes)):
            self.noted.append(os.fsdecode(arguments[0]))
        elif event in WATCHED:
            self.noted.append(event)


def peak_bytes() -> int:
    """Return this program's own peak; ``getrusage`` counts that of its parent."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM"))
    return int(peak) * 1024


def spring(path: Path, read: Callable[[Path], Any], log: OpenLog) -> dict[str, Any]:
    """Read one trap and say what came of it."""
    before, begun = peak_bytes(), time.process_time()
    log.noted.clear()
    try:
        read(path)
        message = ""
    except JneError as error:
        message = str(error)
    seconds = time.process_time() - begun
    foreign = [name for name in log.noted if name != str(path)]
    grown = peak_bytes() - before
    return {"message": message, "seconds": seconds, "grown": grown, "foreign": foreign}


def main(folder: Path) -> dict[str, dict[str, Any]]:
    """Read the files that are whole, then the traps."""
    tasks = json.loads((folder / "traps.json").read_text())
    for _, path, reader in tasks["whole"]:
        READERS[reader](Path(path))
    log = OpenLog()
    return {name: spring(Path(path), READERS[reader], log) for name, path, reader in tasks["traps"]}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))  # noqa: T201 - the parent reads it
