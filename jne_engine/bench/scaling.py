"""How the cost of streamed JNE grows: the exponent of a power law fitted to timings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.sizes import Sizes
from jne_engine.bench.timing import time_best
from jne_engine.model.dispersion import stream_dispersion

Axis = Literal["stimuli", "voxels", "features", "hidden"]

STEPS: dict[Axis, tuple[int, ...]] = {
    "stimuli": (32, 64, 128),
    "voxels": (16_384, 32_768, 65_536, 131_072),
    "features": (192, 384, 768),
    "hidden": (256, 512, 1024),
}


def measure_exponent(name: str, sizes: Sizes, axis: Axis, goal: Goal | None = None) -> Row:
    """Fit log seconds against log size along one axis, the others fixed.

    Voxels start at 16,384: below, the factors that every stimulus needs whatever the number
    of voxels still show. Stimuli start at 32: below, the one product for the gain does.
    """
    steps = STEPS[axis]
    base = replace(sizes, n_stimuli=8 if axis != "stimuli" else sizes.n_stimuli)
    seconds = [_time_step(replace(base, **{f"n_{axis}": step})) for step in steps]
    value = fit_exponent(steps, seconds)
    listed = ", ".join(f"{step}" for step in steps)
    return Row(name, value, goal, f"seconds over {axis} {listed}")


def fit_exponent(steps: Sequence[float], seconds: Sequence[float]) -> float:
    """Return the slope of log(seconds) against log(steps), by least squares."""
    return float(np.polyfit(np.log(steps), np.log(seconds), 1)[0])


def _time_step(sizes: Sizes) -> float:
    encoder, features = sizes.build(), sizes.draw()
    return time_best(
        lambda: stream_dispersion(encoder, features, cache_bytes=0), rounds=min(2, sizes.rounds)
    )
