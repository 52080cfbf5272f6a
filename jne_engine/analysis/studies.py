"""Many runs at once: a map's means by layer, subject and place, and which runs may be mixed.

Each run is read once, into a table of its places (:func:`average_places`); all else here works
on those tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from jne_engine.analysis.estimates import compute_mean, correlate, estimate_mean
from jne_engine.analysis.maps import choose_roi_set, read_map, read_significant
from jne_engine.core.areas import WHOLE_BRAIN
from jne_engine.core.arrays import BoolArray
from jne_engine.cortex.spaces import TIERS
from jne_engine.runs.store import Run

PLACE_COLUMNS = ["kind", "place", "tier", "n_voxels", "n", "mean", "low", "high", "r2"]
LOW_R2 = 0.02
"""Mean R² below which a layer predicts so little of a place that its JNE says little.

The limit is ours, not the paper's.
"""


@dataclass(frozen=True)
class RunGroup:
    """Runs that differ in subject and layer only, and so may stand in one table.

    Parameters
    ----------
    runs : tuple of Run
        One a subject and layer, by subject and then by layer.
    differs : mapping of str to str
        What tells this group from the others, as people read it; empty where it is the only one.
    left_out : tuple of str
        Ids of runs whose subject and layer a newer run has too.
    """

    runs: tuple[Run, ...]
    differs: Mapping[str, str]
    left_out: tuple[str, ...] = ()

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects by name."""
        return tuple(sorted({run.manifest.subject for run in self.runs}))

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers, lowest first."""
        return tuple(sorted({run.manifest.layer for run in self.runs}))


def describe_run(run: Run) -> dict[str, Any]:
    """Return a run's row of the table of a study's runs.

    Returns
    -------
    dict
        ``run_id, subject, layer, features, encoder, preset, n_test, n_voxels, n_significant``;
        ``median_r2`` over all valid voxels and ``mean_jne`` over significant ones.
    """
    manifest, rois = run.manifest, choose_roi_set(run)
    spec = manifest.spec
    first = "linear first, " if spec.get("linear_first") else ""
    r2 = read_map(run, "r2_nonlinear")
    finite = r2[np.isfinite(r2)].astype(np.float64)
    return {
        "run_id": run.run_id,
        "subject": manifest.subject,
        "layer": manifest.layer,
        "features": manifest.feature_set,
        "encoder": f"{spec['activation']} {spec['n_hidden']}, {first}seed {spec['seed']}",
        "preset": "none" if rois is None else rois.preset,
        "n_test": manifest.counts["n_test"],
        "n_voxels": manifest.counts["n_voxels"],
        "n_significant": manifest.counts["n_significant"],
        "median_r2": float(np.median(finite)) if finite.size else float("nan"),
        "mean_jne": compute_mean(read_map(run, "jne")[read_significant(run)]),
    }


def tabulate_described(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return what :func:`describe_run` says of several runs as a table."""
    return pd.DataFrame([dict(row) for row in rows])


def group_runs(runs: Sequence[Run], presets: Mapping[str, str]) -> tuple[RunGroup, ...]:
    """Group runs that differ in subject and layer only.

    Parameters
    ----------
    runs : sequence of Run
        Newest first.
    presets : mapping of str to str
        Each run's first ROI preset, by run id.

    Returns
    -------
    tuple of RunGroup
        The group of the newest run first. Features, every choice of the fit, the number of test
        stimuli, whether data are simulated, and the ROI preset are equal within a group.
    """
    parts: dict[tuple[str, ...], list[Run]] = {}
    facts = {run.run_id: _list_facts(run, presets[run.run_id]) for run in runs}
    for run in runs:
        parts.setdefault(tuple(facts[run.run_id].values()), []).append(run)
    names = {name: i for i, name in enumerate(dict.fromkeys(n for f in facts.values() for n in f))}
    apart = [name for name, i in names.items() if len({key[i] for key in parts}) > 1]
    return tuple(
        _build_group(part, {name: key[names[name]] for name in apart})
        for key, part in parts.items()
    )


def average_places(run: Run, name: str, *, significant: bool = True) -> pd.DataFrame:
    """Average one run's map over the whole brain, each tier and each ROI.

    Parameters
    ----------
    run : Run
        A complete run.
    name : str
        A map of numbers.
    significant : bool
        Average over significant voxels only.

    Returns
    -------
    pandas.DataFrame
        Columns ``kind`` (``"whole"``, ``"tier"`` or ``"roi"``), ``place, tier``; ``n_voxels`` of
        the place and ``n`` averaged; ``mean`` with Student's 95 % interval over voxels
        ``low, high``; ``r2``, the nonlinear encoder's mean R² over all valid voxels of the place,
        significant or not, so that layers are judged by the same voxels. Places without voxels
        are left out.
    """
    values, r2 = read_map(run, name), read_map(run, "r2_nonlinear")
    shown = np.isfinite(values)
    if significant:
        shown &= read_significant(run)
    rows = []
    for kind, place, tier, mask in _list_places(run):
        if mask.any():
            mean = estimate_mean(values[mask & shown])
            found = (mean.n, mean.value, mean.low, mean.high, compute_mean(r2[mask]))
            rows.append((kind, place, tier, int(mask.sum()), *found))
    return pd.DataFrame(rows, columns=PLACE_COLUMNS)


def stack_runs(tables: Sequence[tuple[str, int, pd.DataFrame]]) -> pd.DataFrame:
    """Stack the tables of several runs, each with its subject and layer.

    Returns
    -------
    pandas.DataFrame
        Columns ``subject, layer``, those of :func:`average_places`, and ``weak``: whether ``r2`` is
        below :data:`LOW_R2` or unknown.
    """
    parts = [table.assign(subject=s, layer=layer) for s, layer, table in tables]
    stacked = pd.concat(parts, ignore_index=True)[["subject", "layer", *PLACE_COLUMNS]]
    return stacked.assign(weak=~(stacked["r2"] >= LOW_R2))


def average_over_subjects(stacked: pd.DataFrame) -> pd.DataFrame:
    """Average places over subjects, layer by layer.

    Returns
    -------
    pandas.DataFrame
        Columns ``layer, kind, place, tier``; ``mean`` over subjects with Student's 95 % interval
        ``low, high`` over subjects; ``n``, how many, and ``over``, of what. Where a layer has one
        subject, the interval and ``n`` are those over that subject's voxels. ``r2`` is the
        subjects' mean; ``weak`` says that it is below :data:`LOW_R2` or unknown.
    """
    keys = ["layer", "kind", "place", "tier"]
    rows = [
        (*key, *_average(part), compute_mean(part["r2"].to_numpy()))
        for key, part in stacked.groupby(keys, sort=False, dropna=False)
    ]
    columns = [*keys, "mean", "low", "high", "n", "over", "r2"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.sort_values("layer", kind="stable", ignore_index=True)
    return table.assign(weak=~(table["r2"] >= LOW_R2))


def find_best_layers(averages: pd.DataFrame) -> pd.DataFrame:
    """Return the layer that predicts each place best, from :func:`average_over_subjects`.

    Returns
    -------
    pandas.DataFrame
        Columns ``place, tier, best_layer, r2, mean, n, over, weak`` of that layer; of equal R²
        the lowest layer. Places whose R² is nowhere known are left out.
    """
    known = averages[averages["r2"].notna()]
    best = known.loc[known.groupby("place", sort=False)["r2"].idxmax()]
    columns = ["place", "tier", "best_layer", "r2", "mean", "n", "over", "weak"]
    return best.rename(columns={"layer": "best_layer"})[columns].reset_index(drop=True)


def correlate_subjects(stacked: pd.DataFrame, layer: int) -> pd.DataFrame:
    """Correlate the ROI profiles of each pair of subjects in one layer.

    A profile is a subject's mean of each ROI.

    Returns
    -------
    pandas.DataFrame
        Columns ``first, second, r, low, high, n``: Pearson's r over the ``n`` ROIs that both have,
        with Fisher's 95 % interval, which takes ROIs as independent; NaN below four ROIs. Each
        pair once.
    """
    chosen = stacked[stacked["layer"] == layer]
    names = sorted(chosen["subject"].unique())
    rois = chosen[chosen["kind"] == "roi"]
    profiles = rois.pivot(index="place", columns="subject", values="mean").reindex(columns=names)
    rows = []
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            found = correlate(profiles[first].to_numpy(), profiles[second].to_numpy())
            rows.append((first, second, found.r, found.low, found.high, found.n))
    return pd.DataFrame(rows, columns=["first", "second", "r", "low", "high", "n"])


def _list_facts(run: Run, preset: str) -> dict[str, str]:
    manifest = run.manifest
    return {
        "data": "simulated" if manifest.simulated else "measured",
        "features": manifest.feature_set,
        "ROIs": preset,
        "test stimuli": str(manifest.counts["n_test"]),
        **{name.replace("_", " "): str(value) for name, value in sorted(manifest.spec.items())},
    }


def _build_group(runs: Sequence[Run], differs: Mapping[str, str]) -> RunGroup:
    kept: dict[tuple[str, int], Run] = {}
    for run in runs:
        kept.setdefault((run.manifest.subject, run.manifest.layer), run)
    ids = {run.run_id for run in kept.values()}
    left_out = tuple(run.run_id for run in runs if run.run_id not in ids)
    return RunGroup(tuple(kept[key] for key in sorted(kept)), differs, left_out)


def _list_places(run: Run) -> list[tuple[str, str, str | None, BoolArray]]:
    everything = np.ones(run.manifest.counts["n_voxels"], dtype=np.bool_)
    whole: list[tuple[str, str, str | None, BoolArray]] = [("whole", WHOLE_BRAIN, None, everything)]
    rois = choose_roi_set(run)
    if rois is None:
        return whole
    tiers = [("tier", tier, tier, rois.tier_mask(tier)) for tier in TIERS]
    named = zip(rois.names, rois.tiers, rois.masks, strict=True)
    return [*whole, *tiers, *(("roi", name, tier, mask) for name, tier, mask in named)]


def _average(part: pd.DataFrame) -> tuple[float, float, float, int, str]:
    means = part["mean"].to_numpy()
    if len(part) == 1:
        row = part.iloc[0]
        return row["mean"], row["low"], row["high"], int(row["n"]), "voxels"
    mean = estimate_mean(means)
    return mean.value, mean.low, mean.high, mean.n, "subjects"
