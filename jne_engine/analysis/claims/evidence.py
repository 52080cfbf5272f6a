"""What a run says about the paper's claims on the hierarchy, subjects, encoders and variants.

Each function reads one run (or one a subject) and returns evidence by the claims' names;
:mod:`jne_engine.analysis.claims.verdicts` says what it amounts to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from jne_engine.analysis.claims.catalogue import LIMITS
from jne_engine.analysis.comparisons import compare_r2
from jne_engine.analysis.estimates import compute_mean, estimate_mean
from jne_engine.analysis.hierarchy import tabulate_group_pairs, tabulate_trends
from jne_engine.analysis.maps import read_map
from jne_engine.analysis.nonlinearity import has_nonlinearity
from jne_engine.analysis.roi_groups import drop_empty, read_groups
from jne_engine.analysis.spins import SpinSettings, read_spin, tell_why_not_spun
from jne_engine.analysis.subjects import (
    choose_one_a_subject,
    compare_subjects,
    fit_tier_model,
    tabulate_subject_means,
)
from jne_engine.analysis.variant_maps import explain_variants, read_variants
from jne_engine.core import areas
from jne_engine.cortex.spaces import TIERS
from jne_engine.runs.store import Run

NAN = float("nan")
NO_ROIS = "add ROIs of two tiers to the dataset and run it again"


@dataclass(frozen=True)
class Evidence:
    """What was found about a claim, before the verdict.

    Parameters
    ----------
    value, low, high : float
        In the claim's measure, with its 95 % interval; NaN where there is none.
    limit : float
        What the value is held against where the data say it; NaN: the claim's own limit.
    n : int
        Voxels, stimuli or subjects that it rests on.
    p : float
        One-sided; NaN where the claim is not a test.
    agrees : bool or None
        Whether the value lies where the claim says; None where nothing can be said.
    against : bool
        Whether the data speak against the claim, and not only too little for it.
    note : str
        What else a reader should know, in one sentence.
    fix : str
        What to do where it cannot be told.
    address : mapping of str to str
        Choices that show it on its page, beside the claim's own.
    doubt : str
        Why it does not hold even where it agrees, in one sentence; empty where nothing is known
        against it.
    """

    value: float = NAN
    low: float = NAN
    high: float = NAN
    n: int = 0
    p: float = NAN
    agrees: bool | None = None
    against: bool = False
    note: str = ""
    fix: str = ""
    address: Mapping[str, str] = field(default_factory=dict)
    doubt: str = ""
    limit: float = NAN


def lack(note: str, fix: str) -> Evidence:
    """Return that nothing can be said, why, and what to do about it."""
    return Evidence(note=note, fix=fix)


def pick(table: pd.DataFrame, position: Any) -> Any:
    """Return one row of a table by its position."""
    return table.iloc[int(position)]


def gather_tiers(run: Run, measure: str = "jne") -> dict[str, Evidence]:
    """Test whether JNE rises from tier to tier, over all voxels and over those of equal R²."""
    table = tabulate_trends(run, measure).set_index("comparison")
    found = {}
    for claim, name in (("rises", "all voxels"), ("rises-matched", "matched on R²")):
        if name not in table.index:
            why = "Fewer than two tiers hold significant voxels, or they share no range of R²."
            found[claim] = lack(why, NO_ROIS)
            continue
        row = pick(table, list(table.index).index(name))
        found[claim] = Evidence(
            row["effect"], row["low"], row["high"], int(row["n"]), row["p"],
            agrees=bool(row["effect"] > LIMITS[claim]), against=_is_below(row, LIMITS[claim]),
            note=_tell_draws(int(row["n_draws"])),
            fix="use more voxels or test stimuli",
        )  # fmt: skip
    return found


def gather_subjects(run: Run, others: Sequence[Run], measure: str = "jne") -> dict[str, Evidence]:
    """Test over subjects whether each tier's mean JNE exceeds the one's before it.

    Every step must rise: p is the largest of the steps', the difference the smallest.
    """
    chosen = choose_one_a_subject(others, run)
    if measure != "jne":
        chosen = tuple(r for r in chosen if has_nonlinearity(r))
    if len(chosen) < 2:
        fix = "start a study of several subjects on Data & runs, with equal features and settings"
        return {"subjects": lack("Only one subject has such a run here.", fix)}
    means = tabulate_subject_means(chosen, measure)
    pairs = compare_subjects(means).set_index(["first", "second"])
    tiers = [tier for tier in TIERS if tier in set(means.loc[means["n"] > 0, "name"])]
    steps = pairs.reindex(list(zip(tiers[1:], tiers[:-1], strict=True))).dropna(subset="p")
    if steps.empty:
        return {"subjects": lack("Fewer than two tiers hold significant voxels.", NO_ROIS)}
    weakest = pick(steps, steps["difference"].argmin())
    n, smallest = int(steps["n_subjects"].min()), float(steps["smallest_p"].max())
    notes = [_count_in_order(means, tiers), f"With n = {n} no p can be below {smallest:.3g}.",
             _tell_model(means)]  # fmt: skip
    return {
        "subjects": Evidence(
            weakest["difference"], weakest["low"], weakest["high"], n, float(steps["p"].max()),
            agrees=bool((steps["difference"] > LIMITS["subjects"]).all()),
            against=bool((steps["high"] < LIMITS["subjects"]).any()),
            note=" ".join(notes).strip(),
            fix="add subjects: five or more can reach p < 0.05, more after correction",
        )
    }  # fmt: skip


def gather_spin(run: Run) -> dict[str, Evidence]:
    """Read the stored spin test of the tier trend, or say how to compute it."""
    why = tell_why_not_spun(run)
    if why:
        return {"spin": lack(why, "bring the data to a surface, as docs/datasets.md says")}
    stored = read_spin(run.path.parent, run, SpinSettings())
    if stored is None:
        fix = "press “Compute the spin test” at the end of the page ROI hierarchy, measure JNE"
        return {"spin": lack("The spin test has not been computed for this run.", fix)}
    table = stored.tables["tests"]
    trend = table[table["kind"] == "trend"]
    if trend.empty or not np.isfinite(trend["p"].iloc[0]):
        return {"spin": lack("The stored spin test could not rotate the tiers.", NO_ROIS)}
    row = trend.iloc[0]
    null = f"Rotated maps: {row['null_mean']:.3f}, 95 % of them in [{row['null_low']:.3f},"
    return {
        "spin": Evidence(
            row["observed"], n=int(row["n_rotations"]), p=float(row["p"]),
            agrees=bool(row["observed"] > row["null_mean"]),
            against=bool(row["observed"] < row["null_low"]),
            note=f"{null} {row['null_high']:.3f}].",
            limit=float(row["null_mean"]),
            fix="more cortex with values makes the test sharper",
        )
    }  # fmt: skip


def gather_rois(run: Run, measure: str = "jne") -> dict[str, Evidence]:
    """Test whether V1 is lowest, and whether EBA, PPA and FFA lie above V1 to V4."""
    groups = drop_empty(read_groups(run, measure, drawn=False))
    means = pd.Series(map(compute_mean, groups.values), index=list(groups.names), dtype=float)
    pairs = tabulate_group_pairs(groups)
    low = [n for n, tier in zip(groups.names, groups.tiers, strict=True) if tier in TIERS[:2]]
    v1 = find_areas(groups.names, areas.V1.name)
    high = [
        name
        for area in (areas.EBA.name, areas.PPA.name, areas.FFA)
        for name in find_areas(groups.names, area)
    ]
    lowest = _weakest(pairs, [n for n in groups.names if n not in v1], v1)
    highest = _weakest(pairs, high, low)
    found = {
        "v1-lowest": lack("V1 and another ROI with significant voxels are needed.", NO_ROIS),
        "highest": lack("EBA, PPA or FFA and an early visual ROI are needed.", NO_ROIS),
    }
    if lowest is not None:
        rank = int((means < means[v1].min()).sum()) + 1
        found["v1-lowest"] = _describe_pair(
            "v1-lowest",
            lowest,
            agrees=rank == 1,
            note=f"V1 ranks {rank} of {len(means)} by mean JNE.",
        )
    if highest is not None:
        top = ", ".join(means.sort_values(ascending=False).index[:3])
        found["highest"] = _describe_pair(
            "highest", highest, agrees=True, note=f"Highest means: {top}."
        )
    return found


def gather_encoders(run: Run) -> dict[str, Evidence]:
    """Say how far linear and nonlinear R² agree, and which encoder predicts better."""
    table = compare_r2(run, drawn=False).dropna(subset="r")
    found = {"r2-agree": lack("Fewer than four significant voxels.", "use more test stimuli")}
    if not table.empty:
        worst, limit = pick(table, table["r"].argmin()), LIMITS["r2-agree"]
        found["r2-agree"] = Evidence(
            worst["r"], worst["low"], worst["high"], int(worst["n"]),
            agrees=bool(worst["r"] >= limit), against=bool((table["high"] < limit).any()),
            address={"roi": str(worst["name"])},
            note=f"Smallest in {worst['name']}; whole brain r = {table['r'].iloc[0]:.2f}.",
            fix="use more test stimuli",
        )  # fmt: skip
    gained = read_map(run, "delta_r2")
    gained = gained[np.isfinite(gained)].astype(np.float64)
    if gained.size < 2:
        return {**found, "predicts": lack("No valid voxels.", "use another run")}
    mean = estimate_mean(gained)
    quartiles = ", ".join(f"{v:.3f}" for v in np.quantile(gained, (0.25, 0.5, 0.75)))
    found["predicts"] = Evidence(
        mean.value, mean.low, mean.high, mean.n,
        agrees=bool(mean.low > LIMITS["predicts"]), against=bool(mean.high < LIMITS["predicts"]),
        note=f"ΔR² ≥ 0 in {np.mean(gained >= 0):.0%} of the valid voxels; quartiles {quartiles}.",
        fix="use more test stimuli",
    )  # fmt: skip
    return found


def gather_variants(run: Run) -> dict[str, Evidence]:
    """Read how far the stored variants of JNE agree, or say how to compute them."""
    why = explain_variants(run)
    stored = None if why else read_variants(run)
    if stored is None:
        missing = lack("The variants of JNE have not been computed for this run.",
                       "press “Compute” on the page Validation, check Variants")  # fmt: skip
        return {"l1-l2": missing, "zscored": missing}
    table = stored.tables["correlations"].set_index(["first", "second"])
    both = [("jne", "jne_zscored_l1"), ("jne_l2", "jne_zscored_l2")]
    return {
        "l1-l2": _describe_variants(table.loc[[("jne", "jne_l2")]], LIMITS["l1-l2"]),
        "zscored": _describe_variants(table.loc[both], LIMITS["zscored"]),
    }


def _is_below(row: Any, limit: float) -> bool:
    """Tell whether an effect is surely below a limit; one of 0 may have no interval."""
    return bool(row["effect"] < limit and not row["high"] >= limit)


def _tell_draws(n: int) -> str:
    return f"Averaged over {n} draws of matched voxels." if n > 1 else ""


def find_areas(names: Sequence[str], area: str) -> list[str]:
    """Return the ROI names that mean an area: ``FFA`` is FFA, FFA-1 and FFA-2, V1 is V1v too."""
    part = "" if area[-1].isdigit() else r"(?:[-_ ]?\d)?"
    pattern = re.compile(rf"{re.escape(area)}{part}[vd]?", re.IGNORECASE)
    return [name for name in names if pattern.fullmatch(name)]


def _weakest(pairs: pd.DataFrame, first: Sequence[str], second: Sequence[str]) -> Any:
    """Return the comparison with the smallest effect, its p the largest of all; None without."""
    part = pairs[pairs["first"].isin(first) & pairs["second"].isin(second)]
    if part.empty or not part["p"].notna().all():
        return None
    return pick(part.assign(p=part["p"].max()), part["effect"].argmin())


def _describe_pair(claim: str, row: Any, *, agrees: bool, note: str) -> Evidence:
    return Evidence(
        row["effect"], row["low"], row["high"], int(row["n_first"] + row["n_second"]), row["p"],
        agrees=agrees and bool(row["effect"] > LIMITS[claim]),
        against=_is_below(row, LIMITS[claim]),
        note=f"Weakest pair: {row['first']} over {row['second']}. {note}",
        fix="use more voxels or test stimuli",
    )  # fmt: skip


def _describe_variants(rows: pd.DataFrame, limit: float) -> Evidence:
    r, n = float(rows["r"].min()), int(rows["n"].min())
    if not np.isfinite(r):
        return lack("The variants do not vary over voxels.", "use more voxels")
    return Evidence(r, n=n, agrees=r >= limit, against=r < limit)


def _count_in_order(means: pd.DataFrame, tiers: Sequence[str]) -> str:
    wide = means.pivot(index="subject", columns="name", values="mean")[list(tiers)].dropna()
    n_rising = int((wide.diff(axis=1).iloc[:, 1:] > 0).all(axis=1).sum())
    return f"The tiers are in order in {n_rising} of {len(wide)} subjects."


def _tell_model(means: pd.DataFrame) -> str:
    """Say what the mixed model finds; its p is too favourable with few subjects."""
    found = fit_tier_model(means)
    if found is None or not np.isfinite(found.slope):
        return ""
    return (
        f"Mixed model: {found.slope:.3g} a tier [{found.low:.3g}, {found.high:.3g}]"
        f"{'' if found.converged else ', not converged'}, too narrow for few subjects."
    )
