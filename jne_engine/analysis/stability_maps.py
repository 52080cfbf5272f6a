"""The stability of a measure over runs of the same data, as maps of each of these runs.

Stored beside the runs by the command ``stability --store`` or the job of that name; read here.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy.typing as npt

from jne_engine.core.errors import InputError, StoreError
from jne_engine.datasets.changed import split_name
from jne_engine.model.measures import STABLE, find_measure, name_stability
from jne_engine.runs.results import RESULT, SimulationResult, read_result
from jne_engine.runs.store import Run

STABILITY = "stability"
"""Folder of stored results, beside the runs."""
_FIX = "compute them by `python -m jne_engine stability --store`, or on the page Layers & subjects"


def tell_kind(run: Run) -> tuple[object, ...]:
    """Return what runs that are put together have in common: data, layer, and fit but its seed."""
    manifest = run.manifest
    spec = {k: v for k, v in manifest.spec.items() if k != "seed"}
    name, n_voxels = split_name(manifest.name)[0], manifest.counts["n_voxels"]
    return name, manifest.subject, manifest.feature_set, manifest.layer, spec, n_voxels


def name_stored(run: Run, measure: str) -> str:
    """Return the name under which the stability of a run's measure is stored."""
    text = json.dumps(tell_kind(run), sort_keys=True)
    return f"{measure}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def stamp_stability(run: Run) -> int:
    """Return what changes when it is stored anew: times in nanoseconds, 0 for none."""
    stamps = 0
    for measure in STABLE:
        path = _find(run, measure) / RESULT
        stamps += path.stat().st_mtime_ns if path.is_file() else 0
    return stamps


def list_missing(run: Run) -> set[str]:
    """Return the maps of stability that a run has no value of."""
    missing: set[str] = set()
    for measure in STABLE:
        result, names = _read(run, measure), set(name_stability(measure).values())
        missing |= names - set(() if result is None else result.tables["maps"].columns)
    return missing


def explain_stability(run: Run, name: str) -> str:
    """Return in one line of which runs a map of stability is made; empty for any other map."""
    measure = _OF.get(name)
    result = None if measure is None else _read(run, measure)
    if result is None:
        return ""
    seeds, shuffled = result.settings["runs"], result.settings["shuffled"]
    parts = [f"{len(seeds)} runs of the whole data"]
    parts += [f"{len(shuffled)} with shuffled pairings"] if shuffled else []
    return f"{find_measure(name).label}: of {' and '.join(parts)}."


def read_stability(run: Run, name: str) -> npt.NDArray[Any]:
    """Return one map of stability at every response column, shape (n_voxels,), float32.

    Raises
    ------
    InputError
        If it is not stored for this run.
    """
    result = _read(run, _OF[name])
    if result is None or name not in result.tables["maps"]:
        raise InputError(f"{run.run_id}, {name}", "a stored result", "none", _FIX)
    return result.tables["maps"][name].to_numpy(dtype="float32")


_OF = {name: measure for measure in STABLE for name in name_stability(measure).values()}


def _find(run: Run, measure: str) -> Path:
    return run.path.parent / STABILITY / name_stored(run, measure)


def _read(run: Run, measure: str) -> SimulationResult | None:
    """Return what is stored of a run's measure; None where there is nothing that can be used."""
    folder = _find(run, measure)
    if not (folder / RESULT).is_file():
        return None
    try:
        result = read_result(folder)
    except StoreError:
        return None
    fits = len(result.tables["maps"]) == run.manifest.counts["n_voxels"]
    return result if fits and run.run_id in result.settings["runs"] else None
