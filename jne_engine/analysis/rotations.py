"""Rotations of a run's columns on its sphere: those that stretch cortex least, kept on disk."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from jne_engine.analysis.statistics import (
    draw_rotations,
    measure_areas,
    measure_distortion,
    spin_columns,
)
from jne_engine.core.arrays import Float32Array, Float64Array, Int32Array
from jne_engine.core.disk import write_atomically
from jne_engine.core.progress import Progress
from jne_engine.cortex.names import canonical_name
from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere, SurfaceSpace
from jne_engine.cortex.surfaces import GEOMETRIES, N_VERTICES, load_surface

SPINS = "spins"
"""Folder of stored results and rotations, beside the runs."""

STAND_IN = "fsaverage5"
"""The mesh whose vertices are the first of every finer fsaverage."""

CORTEX: Mapping[str, str] = MappingProxyType(
    {
        name: next(g for g in ("white", "midthickness") if g in GEOMETRIES[name])
        for name in GEOMETRIES
    }
)
"""The geometry of each packaged surface that has cortex's own areas."""
STRETCH_POINTS = 640
"""Vertices of a hemisphere at which the stretch of a rotation is looked at."""


@dataclass(frozen=True, eq=False)
class Place:
    """Which columns are rotated, and where they lie on which sphere."""

    sphere: str
    columns: npt.NDArray[np.intp]
    left: Float32Array
    right: Float32Array
    stretch: Float64Array
    n_vertices: int


def draw_least_distorted(
    sphere: str, n: int, seed: int = 0, *, n_candidates: int = 4
) -> Float64Array:
    """Draw rotations, and keep those that stretch cortex least.

    The sphere shows some of cortex larger than other parts. A rotation that carries what is
    drawn small to where it is drawn large changes how smooth a map is on cortex, and such
    rotations call more unrelated maps related.

    Parameters
    ----------
    sphere : str
        A packaged surface.
    n, seed : int
        Rotations to keep, and the seed of all.
    n_candidates : int
        Drawn for each that is kept.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3, 3)
        In the order in which they were drawn.

    References
    ----------
    Bazinet, Liu and Misic (2025), Imaging Neuroscience, doi 10.1162/IMAG.a.118.
    """
    drawn = draw_rotations(n * n_candidates, seed)
    (stretch, left), (more, right) = (_measure_stretch(sphere, hemi) for hemi in HEMISPHERES)
    spun = spin_columns(left, right, drawn)
    distortion = measure_distortion(np.concatenate([stretch, more]), spun)
    kept: npt.NDArray[np.intp] = np.sort(np.argsort(distortion, kind="stable")[:n])
    return drawn[kept]


def _measure_stretch(sphere: str, hemi: Hemisphere) -> tuple[Float64Array, Float32Array]:
    """Return the stretch of some vertices, and where these lie."""
    few = slice(None, None, max(1, N_VERTICES[sphere] // STRETCH_POINTS))
    ball = load_surface(sphere, "sphere")[hemi]
    return measure_stretch(sphere, hemi)[few], ball.coordinates[few]


def measure_stretch(sphere: str, hemi: Hemisphere) -> Float64Array:
    """Return log2 of cortical over spherical area at every vertex of a packaged surface."""
    meshes = [load_surface(sphere, g)[hemi] for g in (CORTEX[sphere], "sphere")]
    cortex, ball = (measure_areas(mesh.coordinates, mesh.faces) for mesh in meshes)
    stretch: Float64Array = np.log2(cortex / ball)
    return stretch


def place_columns(space: SurfaceSpace) -> Place:
    """Find the run's columns on a packaged sphere; of a finer fsaverage its first vertices."""
    name = canonical_name(space.surface)
    sphere = name if name in GEOMETRIES else STAND_IN
    n = N_VERTICES[sphere]
    mesh = load_surface(sphere, "sphere")
    kept, points, stretch = [], [], []
    for hemi in HEMISPHERES:
        vertices, columns = space.vertices(hemi), np.arange(space.n_voxels)[space.columns(hemi)]
        kept.append(columns[vertices < n])
        points.append(mesh[hemi].coordinates[vertices[vertices < n]])
        stretch.append(measure_stretch(sphere, hemi)[vertices[vertices < n]])
    columns, stretches = np.concatenate(kept), np.concatenate(stretch)
    return Place(sphere, columns, points[0], points[1], stretches, 2 * n)


def read_or_spin(
    place: Place,
    root: Path | None,
    progress: Progress,
    *,
    n: int,
    seed: int,
    candidates: int,
) -> Int32Array:
    """Return the rotated columns: kept ones where they are there and whole, else new ones.

    Parameters
    ----------
    place : Place
        Of the columns.
    root : pathlib.Path or None
        Folder of runs, beside which rotations are kept.
    progress : callable
        Called as ``progress(done, total)``.
    n, seed, candidates : int
        As in :func:`draw_least_distorted`.

    Returns
    -------
    numpy.ndarray of int32, shape (n, n_columns)
        Which column comes to lie at each, as :func:`spin_columns` says it.
    """
    key = hashlib.sha256(place.left.tobytes() + b"|" + place.right.tobytes()).hexdigest()[:16]
    path = (
        None
        if root is None
        else root / SPINS / f"{place.sphere}-{n}of{n * candidates}-{seed}-{key}.npz"
    )
    if path is not None and path.is_file():
        kept = _read_rotations(path, (n, len(place.columns)))
        if kept is not None:
            progress(1, 1)
            return kept
    rotations = draw_least_distorted(place.sphere, n, seed, n_candidates=candidates)
    spun = spin_columns(place.left, place.right, rotations, progress)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        np.savez(buffer, spun=spun)
        write_atomically(path, buffer.getvalue())
    return spun


def _read_rotations(path: Path, shape: tuple[int, int]) -> Int32Array | None:
    """Read kept rotations; None where the file is damaged, for they can be made again."""
    try:
        with np.load(path, allow_pickle=False) as file:  # a zip checks its own CRC-32
            spun: Int32Array = file["spun"]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    return spun if spun.shape == shape and spun.dtype == np.int32 else None
