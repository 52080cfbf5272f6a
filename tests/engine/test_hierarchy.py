"""The hierarchy's tables are those of scipy over the voxels that were planted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from jne_engine.analysis import hierarchy, roi_groups
from jne_engine.analysis.roi_groups import HIGH_QUANTILE
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import TIERS
from jne_engine.runs.store import Run
from tests.synthetic_run import ROI_NAMES, ROI_TIERS, Recipe, plant, write_synthetic_run


@pytest.fixture(scope="module")
def run(synthetic_root):
    return Run(next(synthetic_root.glob("[!.]*")))


@pytest.fixture(scope="module")
def planted():
    return plant(Recipe())


@pytest.fixture(scope="module")
def significant(planted):
    return (planted.scores["q_nonlinear"] < 0.05) & ~planted.invalid


def tier_masks(planted):
    rows = {t: [i for i, tier in enumerate(ROI_TIERS) if tier == t] for t in TIERS}
    return [planted.masks[rows[t]].any(axis=0) for t in TIERS]


def test_groups_hold_the_planted_voxels(run, planted, significant):
    jne = planted.dispersion["jne"].astype(np.float32)
    groups = roi_groups.read_groups(run)
    assert groups.names == ROI_NAMES
    for values, mask in zip(groups.values, planted.masks, strict=True):
        np.testing.assert_array_equal(values, jne[mask & significant])
    tiers = roi_groups.read_groups(run, by="tier", significant_only=False)
    assert tiers.names == TIERS
    for values, mask in zip(tiers.values, tier_masks(planted), strict=True):
        np.testing.assert_array_equal(values, jne[mask & ~planted.invalid])


def test_means_and_shares_are_the_plain_ones(run, planted, significant):
    jne = planted.dispersion["jne"].astype(np.float32)
    groups, cutoff = roi_groups.read_groups(run), roi_groups.compute_cutoff(run)
    assert cutoff == pytest.approx(np.quantile(jne[significant], HIGH_QUANTILE))
    means, shares = (
        roi_groups.tabulate_means(groups),
        roi_groups.tabulate_high_shares(groups, cutoff),
    )
    for row, mask in enumerate(planted.masks):
        inside = jne[mask & significant].astype(float)
        assert means.loc[row, "mean"] == pytest.approx(inside.mean())
        assert means.loc[row, "median"] == pytest.approx(np.median(inside))
        assert shares.loc[row, "share"] == pytest.approx((inside > cutoff).mean())
        assert means.loc[row, "low"] < means.loc[row, "mean"] < means.loc[row, "high"]
    with pytest.raises(InputError, match="between 0 and 1"):
        roi_groups.compute_cutoff(run, quantile=1)


def test_the_planted_tiers_are_in_order_with_and_without_matching(run):
    table = hierarchy.tabulate_trends(run).set_index("comparison")
    assert list(table.index) == ["all voxels", "matched on R²"]
    assert (table["q"] < 0.05).all()
    assert (table["low"] > 0.5).all()
    for name, matched in (("all voxels", False), ("matched on R²", True)):
        found = hierarchy.compute_tier_trend(run, matched=matched)
        assert table.loc[name, "p"] == found.p
        assert table.loc[name, "n"] == sum(found.n)


def test_pairs_are_scipys_tests_by_name(run, planted, significant):
    jne = planted.dispersion["jne"].astype(np.float32)
    table = hierarchy.tabulate_pairwise(run, by="tier").set_index(["first", "second"])
    parts = dict(zip(TIERS, (jne[m & significant] for m in tier_masks(planted)), strict=True))
    for first, second in table.index:
        expected = stats.mannwhitneyu(parts[first], parts[second], alternative="greater")
        row = table.loc[first, second]
        assert (row["u"], row["p"]) == pytest.approx((expected.statistic, expected.pvalue))
        assert row["exceeds"] == (row["q"] < 0.05)
    assert table.loc[("higher", "primary"), "exceeds"]
    assert not table.loc[("primary", "higher"), "exceeds"]
    assert len(hierarchy.tabulate_pairwise(run)) == 90


def test_matching_evens_out_r2(run):
    groups = roi_groups.read_groups(run, by="tier")
    table = hierarchy.tabulate_matching(groups, hierarchy.match_on_r2(groups))
    assert np.ptp(table["mean_r2_matched"]) < np.ptp(table["mean_r2"])
    assert table["n_matched"].nunique() == 1
    assert (hierarchy.tabulate_pairwise(run, by="tier", matched=True)["n_first"] > 0).all()


@pytest.mark.parametrize("lack", [{"with_rois": False}, {"n_significant": 0}, {"n_significant": 2}])
def test_runs_that_lack_something_give_empty_tables(tmp_path, lack):
    bare = Run(write_synthetic_run(tmp_path, **lack))
    assert hierarchy.tabulate_trends(bare).empty
    assert hierarchy.compute_tier_trend(bare) is None
    assert hierarchy.tabulate_pairwise(bare).empty
    assert hierarchy.tabulate_pairwise(bare, matched=True).empty
    assert hierarchy.compute_tier_trend(bare, matched=True) is None
    groups = roi_groups.read_groups(bare)
    assert roi_groups.tabulate_means(groups)["n"].sum() == sum(groups.n)
    cutoff = roi_groups.compute_cutoff(bare)
    assert len(roi_groups.tabulate_high_shares(groups, cutoff)) == len(groups.names)


def test_unknown_choices_are_refused(run):
    with pytest.raises(InputError, match="grouping"):
        roi_groups.read_groups(run, by="lobe")
    with pytest.raises(InputError, match="map"):
        roi_groups.read_groups(run, "nothing")
