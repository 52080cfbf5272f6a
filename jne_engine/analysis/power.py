"""From stimuli, repeats and noise ceiling to the smallest nonlinear share that would be found.

Reads the table of the simulation ``power``; nothing is simulated here, and nothing is told beyond
its grid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.interpolate import RegularGridInterpolator
from scipy.optimize import isotonic_regression

from jne_engine.core.arrays import Float64Array

TARGET = 0.8
"""Power that counts as enough."""
RATES = ("power", "low", "high")


@dataclass(frozen=True)
class Design:
    """What somebody means to measure.

    Parameters
    ----------
    n_stimuli : int
        Of all splits together.
    n_repeats : int
        Presentations of every stimulus, whose mean is the response.
    ceiling : float
        Noise ceiling of a single presentation: explainable variance over variance, 0 to 1.
    nonlinear_fraction : float
        NaN asks for p < .05 of a voxel; else for q < .05 where this fraction is nonlinear.
    """

    n_stimuli: int
    n_repeats: int
    ceiling: float
    nonlinear_fraction: float = float("nan")

    @property
    def mean_ceiling(self) -> float:
        """Noise ceiling of the mean over repeats, by Spearman and Brown: rc / (1 + (r − 1)c)."""
        return self.n_repeats * self.ceiling / (1 + (self.n_repeats - 1) * self.ceiling)


@dataclass(frozen=True, eq=False)
class Power:
    """What would be found of a design's voxels.

    Parameters
    ----------
    curve : pandas.DataFrame
        One row a simulated share above 0: ``share, power, low, high``, rising; empty where the
        design is outside of what was simulated.
    false_positives : float
        Rate at which exactly linear voxels are called nonlinear; NaN likewise.
    smallest, smallest_low, smallest_high : float
        Share whose power is 80 %, and those where the upper and lower limit of the interval are;
        NaN where no simulated share gets there.
    reason : str
        Why there is no smallest share; empty where there is one.
    """

    curve: pd.DataFrame
    false_positives: float
    smallest: float
    smallest_low: float
    smallest_high: float
    reason: str

    @property
    def is_bound(self) -> bool:
        """Whether even the smallest simulated share is found so often: less may do."""
        return not self.curve.empty and self.smallest == self.curve["share"].iloc[0]


def estimate_power(table: pd.DataFrame, design: Design) -> Power:
    """Return the power for a design from the stored grid.

    Between numbers of stimuli (their logarithm) and between ceilings, rates and their limits are
    interpolated linearly; over shares they are then made to rise (isotonic regression, weighted
    by voxels), and between shares joined by straight lines.

    Parameters
    ----------
    table : pandas.DataFrame
        ``power`` of the simulation.
    design : Design
    """
    asked = design.nonlinear_fraction
    told = table["nonlinear_fraction"]
    own = table[told.isna() if np.isnan(asked) else np.isclose(told, asked)]
    if reason := _explain(own, design):
        return _tell_nothing(reason)
    rates = _interpolate(own, design)
    if not (rates["share"] > 0).any():
        return _tell_nothing("no share was simulated in all sizes around it")
    false_positives = float(rates.loc[rates["share"] == 0, "power"].sum())
    curve = rates[rates["share"] > 0].reset_index(drop=True)
    weights = curve.pop("n_voxels").to_numpy()
    for name in RATES:
        curve[name] = isotonic_regression(curve[name].to_numpy(), weights=weights).x
    share = curve["share"].to_numpy()
    found, low, high = (_cross(share, curve[name].to_numpy()) for name in RATES)
    most = f"{curve['power'].iloc[-1]:.0%}".replace("%", " %")
    reason = f"a share of {share[-1]:g}, the largest simulated, is found in {most} only"
    return Power(curve, false_positives, found, high, low, reason if np.isnan(found) else "")


def describe_power(power: Power, design: Design) -> str:
    """Return the answer in one sentence, for a page."""
    of_mean = f", {_percent(design.mean_ceiling)} for their mean" if design.n_repeats > 1 else ""
    times = "once" if design.n_repeats == 1 else f"{design.n_repeats} times"
    given = (
        f"With {design.n_stimuli:,} stimuli in all, each shown {times}, at a noise ceiling of"
        f" {_percent(design.ceiling)} of a single presentation{of_mean}"
    )
    if power.reason:
        return f"{given}: cannot tell, {power.reason}."
    asked = design.nonlinear_fraction
    among = "" if np.isnan(asked) else f", where {_percent(asked)} of the voxels are nonlinear"
    least = f"{power.smallest:.2g} (the smallest simulated)" if power.is_bound else (
        f"{power.smallest:.2g} [{power.smallest_low:.2g}, {_or_more(power.smallest_high)}]"
    )  # fmt: skip
    return (
        f"{given}, a nonlinear share of {least} or more is found"
        f" ({'p' if np.isnan(asked) else 'q'} < .05{among}) in {_percent(TARGET)} of voxels"
        f" (simulated). Of exactly linear voxels {_percent(power.false_positives)} are found too."
    )


def describe_simulated(table: pd.DataFrame, settings: Mapping[str, Any]) -> str:
    """Return in one sentence which subjects a stored ``power`` counts, for a page.

    The table of an earlier version does not say how many features they had.
    """
    parts = [f"{table['n_features'].iloc[0]:,} features"] if "n_features" in table else []
    parts += [f"{settings['n_hidden']:,} hidden units", f"{settings['n_vertices']:,} vertices each"]
    each = f"{settings['n_seeds']} for each number of stimuli and noise ceiling"
    return f"Simulated subjects: {', '.join(parts)}; {each}."


def _or_more(share: float) -> str:
    return "beyond the largest" if np.isnan(share) else f"{share:.2g}"


def _tell_nothing(reason: str) -> Power:
    nan, curve = float("nan"), pd.DataFrame(columns=["share", *RATES], dtype=np.float64)
    return Power(curve, nan, nan, nan, nan, reason)


def _explain(table: pd.DataFrame, design: Design) -> str:
    """Return why the grid cannot tell of a design, empty where it can."""
    if table.empty:
        return f"{design.nonlinear_fraction:g} was not among the simulated fractions"
    n, ceilings = table["n_stimuli"], table["ceiling"]
    if not n.min() <= design.n_stimuli <= n.max():
        return f"{n.min():,} to {n.max():,} stimuli were simulated, not {design.n_stimuli:,}"
    if not ceilings.min() <= design.mean_ceiling <= ceilings.max():
        return (
            f"noise ceilings of {_percent(ceilings.min())} to {_percent(ceilings.max())} of the"
            f" mean response were simulated, not {_percent(design.mean_ceiling)}"
        )
    return ""


def _percent(value: float) -> str:
    return f"{100 * value:.3g} %"


def _interpolate(table: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Return the rates of every share at a design within the grid, with the voxels behind them."""
    names = [*RATES, "n_voxels"]
    grid = table.pivot_table(index="share", columns=["n_stimuli", "ceiling"], values=names)
    sizes, ceilings = np.unique(table["n_stimuli"]), np.unique(table["ceiling"])
    columns = {"share": grid.index.to_numpy(dtype=np.float64)}
    for name in names:
        values = grid[name].to_numpy().T.reshape(sizes.size, ceilings.size, -1)
        columns[name] = _at(sizes, ceilings, values, design)
    return pd.DataFrame(columns).dropna()


def _at(
    sizes: Float64Array, ceilings: Float64Array, values: Float64Array, design: Design
) -> Float64Array:
    """Return values of shape (n_sizes, n_ceilings, n_shares) at a design, (n_shares,)."""
    axes = (np.log(sizes), ceilings)
    point = (np.log(design.n_stimuli), design.mean_ceiling)
    wide = [i for i, axis in enumerate(axes) if axis.size > 1]
    kept = values.squeeze(axis=tuple({0, 1} - set(wide)))
    if wide:
        among = RegularGridInterpolator([axes[i] for i in wide], kept)
        kept = among([[point[i] for i in wide]])[0]
    return np.asarray(kept, dtype=np.float64)


def _cross(share: Float64Array, rates: Float64Array) -> float:
    """Return where rising rates reach the target: the first share where they do there already."""
    if not (rates >= TARGET).any():
        return float("nan")
    at = int(np.argmax(rates >= TARGET))
    if at == 0:
        return float(share[0])
    step = (TARGET - rates[at - 1]) / (rates[at] - rates[at - 1])
    return float(share[at - 1] + step * (share[at] - share[at - 1]))
