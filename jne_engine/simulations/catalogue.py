"""The simulations in full size, as ``simulate`` and the jobs of that kind store them."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from types import MappingProxyType
from typing import Any

import torch

from jne_engine.core.checks import check_choice
from jne_engine.core.progress import Progress
from jne_engine.runs.results import SimulationResult
from jne_engine.simulations.activations import simulate_activations
from jne_engine.simulations.calibration import simulate_calibration
from jne_engine.simulations.input_scale import simulate_input_scale
from jne_engine.simulations.networks import simulate_networks
from jne_engine.simulations.recovery import simulate_recovery
from jne_engine.simulations.sample_size import simulate_sample_size
from jne_engine.simulations.settings import FULL_SIZE

FUNCTIONS: Mapping[str, Callable[[Any, Progress], SimulationResult]] = MappingProxyType(
    {
        "activations": simulate_activations,
        "networks": simulate_networks,
        "networks-second-skip": simulate_networks,
        "networks-no-skip": simulate_networks,
        "sample-size": simulate_sample_size,
        "input-scale": simulate_input_scale,
        "recovery": simulate_recovery,
        "calibration": simulate_calibration,
    }
)
"""What computes each stored result, by the result's name."""


def simulate_full_size(name: str, progress: Progress) -> SimulationResult:
    """Compute one stored result in full size.

    Parameters
    ----------
    name : str
        One of :data:`~jne_engine.simulations.settings.FULL_SIZE`.
    progress : callable
        Called as ``progress(done, total)``.

    Raises
    ------
    InputError
        If there is no such simulation.
    """
    check_choice("simulation", name, tuple(FULL_SIZE))
    return FUNCTIONS[name](FULL_SIZE[name], progress)


def make(work: Callable[[], SimulationResult], command: str) -> SimulationResult:
    """Do the work and note with its result how it was made.

    Parameters
    ----------
    work : callable
        Returns the result.
    command : str
        What makes it again.
    """
    start = time.perf_counter()
    result = work()
    return replace(result, made=_describe_making(time.perf_counter() - start, command))


def _describe_making(seconds: float, command: str) -> dict[str, Any]:
    return {
        "command": command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 2),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "versions": {name: metadata.version(name) for name in ("torch", "numpy", "scipy")},
    }
