"""Rotating all vertices of fsaverage5, and how often unrelated maps pass for related."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from jne_engine.analysis.rotations import CORTEX, draw_least_distorted, measure_stretch
from jne_engine.analysis.statistics import (
    draw_rotations,
    measure_areas,
    measure_narrowing,
    spin_columns,
    spin_correlations,
)
from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.sizes import Sizes
from jne_engine.bench.timing import time_best
from jne_engine.core.arrays import Float64Array, Int32Array, IntArray
from jne_engine.cortex.spaces import HEMISPHERES
from jne_engine.cortex.surfaces import N_VERTICES, load_surface

N_ROTATIONS = 1000
N_MAPS, PARTNERS = 1000, 10
"""Null maps, and how many others each is held against."""
WIDTHS = (10.0, 20.0, 40.0)
"""Smoothness of null maps: full width at half maximum on cortex, in mm."""
STEPS = 4
"""Steps of diffusion that smooth a map."""
LEAST_COTANGENT = 1e-3
"""Of obtuse corners, so that diffusion never goes backwards."""
TIMED_ROTATIONS = 50


def measure_spin(name: str, sizes: Sizes, goal: Goal) -> Row:
    """Time the reassignment of vertices for 1,000 rotations, in seconds."""
    wanted = sizes.n_voxels // 2
    surface = next(
        (s for s in ("fsaverage5", "fsaverage4") if N_VERTICES[s] <= wanted), "fsaverage3"
    )
    mesh = load_surface(surface, "sphere")
    left, right = mesh["left"].coordinates, mesh["right"].coordinates
    rotations = draw_rotations(TIMED_ROTATIONS)
    seconds = time_best(lambda: spin_columns(left, right, rotations), rounds=sizes.rounds)
    how = (
        f"seconds for {N_ROTATIONS} rotations of {len(left) + len(right)} vertices, one core;"
        f" extrapolated from {TIMED_ROTATIONS}"
    )
    return Row(name, seconds * N_ROTATIONS / TIMED_ROTATIONS, goal, how)


def measure_spin_errors(name: str, sizes: Sizes, goal: Goal) -> Row:
    """Count in % how often unrelated maps, smooth on cortex and not on the sphere, pass.

    The worst of :data:`WIDTHS` is told. Null maps are SIMULATED.
    """
    few = sizes.n_voxels < 20_000
    surface, n_maps, n = ("fsaverage3", 12, 99) if few else ("fsaverage4", N_MAPS, N_ROTATIONS)
    left, right = (load_surface(surface, "sphere")[hemi].coordinates for hemi in HEMISPHERES)
    spun = spin_columns(left, right, draw_least_distorted(surface, n))
    stretch = np.concatenate([measure_stretch(surface, hemi) for hemi in HEMISPHERES])
    narrowing = measure_narrowing(stretch, spun)
    maps = (draw_null_maps(surface, n_maps, width) for width in WIDTHS)
    rates = [100 * _count_errors(drawn, spun, narrowing) for drawn in maps]
    told = ", ".join(f"{w:g} mm {r:.1f}" for w, r in zip(WIDTHS, rates, strict=True))
    how = f"% of p ≤ .05 of {n_maps} null maps × {PARTNERS}, {n} rotations, {surface}: {told}"
    return Row(name, max(rates, key=lambda rate: abs(rate - 5)), goal, how)


def draw_null_maps(surface: str, n_maps: int, width: float, seed: int = 0) -> Float64Array:
    """Draw noise that is as smooth everywhere on cortex, shape (n_maps, n_columns).

    White noise diffuses over the folded surface of both hemispheres.

    Parameters
    ----------
    surface : str
        A packaged surface.
    n_maps, seed : int
    width : float
        Full width at half maximum, in mm.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for hemi in HEMISPHERES:
        mesh = load_surface(surface, CORTEX[surface])[hemi]
        area = measure_areas(mesh.coordinates, mesh.faces)
        time = (width / np.sqrt(8 * np.log(2))) ** 2 / 2 / STEPS
        stiffness = _assemble_stiffness(mesh.coordinates.astype(np.float64), mesh.faces)
        solve = splu(sparse.csc_matrix(sparse.diags(area) + time * stiffness)).solve
        values = rng.standard_normal((len(area), n_maps)) / np.sqrt(area)[:, None]
        for _ in range(STEPS):
            values = solve(area[:, None] * values)
        parts.append(values)
    return np.concatenate(parts).T


def _assemble_stiffness(points: Float64Array, faces: IntArray) -> sparse.csr_matrix:
    """Return the cotangent Laplacian of a mesh."""
    total = sparse.csr_matrix((len(points), len(points)))
    for k in range(3):
        one, two, apex = faces[:, k], faces[:, (k + 1) % 3], points[faces[:, (k + 2) % 3]]
        u, v = points[one] - apex, points[two] - apex
        cotangent = np.sum(u * v, axis=1) / np.linalg.norm(np.cross(u, v), axis=1)
        weight = np.tile(np.maximum(cotangent, LEAST_COTANGENT) / 2, 2)
        where = np.concatenate([one, two]), np.concatenate([two, one])
        total = total + sparse.csr_matrix((weight, where), shape=total.shape)
    return sparse.diags(np.asarray(total.sum(axis=1)).ravel()) - total


def _count_errors(maps: Float64Array, spun: Int32Array, narrowing: Float64Array) -> float:
    """Return the share of pairs of a map and the next ones whose p is at most .05."""
    near = range(1, min(PARTNERS, len(maps) - 1) + 1)
    found = [
        test.p <= 0.05
        for i, one in enumerate(maps)
        for test in spin_correlations(
            one, np.roll(maps, -i, axis=0)[near], spun, narrowing=narrowing
        )
    ]
    return float(np.mean(found))
