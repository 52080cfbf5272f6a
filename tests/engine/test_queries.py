"""Queries of a stored run equal what slow and obvious code makes of the planted arrays."""

import json

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from jne_engine.analysis import (
    comparisons,
    estimates,
    groupings,
    maps,
    regions,
    roi_groups,
    selectivity,
    validation,
)
from jne_engine.analysis.listing import RunListing, find_named, find_nearest, list_runs
from jne_engine.analysis.summary import (
    list_places,
    read_fits,
    read_learning_curves,
    summarise_run,
    tell_no_signal,
)
from jne_engine.core.areas import WHOLE_BRAIN
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import SurfaceSpace, VolumeSpace
from jne_engine.runs.folder import VALIDATION
from jne_engine.runs.results import SimulationResult, write_result
from jne_engine.runs.store import Run
from jne_engine.simulations.settings import SampleSizeSettings
from tests.synthetic_run import CATEGORIES, ROI_NAMES, ROI_TIERS, Recipe, plant, write_synthetic_run

TIER_NAMES = ("primary", "intermediate", "higher")
ROI_KEYS = {
    "name", "tier", "n_voxels", "n_significant", "mean_r2_linear", "mean_r2_nonlinear",
    "mean_jne", "mean_deviation_mean", "mean_gain",
}  # fmt: skip
LABELS = "labels:category"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return Run(write_synthetic_run(tmp_path_factory.mktemp("runs")))


@pytest.fixture(scope="module")
def bare_run(tmp_path_factory):
    """Write a run of real data without space, ROIs, categories or pictures."""
    root = tmp_path_factory.mktemp("bare")
    missing = dict.fromkeys(
        ("simulated", "with_space", "with_rois", "with_categories", "with_thumbnails"), False
    )
    return Run(write_synthetic_run(root, **missing))


@pytest.fixture(scope="module")
def planted():
    return plant(Recipe())


@pytest.fixture(scope="module")
def significant(planted):
    return (planted.scores["q_nonlinear"] < 0.05) & ~planted.invalid


def mean_of(values, mask):
    """Return the mean by a plain loop over the float32 values that the store keeps."""
    kept = [float(np.float32(v)) for v, keep in zip(values, mask, strict=True) if keep]
    return sum(kept) / len(kept)


def test_every_listed_map_has_one_value_a_voxel_and_nan_only_where_undefined(run, planted):
    for info in maps.list_maps(run):
        values = maps.read_map(run, info.name)
        assert values.shape == planted.invalid.shape
        assert values.dtype == np.float32
        assert info.label
        assert info.explanation.endswith(".")
        if info.kind in ("sequential", "diverging") and not info.name.startswith("truth"):
            np.testing.assert_array_equal(np.isnan(values), planted.invalid)


def test_stored_maps_are_the_stored_floats(run, planted):
    jne = np.where(planted.invalid, np.nan, planted.dispersion["jne"]).astype(np.float32)
    np.testing.assert_array_equal(maps.read_map(run, "jne"), jne)


def test_derived_maps_are_difference_and_ratio(run):
    linear, nonlinear = maps.read_map(run, "r2_linear"), maps.read_map(run, "r2_nonlinear")
    np.testing.assert_array_equal(maps.read_map(run, "delta_r2"), nonlinear - linear)
    jne, gain = maps.read_map(run, "jne"), maps.read_map(run, "gain")
    np.testing.assert_array_equal(maps.read_map(run, "jne_per_gain"), jne / gain)


def test_significant_is_q_below_the_level_and_false_at_invalid_voxels(run, significant):
    np.testing.assert_array_equal(maps.read_significant(run), significant)


def test_roi_and_tier_maps_label_each_voxel(run, planted):
    roi, tier = maps.read_map(run, "roi"), maps.read_map(run, "tier")
    for index, mask in enumerate(planted.masks):
        assert (roi[mask] == index).all()
        assert (tier[mask] == TIER_NAMES.index(ROI_TIERS[index])).all()
    assert np.isnan(roi[~planted.masks.any(axis=0)]).all()


def test_maps_that_a_run_cannot_fill_are_not_offered(bare_run):
    names = {info.name for info in maps.list_maps(bare_run)}
    assert names.isdisjoint({"roi", "tier", "truth_nonlinear_share", "truth_signal_to_noise"})
    assert {"jne", "r2_linear", "noise_ceiling"} <= names


def test_unknown_map_preset_roi_and_category_are_refused(run):
    for call in (
        lambda: maps.read_map(run, "nope"),
        lambda: regions.tabulate_rois(run, "nope"),
        lambda: comparisons.tabulate_pairs(run, "jne", "gain", "nope"),
        lambda: groupings.read_grouping(run, "nope"),
        lambda: groupings.read_grouping(run, LABELS).member("nope"),
    ):
        with pytest.raises(InputError, match="nope"):
            call()


@pytest.mark.parametrize("hemi", ["left", "right"])
def test_scatter_puts_each_column_on_its_vertex_and_nan_elsewhere(run, hemi):
    space, values = maps.read_surface(run), maps.read_map(run, "gain")
    spread = maps.scatter_to_surface(values, space, hemi, n_vertices=32492)
    columns = range(*space.columns(hemi).indices(space.n_voxels))
    expected = np.full(32492, np.nan, dtype=np.float32)
    for column, vertex in zip(columns, space.vertices(hemi), strict=True):
        expected[vertex] = values[column]
    np.testing.assert_array_equal(spread, expected)


def test_scatter_refuses_volumes_unknown_places_and_other_meshes():
    volume = VolumeSpace((2, 2, 2), np.eye(4), np.zeros((1, 3), dtype=np.int64))
    surface = SurfaceSpace("fsLR32k", np.array([50]), np.array([], dtype=np.int64))
    for space in (volume, None, surface):
        with pytest.raises(InputError):
            maps.scatter_to_surface(np.zeros(1), space, "left", n_vertices=50)
    assert np.isnan(maps.scatter_to_surface(np.zeros(1), surface, "right", n_vertices=3)).all()


def test_roi_table_holds_counts_and_means_over_significant_voxels(run, planted, significant):
    table = regions.tabulate_rois(run)
    assert tuple(table["name"]) == ROI_NAMES
    for row, mask in zip(table.to_dict("records"), planted.masks, strict=True):
        chosen = mask & significant
        assert row["n_voxels"] == sum(mask)
        assert row["n_significant"] == sum(chosen)
        arrays = {**planted.scores, **planted.dispersion}
        for key, name in (("mean_r2_linear", "r2_linear"), ("mean_r2_nonlinear", "r2_nonlinear"),
                          ("mean_jne", "jne"), ("mean_deviation_mean", "deviation_mean"),
                          ("mean_gain", "gain")):  # fmt: skip
            assert row[key] == pytest.approx(mean_of(arrays[name], chosen), rel=1e-12)


def test_mean_interval_is_students(run, planted, significant):
    row = regions.tabulate_rois(run).iloc[3]
    sample = planted.dispersion["jne"].astype(np.float32)[planted.masks[3] & significant]
    expected = scipy.stats.ttest_1samp(sample.astype(float), 0).confidence_interval(0.95)
    assert (row["jne_low"], row["jne_high"]) == pytest.approx(tuple(expected), rel=1e-9)


def test_tier_table_counts_each_voxel_once(run, planted, significant):
    table = regions.tabulate_tiers(run).set_index("tier")
    for tier in TIER_NAMES:
        rows = [i for i, t in enumerate(ROI_TIERS) if t == tier]
        chosen = np.logical_or.reduce(planted.masks[rows]) & significant
        assert table.loc[tier, "n_significant"] == chosen.sum()
        expected = mean_of(planted.dispersion["jne"], chosen)
        assert table.loc[tier, "mean_jne"] == pytest.approx(expected, rel=1e-12)


def test_summary_is_json_with_the_documented_keys(run):
    summary = json.loads(json.dumps(summarise_run(run), allow_nan=False))
    assert all(set(roi) == ROI_KEYS for roi in summary["rois"])
    assert set(summary["tiers"]) == set(TIER_NAMES)
    assert set(summary["truth"]) == {"pearson_r_jne", "n"}
    assert summary["run_id"] == run.run_id
    assert summary["timings_s"] == dict(run.manifest.timings_s)
    assert summary["versions"] == dict(run.manifest.versions)
    assert summary["counts"]["n_invalid"] == 12
    assert summary["simulated"] is True


def test_summary_of_a_bare_run_says_null_where_nothing_is_known(bare_run):
    summary = json.loads(json.dumps(summarise_run(bare_run), allow_nan=False))
    assert summary["truth"] is None
    assert summary["preset"] is None
    assert summary["rois"] == []
    assert [summary["tiers"][t]["mean_jne"] for t in TIER_NAMES] == [None] * 3
    assert [summary["tiers"][t]["n_significant"] for t in TIER_NAMES] == [0] * 3
    jne, shown = maps.read_map(bare_run, "jne"), maps.read_significant(bare_run)
    whole = summary["whole"]
    assert (whole["name"], whole["n_significant"]) == ("Whole brain", int(shown.sum()))
    values = [float(v) for v, s in zip(jne.tolist(), shown.tolist(), strict=True) if s]
    assert whole["mean_jne"] == pytest.approx(sum(values) / len(values), rel=1e-12)
    assert tell_no_signal(bare_run) == ""


def test_summary_without_significant_voxels_has_null_means(tmp_path):
    run = Run(write_synthetic_run(tmp_path, n_significant=0))
    summary = json.loads(json.dumps(summarise_run(run), allow_nan=False))
    assert {roi["mean_jne"] for roi in summary["rois"]} == {None}
    assert summary["truth"] == {"pearson_r_jne": None, "n": 0}
    assert "No voxel is significant" in tell_no_signal(run)


def test_truth_correlation_is_pearsons_over_significant_voxels(run, planted, significant):
    jne = planted.dispersion["jne"].astype(np.float32)[significant].astype(float)
    share = planted.share.astype(np.float32)[significant].astype(float)
    expected = scipy.stats.pearsonr(jne, share)
    found = comparisons.correlate_with_truth(run)
    assert found.n == significant.sum()
    assert found.r == pytest.approx(expected.statistic, rel=1e-9)
    interval = expected.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(tuple(interval), rel=1e-9)
    assert summarise_run(run)["truth"]["pearson_r_jne"] == found.r


def test_recovery_ranks_measures_by_correlation_with_the_truth(run, bare_run):
    table = comparisons.tabulate_recovery(run)
    assert table["r"].is_monotonic_decreasing
    row = table.set_index("measure").loc["jne"]
    assert row["r"] == comparisons.correlate_with_truth(run).r
    assert comparisons.correlate_with_truth(bare_run) is None
    assert comparisons.tabulate_recovery(bare_run).empty


def test_correlation_is_undefined_for_few_or_constant_pairs():
    assert np.isnan(estimates.correlate(np.arange(3.0), np.arange(3.0)).r)
    assert np.isnan(estimates.correlate(np.ones(9), np.arange(9.0)).r)
    full = estimates.correlate(np.array([np.nan, 1, 2, 3, 4, 5]), np.array([7, 2, 4, 6, 8, 10.0]))
    assert (full.n, full.r) == (5, pytest.approx(1.0))


def test_r2_comparison_is_pearsons_in_each_roi(run, planted, significant):
    table = comparisons.compare_r2(run).set_index("name")
    assert list(table.index) == [WHOLE_BRAIN, *ROI_NAMES]
    masks = dict(zip(ROI_NAMES, planted.masks, strict=True)) | {WHOLE_BRAIN: True}
    linear, nonlinear = (
        planted.scores[k].astype(np.float32).astype(float) for k in ("r2_linear", "r2_nonlinear")
    )
    for name, mask in masks.items():
        chosen = significant & mask
        expected = scipy.stats.pearsonr(linear[chosen], nonlinear[chosen]).statistic
        assert table.loc[name, "r"] == pytest.approx(expected, rel=1e-9)
        assert table.loc[name, "n"] == chosen.sum()
        pairs = comparisons.tabulate_pairs(run, "r2_linear", "r2_nonlinear", name)
        np.testing.assert_array_equal(pairs["column"], np.flatnonzero(chosen))
        np.testing.assert_array_equal(pairs["r2_linear"], linear[chosen].astype(np.float32))
        np.testing.assert_array_equal(pairs["r2_nonlinear"], nonlinear[chosen].astype(np.float32))


def test_stimulus_means_equal_a_loop(run, planted, significant):
    means = selectivity.average_jne_ss(run)
    assert means.shape == (64, 11)
    ss = planted.jne_ss.astype(np.float32)
    for stimulus in (0, 31, 32, 63):
        for name, mask in zip(ROI_NAMES, planted.masks, strict=True):
            expected = mean_of(ss[stimulus], mask & significant)
            assert means[name].iloc[stimulus] == pytest.approx(expected, rel=1e-12)
        everywhere = mean_of(ss[stimulus], significant)
        assert means[WHOLE_BRAIN].iloc[stimulus] == pytest.approx(everywhere, rel=1e-12)


def test_category_means_and_their_intervals_equal_a_loop(run, planted):
    means, grouping = selectivity.average_jne_ss(run), groupings.read_grouping(run, LABELS)
    matrix = selectivity.average_by_category(means, grouping)
    assert list(matrix.index) == sorted(CATEGORIES)
    table = selectivity.tabulate_category_means(means["PPA"], grouping).set_index("category")
    for category in CATEGORIES:
        sample = [m for m, c in zip(means["PPA"], planted.categories, strict=True) if c == category]
        assert matrix.loc[category, "PPA"] == pytest.approx(sum(sample) / len(sample), rel=1e-12)
        assert table.loc[category, "mean_jne_ss"] == pytest.approx(matrix.loc[category, "PPA"])
        assert table.loc[category, "n_stimuli"] == len(sample)
        interval = scipy.stats.ttest_1samp(sample, 0).confidence_interval(0.95)
        found = table.loc[category, ["low", "high"]].astype(float)
        assert tuple(found) == pytest.approx(tuple(interval), rel=1e-9)
    assert table["mean_jne_ss"].is_monotonic_decreasing


def test_normalised_columns_run_from_0_to_1_and_constants_become_0():
    matrix = pd.DataFrame({"a": [1.0, 3.0, 2.0], "b": [5.0, 5.0, 5.0]})
    found = selectivity.normalise_columns(matrix)
    assert found["a"].tolist() == [0.0, 1.0, 0.5]
    assert found["b"].tolist() == [0.0, 0.0, 0.0]


def test_ranking_sorts_a_category_and_keeps_the_row_of_each_picture(run, planted):
    means, grouping = selectivity.average_jne_ss(run), groupings.read_grouping(run, LABELS)
    ranking = selectivity.rank_stimuli(means["FFA-1"], grouping, grouping.member("face"))
    assert set(ranking["category"]) == {"face"}
    rows = [i for i, c in enumerate(planted.categories) if c == "face"]
    expected = sorted(rows, key=lambda i: -means["FFA-1"].iloc[i])
    assert ranking["row"].tolist() == expected
    assert ranking["stimulus"].tolist() == [means.index[i] for i in expected]
    assert len(selectivity.rank_stimuli(means["FFA-1"], None)) == len(means)
    assert set(selectivity.rank_stimuli(means["FFA-1"], None, [3, 5])["row"]) == {3, 5}


def test_learning_curves_keep_every_epoch_of_both_encoders(run):
    curves = read_learning_curves(run)
    assert len(curves) == 2 * 2 * 12
    first = curves[(curves["encoder"] == "linear") & (curves["split"] == "train")]
    np.testing.assert_allclose(first["loss"], 0.9 * 0.8 ** np.arange(12) + 0.3)
    assert read_fits(run)["nonlinear"]["best_epoch"] == 10


def test_bare_run_has_only_the_whole_brain(bare_run):
    assert list_places(bare_run) == (WHOLE_BRAIN,)
    assert dict(groupings.list_groupings(bare_run)) == {}
    assert selectivity.read_pictures(bare_run) is None
    assert maps.read_surface(bare_run) is None
    assert roi_groups.read_groups(bare_run).names == ()
    assert list(selectivity.average_jne_ss(bare_run).columns) == [WHOLE_BRAIN]


def test_listing_tells_finished_unfinished_and_broken_runs_apart(tmp_path):
    whole = write_synthetic_run(tmp_path)
    partial = write_synthetic_run(tmp_path, seed=1, complete=False, stages=("dataset", "linear"))
    broken = write_synthetic_run(tmp_path, seed=2)
    (broken / "run.json").write_text("{")
    listing = list_runs(tmp_path)
    assert [run.path for run in listing.runs] == [whole]
    assert listing.unfinished == (f"{partial.name}: dataset, linear done, 4 stages to go",)
    assert len(listing.unreadable) == 1
    assert broken.name in listing.unreadable[0]
    assert list_runs(tmp_path / "nowhere") == RunListing()


def test_a_stored_simulation_is_read_and_its_size_told(tmp_path):
    assert validation.read_validation(tmp_path, "sample-size") is None
    full, small = SampleSizeSettings(), SampleSizeSettings.reduced()
    summary = pd.DataFrame({"n": [10, 30, 100], "r": 0.9, "r_low": 0.8, "r_high": 1.0})
    for settings, departs in ((full, False), (small, True)):
        result = SimulationResult("sample-size", settings.to_dict(), {"summary": summary})
        write_result(result, tmp_path / VALIDATION)
        found = validation.read_validation(tmp_path, "sample-size")
        assert bool(validation.list_departures(found)) is departs
    assert "n_features 96" in validation.list_departures(found)
    table = validation.compare_sample_size(found.tables["summary"])
    assert table["paper"].tolist() == ["0.87", "–", "≥ 0.99"]


def test_the_nearest_run_differs_in_its_key_only(make_root):
    runs = list_runs(make_root()).runs
    stem = runs[0].run_id.rpartition("-")[0]
    assert find_nearest(runs, f"{stem}-ffffffffff") is runs[0]
    assert find_nearest(runs, "other-l3-ffffffffff") is None
    assert find_nearest(runs, "nodash") is None
    assert find_named(runs, f"Run {runs[0].run_id}.") == (runs[0],)
    assert find_named(runs, "none") == ()
