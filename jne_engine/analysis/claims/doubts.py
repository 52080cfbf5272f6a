"""Why a claim does not hold although its own number agrees: the nonlinear share, and R².

JNE of a linear voxel is above 0 and rises beside nonlinear ones, so that no claim about which
voxels are nonlinear holds on JNE alone where the calibrated measure says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np

from jne_engine.analysis.claims.catalogue import LIMITS
from jne_engine.analysis.claims.evidence import Evidence
from jne_engine.analysis.estimates import compute_mean
from jne_engine.analysis.hierarchy import compute_tier_trend
from jne_engine.analysis.maps import choose_roi_set, read_map, read_significant, select_known
from jne_engine.analysis.nonlinearity import read_nonlinear
from jne_engine.core.arrays import BoolArray
from jne_engine.model.measures import MEASURES
from jne_engine.runs.store import Run

SHARE = "nonlinear_share"
PREDICTS = "predicts"

Gather = Callable[[Run, str], dict[str, Evidence]]


def gather_both(run: Run, gather: Gather) -> dict[str, Evidence]:
    """Gather evidence from JNE, and doubt what the nonlinear share does not agree with.

    A share of which nothing can be said, or that an older run lacks, doubts nothing.
    """
    found = gather(run, "jne")
    if not select_known(run, [MEASURES[SHARE]]):
        return found
    shares = gather(run, SHARE)
    return {name: _doubt(own, shares[name]) for name, own in found.items()}


def doubt_spin(run: Run, found: Mapping[str, Evidence]) -> dict[str, Evidence]:
    """Doubt a rise beyond rotated maps where the nonlinear share does not rise."""
    spin = found["spin"]
    if not spin.agrees or not select_known(run, [MEASURES[SHARE]]):
        return dict(found)
    trend = compute_tier_trend(run, SHARE)
    if trend is None or not trend.effect <= LIMITS["spin"]:
        return dict(found)
    share = Evidence(trend.effect, trend.low, trend.high, agrees=False)
    return {"spin": _doubt(spin, share)}


def doubt_linear_places(run: Run, found: Mapping[str, Evidence]) -> dict[str, Evidence]:
    """Doubt what is most nonlinear for some stimuli in a place without a nonlinear voxel."""
    rois = choose_roi_set(run)
    if rois is None or not select_known(run, [MEASURES["q_nonlinearity"]]):
        return dict(found)
    tested = read_significant(run) & np.isfinite(read_map(run, "q_nonlinearity"))
    nonlinear = tested & read_nonlinear(run)
    doubted = {}
    for name, own in found.items():
        place = own.address.get("roi")
        inside = rois.mask(place) if place in rois.names else np.zeros_like(tested)
        n = int((inside & tested).sum())
        none = bool(n) and not (inside & nonlinear).any()
        doubt = f"None of {n:,} predictable voxels of {place} is nonlinear by its own q."
        doubted[name] = replace(own, doubt=doubt) if none else own
    return doubted


def doubt_r2(run: Run, found: Mapping[str, Evidence]) -> dict[str, Evidence]:
    """Conclude nothing where the nonlinear encoder predicts less than the mean response does.

    But for the claim about how well it predicts, of which that may be the very evidence.
    """
    doubt = tell_below_mean(run, ("nonlinear",), read_significant(run), "significant voxels")
    return {name: _withhold(name, own, doubt) for name, own in found.items()}


def doubt_encoders(run: Run, found: Mapping[str, Evidence]) -> dict[str, Evidence]:
    """Doubt a comparison of encoders where either predicts less than the mean response does.

    The gain is over valid voxels, r over the significant ones of the place that it names; an r of
    predictions below the mean speaks neither for nor against agreement.
    """
    both, rois = ("nonlinear", "linear"), choose_roi_set(run)
    doubted = dict(found)
    everywhere = np.isfinite(read_map(run, "r2_nonlinear"))
    said = {PREDICTS: tell_below_mean(run, both, everywhere, "valid voxels")}
    place = found["r2-agree"].address.get("roi", "")
    inside = read_significant(run)
    if rois is not None and place in rois.names:
        inside = inside & rois.mask(place)
    said["r2-agree"] = tell_below_mean(run, both, inside, f"significant voxels, {place}")
    for name, doubt in said.items():
        doubted[name] = _withhold(name, found[name], doubt)
    return doubted


def tell_below_mean(run: Run, encoders: Iterable[str], voxels: BoolArray, which: str) -> str:
    """Say which encoders predict some voxels worse than their mean would; empty where none does."""
    means = {name: compute_mean(read_map(run, f"r2_{name}")[voxels]) for name in encoders}
    below = [f"{name} {mean:.2g}" for name, mean in means.items() if mean < 0]
    if not below:
        return ""
    return (f"Mean R² is below 0 ({', '.join(below)}; {which}): the mean response predicts better,"
            " so nothing follows from it.")  # fmt: skip


def _withhold(name: str, own: Evidence, doubt: str) -> Evidence:
    """Let a doubt about R² speak neither for a claim nor against one, but that on prediction."""
    if not doubt:
        return own
    return replace(own, doubt=own.doubt or doubt, against=own.against and name == PREDICTS)


def _doubt(own: Evidence, share: Evidence) -> Evidence:
    if share.agrees is not False:
        return own
    limits = f" [{share.low:.3g}, {share.high:.3g}]" if np.isfinite(share.low) else ""
    doubt = f"JNE alone: by the nonlinear share it is {share.value:.3g}{limits}, not as claimed."
    return replace(own, doubt=doubt)
