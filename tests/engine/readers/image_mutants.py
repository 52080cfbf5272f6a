"""Read altered copies of small neuroimaging files, all in this one process.

Run as ``python -m tests.engine.readers.image_mutants COUNT SEED FOLDER``, so that a crash or a
hang of a file library ends this process and not its parent. Prints one line of JSON a format.
"""

from __future__ import annotations

import json
import logging
import resource
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from jne_engine.core.errors import JneError
from jne_engine.cortex.spaces import Mesh
from jne_engine.formats.annotations import read_ctab
from jne_engine.formats.labels import read_labels
from jne_engine.formats.meshes import read_mesh
from jne_engine.formats.surface_values import read_surface_values
from jne_engine.formats.volumes import read_volume, read_voxels
from tests.engine.readers.files import check_message
from tests.engine.readers.image_files import (
    FACES,
    INDEX,
    POINTS,
    VOLUME,
    VOLUME_INFO,
    annot,
    cifti,
    cifti_labels,
    ctab,
    geometry,
    gifti_labels,
    gifti_maps,
    gifti_mesh,
    mgh_maps,
    morph,
    nifti,
    old_annot,
    packed,
    patch,
)
from tests.engine.readers.mutants import MEMORY_BYTES, mutate

SECONDS = 10


def volume(path: Path) -> list[np.ndarray]:
    found = read_volume(path)
    assert found.affine.shape == (4, 4)
    assert np.isfinite(found.affine).all()
    assert found.values.ndim in (3, 4)
    return [found.values]


def voxels(path: Path) -> list[np.ndarray]:
    return [read_voxels(path, np.array([[1, 2, 3], [4, 5, 6]]))]


def values(path: Path) -> list[np.ndarray]:
    found = read_surface_values(path)
    assert all(part.shape[0] == len(found.names) for part in found.parts.values())
    assert all(part.dtype == np.float32 for part in found.parts.values())
    return list(found.parts.values())


def labels(path: Path) -> list[np.ndarray]:
    found = read_labels(path)
    assert all(part.min() >= 0 for part in found.index.values())
    assert all(part.max() < len(found.names) for part in found.index.values())
    return list(found.index.values())


def mesh(path: Path) -> list[np.ndarray]:
    found = read_mesh(path)
    assert found.faces.min() >= 0
    assert found.faces.max() < len(found.coordinates)
    assert np.isfinite(found.coordinates).all()
    return list(found)


def cut(path: Path) -> list[np.ndarray]:
    found = read_mesh(path, cut_from=Mesh(POINTS, FACES))
    assert found.coordinates.shape == POINTS.shape
    assert np.isfinite(found.coordinates).all()
    return list(found)


def table(path: Path) -> list[np.ndarray]:
    return [np.array([f"{number} {name}" for number, name in read_ctab(path).items()])]


def mgz_labels() -> bytes:
    return packed(mgh_maps(INDEX[None].astype(np.int32)))


Case = tuple[str, Callable[[], bytes], Callable[[Path], list[np.ndarray]]]
FORMATS: dict[str, Case] = {
    "nifti": ("a.nii", lambda: nifti(VOLUME[..., 0]), volume),
    "nifti-gzip": ("a.nii.gz", lambda: packed(nifti()), voxels),
    "mgh": ("lh.a.mgh", mgh_maps, values),
    "mgz": ("lh.a.mgz", lambda: packed(mgh_maps()), values),
    "gifti": ("lh.a.func.gii", gifti_maps, values),
    "gifti-ascii": ("lh.a.func.gii", lambda: gifti_maps("ASCII"), values),
    "gifti-labels": ("lh.a.label.gii", gifti_labels, labels),
    "gifti-mesh": ("a.surf.gii", lambda: gifti_mesh("B64BIN"), mesh),
    "cifti": ("a.dscalar.nii", cifti, values),
    "cifti-labels": ("a.dlabel.nii", cifti_labels, labels),
    "morph": ("lh.curv", morph, values),
    "geometry": ("lh.white", lambda: geometry(VOLUME_INFO), mesh),
    "patch": ("lh.flat.patch.3d", patch, cut),
    "annot": ("lh.a.annot", annot, labels),
    "annot-old": ("lh.b.annot", old_annot, labels),
    "mgz-labels": ("lh.b.mgz", mgz_labels, labels),
    "ctab": ("lh.a.ctab", lambda: ctab().encode(), table),
}
GZIPPED = ("nifti-gzip", "mgz", "mgz-labels")
"""Formats that are compressed as a whole."""


def flip(whole: bytes, rng: np.random.Generator) -> bytes:
    """Flip one bit."""
    content = bytearray(whole)
    content[int(rng.integers(len(content)))] ^= 1 << int(rng.integers(8))
    return bytes(content)


def outcome(path: Path, read: Callable[[Path], list[np.ndarray]], whole: list[np.ndarray]) -> str:
    """Read one altered file and name what came of it."""
    signal.alarm(SECONDS)
    try:
        found = read(path)
    except JneError as error:
        check_message(str(error), path.name)
        return "refused"
    finally:
        signal.alarm(0)
    return "same" if is_same(found, whole) else "different"


def is_same(found: list[np.ndarray], whole: list[np.ndarray]) -> bool:
    """Tell whether two results agree; NaN agrees with NaN."""
    pairs = zip(found, whole, strict=False)
    agree = (np.array_equal(a, b, equal_nan=a.dtype.kind == b.dtype.kind == "f") for a, b in pairs)
    return len(found) == len(whole) and all(agree)


def count(name: str, change: Callable[..., bytes], n: int, seed: int, folder: Path) -> Any:
    """Read ``n`` altered copies of one format and count the outcomes."""
    file, make, read = FORMATS[name]
    rng = np.random.default_rng(seed)
    path, whole = folder / file, make()
    (folder / "lh.b.mgz.ctab").write_text(ctab())
    path.write_bytes(whole)
    expected = read(path)
    counts = {"refused": 0, "same": 0, "different": 0}
    for _ in range(n):
        path.write_bytes(change(whole, rng))
        counts[outcome(path, read, expected)] += 1
    return counts


def main(n: int, seed: int, folder: Path) -> None:
    """Read mutants of every format, then single bit flips of the compressed ones."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.disable()
    warnings.simplefilter("ignore")
    mutants = {name: count(name, mutate, n, seed, folder) for name in FORMATS}
    flips = {name: count(name, flip, n, seed + 1, folder) for name in (*GZIPPED, "gifti")}
    print(json.dumps({"mutants": mutants, "flips": flips}))  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
