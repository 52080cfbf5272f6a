"""What a run says about the paper's claims on categories, and about what was planted.

Data sets name their categories differently. :data:`SYNONYMS` says which names mean what a claim
is about; a claim whose names a run lacks cannot be told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from jne_engine.analysis.claims.catalogue import LIMITS
from jne_engine.analysis.claims.evidence import Evidence, find_areas, lack, pick
from jne_engine.analysis.comparisons import correlate_with_truth, has_truth
from jne_engine.analysis.estimates import estimate_mean
from jne_engine.analysis.groupings import COLUMN, list_groupings, read_grouping
from jne_engine.analysis.hierarchy import ALPHA
from jne_engine.analysis.maps import read_significant
from jne_engine.analysis.selectivity import average_jne_ss
from jne_engine.analysis.selectivity_index import (
    compute_selectivity,
    rank_planted_categories,
    tabulate_leading_categories,
)
from jne_engine.analysis.stimulus_maps import average_maps_by_category
from jne_engine.core import areas
from jne_engine.runs.grouping import Grouping
from jne_engine.runs.store import Run

_OUTDOOR = ("outdoor", "outdoors", "outdoor scene", "landscape", "nature", "city", "street")
_PEOPLE = ("person", "people", "human")
SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "outdoor": _OUTDOOR,
        "scene": (*_OUTDOOR, "indoor", "indoors", "indoor scene", "scene", "scenes", "room"),
        "face": ("face", "faces", *_PEOPLE),
        "body": ("body", "bodies", *_PEOPLE),
    }
)
"""Names of categories, in lower case, that mean each kind of stimulus.

``city`` is an outdoor scene of the simulated pictures. COCO names no scenes: its supercategory
``outdoor`` holds street furniture (hydrants, benches, signs), which stands for the scenes that it
is seen in, and its ``indoor`` books, clocks and vases. It names no faces and no bodies either:
``person`` stands for both, as the paper reads faces and people together.
"""
CLAIMED: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "outdoor": ("outdoor", (areas.PPA.name, areas.RSC.name)),
        "scenes-opa": ("scene", (areas.OPA.name,)),
        "faces": ("face", (areas.FFA,)),
        "bodies": ("body", (areas.EBA.name,)),
    }
)
"""The kind of stimulus that leads, and the areas where, of each claim about categories."""


def gather_categories(run: Run) -> dict[str, Evidence]:
    """Say which categories' JNE-SS lead PPA, RSC, OPA, FFA and EBA."""
    groupings = _read_labels(run)
    means = average_jne_ss(run) if groupings else pd.DataFrame()
    tables: dict[str, pd.DataFrame] = {}
    found = {}
    for claim, (kind, named) in CLAIMED.items():
        grouping = next((g for g in groupings if find_categories(g, kind)), None)
        places = [p for area in named for p in find_areas(list(means.columns), area)]
        places = [p for p in places if means[p].notna().any()]
        if grouping is None:
            why = f"No category of this run means {kind}: {', '.join(SYNONYMS[kind])}."
            fix = "add such labels in a category column of the stimuli, as docs/datasets.md says"
            found[claim] = lack(why, fix)
        elif not places:
            why = f"No significant voxels in {' or '.join(named)}."
            found[claim] = lack(why, "add these ROIs to the dataset and run it again")
        else:
            if grouping.name not in tables:
                tables[grouping.name] = compute_selectivity(means, grouping)
            found[claim] = _judge_leaders(tables[grouping.name], grouping, kind, places)
    return found


def gather_planted(run: Run) -> dict[str, Evidence]:
    """Say how well a SIMULATED run recovers the planted share and the planted categories."""
    why = "Nothing is planted here." if run.manifest.simulated else "Nobody knows the truth here."
    if run.manifest.simulated and run.manifest.layer:
        why = "What is planted is true of layer 0 alone."
    fix = "choose the simulated subject's run of layer 0"
    found = {name: lack(why, fix) for name in ("follows-truth", "gating")}
    r = correlate_with_truth(run) if has_truth(run) else None
    if r is not None and np.isfinite(r.r):
        limit = LIMITS["follows-truth"]
        found["follows-truth"] = Evidence(
            r.r,
            r.low,
            r.high,
            r.n,
            agrees=r.r >= limit,
            against=r.high < limit,
            fix="use more voxels or test stimuli",
        )
    labels = _read_labels(run)
    if not has_truth(run) or not labels:
        return found
    ranked = rank_planted_categories(run, average_maps_by_category(run, labels[0]), labels[0])
    if ranked is None:
        return found
    ranked = ranked[read_significant(run)[ranked["column"]]]
    if len(ranked) < 2:
        found["gating"] = lack("No significant voxel has a planted category.", fix)
        return found
    mean = estimate_mean(ranked["agreement"].to_numpy())
    each = ranked.groupby("planted")["agreement"].mean()
    found["gating"] = Evidence(
        mean.value, mean.low, mean.high, mean.n,
        agrees=mean.value >= LIMITS["gating"], against=mean.high < LIMITS["gating"],
        note=f"By category: {', '.join(f'{name} {value:.2f}' for name, value in each.items())}.",
        fix="use more test stimuli",
    )  # fmt: skip
    return found


def find_categories(grouping: Grouping, kind: str) -> list[str]:
    """Return a grouping's categories that mean a kind of :data:`SYNONYMS`."""
    return [c for c in grouping.categories if c.strip().lower() in SYNONYMS[kind]]


def _read_labels(run: Run) -> list[Grouping]:
    return [read_grouping(run, name) for name in list_groupings(run) if name.startswith(COLUMN)]


def _judge_leaders(
    table: pd.DataFrame, grouping: Grouping, kind: str, places: Sequence[str]
) -> Evidence:
    """Say whether categories of a kind lead all of some places; the weakest place counts.

    The best of k categories that mean the kind is taken, so that its p is multiplied by k.
    """
    meant = find_categories(grouping, kind)
    leaders = tabulate_leading_categories(table).set_index("place").reindex(list(places))
    own = table[table["category"].isin(meant) & table["place"].isin(places)].dropna(subset="index")
    if own.empty or leaders["category"].isna().any():
        return lack(f"{', '.join(meant)} holds all stimuli or none.", "use more test stimuli")
    best = own.loc[own.groupby("place")["index"].idxmax()].set_index("place")
    leads = leaders["category"].isin(meant)
    weakest = pick(best.reset_index(), best["index"].argmin())
    told = [f"{p} is led by {r['category']} ({r['index']:.2f})" for p, r in leaders.iterrows()]
    return Evidence(
        weakest["index"], weakest["low"], weakest["high"],
        int(best["n_stimuli"].min()), min(float(best["p"].max()) * len(meant), 1.0),
        agrees=bool(leads.all()), against=bool((~leads & (leaders["q"] < ALPHA)).any()),
        note="; ".join(told) + ".",
        fix="use more test stimuli of this kind",
        address={"roi": str(weakest["place"]), "grouping": grouping.name},
    )  # fmt: skip
