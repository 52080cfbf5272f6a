"""The variants of JNE as maps of the run for which they have been computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy.typing as npt
import pandas as pd

from jne_engine.core.errors import InputError, StoreError
from jne_engine.model.measures import VARIANT_STAGE, list_stored
from jne_engine.runs.folder import VALIDATION, locate_results
from jne_engine.runs.results import RESULT, SimulationResult, read_result
from jne_engine.runs.store import Run

_NAME = "variants"
_FIX = "compute them on the page Validation, check Variants"


def stamp_variants(run: Run) -> int:
    """Return what changes when variants are computed anew: a time in nanoseconds, 0 for none."""
    folder = _locate(run)
    return 0 if folder is None else (folder / RESULT).stat().st_mtime_ns


def explain_variants(run: Run) -> str:
    """Return why a run has no maps of its variants, in one line; empty text where it has them."""
    try:
        return _explain(run, _read_table(run))
    except StoreError as error:
        return str(error)


def list_missing(run: Run) -> set[str]:
    """Return the measures that are stored with the variants and that this run has no map of."""
    names = {measure.name for measure in list_stored(VARIANT_STAGE)}
    if explain_variants(run):
        return names
    table = _read_table(run)
    return names if table is None else names - set(table.columns)


def read_variant(run: Run, variant: str) -> npt.NDArray[Any]:
    """Return one variant of JNE at every response column, shape (n_voxels,), float32.

    Parameters
    ----------
    run : Run
        A run for which :func:`explain_variants` has nothing to say.
    variant : str
        One of :data:`jne_engine.model.variants.VARIANTS`, or of
        :data:`jne_engine.model.bending.BENDS`, which earlier results lack.

    Raises
    ------
    InputError
        If they have not been computed for this run.
    StoreError
        If they are there and altered.
    """
    table = _read_table(run)
    if table is None or _explain(run, table) or variant not in table:
        raise InputError(f"{run.run_id}, variants of JNE", "a stored result", "none", _FIX)
    return table[variant].to_numpy(dtype="float32")


def read_variants(run: Run) -> SimulationResult | None:
    """Return all that is stored of a run's variants, None where they are not computed.

    Raises
    ------
    StoreError
        If they are there and altered.
    """
    folder = _locate(run)
    result = None if folder is None else read_result(folder)
    return result if result is not None and result.settings.get("run") == run.run_id else None


def _locate(run: Run) -> Path | None:
    """Return the run's own folder, else the one that all runs shared in earlier versions."""
    roots = locate_results(run.path), run.path.parent / VALIDATION
    return next((r / _NAME for r in roots if (r / _NAME / RESULT).is_file()), None)


def _read_table(run: Run) -> pd.DataFrame | None:
    result = read_variants(run)
    return None if result is None else result.tables["maps"]


def _explain(run: Run, table: pd.DataFrame | None) -> str:
    if table is None:
        return f"The variants of JNE are not computed for this run: {_FIX}."
    n_voxels = run.manifest.counts["n_voxels"]
    if len(table) != n_voxels:
        return f"The stored variants hold {len(table):,} voxels, the run {n_voxels:,}: {_FIX}."
    return ""
