"""Stored results of the simulations, and what the paper says beside them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from jne_engine.runs.folder import VALIDATION
from jne_engine.runs.results import RESULT, SimulationResult, read_result
from jne_engine.simulations.catalogue import RESULTS

PAPER_R: Mapping[int, str] = MappingProxyType(
    {10: "0.87", **dict.fromkeys((100, 200, 300, 500, 1000), "≥ 0.99")}
)
"""Pearson's r that the paper's appendix A.7 gives for a number of stimuli."""


def tell_command(name: str, out: Path, run: str | None = None) -> str:
    """Return the command that makes a stored result below ``out``.

    Parameters
    ----------
    name : str
        Name of the result.
    out : pathlib.Path
        Folder of results.
    run : str, optional
        Folder of the run whose variants are asked for.
    """
    path = "RUN" if run is None else shlex.quote(run)
    computed = RESULTS.get(name)
    simulation = (
        f"variants {path} --dataset DIR" if computed is None else computed.tell_command(name)
    )
    return f"python -m jne_engine simulate {simulation} --out {shlex.quote(str(out))}"


def read_validation(root: Path, name: str) -> SimulationResult | None:
    """Return a stored result, None where there is none.

    Parameters
    ----------
    root : pathlib.Path
        Folder of runs; results lie in its folder ``validation``.
    name : str
        Name of the result, as ``simulate`` writes it.

    Raises
    ------
    StoreError
        If it is there and incomplete or altered.
    """
    folder = root / VALIDATION / name
    return read_result(folder) if (folder / RESULT).is_file() else None


def list_departures(result: SimulationResult) -> list[str]:
    """Return the settings in which a result departs from full size, as ``name value``."""
    simulation = RESULTS.get(result.simulation)
    if simulation is None:
        return []
    full = simulation.results[result.simulation].to_dict()
    return [f"{name} {result.settings.get(name)}" for name, value in full.items()
            if result.settings.get(name) != value]  # fmt: skip


def compare_sample_size(summary: pd.DataFrame) -> pd.DataFrame:
    """Return r of each number of stimuli with its interval, beside the paper's."""
    paper = [PAPER_R.get(int(n), "–") for n in summary["n"]]
    return summary[["n", "r", "r_low", "r_high"]].assign(paper=paper)
