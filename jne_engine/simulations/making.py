"""The simulations in full size, as ``simulate`` and the jobs of that kind store them."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from jne_engine.core.checks import check_choice
from jne_engine.core.disk import write_atomically
from jne_engine.core.progress import Progress
from jne_engine.runs.results import SimulationResult
from jne_engine.simulations.catalogue import RESULTS
from jne_engine.simulations.settings import SimulationSettings


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


def keep_table(
    work: Callable[[], pd.DataFrame], parts: Path | None, settings: SimulationSettings, name: str
) -> pd.DataFrame:
    """Return a part of a result from a folder, computed and written there where it is not yet.

    Parameters
    ----------
    work : callable
        Computes the part.
    parts : pathlib.Path or None
        Folder that keeps parts of the same sizes together; None keeps nothing.
    settings : SimulationSettings
        What is one number is a size; what is several, and ``n_seeds``, says which parts.
    name : str
        Of the part.
    """
    if parts is None:
        return work()
    sizes = {k: v for k, v in settings.to_dict().items() if not isinstance(v, list)}
    named = "-".join(str(value) for size, value in sizes.items() if size != "n_seeds")
    path = parts / named / f"{name}.parquet"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, work().to_parquet(index=False))
    return pd.read_parquet(path)


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
