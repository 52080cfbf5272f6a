"""Masks hide what a plain loop says, and their counts add up."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jne_engine.analysis import maps
from jne_engine.analysis.masks import Masks, list_masks, name_masks, select_masked, tabulate_masks
from jne_engine.core.errors import InputError
from jne_engine.runs.store import Run
from tests.synthetic_run import Recipe, plant, write_synthetic_run

ALL = Masks(
    q=0.01, min_r2=0.3, min_ceiling=60.0, rois=("V1", "PPA", "FFA-2"), threshold=0.4
)  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return Run(write_synthetic_run(tmp_path_factory.mktemp("runs"), second_preset="other"))


@pytest.fixture(scope="module")
def planted():
    return plant(Recipe())


def hidden_reasons(planted, values, masks):
    """Return each voxel's reasons to be hidden, one rule after the other."""
    names = ("V1", "V2", "V3", "V4", "EBA", "PPA", "RSC", "OPA", "FFA-1", "FFA-2")
    reasons = []
    for v in range(len(values)):
        score = {k: float(np.float32(a[v])) for k, a in planted.scores.items()}
        own, value, gone = [], float(values[v]), bool(planted.invalid[v])
        if math.isnan(value):
            own.append("value")
        if masks.significant and (gone or not score["q_nonlinear"] < (masks.q or 0.05)):
            own.append("q")
        if masks.min_r2 is not None and (gone or score["r2_nonlinear"] < masks.min_r2):
            own.append("r2")
        if masks.min_ceiling is not None and (gone or score["noise_ceiling"] < masks.min_ceiling):
            own.append("ceiling")
        inside = [n for n, mask in zip(names, planted.masks, strict=True) if mask[v]]
        if masks.rois and not set(inside) & set(masks.rois):
            own.append("roi")
        if masks.threshold is not None and value < masks.threshold:
            own.append("threshold")
        reasons.append(own)
    return reasons


@pytest.mark.parametrize(
    "masks",
    [
        Masks(), Masks(significant=False), Masks(q=0.01), Masks(q=0.5), Masks(min_r2=0.35),
        Masks(min_ceiling=70.0), Masks(rois=("EBA",)), Masks(threshold=0.5), ALL,
    ],
)  # fmt: skip
def test_masks_hide_what_a_loop_hides_and_count_each_voxel_once(run, planted, masks):
    values = maps.read_map(run, "jne")
    reasons = hidden_reasons(planted, values, masks)
    shown = select_masked(run, "jne", masks)
    assert shown.tolist() == [not own for own in reasons]
    table = tabulate_masks(run, "jne", masks)
    assert table["n_hidden_first"].sum() == len(values)
    kinds = ["value", "q", "r2", "ceiling", "roi", "threshold"]
    used = [k for k in kinds if any(k in own for own in reasons)]
    firsts = [sum(own[:1] == [k] for own in reasons) for k in used]
    found = [n for n in table["n_hidden"][:-1] if n]
    assert found == [sum(k in own for own in reasons) for k in used]
    assert [n for n in table["n_hidden_first"][:-1] if n] == [n for n in firsts if n]
    assert table["n_hidden_first"].iloc[-1] == shown.sum()


def test_labels_are_hidden_by_the_choice_of_rois_only(run):
    everywhere = select_masked(run, "roi", Masks(q=0.0, min_r2=9.0, threshold=9.0))
    np.testing.assert_array_equal(everywhere, np.isfinite(maps.read_map(run, "roi")))
    inside = select_masked(run, "tier", Masks(rois=("V2",)))
    np.testing.assert_array_equal(inside, maps.choose_roi_set(run).mask("V2"))


def test_a_difference_map_is_thresholded_on_both_sides(run):
    values = maps.read_map(run, "delta_r2")
    shown = select_masked(run, "delta_r2", Masks(significant=False, threshold=0.05))
    assert shown.tolist() == [abs(v) >= 0.05 for v in values.tolist()]


def test_masks_are_named_as_they_are(run):
    listed = list_masks(run, ALL)
    named = name_masks("jne", ALL, listed)
    assert named == (
        "q < 0.01, R² nonlinear ≥ 0.3, Noise ceiling ≥ 60 %, inside V1, PPA, FFA-2, value ≥ 0.4"
    )
    assert name_masks("jne", Masks(), list_masks(run, Masks())) == ("significant voxels")


def test_the_chosen_roi_set_names_and_masks(run, planted):
    assert maps.list_presets(run) == ("hcp-mmp", "other")
    other = Masks(significant=False, rois=("V1",), preset="other")
    shown = select_masked(run, "jne", other)
    np.testing.assert_array_equal(shown, planted.masks[-1] & ~planted.invalid)
    assert (maps.read_map(run, "roi", "other")[planted.masks[-1]] == 0).all()
    with pytest.raises(InputError, match="nowhere"):
        list_masks(run, Masks(rois=("V1",), preset="nowhere"))
    with pytest.raises(InputError, match="nope"):
        list_masks(run, Masks(rois=("nope",)))


@pytest.mark.parametrize("which", ["", "shares", "all"])
def test_voxels_that_are_not_nonlinear_are_hidden_where_asked_for(tmp_path, which):
    run = Run(write_synthetic_run(tmp_path, calibrated=True))
    planted, masks = plant(Recipe()), Masks(nonlinear=which)
    q, gone = planted.calibration["q_nonlinearity"], planted.invalid
    for name in ("nonlinear_share", "jne", "roi"):
        hides = which == "all" or (which == "shares" and name == "nonlinear_share")
        values = maps.read_map(run, name)
        expected, hidden = [], 0
        for v, value in enumerate(values):
            significant = not gone[v] and planted.scores["q_nonlinear"][v] < 0.05
            nonlinear = not gone[v] and q[v] < 0.05
            hidden += not nonlinear
            kept = name == "roi" or (significant and (nonlinear or not hides))
            expected.append(not math.isnan(value) and kept)
        assert select_masked(run, name, masks).tolist() == expected
        table = tabulate_masks(run, name, masks).set_index("mask")["n_hidden"]
        label = "Not nonlinear (q ≥ 0.05) or unknown"
        told = hides and name != "roi"
        assert table.get(label) == (hidden if told else None)
        assert ("nonlinear (q < 0.05)" in name_masks(name, masks, list_masks(run, masks))) == told


def test_an_older_run_knows_no_nonlinear_voxel(run):
    assert not select_masked(run, "jne", Masks(nonlinear="all")).any()
    assert select_masked(run, "jne", Masks(nonlinear="shares")).any()
