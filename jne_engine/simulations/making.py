"""The simulations in full size, as ``simulate`` and the jobs of that kind store them."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import torch

from jne_engine.core.checks import check_choice
from jne_engine.core.progress import Progress
from jne_engine.runs.results import SimulationResult
from jne_engine.simulations.catalogue import RESULTS


def simulate_full_size(name: str, progress: Progress) -> SimulationResult:
    """Compute one stored result in full size.

    Parameters
    ----------
    name : str
        One of :data:`~jne_engine.simulations.catalogue.RESULTS`.
    progress : callable
        Called as ``progress(done, total)``.

    Raises
    ------
    InputError
        If there is no such simulation.
    """
    check_choice("simulation", name, tuple(RESULTS))
    return RESULTS[name].find()(RESULTS[name].results[name], progress)


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
