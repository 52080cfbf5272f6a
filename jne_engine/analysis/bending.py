"""What bends in an area: gain or shape, along which directions, and which stimuli tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from jne_engine.analysis.nonlinearity import format_level, has_nonlinearity, read_nonlinear
from jne_engine.analysis.places import find_region_columns
from jne_engine.analysis.selectivity import list_stimulus_ids
from jne_engine.analysis.variant_maps import read_variants
from jne_engine.core.errors import StoreError
from jne_engine.runs.results import SimulationResult
from jne_engine.runs.store import Run

N_FEATURES = 4
"""Features told of a direction: those with the largest weights, of either sign."""


@dataclass(frozen=True)
class Direction:
    """One leading direction of the features along which an area's Jacobian changes.

    Parameters
    ----------
    number : int
        1 for the one that holds most.
    share : float
        Part of the area's change that it holds.
    low, high : tuple of (int, float)
        Rows of the test stimuli at both its ends, the outermost first, with where they lie.
    weights : tuple of (int, float)
        Features of the largest weights in it, with these.
    """

    number: int
    share: float
    low: tuple[tuple[int, float], ...]
    high: tuple[tuple[int, float], ...]
    weights: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Bends:
    """How an area bends, over its valid voxels.

    Parameters
    ----------
    place : str
        An ROI of the run's first set, or the whole brain.
    n_voxels : int
        Valid voxels.
    n_nonlinear : int or None
        Those of them that are nonlinear; None where the run did not measure it.
    level : float
        The run's false discovery rate.
    n_directions : float
        Along how many directions the area bends, NaN where it does not.
    gain_share : float
        Gain change over gain and shape change, summed over stimuli and voxels; says nothing
        where the area does not bend.
    directions : tuple of Direction
        The leading ones.
    """

    place: str
    n_voxels: int
    n_nonlinear: int | None
    level: float
    n_directions: float
    gain_share: float
    directions: tuple[Direction, ...]

    @property
    def is_straight(self) -> bool:
        """Whether the Jacobian is the same at all stimuli."""
        return bool(np.isnan(self.n_directions))


def explain_bends(run: Run) -> str:
    """Return why a run does not say what bends, in one line; empty text where it does."""
    try:
        result = read_variants(run)
    except StoreError as error:
        return str(error)
    if result is None:
        return "What bends is not computed for this run."
    if "areas" not in result.tables:
        return "What bends was computed for this run by a version that did not keep all of it."
    return ""


def read_bends(run: Run, place: str) -> Bends | None:
    """Return how an area bends.

    Parameters
    ----------
    run : Run
        A run for which :func:`explain_bends` has nothing to say.
    place : str
        An ROI of the run's first set, or the whole brain.

    Returns
    -------
    Bends or None
        None where the area has no valid voxel.
    """
    tables = _read_place(run, place)
    if tables["areas"].empty:
        return None
    area, changes = tables["areas"].iloc[0], tables["bends"][["gain_ss", "shape_ss"]]
    sums = changes.to_numpy(dtype=np.float64).sum(axis=0)
    return Bends(
        place=place,
        n_voxels=int(area["n_voxels"]),
        n_nonlinear=_count_nonlinear(run, place),
        level=float(run.manifest.spec["fdr_q"]),
        n_directions=float(area["n_directions"]),
        gain_share=float(sums[0] / sums.sum()) if sums.sum() > 0 else float("nan"),
        directions=tuple(
            _describe_direction(weights, tables["ends"])
            for _, weights in tables["directions"].groupby("direction")
        ),
    )


def tell_bends(bends: Bends) -> str:
    """Say in one sentence how an area bends."""
    if bends.is_straight:
        return f"{bends.place} does not bend: its Jacobian is the same at all test stimuli."
    gain = round(100 * bends.gain_share)
    first = bends.directions[0]
    return (
        f"{bends.place} bends along {bends.n_directions:.1f} directions; {gain} % of its change is"
        f" gain, {100 - gain} % shape; direction {first.number} holds {100 * first.share:.0f} %."
    )


def tell_caution(bends: Bends) -> str:
    """Say of what it all is, and how many of the area's voxels are nonlinear."""
    voxels = f"the {bends.n_voxels:,} valid voxels of {bends.place}"
    known = f"{bends.n_nonlinear} of {voxels} have that."
    if bends.n_nonlinear is None:
        known = f"this run did not measure which of {voxels} have that."
    level = format_level(bends.level)
    return f"Of the encoder as fitted: read it where nonlinearity has q < {level}; {known}"


def tabulate_ends(run: Run, place: str) -> pd.DataFrame:
    """Return the test stimuli at both ends of each leading direction of an area.

    Returns
    -------
    pandas.DataFrame
        Columns ``direction, share, end, rank, stimulus, score``: the stimulus by its id, and where
        it lies along the direction, in the features' unit.
    """
    ends = _read_place(run, place)["ends"].drop(columns="place")
    return ends.assign(stimulus=np.asarray(list_stimulus_ids(run))[ends["stimulus"]])


def tabulate_changes(run: Run, place: str) -> pd.DataFrame:
    """Return gain and shape change of an area at every test stimulus.

    Returns
    -------
    pandas.DataFrame, n_test rows
        Columns ``stimulus, gain_ss, shape_ss``, means over the area's valid voxels.
    """
    changes = _read_place(run, place)["bends"].drop(columns="place")
    return changes.assign(stimulus=list_stimulus_ids(run))


def _read_place(run: Run, place: str) -> dict[str, pd.DataFrame]:
    """Return the part of the tables that is about one area."""
    result: SimulationResult | None = read_variants(run)
    tables = {} if result is None else result.tables
    parts = {n: tables[n] for n in ("areas", "bends", "directions", "ends")}
    return {n: t[t["place"] == place].reset_index(drop=True) for n, t in parts.items()}


def _describe_direction(table: pd.DataFrame, ends: pd.DataFrame) -> Direction:
    number = int(table["direction"].iloc[0])
    order = np.argsort(-table["weight"].abs().to_numpy(), kind="stable")[:N_FEATURES]
    leading = table.iloc[order]
    own = ends[ends["direction"] == number].sort_values("rank")
    low, high = (own[own["end"] == end] for end in ("low", "high"))
    return Direction(
        number,
        float(table["share"].iloc[0]),
        _pair(low["stimulus"], low["score"]),
        _pair(high["stimulus"], high["score"]),
        _pair(leading["feature"], leading["weight"]),
    )


def _pair(rows: pd.Series, values: pd.Series) -> tuple[tuple[int, float], ...]:
    return tuple((int(row), float(value)) for row, value in zip(rows, values, strict=True))


def _count_nonlinear(run: Run, place: str) -> int | None:
    if not has_nonlinearity(run):
        return None
    return int(read_nonlinear(run)[find_region_columns(run, [place])].sum())
