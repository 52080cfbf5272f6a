"""Map-level tests by rotating a run's map on the sphere: computed once, stored beside the runs."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from jne_engine.analysis.maps import list_maps, read_map, read_significant, read_surface
from jne_engine.analysis.roi_groups import list_masks
from jne_engine.analysis.rotations import SPINS, Place, place_columns, read_or_spin
from jne_engine.analysis.statistics import (
    SpinTest,
    measure_narrowing,
    spin_correlations,
    spin_differences,
    spin_trend,
)
from jne_engine.core.arrays import BoolArray, Float32Array, Int32Array
from jne_engine.core.errors import InputError
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.cortex.icosahedron import FSAVERAGE
from jne_engine.cortex.names import canonical_name
from jne_engine.cortex.surfaces import GEOMETRIES
from jne_engine.model.scoring import correct_fdr
from jne_engine.runs.results import RESULT, SimulationResult, read_result
from jne_engine.runs.store import Run

N_ROTATIONS = 1000
LITTLE_COVERAGE = 0.5
"""Share of the sphere below which a turned map overlaps little with itself."""

COLUMNS = [
    *("kind", "what", "statistic", "observed", "p", "q", "null_mean", "null_low", "null_high"),
    *("n", "n_usual", "n_rotations", "n_left_out"),
]


@dataclass(frozen=True)
class SpinSettings:
    """What a spin test is made of, beside the run.

    Parameters
    ----------
    measure : str
        The map that is rotated.
    significant_only : bool
        Whether voxels that are not significant count as having no value.
    n_rotations, seed : int
        Rotations and their seed.
    n_candidates : int
        Drawn for each rotation that is kept: the least distorted ones are.
    widened : bool
        Whether correlations of rotated maps are widened by what the sphere narrows them.
    """

    measure: str = "jne"
    significant_only: bool = True
    n_rotations: int = N_ROTATIONS
    seed: int = 0
    n_candidates: int = 4
    widened: bool = True


def name_spin(run_id: str, settings: SpinSettings) -> str:
    """Return the name under which a run's spin test is stored: its run and all settings."""
    text = json.dumps([run_id, asdict(settings)], sort_keys=True)
    return f"{settings.measure}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def read_spin(root: Path, run: Run, settings: SpinSettings) -> SimulationResult | None:
    """Return a stored spin test, None where there is none.

    Parameters
    ----------
    root : pathlib.Path
        Folder of runs.
    run : Run
        Whose map it is.
    settings : SpinSettings

    Returns
    -------
    SimulationResult or None
        Table ``tests``: columns ``kind`` ("trend", "difference", "correlation"), ``what``,
        ``statistic, observed, p, q`` (over the rows of a kind), ``null_mean, null_low,
        null_high``, and counts.

    Raises
    ------
    StoreError
        If it is there and incomplete or altered.
    """
    folder = root / SPINS / name_spin(run.run_id, settings)
    return read_result(folder) if (folder / RESULT).is_file() else None


def tell_why_not_spun(run: Run) -> str:
    """Return in one sentence why a run's maps cannot be rotated, ``""`` where they can."""
    space = read_surface(run)
    if space is None:
        return "This run's responses do not lie on a surface."
    name = canonical_name(space.surface)
    if name not in GEOMETRIES and name not in FSAVERAGE:
        return f"No sphere of the surface {space.surface} is known here."
    return ""


def compute_spin(
    run: Run, settings: SpinSettings, root: Path | None = None, progress: Progress | None = None
) -> SimulationResult:
    """Test tier trend, differences of ROIs and tiers, and correlations of maps by rotations.

    Parameters
    ----------
    run : Run
        A complete run on a surface.
    settings : SpinSettings
    root : pathlib.Path, optional
        Folder of runs; rotations are kept below it for the next measure.
    progress : callable, optional
        Called as ``progress(done, total)``.

    Returns
    -------
    SimulationResult
        As :func:`read_spin`; ``settings`` also say the share of the sphere that has values.

    Raises
    ------
    InputError
        If the run's sphere is not known.
    """
    why = tell_why_not_spun(run)
    space = read_surface(run)
    if why or space is None:
        raise InputError("spin test", "columns on a known sphere", why, "choose a surface run")
    start = time.perf_counter()
    place = place_columns(space)
    values = read_map(run, settings.measure)
    if settings.significant_only:
        values = np.where(read_significant(run), values, np.float32(np.nan))
    values = values[place.columns]
    spun = read_or_spin(
        place,
        root,
        progress or ignore_progress,
        n=settings.n_rotations,
        seed=settings.seed,
        candidates=settings.n_candidates,
    )
    table = pd.concat([
        _test_hierarchy(run, values, place.columns, spun),
        _test_maps(run, settings, values, place, spun),
    ], ignore_index=True)  # fmt: skip
    covered = float(np.isfinite(values).sum() / place.n_vertices)
    about = {"run": run.run_id, "simulated": run.manifest.simulated, "sphere": place.sphere,
             "coverage": covered, "n_columns": len(values), **asdict(settings)}  # fmt: skip
    return SimulationResult(name_spin(run.run_id, settings), about, {"tests": table}, _made(start))


def _test_hierarchy(
    run: Run, values: Float32Array, columns: npt.NDArray[np.intp], spun: Int32Array
) -> pd.DataFrame:
    names, _, masks = list_masks(run, "tier")
    rois, _, roi_masks = list_masks(run, "roi", drawn=False)
    tiers, areas = [m[columns] for m in masks], [m[columns] for m in roi_masks]
    rows: list[tuple[str, str, str, SpinTest]] = []
    if len(tiers) > 1:
        found = spin_trend(values, tiers, spun)
        rows.append(("trend", " < ".join(names), "P(later tier exceeds earlier)", found))
    pairs = [(j, i) for i in range(len(tiers)) for j in range(i + 1, len(tiers))]
    what = [f"{names[j]} − {names[i]}" for j, i in pairs]
    inside, outside = [tiers[j] for j, _ in pairs], [tiers[i] for _, i in pairs]
    if len(areas) > 1:
        anywhere: BoolArray = np.any(areas, axis=0)
        what += [f"{name} − other ROIs" for name in rois]
        inside, outside = inside + areas, outside + [anywhere & ~a for a in areas]
    if what:
        tests = spin_differences(values, inside, outside, spun)
        rows += [
            ("difference", w, "difference of means", t) for w, t in zip(what, tests, strict=True)
        ]
    return _tabulate(rows)


def _test_maps(
    run: Run, settings: SpinSettings, values: Float32Array, place: Place, spun: Int32Array
) -> pd.DataFrame:
    others = [info for info in list_maps(run) if info.is_numeric and info.name != settings.measure]
    maps = np.stack([read_map(run, info.name)[place.columns] for info in others])
    narrowing = measure_narrowing(place.stretch, spun) if settings.widened else None
    found = spin_correlations(values, maps, spun, narrowing=narrowing)
    return _tabulate(
        [("correlation", info.label, "Pearson r", t) for info, t in zip(others, found, strict=True)]
    )


def _tabulate(rows: list[tuple[str, str, str, SpinTest]]) -> pd.DataFrame:
    records = [{"kind": k, "what": w, "statistic": s, **asdict(test)} for k, w, s, test in rows]
    table = pd.DataFrame(records, columns=COLUMNS)
    for _, part in table.groupby("kind"):
        table.loc[part.index, "q"] = correct_fdr(part["p"].to_numpy(dtype=float))
    return table.astype({"q": float})


def _made(start: float) -> Mapping[str, Any]:
    """Say when and how fast it was computed."""
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - start, 2),
    }
