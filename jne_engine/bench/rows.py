"""One line of a benchmark, and the machine it was read on."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import psutil
import torch

from jne_engine.model.deviations import multiplies_bfloat16


@dataclass(frozen=True)
class Goal:
    """A bound that a value should keep.

    Parameters
    ----------
    at_least, at_most : float, optional
        Either or both.
    """

    at_least: float | None = None
    at_most: float | None = None

    def __str__(self) -> str:
        """Return the bound as people write it."""
        if self.at_least is not None and self.at_most is not None:
            return f"{self.at_least:g} to {self.at_most:g}"
        return f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"

    def holds(self, value: float) -> bool:
        """Tell whether a value keeps the bound."""
        above = self.at_least is None or value >= self.at_least
        below = self.at_most is None or value <= self.at_most
        return above and below


@dataclass(frozen=True)
class Row:
    """One measured figure.

    Parameters
    ----------
    name : str
        Stable name, for ``--only`` and for programs.
    value : float or None
        The figure; None where it could not be measured here.
    goal : Goal or None
        What it should reach; None where nothing is promised.
    how : str
        One line on what was timed against what, sizes included.
    """

    name: str
    value: float | None
    goal: Goal | None
    how: str

    @property
    def holds(self) -> bool | None:
        """Whether the goal is kept; None where there is no value or no goal."""
        if self.value is None or self.goal is None:
            return None
        return self.goal.holds(self.value)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "name": self.name,
            "value": self.value,
            "goal": None if self.goal is None else str(self.goal),
            "holds": self.holds,
            "how": self.how,
        }

    def __str__(self) -> str:
        """Return the row for a terminal."""
        value = "—" if self.value is None else _short(self.value)
        goal = "" if self.goal is None else str(self.goal)
        verdict = {True: "holds", False: "MISSED", None: ""}[self.holds]
        return f"{self.name:<42}{value:>10}  {goal:<14}{verdict:<8}{self.how}"


def _short(value: float) -> str:
    """Write three digits, or all those before the point."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def describe_machine() -> dict[str, Any]:
    """Return what a figure depends on: processor, cores, memory, threads, versions."""
    capabilities = torch.cpu.get_capabilities()
    return {
        "cpu": str(capabilities.get("cpu_name", platform.processor())),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "instructions": sorted(
            name
            for name, present in capabilities.items()
            if present is True and name.startswith(("avx512", "amx", "avx2"))
        ),
        "native_bfloat16": multiplies_bfloat16(torch.device("cpu")),
        "gpu": torch.cuda.get_device_name(0) if torch.cuda.is_available() else None,
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "torch": metadata.version("torch"),
        "numpy": metadata.version("numpy"),
    }
