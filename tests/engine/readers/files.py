"""Small files in the readers' layouts, whole and broken, for the tests of every reader."""

from __future__ import annotations

import ctypes
import io
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from jne_engine.core.errors import JneError

SECRET = 424242.0
"""Value of the file that a crafted link points at; no reader may ever return it."""


class OpenWatch:
    """Counts how often files of a folder are opened, by Linux's inotify."""

    def __init__(self, folder: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(os.O_NONBLOCK)
        watch = libc.inotify_add_watch(self._descriptor, os.fsencode(folder), 0x20)
        assert watch > 0, os.strerror(ctypes.get_errno())

    def opened(self) -> bool:
        try:
            return bool(os.read(self._descriptor, 65536))
        except BlockingIOError:
            return False

    def close(self) -> None:
        os.close(self._descriptor)


@contextmanager
def refused(name: str, match: str = "", *, error: type[JneError] = JneError) -> Iterator[None]:
    """Require an error of our family, in one line that names the file."""
    with pytest.raises(error) as caught:
        yield
    check_message(str(caught.value), name)
    assert re.search(match, str(caught.value)), str(caught.value)


def check_message(message: str, name: str) -> None:
    """Require one printable line of bearable length that names the file."""
    assert message.isprintable(), message
    assert name in message, message
    assert "expected" in message, message
    assert len(message) < 1200, message


def write_hdf5(path: Path, **datasets: Any) -> Path:
    """Write each array under its key."""
    with h5py.File(path, "w") as file:
        for key, values in datasets.items():
            file[key] = values
    return path


def write_secret(folder: Path) -> Path:
    """Write the file that the crafted links point at."""
    folder.mkdir(parents=True, exist_ok=True)
    secret = np.full((20, 4), SECRET)
    secret.tofile(folder / "secret.raw")
    return write_hdf5(folder / "secret.h5", data=secret)


def link_recipes(folder: Path, secret: Path) -> dict[str, Callable[[h5py.File], str]]:
    """Return ways to make an HDF5 file point elsewhere; each returns the key to ask for."""
    targets = {
        "absolute": str(secret),
        "parent": f"../{secret.parent.name}/{secret.name}",
        "dotted": f"./../{secret.parent.name}/./{secret.name}",
        "bare": secret.name,
    }
    recipes: dict[str, Callable[[h5py.File], str]] = {}
    for label, target in targets.items():
        raw = target.replace(".h5", ".raw")
        for key in ("data", "deep/er/data"):
            tag = f"{label}-{key.count('/')}"
            recipes[f"external-{tag}"] = _external(key, target)
            recipes[f"virtual-{tag}"] = _virtual(key, target)
            recipes[f"raw-{tag}"] = _raw(key, raw)
            recipes[f"soft-{tag}"] = _soft_to_external(key, target)
        recipes[f"group-{label}"] = _external_group(target)
        recipes[f"virtual-unlimited-{label}"] = _virtual_unlimited(target)
    return recipes


def _external(key: str, target: str) -> Callable[[h5py.File], str]:
    def make(file: h5py.File) -> str:
        file[key] = h5py.ExternalLink(target, "/data")
        return key

    return make


def _external_group(target: str) -> Callable[[h5py.File], str]:
    def make(file: h5py.File) -> str:
        file["group"] = h5py.ExternalLink(target, "/")
        return "group/data"

    return make


def _soft_to_external(key: str, target: str) -> Callable[[h5py.File], str]:
    def make(file: h5py.File) -> str:
        file["hidden"] = h5py.ExternalLink(target, "/data")
        file[key] = h5py.SoftLink("/hidden")
        return key

    return make


def _virtual(key: str, target: str) -> Callable[[h5py.File], str]:
    def make(file: h5py.File) -> str:
        layout = h5py.VirtualLayout(shape=(20, 4), dtype="f8")
        layout[:] = h5py.VirtualSource(target, "data", shape=(20, 4))
        file.create_virtual_dataset(key, layout)
        return key

    return make


def _virtual_unlimited(target: str) -> Callable[[h5py.File], str]:
    def make(file: h5py.File) -> str:
        layout = h5py.VirtualLayout(shape=(20, 4), dtype="f8", maxshape=(None, 4))
        source = h5py.VirtualSource(target, "data", shape=(20, 4), maxshape=(None, 4))
        layout[: h5py.h5s.UNLIMITED, :] = source[: h5py.h5s.UNLIMITED, :]
        file.create_virtual_dataset("data", layout)
        return "data"

    return make


def _raw(key: str, target: str) -> Callable[[h5py.File], str]:
    def make(file: h5py.File) -> str:
        file.create_dataset(key, (20, 4), "f8", external=[(target, 0, 640)])
        return key

    return make


def npy_bytes(header: str, values: bytes = b"") -> bytes:
    """Return a version 1 ``.npy`` file with any header."""
    padded = header.encode() + b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded + values


def npy_claiming(shape: str, dtype: str = "<f4") -> bytes:
    """Return a ``.npy`` file that claims a shape and holds 16 bytes."""
    return npy_bytes(f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}", bytes(16))


def npz_bytes(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ``.npz`` file with any content."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return content.getvalue()


def cuts(n_bytes: int, count: int = 60) -> list[int]:
    """Return lengths to cut a file to: its beginning closely, the rest evenly, its end closely."""
    even = np.linspace(1, n_bytes - 1, count, dtype=int).tolist()
    return sorted({*range(1, min(24, n_bytes)), *even, n_bytes - 2, n_bytes - 1})
