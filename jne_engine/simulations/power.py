"""Power before scanning: which nonlinear shares are found with how many stimuli, how noisy.

SIMULATED subjects of known nonlinear share are fitted as a run fits them. All voxels of a subject
have the same noise ceiling, that of the mean response over presentations: where noise is
independent from one presentation to the next, repeats matter through it alone.

References
----------
Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from jne_engine.core.arrays import BoolArray, Float64Array
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.features.gabor_layers import N_LOCAL
from jne_engine.model.spec import RunSpec
from jne_engine.runs.results import SimulationResult
from jne_engine.simulations.calibration import LEVEL, fit_subject, measure_subject
from jne_engine.simulations.making import keep_table
from jne_engine.simulations.settings import NONLINEAR_FRACTIONS, PowerSettings
from jne_engine.simulations.subject import SimulatedStimuli, simulate_stimuli, simulate_subject

CONFIDENCE = 0.95
CELL = ["n_stimuli", "ceiling", "nonlinear_fraction", "share"]


def simulate_power(
    settings: PowerSettings | None = None,
    progress: Progress | None = None,
    *,
    parts: Path | None = None,
) -> SimulationResult:
    """Fit simulated subjects over a grid of stimuli and noise ceilings, and count what is found.

    Parameters
    ----------
    settings : PowerSettings, optional
        Full size by default: tens of minutes on two cores.
    progress : callable, optional
        Called as ``progress(subjects done, subjects)``.
    parts : pathlib.Path, optional
        Folder that keeps every finished subject, as
        :func:`~jne_engine.simulations.making.keep_table` does.

    Returns
    -------
    SimulationResult
        ``power``: per number of stimuli, ceiling, planted share (0 among them: false positives)
        and ``nonlinear_fraction`` the voxels ``n_voxels``, those found ``n_found``, ``power``,
        the ratio of both, and Wilson's 95 % interval ``low, high``. A NaN fraction stands for
        p < .05, any other for q < .05 where this fraction of the voxels is nonlinear. The
        interval takes voxels as independent; those of a subject share pictures and encoder.
        ``n_features``: of every subject.
    """
    settings = settings or PowerSettings()
    report = progress or ignore_progress
    cells = list(itertools.product(range(settings.n_seeds), settings.n_stimuli, settings.ceilings))
    draw = functools.lru_cache(maxsize=1)(_draw_stimuli)
    tables = []
    for done, (seed, n_stimuli, ceiling) in enumerate(cells):
        report(done, len(cells))
        shown = functools.partial(draw, seed, n_stimuli)
        work = functools.partial(_measure_voxels, shown, seed, ceiling, settings)
        voxels = keep_table(work, parts, settings, f"{n_stimuli}-{ceiling:g}-{seed}")
        tables.append(_find(voxels).assign(n_stimuli=n_stimuli, ceiling=ceiling))
    report(len(cells), len(cells))
    table = count_found(pd.concat(tables, ignore_index=True))
    table = table.assign(n_features=N_LOCAL)
    return SimulationResult("power", settings.to_dict(), {"power": table})


def correct_at_fraction(p: Float64Array, nonlinear: BoolArray, fraction: float) -> Float64Array:
    """Return Benjamini and Hochberg's q as if a given fraction of many voxels were nonlinear.

    Every linear voxel counts as ``(1 − fraction) / n_linear`` of all voxels, every nonlinear one
    as ``fraction / n_nonlinear``.

    Parameters
    ----------
    p : numpy.ndarray of float64, shape (n_voxels,)
        NaN where a voxel could not be tested, which counts as not found.
    nonlinear : numpy.ndarray of bool, shape (n_voxels,)
    fraction : float
        Above 0 and below 1.
    """
    weight = np.where(nonlinear, fraction / nonlinear.sum(), (1 - fraction) / (~nonlinear).sum())
    tested = np.where(np.isnan(p), 1.0, p)
    order = np.argsort(tested, kind="stable")
    ratio = tested[order] / np.cumsum(weight[order])
    q = np.empty_like(tested)
    q[order] = np.minimum.accumulate(ratio[::-1])[::-1]
    return q


def count_found(voxels: pd.DataFrame) -> pd.DataFrame:
    """Return the rate of each cell with Wilson's 95 % interval.

    Parameters
    ----------
    voxels : pandas.DataFrame
        One row a voxel and way of correcting: the columns of :data:`CELL`, and bool ``found``.
    """
    groups = voxels.groupby(CELL, dropna=False)["found"]
    table = groups.agg(n_voxels="size", n_found="sum").reset_index()
    counts = zip(table["n_found"], table["n_voxels"], strict=True)
    intervals = [
        stats.binomtest(int(k), int(n)).proportion_ci(CONFIDENCE, method="wilson")
        for k, n in counts
    ]
    return table.assign(
        power=table["n_found"] / table["n_voxels"],
        low=[i.low for i in intervals],
        high=[i.high for i in intervals],
    )


def _draw_stimuli(seed: int, n_stimuli: int) -> SimulatedStimuli:
    return simulate_stimuli(seed, n_stimuli=n_stimuli, n_test=n_stimuli // 5)


def _measure_voxels(
    shown: Callable[[], SimulatedStimuli], seed: int, ceiling: float, settings: PowerSettings
) -> pd.DataFrame:
    """Return planted share and p of one subject's voxels."""
    subject = simulate_subject(
        seed,
        stimuli=shown(),
        n_vertices=settings.n_vertices,
        planting="graded",
        ceiling=ceiling,
    )
    spec = RunSpec(n_hidden=settings.n_hidden, max_epochs=settings.max_epochs, seed=seed)
    found = measure_subject(subject, fit_subject(subject, spec, spec.activation), spec)
    assert subject.ground_truth is not None
    share = subject.ground_truth.nonlinear_share.astype(np.float64).round(6)
    return pd.DataFrame({"share": share, "p": found.p_nonlinearity.astype(np.float64)})


def _find(voxels: pd.DataFrame) -> pd.DataFrame:
    """Return which of a subject's voxels are found, once for each way of correcting."""
    p, nonlinear = voxels["p"].to_numpy(), (voxels["share"] > 0).to_numpy()
    ways = {np.nan: p} | {f: correct_at_fraction(p, nonlinear, f) for f in NONLINEAR_FRACTIONS}
    return pd.concat(
        [
            voxels[["share"]].assign(nonlinear_fraction=fraction, found=values < LEVEL)
            for fraction, values in ways.items()
        ],
        ignore_index=True,
    )
