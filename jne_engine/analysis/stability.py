"""How far a measure can be trusted: the same data again with another seed, half, or pairing.

Runs of one dataset are put together: those that differ in the encoder's seed alone, the two
halves of the stimuli, shuffled pairings (the floor: nothing is there to find), and single areas
fitted without the rest of the brain (company).

References
----------
Shrout and Fleiss (1979), Psychological Bulletin 86, 420-428. Spearman (1910) and Brown (1910),
British Journal of Psychology 3, 271-322.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from jne_engine.analysis.estimates import CONFIDENCE, compute_mean, estimate_mean
from jne_engine.analysis.maps import choose_roi_set, read_map, read_significant
from jne_engine.analysis.stability_maps import STABILITY, name_stored, tell_kind
from jne_engine.core.areas import WHOLE_BRAIN
from jne_engine.core.arrays import BoolArray, Float64Array
from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError
from jne_engine.datasets.changed import ALONE, split_name
from jne_engine.model.measures import STABLE, name_stability
from jne_engine.runs.results import SimulationResult, write_result
from jne_engine.runs.store import Run

FLOOR_QUANTILE = 0.95
AREA_COLUMNS = [
    *("place", "n", "n_seeds", "mean", "low", "high", "icc", "icc_of_mean"),
    *("half_r", "half_reliability", "floor", "alone", "company"),
]


@dataclass(frozen=True, eq=False)
class Stability:
    """What several runs of the same data say together of one measure.

    Parameters
    ----------
    measure : str
    simulated : bool
        Whether the data are SIMULATED.
    voxels : pandas.DataFrame
        One row a response column: ``voxel``; ``mean`` over seeds with Student's 95 % interval
        ``low, high`` and deviation ``sd``; ``reliability`` of the mean, 1 less its own error
        variance over the variance of all means; ``floor``, mean over shuffled pairings;
        ``above_floor``, whether the mean exceeds 95 % of all values with shuffled pairings.
    areas : pandas.DataFrame
        One row a place: ``n`` voxels, those that are significant in every run of the whole
        data; ``n_seeds``; ``mean`` of the area with its 95 % interval over seeds; ``icc`` of one
        seed and ``icc_of_mean`` of all, ICC(2,1) and ICC(2,k) over voxels; ``half_r`` between
        the halves and ``half_reliability`` of the whole by Spearman and Brown; ``floor``;
        ``alone``, the mean of the area fitted alone, and ``company``, what the rest of the brain
        adds to it. NaN where the runs for it are not there.
    """

    measure: str
    simulated: bool
    voxels: pd.DataFrame
    areas: pd.DataFrame


def measure_stability(
    runs: Sequence[Run], name: str, *, preset: str | None = None, significant: bool = True
) -> Stability:
    """Put runs of the same data together.

    Parameters
    ----------
    runs : sequence of Run
        Of one dataset, whole or changed; whole ones may differ in the encoder's seed.
    name : str
        A map of numbers.
    preset : str, optional
        ROI set of the areas; the first run's first one by default.
    significant : bool
        Whether areas are of voxels that every whole run predicts; else of all that have a value.

    Raises
    ------
    InputError
        If no run is of the whole data, or runs differ in more than what is compared.
    """
    groups = _group(runs)
    whole = groups.pop("", [])
    if not whole:
        fix = "add a run of the dataset as it is"
        raise InputError("stability", "a run of the whole data", "changed ones only", fix)
    values = _stack(whole, name)
    changed = {change: _stack(part, name) for change, part in groups.items()}
    shown = np.isfinite(values).all(axis=0)
    if significant:
        shown &= np.all([read_significant(run) for run in whole], axis=0)
    rois = choose_roi_set(whole[0], preset)
    places: dict[str, BoolArray] = {WHOLE_BRAIN: np.ones(values.shape[1], dtype=np.bool_)}
    if rois is not None:
        places |= dict(zip(rois.names, rois.masks, strict=True))
    rows = [_judge(place, mask & shown, values, changed) for place, mask in places.items()]
    areas = pd.DataFrame(rows, columns=AREA_COLUMNS)
    return Stability(name, whole[0].manifest.simulated, _describe(values, changed), areas)


def compute_icc(values: Float64Array) -> tuple[float, float]:
    """Return ICC(2,1) and ICC(2,k): absolute agreement of one rater, and of the mean of all.

    Parameters
    ----------
    values : numpy.ndarray, shape (k, n)
        k raters (seeds) of n targets (voxels), all finite.

    References
    ----------
    Shrout and Fleiss (1979), case 2.
    """
    k, n = values.shape
    if k < 2 or n < 2:
        return float("nan"), float("nan")
    grand, of_rater, of_target = values.mean(), values.mean(axis=1), values.mean(axis=0)
    targets = k * np.sum((of_target - grand) ** 2) / (n - 1)
    raters = n * np.sum((of_rater - grand) ** 2) / (k - 1)
    rest = values - of_rater[:, None] - of_target + grand
    error = np.sum(rest**2) / ((n - 1) * (k - 1))
    one = targets + (k - 1) * error + k * (raters - error) / n
    mean = targets + (raters - error) / n
    with np.errstate(divide="ignore", invalid="ignore"):
        return float((targets - error) / one), float((targets - error) / mean)


def extrapolate_reliability(r: float) -> float:
    """Return the reliability of the whole from the correlation of its halves: 2r / (1 + r)."""
    return 2 * r / (1 + r) if r > -1 else float("nan")


def list_again(run: Run, others: Sequence[Run]) -> tuple[Run, ...]:
    """Return the runs of a run's own data and fit, itself among them: other seeds, changed data."""
    return tuple(other for other in (run, *others) if tell_kind(other) == tell_kind(run))


def keep_stability(runs: Sequence[Run], name: str, root: Path) -> Path:
    """Store the stability of a measure beside the runs, as maps of every run of the whole data.

    Parameters
    ----------
    runs : sequence of Run
        As for :func:`measure_stability`; at least two of the whole data.
    name : str
        One of :data:`~jne_engine.model.measures.STABLE`.
    root : pathlib.Path
        Folder of runs.

    Returns
    -------
    pathlib.Path
        The result's folder. What is known of no voxel is left out of its table ``maps``.

    Raises
    ------
    InputError
        If the measure has no such maps, or there is one run only.
    """
    check_choice("measure with maps of stability", name, STABLE)
    groups = _group(runs)
    whole = [run.run_id for run in groups.get("", [])]
    if len(whole) < 2:
        fix = "make another with --seed 1"
        raise InputError("stability", "two or more runs of the whole data", str(len(whole)), fix)
    found, titles = measure_stability(runs, name), name_stability(name)
    voxels = found.voxels
    known = np.isfinite(voxels["mean"]) & voxels["floor"].notna().any()
    columns = {
        titles["mean"]: voxels["mean"],
        titles["half"]: voxels["high"] - voxels["mean"],
        titles["reliability"]: voxels["reliability"].where(np.isfinite(voxels["mean"])),
        titles["above"]: voxels["above_floor"].astype(np.float64).where(known),
    }
    maps = pd.DataFrame(columns).astype(np.float32).dropna(axis="columns", how="all")
    shuffled = [run.run_id for run in groups.get("pairing shuffled", [])]
    about = {"measure": name, "simulated": found.simulated, "runs": whole, "shuffled": shuffled}
    result = SimulationResult(name_stored(runs[0], name), about, {"maps": maps})
    return write_result(result, root / STABILITY)


def _group(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Return the runs of each change, all of the same data and fit."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        if tell_kind(run) != tell_kind(runs[0]):
            fix = "compare runs that differ in seed or change only"
            raise InputError(run.run_id, f"a run like {runs[0].run_id}", "other data or fit", fix)
        groups.setdefault(split_name(run.manifest.name)[1], []).append(run)
    return groups


def _stack(runs: Sequence[Run], name: str) -> Float64Array:
    return np.stack([read_map(run, name).astype(np.float64) for run in runs])


def _describe(values: Float64Array, changed: Mapping[str, Float64Array]) -> pd.DataFrame:
    """Return the table of voxels."""
    k = len(values)
    mean = values.mean(axis=0)
    sd = values.std(axis=0, ddof=1) if k > 1 else np.full(mean.shape, np.nan)
    error = sd / np.sqrt(k)
    half = stats.t.ppf(0.5 + CONFIDENCE / 2, k - 1) * error if k > 1 else error
    known = np.isfinite(mean)
    spread = mean[known].var(ddof=1) if known.sum() > 1 else np.nan
    shuffled = changed.get("pairing shuffled", np.full((1, mean.size), np.nan))
    limit = np.quantile(found, FLOOR_QUANTILE) if (
        found := shuffled[np.isfinite(shuffled)]
    ).size else np.nan  # fmt: skip
    return pd.DataFrame({
        "voxel": np.arange(mean.size), "mean": mean, "low": mean - half, "high": mean + half,
        "sd": sd, "reliability": 1 - error**2 / spread, "floor": shuffled.mean(axis=0),
        "above_floor": mean > limit,
    })  # fmt: skip


def _judge(
    place: str, mask: BoolArray, values: Float64Array, changed: Mapping[str, Float64Array]
) -> dict[str, object]:
    """Return the row of one place."""
    means = np.array([compute_mean(row[mask]) for row in values])
    mean = estimate_mean(means)
    icc, icc_of_mean = compute_icc(values[:, mask])
    r = _correlate_halves(changed, mask)
    alone = _mean_of(changed, f"{place}{ALONE}", mask)
    return {
        "place": place, "n": int(mask.sum()), "n_seeds": len(values),
        "mean": mean.value, "low": mean.low, "high": mean.high,
        "icc": icc, "icc_of_mean": icc_of_mean,
        "half_r": r, "half_reliability": extrapolate_reliability(r),
        "floor": _mean_of(changed, "pairing shuffled", mask),
        "alone": alone, "company": mean.value - alone,
    }  # fmt: skip


def _mean_of(changed: Mapping[str, Float64Array], change: str, mask: BoolArray) -> float:
    if change not in changed:
        return float("nan")
    return compute_mean(np.array([compute_mean(row[mask]) for row in changed[change]]))


def _correlate_halves(changed: Mapping[str, Float64Array], mask: BoolArray) -> float:
    """Return r between the means of both halves over the voxels that both have."""
    if not {"first half", "second half"} <= changed.keys():
        return float("nan")
    first, second = (changed[f"{which} half"].mean(axis=0)[mask] for which in ("first", "second"))
    both = np.isfinite(first) & np.isfinite(second)
    if both.sum() < 2 or np.ptp(first[both]) == 0 or np.ptp(second[both]) == 0:
        return float("nan")
    return float(np.corrcoef(first[both], second[both])[0, 1])
