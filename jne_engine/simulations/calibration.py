"""Which measure tells linear from nonlinear voxels: false positives, power and recovery.

SIMULATED subjects of known nonlinear share are fitted as a run fits them, and every measure of
nonlinearity is held against the truth. Every subject draws its own pictures and nonlinear units.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import torch
from scipy import stats

from jne_engine.core.arrays import Float64Array, IntArray
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.datasets.dataset import EncodingDataset
from jne_engine.model.dispersion import stream_dispersion
from jne_engine.model.encoders import ResidualEncoder, build_encoder
from jne_engine.model.linear_first import fit_chosen
from jne_engine.model.nonlinearity import (
    ESTIMATES,
    Nonlinearity,
    measure_nonlinearity,
)
from jne_engine.model.score_test import ScoreDesign
from jne_engine.model.scoring import compute_r2
from jne_engine.model.spec import Activation, RunSpec
from jne_engine.model.split_arrays import SplitArrays
from jne_engine.model.training import Samples, predict
from jne_engine.model.variants import VARIANTS, stream_variants
from jne_engine.runs.results import SimulationResult
from jne_engine.simulations.making import keep_table
from jne_engine.simulations.settings import CalibrationSettings
from jne_engine.simulations.subject import SimulatedStimuli, simulate_stimuli, simulate_subject
from jne_engine.simulations.subject.recipe import Planting

MEASURES: tuple[str, ...] = (
    "nonlinear_share",
    "nonlinear_share_fitted",
    "jne_calibrated",
    *("jne", "deviation_mean", "jne_per_gain"),
    *(name for name in VARIANTS if name != "jne"),
    "delta_r2",
)
"""What is correlated with the planted share; of the variants, the first is JNE itself."""
LEVEL = 0.05
POWER_SHARES: tuple[float, ...] = (0.05, 0.1, 0.3, 0.6)
POWER_WINDOW = 0.02
"""Voxels within this distance of a share count for its power."""


def simulate_calibration(
    settings: CalibrationSettings | None = None,
    progress: Progress | None = None,
    *,
    parts: Path | None = None,
) -> SimulationResult:
    """Fit simulated subjects of known nonlinear share and hold every measure against it.

    Parameters
    ----------
    settings : CalibrationSettings, optional
        Full size by default: about two minutes a subject on two cores.
    progress : callable, optional
        Called as ``progress(subjects done, subjects)``.
    parts : pathlib.Path, optional
        Folder that keeps every finished subject. What it has already, of the same sizes, is read
        and not computed again, so that more subjects can be added later.

    Returns
    -------
    SimulationResult
        ``voxels``: truth and measures of every voxel; ``tests``: per planting the rates of
        p < .05 and q < .05 among exactly linear voxels, power by share, and how often the
        interval holds the truth, means over subjects with half a 95 % interval; ``measures``:
        likewise Pearson's r and Spearman's ρ of each measure with the share, and its mean where
        the share is 0.
    """
    settings = settings or CalibrationSettings()
    report = progress or ignore_progress
    total = settings.n_seeds * len(settings.plantings)
    tables: list[pd.DataFrame] = []
    for seed in range(settings.n_seeds):
        shown = functools.cache(functools.partial(_draw_stimuli, seed, settings))
        for planting in settings.plantings:
            report(len(tables), total)
            work = functools.partial(_measure_subject, shown, planting, seed, settings)
            tables.append(keep_table(work, parts, settings, f"{planting}-{seed}"))
    report(total, total)
    voxels = pd.concat(tables, ignore_index=True)
    summaries = {"tests": _judge_tests(voxels), "measures": _judge_measures(voxels)}
    return SimulationResult("calibration", settings.to_dict(), {"voxels": voxels, **summaries})


def _draw_stimuli(seed: int, settings: CalibrationSettings) -> SimulatedStimuli:
    return simulate_stimuli(
        seed,
        n_stimuli=settings.n_stimuli,
        n_test=settings.n_test,
        autocorrelation=settings.autocorrelation,
    )


def _measure_subject(
    shown: Callable[[], SimulatedStimuli], planting: str, seed: int, settings: CalibrationSettings
) -> pd.DataFrame:
    """Return truth and measures of one subject's voxels."""
    subject, planted = _draw_subject(shown(), planting, seed, settings)
    spec = RunSpec(
        n_hidden=settings.n_hidden,
        max_epochs=settings.max_epochs,
        weight_decay=settings.weight_decay,
        linear_first=settings.linear_first,
        seed=seed,
    )
    linear, nonlinear = (fit_subject(subject, spec, a) for a in ("identity", spec.activation))
    design = ScoreDesign(settings.stimuli_a_direction, settings.block)
    found = measure_subject(subject, nonlinear, spec, design)
    r2 = [_score(e, subject, subject.splits.test) for e in (linear, nonlinear)]
    few = torch.from_numpy(subject.features[subject.splits.test[: settings.n_jacobians]])
    dispersion = stream_dispersion(nonlinear, few)
    variants = stream_variants(nonlinear, few)
    columns = {name: getattr(found, name) for name in (*ESTIMATES, "q_nonlinearity", "reason")}
    columns |= {name: variants[name].numpy() for name in VARIANTS if name != "jne"}
    return pd.DataFrame(
        {
            "planting": planting,
            "seed": seed,
            "planted_share": planted,
            **columns,
            "jne_calibrated": stream_dispersion(found.encoder, few).jne.numpy(),
            "jne": dispersion.jne.numpy(),
            "deviation_mean": dispersion.deviation_mean.numpy(),
            "jne_per_gain": (dispersion.jne / dispersion.gain).numpy(),
            "r2_linear": r2[0],
            "r2_nonlinear": r2[1],
            "delta_r2": r2[1] - r2[0],
            "r2_validation": _score(nonlinear, subject, subject.splits.validation),
        }
    )


def _score(encoder: ResidualEncoder, subject: EncodingDataset, rows: IntArray) -> Float64Array:
    """Return R² of every voxel over some stimuli."""
    predicted = predict(encoder, torch.from_numpy(subject.features[rows])).numpy()
    return compute_r2(subject.responses[rows], predicted)


def _draw_subject(
    shown: SimulatedStimuli, planting: str, seed: int, settings: CalibrationSettings
) -> tuple[EncodingDataset, Float64Array]:
    """Return a subject as seen through a layer, and the shares planted in layer 0."""
    subject = simulate_subject(
        seed,
        stimuli=shown,
        n_vertices=settings.n_vertices,
        planting=cast(Planting, planting),
        ceiling=settings.ceiling or None,
    )
    assert subject.ground_truth is not None
    planted = subject.ground_truth.nonlinear_share.astype(np.float64)
    return replace(subject, features=shown.layer(settings.layer)), planted


def fit_subject(subject: EncodingDataset, spec: RunSpec, activation: Activation) -> ResidualEncoder:
    """Return an encoder fitted to a simulated subject as a run fits it."""
    encoder = build_encoder(
        subject.n_features,
        subject.n_voxels,
        n_hidden=spec.n_hidden,
        n_blocks=spec.n_blocks,
        activation=activation,
        seed=spec.seed,
    )
    train, validation = (
        Samples(torch.from_numpy(subject.features[r]), torch.from_numpy(subject.responses[r]))
        for r in (subject.splits.train, subject.splits.validation)
    )
    fit_chosen(encoder, train, validation, spec)
    return encoder


def measure_subject(
    subject: EncodingDataset,
    encoder: ResidualEncoder,
    spec: RunSpec,
    design: ScoreDesign | None = None,
) -> Nonlinearity:
    """Return how nonlinear every voxel of a simulated subject is found to be."""
    splits = subject.splits
    arrays = SplitArrays(
        subject.features, subject.responses, splits.train, splits.validation, splits.test
    )
    return measure_nonlinearity(encoder, arrays, spec, design=design)


def _judge_tests(voxels: pd.DataFrame) -> pd.DataFrame:
    """Return rates of the test and coverage of the interval, one row a planting and rate."""
    rows = [
        {"planting": planting, "rate": rate, "n_voxels": n, "value": value}
        for (planting, _), subject in voxels.groupby(["planting", "seed"], sort=False)
        for rate, n, value in _rate_subject(subject)
    ]
    return _average(pd.DataFrame(rows), ["planting", "rate"], ("value",))


def _rate_subject(subject: pd.DataFrame) -> list[tuple[str, int, float]]:
    """Return each rate that a subject has voxels for: name, voxels, share of them."""
    share = subject["planted_share"]
    positive = subject["p_nonlinearity"] < LEVEL
    discovered = subject["q_nonlinearity"] < LEVEL
    tested = subject["p_nonlinearity"].notna()
    told = subject["nonlinear_share"].notna()
    above = subject["nonlinear_share_low"] <= share
    held = above & (share <= subject["nonlinear_share_high"])
    chosen = [
        ("p < .05 at share 0", tested & (share == 0), positive),
        ("q < .05 at share 0", tested & (share == 0), discovered),
        ("false among q < .05", discovered, share == 0),
        *(
            (f"p < .05 at share {at:g}", tested & ((share - at).abs() < POWER_WINDOW), positive)
            for at in POWER_SHARES
        ),
        ("interval holds the share", told, held),
        ("interval holds share 0", told & (share == 0), held),
        ("lower bound below the share", told, above),
        ("share is told", tested, told),
    ]
    return [(name, int(of.sum()), float(hit[of].mean())) for name, of, hit in chosen if of.any()]


def _judge_measures(voxels: pd.DataFrame) -> pd.DataFrame:
    """Return r and ρ of every measure with the planted share, one row a planting and measure."""
    rows = []
    for (planting, _), subject in voxels.groupby(["planting", "seed"], sort=False):
        truth = subject["planted_share"]
        if truth.nunique() == 1:
            continue
        for measure in MEASURES:
            told = np.isfinite(subject[measure])
            values, planted = subject.loc[told, measure], truth[told]
            rows.append(
                {
                    "planting": planting,
                    "measure": measure,
                    "n_voxels": int(told.sum()),
                    "r": float(np.corrcoef(values, planted)[0, 1]),
                    "rho": float(stats.spearmanr(values, planted).statistic),
                    "at_share_0": float(values[planted == 0].mean()),
                }
            )
    return _average(pd.DataFrame(rows), ["planting", "measure"], ("r", "rho", "at_share_0"))


def _average(table: pd.DataFrame, by: list[str], values: tuple[str, ...]) -> pd.DataFrame:
    """Return means over subjects, with half a 95 % interval of the mean by Student's t."""
    if table.empty:
        return pd.DataFrame(columns=[*by, "n_subjects", "n_voxels", *values])
    groups = table.groupby(by, sort=False)
    columns = {"n_subjects": groups.size(), "n_voxels": groups["n_voxels"].sum()}
    factor = stats.t.ppf(0.975, columns["n_subjects"] - 1) / np.sqrt(columns["n_subjects"])
    for name in values:
        columns[name] = groups[name].mean()
        columns[f"{name}_half"] = groups[name].std() * factor
    return pd.DataFrame(columns).reset_index()
