"""Rotating all vertices of fsaverage5."""

from __future__ import annotations

from jne_engine.analysis.statistics import draw_rotations, spin_columns
from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.sizes import Sizes
from jne_engine.bench.timing import time_best
from jne_engine.cortex.surfaces import N_VERTICES, load_surface

N_ROTATIONS = 1000
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
