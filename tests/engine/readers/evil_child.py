"""A reader's child process whose reader does what the file's name says."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from jne_engine.readers import child


def crash(path: Path) -> Any:
    ctypes.string_at(0)


def loop(path: Path) -> Any:
    while True:
        pass


def still(path: Path) -> Any:
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    time.sleep(100)


def memory(path: Path) -> Any:
    return np.ones(10**9)


def fail(path: Path) -> Any:
    raise AssertionError("a mistake of ours")


def object_array(path: Path) -> Any:
    folder = Path(sys.argv[4])
    np.save(folder / "0.npy", np.array([None]), allow_pickle=True)
    (folder / "result.json").write_text(json.dumps({"array": 0}))
    os._exit(0)


def text(path: Path) -> Any:
    return "no array"


def environment(path: Path) -> Any:
    return np.array([float("SECRET_TOKEN" in os.environ), float("PATH" in os.environ)])


if __name__ == "__main__":
    evil = globals()[Path(sys.argv[2]).stem]
    child.READERS = {"array": lambda path: evil(path)}  # type: ignore[assignment]
    child.main(*sys.argv[1:])
