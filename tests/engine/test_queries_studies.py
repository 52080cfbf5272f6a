"""Tables of many runs equal plain loops over the arrays that were planted in each."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from jne_engine.analysis import listing, studies
from jne_engine.analysis.studies import LOW_R2, PLACE_COLUMNS
from jne_engine.core.areas import WHOLE_BRAIN
from jne_engine.runs.store import Run
from tests.synthetic_run import (
    ROI_NAMES,
    ROI_TIERS,
    Recipe,
    plant,
    write_synthetic_run,
    write_synthetic_study,
)

N_SUBJECTS, N_LAYERS = 3, 2


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("study")
    write_synthetic_study(root, n_subjects=N_SUBJECTS, n_layers=N_LAYERS)
    return listing.list_runs(root).runs


@pytest.fixture(scope="module")
def stacked(runs):
    return studies.stack_runs([
        (r.manifest.subject, r.manifest.layer, studies.average_places(r, "jne")) for r in runs
    ])  # fmt: skip


def presets(runs):
    return {r.run_id: studies.describe_run(r)["preset"] for r in runs}


def planted(subject: int, layer: int):
    return plant(Recipe(seed=10 * subject + layer))


def values_of(arrays, name, mask, *, significant=True):
    """Return the kept float32 values of a mask by a plain loop."""
    source = {**arrays.scores, **arrays.dispersion}[name]
    kept = []
    for i, value in enumerate(source):
        good = arrays.scores["q_nonlinear"][i] < 0.05 or not significant
        if mask[i] and good and not arrays.invalid[i]:
            kept.append(float(np.float32(value)))
    return kept


def masks_of(arrays):
    """Return every place's mask by its kind and name."""
    masks = {("whole", WHOLE_BRAIN): np.ones(arrays.invalid.size, bool)}
    for tier in ("primary", "intermediate", "higher"):
        own = [m for m, t in zip(arrays.masks, ROI_TIERS, strict=True) if t == tier]
        masks["tier", tier] = np.any(own, axis=0)
    return masks | {("roi", n): m for n, m in zip(ROI_NAMES, arrays.masks, strict=True)}


@pytest.mark.parametrize("significant", [True, False])
def test_places_of_a_run_are_means_of_their_voxels(runs, significant):
    for run in runs:
        arrays = planted(int(run.manifest.subject[1:]) - 1, run.manifest.layer)
        table = studies.average_places(run, "gain", significant=significant)
        assert list(table.columns) == PLACE_COLUMNS
        masks = masks_of(arrays)
        assert list(zip(table["kind"], table["place"], strict=True)) == list(masks)
        for row, mask in zip(table.itertuples(), masks.values(), strict=True):
            values = values_of(arrays, "gain", mask, significant=significant)
            assert (row.n_voxels, row.n) == (mask.sum(), len(values))
            assert row.mean == pytest.approx(sum(values) / len(values), rel=1e-12)
            sem = scipy.stats.sem(values)
            limits = scipy.stats.t.interval(0.95, len(values) - 1, loc=row.mean, scale=sem)
            assert (row.low, row.high) == pytest.approx(limits, rel=1e-9)
            r2 = values_of(arrays, "r2_nonlinear", mask, significant=False)
            assert row.r2 == pytest.approx(sum(r2) / len(r2), rel=1e-12)


def test_subjects_are_averaged_with_an_interval_over_subjects(stacked):
    averages = studies.average_over_subjects(stacked)
    assert len(averages) == N_LAYERS * (1 + 3 + len(ROI_NAMES))
    assert list(averages["layer"]) == sorted(averages["layer"])
    for row in averages.itertuples():
        means, r2 = [], []
        for subject in range(N_SUBJECTS):
            arrays = planted(subject, row.layer)
            mask = masks_of(arrays)[row.kind, row.place]
            means.append(np.mean(values_of(arrays, "jne", mask)))
            r2.append(np.mean(values_of(arrays, "r2_nonlinear", mask, significant=False)))
        assert (row.n, row.over) == (N_SUBJECTS, "subjects")
        assert row.mean == pytest.approx(np.mean(means), rel=1e-12)
        limits = scipy.stats.t.interval(
            0.95, N_SUBJECTS - 1, loc=row.mean, scale=scipy.stats.sem(means)
        )
        assert (row.low, row.high) == pytest.approx(limits, rel=1e-9)
        assert row.r2 == pytest.approx(np.mean(r2), rel=1e-12)
        assert row.weak == (row.r2 < LOW_R2)


def test_one_subject_keeps_the_interval_over_its_voxels(stacked):
    own = stacked[stacked["subject"] == "S1"]
    averages = studies.average_over_subjects(own)
    assert set(averages["over"]) == {"voxels"}
    both = averages.merge(own, on=["layer", "kind", "place"], suffixes=("", "_own"))
    assert len(both) == len(own)
    for name in ("mean", "low", "high", "n", "r2"):
        np.testing.assert_array_equal(both[name], both[f"{name}_own"])


def test_the_best_layer_has_the_highest_r2(stacked):
    averages = studies.average_over_subjects(stacked)
    best = studies.find_best_layers(averages).set_index("place")
    for place, part in averages.groupby("place"):
        r2 = {row.layer: row.r2 for row in part.itertuples()}
        assert best.loc[place, "best_layer"] == max(r2, key=r2.get)
        assert best.loc[place, "r2"] == max(r2.values())


def test_profiles_of_subjects_are_correlated_over_their_rois(stacked):
    pairs = studies.correlate_subjects(stacked, 1)
    assert list(zip(pairs["first"], pairs["second"], strict=True)) == [
        ("S1", "S2"), ("S1", "S3"), ("S2", "S3")]  # fmt: skip
    for row in pairs.itertuples():
        profiles = []
        for name in (row.first, row.second):
            arrays = planted(int(name[1:]) - 1, 1)
            masks = masks_of(arrays)
            profiles.append([np.mean(values_of(arrays, "jne", masks["roi", n])) for n in ROI_NAMES])
        assert row.r == pytest.approx(scipy.stats.pearsonr(*profiles).statistic, rel=1e-9)
        assert row.n == len(ROI_NAMES)
        assert row.low < row.r < row.high


def test_a_roi_that_one_subject_lacks_leaves_the_others(stacked):
    fewer = stacked[~((stacked["subject"] == "S2") & (stacked["place"] == "V4"))]
    averages = studies.average_over_subjects(fewer).set_index(["layer", "place"])
    assert averages.loc[(0, "V4"), "n"] == N_SUBJECTS - 1
    pairs = studies.correlate_subjects(fewer, 0)
    assert list(pairs["n"]) == [9, 10, 9]


def test_unknown_r2_is_weak_and_never_best(stacked):
    unknown = stacked.assign(r2=math.nan)
    averages = studies.average_over_subjects(unknown)
    assert averages["weak"].all()
    assert studies.find_best_layers(averages).empty


def test_a_run_is_described_by_its_own_numbers(runs):
    for run in runs:
        row = studies.describe_run(run)
        arrays = planted(int(run.manifest.subject[1:]) - 1, run.manifest.layer)
        everywhere = np.ones(arrays.invalid.size, bool)
        r2 = values_of(arrays, "r2_nonlinear", everywhere, significant=False)
        jne = values_of(arrays, "jne", everywhere)
        assert row["median_r2"] == pytest.approx(float(pd.Series(r2).median()), rel=1e-12)
        assert row["mean_jne"] == pytest.approx(sum(jne) / len(jne), rel=1e-12)
        assert row["n_significant"] == len(jne)
        assert (row["subject"], row["layer"]) == (run.manifest.subject, run.manifest.layer)


def test_runs_of_one_kind_are_one_group_by_subject_and_layer(runs):
    (group,) = studies.group_runs(runs, presets(runs))
    found = [(r.manifest.subject, r.manifest.layer) for r in group.runs]
    assert found == [(f"S{s}", layer) for s in (1, 2, 3) for layer in (0, 1)]
    assert (group.differs, group.left_out) == ({}, ())
    assert (group.subjects, group.layers) == (("S1", "S2", "S3"), (0, 1))


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"spec": {"n_hidden": 8}}, {"n hidden": "8"}),
        ({"spec": {"activation": "gelu", "seed": 3}}, {"activation": "gelu", "seed": "3"}),
        ({"with_rois": False}, {"ROIs": "none"}),
        ({"simulated": False}, {"data": "measured"}),
        ({"n_test": 40}, {"test stimuli": "40"}),
    ],
)
def test_runs_that_differ_otherwise_are_groups_of_their_own(tmp_path, change, differs):
    plain = Run(write_synthetic_run(tmp_path, subject="S1"))
    other = Run(write_synthetic_run(tmp_path, subject="S2", **change))
    groups = studies.group_runs([other, plain], presets([other, plain]))
    assert [g.runs for g in groups] == [(other,), (plain,)]
    assert dict(groups[0].differs) == differs
    assert set(groups[1].differs) == set(differs)


def test_of_two_runs_of_one_subject_and_layer_the_first_is_kept(tmp_path):
    first = Run(write_synthetic_run(tmp_path, seed=1))
    second = Run(write_synthetic_run(tmp_path, seed=2))
    (group,) = studies.group_runs([second, first], presets([first, second]))
    assert group.runs == (second,)
    assert group.left_out == (first.run_id,)


def test_a_run_without_rois_has_the_whole_brain_only(tmp_path):
    run = Run(write_synthetic_run(tmp_path, with_rois=False))
    table = studies.average_places(run, "jne")
    assert list(table["place"]) == [WHOLE_BRAIN]
    stacked = studies.stack_runs([("S1", 0, table), ("S2", 0, table)])
    pairs = studies.correlate_subjects(stacked, 0)
    assert pairs["n"].tolist() == [0]
    assert pairs["r"].isna().all()
    assert studies.correlate_subjects(stacked[stacked["subject"] == "S1"], 0).empty


def test_without_significant_voxels_means_are_unknown_and_counted_as_none(tmp_path):
    run = Run(write_synthetic_run(tmp_path, n_significant=0))
    table = studies.average_places(run, "jne")
    assert table["mean"].isna().all()
    assert (table["n"] == 0).all()
    assert table["r2"].notna().all()
    stacked = studies.stack_runs([("S1", 0, table), ("S2", 0, table)])
    averages = studies.average_over_subjects(stacked)
    assert (averages["n"] == 0).all()
    assert averages["low"].isna().all()
