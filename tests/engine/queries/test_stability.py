"""Runs of the same data put together equal plain loops over voxels and areas."""

import numpy as np
import pytest
from scipy import stats

from jne_engine.analysis.maps import choose_roi_set, read_map, read_significant
from jne_engine.analysis.stability import (
    compute_icc,
    extrapolate_reliability,
    list_again,
    measure_stability,
)
from jne_engine.core.errors import InputError
from jne_engine.model.measures import find_measure
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
