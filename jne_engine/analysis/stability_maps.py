"""The stability of a measure over runs of the same data, as maps of each of these runs.

Stored beside the runs by the command ``stability --store`` or the job of that name; read here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
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


def explain_stability(run: Run, name: str, others: Sequence[Run] = ()) -> str:
    """Return of which runs a map of stability is made; empty for any other map.

    Parameters
    ----------
    run : Run
        The map's.
    name : str
        The map.
    others : sequence of Run
        Where the seeds of what it is made of are looked up, and runs that it should be made of
        too but that came later.
    """
    measure = _OF.get(name)
    result = None if measure is None else _read(run, measure)
    if result is None:
        return ""
    seeds, shuffled = result.settings["runs"], result.settings["shuffled"]
    known = {other.run_id: other for other in (run, *others)}
    numbers = sorted(int(known[i].manifest.spec["seed"]) for i in seeds if i in known)
    named = ", ".join([*map(str, numbers), *(i for i in seeds if i not in known)])
    parts = [f"{len(seeds)} runs of the whole data (seeds {named})"]
    parts += [f"{len(shuffled)} with shuffled pairings"] if shuffled else []
    told = f"{find_measure(name).label}: of {' and '.join(parts)}."
    later = _find_later(run, known.values(), {*seeds, *shuffled})
    if later:
        told += f" {later} more of this data came later and {'is' if later == 1 else 'are'} not"
        told += " in it: keep the maps again, on Layers & subjects."
    return told


def _find_later(run: Run, others: Iterable[Run], known: set[str]) -> int:
    """Return how many runs maps of a run's stability would be made of, but are not."""
    return sum(
        other.run_id not in known
        and split_name(other.manifest.name)[1] in {"", "pairing shuffled"}
        and tell_kind(other) == tell_kind(run)
        for other in others
    )


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
