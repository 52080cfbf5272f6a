"""Several subjects: means of ROIs and tiers, compared within subjects, and a mixed model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pandas as pd

from jne_engine.analysis.estimates import compute_mean
from jne_engine.analysis.hierarchy import ALPHA
from jne_engine.analysis.roi_groups import By, read_groups
from jne_engine.analysis.statistics import MixedModel, compare_within_subjects, fit_mixed_model
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import TIERS
from jne_engine.model.scoring import correct_fdr
from jne_engine.runs.store import Run

PAIR_COLUMNS = [
    *("first", "second", "n_subjects", "n_positive", "difference", "low", "high"),
    *("d_z", "p", "q", "smallest_p", "exceeds"),
]


def choose_one_a_subject(runs: Sequence[Run], like: Run) -> tuple[Run, ...]:
    """Return one run a subject, made as ``like`` was: its features, layer and choices.

    Where a subject has several, the first in ``runs`` is taken; ``like`` is always among them.
    """
    wanted = _settings(like)
    chosen = {like.manifest.subject: like}
    for run in runs:
        if _settings(run) == wanted:
            chosen.setdefault(run.manifest.subject, run)
    return tuple(chosen[subject] for subject in sorted(chosen))


def list_alike(run: Run, runs: Sequence[Run]) -> dict[str, tuple[Run, ...]]:
    """Return, by what they differ in, the runs that are made as one is but for subject or layer.

    One run a subject or layer, in their order, the run itself left out; nothing that is empty.
    """
    subjects = [r for r in choose_one_a_subject(runs, run) if r.run_id != run.run_id]
    own = (run.manifest.subject, _settings(run, layer=False))
    alike = [r for r in runs if (r.manifest.subject, _settings(r, layer=False)) == own]
    same = {r.manifest.layer: r for r in reversed(alike)}
    layers = [same[n] for n in sorted(same) if n != run.manifest.layer]
    named = {"Other subjects, same layer": subjects, "Other layers, same subject": layers}
    return {label: tuple(found) for label, found in named.items() if found}


def tabulate_subject_means(
    runs: Sequence[Run],
    measure: str = "jne",
    by: By = "tier",
    preset: str | None = None,
    *,
    significant_only: bool = True,
) -> pd.DataFrame:
    """Return each subject's mean of a measure in every ROI or tier.

    Parameters
    ----------
    runs : sequence of Run
        One a subject.
    measure, by, preset, significant_only
        As :func:`~jne_engine.analysis.roi_groups.read_groups`.

    Returns
    -------
    pandas.DataFrame
        Columns ``subject, run_id, name, tier, n, mean``.

    Raises
    ------
    InputError
        If two runs are of one subject, who would count twice.
    """
    subjects = [run.manifest.subject for run in runs]
    if len(set(subjects)) < len(subjects):
        fix = "choose one run a subject"
        raise InputError("subjects", "one run of each", f"{len(runs)} runs", fix)
    rows = []
    for run in runs:
        groups = read_groups(run, measure, by, preset, significant_only=significant_only)
        for name, tier, values in zip(groups.names, groups.tiers, groups.values, strict=True):
            key = (run.manifest.subject, run.run_id, name, tier)
            rows.append((*key, len(values), compute_mean(values)))
    return pd.DataFrame(rows, columns=["subject", "run_id", "name", "tier", "n", "mean"])


def compare_subjects(means: pd.DataFrame) -> pd.DataFrame:
    """Test over subjects, for every ordered pair of ROIs or tiers, whether the first exceeds.

    Parameters
    ----------
    means : pandas.DataFrame
        What :func:`tabulate_subject_means` returns.

    Returns
    -------
    pandas.DataFrame
        Columns ``first, second, n_subjects, n_positive, difference, low, high`` (Student's 95 %
        interval), ``d_z``, one-sided ``p`` by sign flips, ``q`` over all pairs, ``smallest_p``
        that so few subjects can reach, and ``exceeds`` (q < 0.05).
    """
    names = list(dict.fromkeys(means["name"]))
    wide = means.pivot(index="subject", columns="name", values="mean")
    rows = []
    for first, second in permutations(names, 2):
        c = compare_within_subjects(wide[first], wide[second])
        rows.append((first, second, c.n, c.n_positive, c.difference, c.low, c.high,
                     c.effect, c.p, np.nan, c.smallest_p, False))  # fmt: skip
    table = pd.DataFrame(rows, columns=PAIR_COLUMNS)
    q = correct_fdr(table["p"].to_numpy(dtype=float))
    return table.assign(q=q, exceeds=q < ALPHA)


def fit_tier_model(means: pd.DataFrame) -> MixedModel | None:
    """Fit mean ~ tier (0, 1, 2) with an intercept a subject, one mean a subject and tier.

    Parameters
    ----------
    means : pandas.DataFrame
        What :func:`tabulate_subject_means` returns, by tier.

    Returns
    -------
    MixedModel or None
        None where two subjects, two tiers and four means are not there.
    """
    known = means[means["mean"].notna() & means["tier"].isin(TIERS)]
    if known["subject"].nunique() < 2 or known["tier"].nunique() < 2 or len(known) < 4:
        return None
    places = known["tier"].map(TIERS.index).to_numpy(dtype=float)
    return fit_mixed_model(known["mean"].to_numpy(dtype=float), places, list(known["subject"]))


def _settings(run: Run, *, layer: bool = True) -> tuple[object, ...]:
    m = run.manifest
    return (
        m.feature_set,
        m.layer if layer else None,
        m.simulated,
        tuple(sorted((k, str(v)) for k, v in m.spec.items())),
    )
