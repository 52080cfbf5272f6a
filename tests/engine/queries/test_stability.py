"""Runs of the same data put together equal plain loops over voxels and areas."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from jne_engine.analysis import stability_maps
from jne_engine.analysis.maps import choose_roi_set, list_maps, read_map, read_significant
from jne_engine.analysis.masks import Masks, list_masks, name_masks, select_masked, tabulate_masks
from jne_engine.analysis.stability import (
    compute_icc,
    extrapolate_reliability,
    keep_stability,
    list_again,
    measure_stability,
)
from jne_engine.core.errors import InputError
from jne_engine.jobs.kinds import find_kind
from jne_engine.jobs.kinds.stability import request_stability
from jne_engine.model.measures import find_measure, name_stability
from jne_engine.report.export.content import gather_content
from jne_engine.report.export.methods import describe_methods, format_methods
from jne_engine.report.export.tables import describe_columns
from jne_engine.report.figures.stability import plot_stability
from jne_engine.runs.store import open_run
from tests.synthetic_run import write_synthetic_run

CHANGES = ("first half", "second half", "pairing shuffled", "V1 alone")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("stability")
    made = [
        write_synthetic_run(root, name="Ours", seed=s, spec={"seed": s}, n_per_roi=12)
        for s in (0, 1, 2)
    ]
    made += [
        write_synthetic_run(root, name=f"Ours [{change}]", seed=10 + i, n_per_roi=12)
        for i, change in enumerate(CHANGES)
    ]
    return [open_run(path) for path in made]


@pytest.fixture(scope="module")
def found(runs):
    return measure_stability(runs, "jne")


def test_icc_is_that_of_shrout_and_fleiss():
    ratings = [[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]]
    one, mean = compute_icc(np.array(ratings, dtype=float))
    assert (one, mean) == (pytest.approx(0.29, abs=0.005), pytest.approx(0.62, abs=0.005))
    assert extrapolate_reliability(0.6) == pytest.approx(0.75)


def test_voxels_equal_a_loop(runs, found):
    maps = [read_map(run, "jne").astype(float) for run in runs]
    shuffled = [v for v in maps[5] if np.isfinite(v)]
    means = [np.mean([m[v] for m in maps[:3]]) for v in range(len(maps[0]))]
    spread = np.var([m for m in means if np.isfinite(m)], ddof=1)
    for v in range(0, len(means), 7):
        row, seeds = found.voxels.iloc[v], [m[v] for m in maps[:3]]
        half = stats.t.ppf(0.975, 2) * np.std(seeds, ddof=1) / np.sqrt(3)
        expected = [means[v], means[v] - half, means[v] + half,
                    1 - np.var(seeds, ddof=1) / 3 / spread, maps[5][v]]  # fmt: skip
        got = row[["mean", "low", "high", "reliability", "floor"]].to_numpy(dtype=float)
        np.testing.assert_allclose(got, expected, rtol=1e-9)
        assert row["above_floor"] == (means[v] > np.quantile(shuffled, 0.95))


def test_areas_equal_a_loop(runs, found):
    maps = [read_map(run, "jne").astype(float) for run in runs]
    shown = np.isfinite(maps[:3]).all(axis=0)
    for run in runs[:3]:
        shown &= read_significant(run)
    rois = choose_roi_set(runs[0])
    table = found.areas.set_index("place")
    for name in rois.names:
        mask, row = rois.mask(name) & shown, table.loc[name]
        means = [np.mean(m[mask]) for m in maps[:3]]
        both = mask & np.isfinite(maps[3]) & np.isfinite(maps[4])
        r = stats.pearsonr(maps[3][both], maps[4][both])[0]
        assert (row["n"], row["n_seeds"]) == (mask.sum(), 3)
        assert row["mean"] == pytest.approx(np.mean(means))
        low, high = stats.t.interval(0.95, 2, np.mean(means), stats.sem(means))
        assert (row["low"], row["high"]) == (pytest.approx(low), pytest.approx(high))
        assert row["half_reliability"] == pytest.approx(2 * r / (1 + r))
        assert row["floor"] == pytest.approx(np.nanmean(maps[5][mask]))
        if name == "V1":
            assert row["company"] == pytest.approx(np.mean(means) - np.nanmean(maps[6][mask]))
        else:
            assert np.isnan(row["company"])


@pytest.fixture
def kept(tmp_path, runs):
    """Copy the runs and keep the stability of JNE beside them."""
    copies = [open_run(shutil.copytree(run.path, tmp_path / run.run_id)) for run in runs]
    return copies, keep_stability(copies, "jne", tmp_path)


def test_every_run_of_the_whole_data_has_the_maps_and_no_other_has(kept, found):
    copies, _ = kept
    voxels = found.voxels
    expected = {
        "jne_over_seeds": voxels["mean"],
        "jne_over_seeds_half": (voxels["high"] - voxels["low"]) / 2,
        "jne_reliability": voxels["reliability"],
        "jne_above_floor": [float(a) if np.isfinite(m) else np.nan for a, m
                            in zip(voxels["above_floor"], voxels["mean"], strict=True)],
    }  # fmt: skip
    for run in copies[:3]:
        for name, values in expected.items():
            known = np.isfinite(voxels["mean"])
            np.testing.assert_allclose(
                read_map(run, name), np.where(known, values, np.nan), rtol=1e-6, atol=1e-7
            )
        assert set(expected) <= {info.name for info in list_maps(run)}
        told = stability_maps.explain_stability(run, "jne_over_seeds", copies)
        whole = "3 runs of the whole data (seeds 0, 1, 2)"
        assert told == f"JNE, mean over seeds: of {whole} and 1 with shuffled pairings."
    for run in copies[3:]:
        assert not set(expected) & {info.name for info in list_maps(run)}
        with pytest.raises(InputError, match="stability --store"):
            read_map(run, "jne_over_seeds")
    assert "nonlinear_share_over_seeds" not in {info.name for info in list_maps(copies[0])}
    assert stability_maps.explain_stability(copies[0], "jne") == ""


def test_maps_say_when_there_are_later_runs_that_they_are_not_made_of(kept, tmp_path):
    copies, _ = kept
    other = write_synthetic_run(tmp_path / "later", name="Other", seed=9, n_per_roi=12)
    half = copies[3]
    assert "later" not in stability_maps.explain_stability(
        copies[0], "jne_over_seeds", [*copies, half, open_run(other)]
    )
    later = [
        open_run(write_synthetic_run(tmp_path / "later", name=name, spec={"seed": seed}, seed=seed,
                                     n_per_roi=12))
        for name, seed in (("Ours", 7), ("Ours [pairing shuffled]", 8))
    ]  # fmt: skip
    told = stability_maps.explain_stability(copies[0], "jne_over_seeds", [*copies, later[0]])
    assert "(seeds 0, 1, 2)" in told
    assert "1 more of this data came later and is not in it: keep the maps again" in told
    told = stability_maps.explain_stability(copies[0], "jne_over_seeds", [*copies, *later])
    assert "2 more of this data came later and are not in it" in told
    keep_stability([*copies, *later], "jne", tmp_path)
    told = stability_maps.explain_stability(copies[0], "jne_over_seeds", [*copies, *later])
    assert "(seeds 0, 1, 2, 7) and 2 with shuffled pairings." in told
    assert "later" not in told


def test_the_floor_is_a_mask_that_hides_what_lies_within_or_is_unknown(kept):
    run = kept[0][0]
    above = read_map(run, "jne_above_floor")
    assert 0 < (above == 1).sum() < np.isfinite(above).sum()
    masks = Masks(significant=False, above_floor="jne")
    shown = select_masked(run, "gain", masks)
    expected = [a == 1 and np.isfinite(g) for a, g in zip(above, read_map(run, "gain"),
                                                         strict=True)]  # fmt: skip
    np.testing.assert_array_equal(shown, expected)
    table = tabulate_masks(run, "gain", masks).set_index("mask")["n_hidden"]
    assert table["JNE within the floor or unknown"] == (above != 1).sum()
    assert name_masks("gain", masks, list_masks(run, masks)) == "JNE above the floor"


def test_maps_of_stability_are_in_exports_dictionary_and_methods(kept):
    run = kept[0][0]
    content = gather_content(run)
    names = list(name_stability("jne").values())
    taken = {item.name: item for item in content.maps}
    for name in names:
        np.testing.assert_array_equal(taken[name].values, read_map(run, name))
    assert content.maps[-1].name == "significant"
    for entry in describe_columns(content, tuple(names)):
        assert entry["formula"] == find_measure(entry["name"]).formula != ""
    assert "JNE, mean over seeds" in format_methods(describe_methods(run))


def test_without_shuffled_pairings_there_is_no_floor(tmp_path, runs):
    copies = [open_run(shutil.copytree(run.path, tmp_path / run.run_id)) for run in runs[:2]]
    assert stability_maps.stamp_stability(copies[0]) == 0
    keep_stability(copies, "jne", tmp_path)
    assert stability_maps.stamp_stability(copies[0]) > 0
    offered = {info.name for info in list_maps(copies[0])}
    assert "jne_over_seeds" in offered
    assert "jne_above_floor" not in offered


def test_altered_maps_are_no_maps_and_the_run_stays_whole(kept):
    copies, folder = kept
    (folder / "maps.parquet").write_bytes(b"x")
    assert "jne_over_seeds" not in {info.name for info in list_maps(copies[0])}
    assert "jne" in {info.name for info in list_maps(copies[0])}


def test_only_known_measures_of_two_or_more_runs_are_kept(runs, tmp_path):
    with pytest.raises(InputError, match="two or more runs of the whole data, found 1"):
        keep_stability([runs[0], *runs[3:]], "jne", tmp_path)
    with pytest.raises(InputError, match="maps of stability"):
        keep_stability(runs, "gain", tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_job_keeps_the_maps_and_leads_to_them(kept, tmp_path):
    copies, folder = kept
    before = read_map(copies[0], "jne_over_seeds")
    shutil.rmtree(folder)
    spec = request_stability([run.path for run in copies], "jne")
    report = Report(tmp_path)
    assert find_kind("stability").do(spec.payload, report, lambda: False) == folder == report.place
    np.testing.assert_array_equal(read_map(copies[0], "jne_over_seeds"), before)
    record = SimpleNamespace(spec=spec)
    expected = {"run": copies[0].run_id, "map": "jne_over_seeds"}
    assert find_kind("stability").shown.query(record) == expected


class Report:
    def __init__(self, root):
        self.root, self.place = root, None

    def __call__(self, *step):
        assert step == ("stability", 0, 1)

    def identify(self, place, **about):
        self.place = place


def test_what_does_not_belong_together_is_refused(runs, tmp_path):
    other = open_run(write_synthetic_run(tmp_path, name="Theirs", n_per_roi=12))
    with pytest.raises(InputError, match="other data or fit"):
        measure_stability([*runs, other], "jne")
    with pytest.raises(InputError, match="whole data"):
        measure_stability(runs[3:], "jne")


def test_one_run_has_no_interval(runs):
    alone = measure_stability(runs[:1], "jne")
    assert alone.areas["low"].isna().all()
    assert alone.areas["icc"].isna().all()
    assert not alone.voxels["above_floor"].any()


def test_runs_of_the_same_data_are_found_whatever_was_changed(runs, tmp_path):
    other = open_run(write_synthetic_run(tmp_path, name="Theirs", n_per_roi=12))
    ids = {run.run_id for run in runs}
    assert {run.run_id for run in list_again(runs[4], [other, *runs[:4], *runs[5:]])} == ids
    assert list_again(other, runs) == (other,)


def test_each_place_is_drawn_at_its_numbers(found):
    info = find_measure("jne")
    mean, floor, alone = plot_stability(found, info).data
    areas = found.areas
    np.testing.assert_array_equal(mean.x, areas["mean"])
    np.testing.assert_array_equal(np.add(mean.x, mean.error_x.array), areas["high"])
    np.testing.assert_array_equal(floor.x, areas["floor"])
    np.testing.assert_array_equal(alone.x, areas["alone"])
