"""How many voxels of a run are nonlinear, and how much: the tool's answer, in numbers and words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from jne_engine.analysis.estimates import Estimate, estimate_median
from jne_engine.analysis.maps import read_map, read_significant
from jne_engine.core.arrays import BoolArray
from jne_engine.runs.store import Run

LATER = (
    "This run was stored by a version that did not measure the nonlinear share. To get it, run the"
    " dataset again: the same command, or the page Data & runs."
)


@dataclass(frozen=True)
class NonlinearitySummary:
    """What a run says of its predictable voxels, those that are significant.

    Parameters
    ----------
    simulated : bool
        Whether the data are SIMULATED.
    level : float
        The run's false discovery rate.
    n : int
        Predictable voxels.
    n_tested, n_nonlinear : int
        Those that have a q of nonlinearity, and those of them where it is below the level.
    share : Estimate
        Median nonlinear share with its 95 % bootstrap interval over the predictable voxels that
        have one, nonlinear or not: to take the nonlinear ones alone would favour large estimates.
    cannot_tell : mapping of str to int
        Predictable voxels without a share, by the reason; those whose prediction is no better
        than chance are tested all the same.
    """

    simulated: bool
    level: float
    n: int
    n_tested: int
    n_nonlinear: int
    share: Estimate
    cannot_tell: Mapping[str, int]

    @property
    def fraction(self) -> float:
        """Nonlinear voxels over tested ones, NaN where none is tested."""
        return self.n_nonlinear / self.n_tested if self.n_tested else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, NaN where undefined."""
        return {**asdict(self), "fraction": self.fraction}


def choose_first(maps: Collection[str]) -> str:
    """Return the map that says where something is nonlinear: the share, JNE where there is none."""
    return "nonlinear_share" if "nonlinear_share" in maps else "jne"


def has_nonlinearity(run: Run) -> bool:
    """Tell whether a run measured which voxels are nonlinear; older ones did not."""
    return run.has_stage("calibration")


def read_nonlinear(run: Run) -> BoolArray:
    """Return which voxels are nonlinear: q of nonlinearity below the run's level.

    Returns
    -------
    numpy.ndarray of bool, shape (n_voxels,)
        False where there is no verdict, and everywhere in a run that did not measure it.
    """
    if not has_nonlinearity(run):
        return np.zeros(int(run.manifest.counts["n_voxels"]), dtype=np.bool_)
    q = run.stage("calibration").read_array("q_nonlinearity")
    return np.asarray(q < float(run.manifest.spec["fdr_q"]), dtype=np.bool_)


def summarise_nonlinearity(run: Run) -> NonlinearitySummary | None:
    """Count the predictable voxels that are nonlinear, and say how much they are.

    Parameters
    ----------
    run : Run
        A complete run.

    Returns
    -------
    NonlinearitySummary or None
        None where the run did not measure it.
    """
    if not has_nonlinearity(run):
        return None
    shown = read_significant(run)
    share = read_map(run, "nonlinear_share")[shown]
    tested = np.isfinite(run.stage("calibration").read_array("q_nonlinearity")[shown])
    return NonlinearitySummary(
        simulated=run.manifest.simulated,
        level=float(run.manifest.spec["fdr_q"]),
        n=int(shown.sum()),
        n_tested=int(tested.sum()),
        n_nonlinear=int(read_nonlinear(run)[shown].sum()),
        share=estimate_median(share),
        cannot_tell=_count_reasons(run, ~np.isfinite(share), tested),
    )


def format_level(level: float) -> str:
    """Return a false discovery rate as it is written: .05."""
    return f"{level:g}".removeprefix("0")


def tell_nonlinearity(found: NonlinearitySummary | None) -> str:
    """Say in one or two sentences how many voxels are nonlinear and how much, or why nobody knows.

    Parameters
    ----------
    found : NonlinearitySummary or None
        What :func:`summarise_nonlinearity` returned.
    """
    if found is None:
        return LATER
    mark = "SIMULATED data: " if found.simulated else ""
    if not found.n:
        return f"{mark}no voxel is predictable, so none can be called linear or nonlinear."
    reasons = ", ".join(f"{why}: {n:,}" for why, n in found.cannot_tell.items())
    untold = f" No share in {sum(found.cannot_tell.values()):,} of them ({reasons})."
    rest = untold if found.cannot_tell else ""
    if not found.n_tested:
        return f"{mark}which of {found.n:,} predictable voxels are nonlinear: cannot tell.{rest}"
    level = format_level(found.level)
    said = f"{mark}{_tell_percent(found)} of predictable voxels are nonlinear (q < {level})"
    s = found.share
    median = f"; median share {s.value:.2f} [{s.low:.2f}, {s.high:.2f}]" if s.n else ""
    return f"{said}{median}.{rest}"


def _tell_percent(found: NonlinearitySummary) -> str:
    """Return a percentage that says 0 or 100 of none or all only."""
    percent = 100 * found.fraction
    rounded = f"{percent:.0f} %"
    if rounded == "0 %" and found.n_nonlinear:
        return "under 1 %"
    return "over 99 %" if rounded == "100 %" and percent < 100 else rounded


def _count_reasons(run: Run, untold: BoolArray, tested: BoolArray) -> dict[str, int]:
    """Count voxels without a share by the reason that the run gives.

    The run's record has the reasons of all voxels in the order of their codes; the last is that of
    voxels that are tested all the same.
    """
    *others, unpredicted = run.stage("calibration").read_json("nonlinearity")["cannot_tell"].items()
    given = " or ".join(why for why, n in others if n) or "no reason recorded"
    counts = {given: int((untold & ~tested).sum()), unpredicted[0]: int((untold & tested).sum())}
    return {why: n for why, n in counts.items() if n}
