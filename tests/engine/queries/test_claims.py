"""Each of the paper's claims is told to hold, not to hold, or not to be tellable, as planted."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from jne_engine.analysis import comparisons, hierarchy, roi_groups
from jne_engine.analysis.claims import verdicts
from jne_engine.analysis.claims.catalogue import CLAIMS
from jne_engine.analysis.claims.categories import SYNONYMS, find_categories
from jne_engine.analysis.claims.evidence import Evidence, find_areas
from jne_engine.analysis.claims.verdicts import CLAIM_PARTS, FAILS, HOLDS, UNKNOWN, judge
from jne_engine.analysis.rotations import SPINS
from jne_engine.analysis.spins import SpinSettings, name_spin
from jne_engine.core.errors import InputError
from jne_engine.datasets.dataset import GroundTruth
from jne_engine.model.variants import VARIANTS
from jne_engine.runs.folder import VALIDATION
from jne_engine.runs.grouping import group_labels
from jne_engine.runs.results import SimulationResult, write_result
from jne_engine.runs.store import Run
from jne_engine.simulations.run_variants import correlate_variants
from tests.synthetic_run import CATEGORIES, ROI_NAMES, Planted, write_synthetic_run


def columns(planted: Planted, name: str) -> np.ndarray:
    return np.flatnonzero(planted.masks[ROI_NAMES.index(name)])


def lead(planted: Planted, name: str, category: str) -> None:
    """Let one category carry an ROI's JNE-SS."""
    rows = np.flatnonzero(planted.categories == category)
    own = columns(planted, name)
    rng = np.random.default_rng(5)
    planted.jne_ss[:, own] = rng.exponential(1, (len(planted.categories), len(own)))
    planted.jne_ss[np.ix_(rows, own)] *= 6


@pytest.fixture
def make(tmp_path):
    """Return a function that writes a run whose planted arrays a function has changed."""

    def make(change=None, **choices) -> Run:
        return Run(write_synthetic_run(tmp_path, change=change, **choices))

    return make


def verdict(claim, run, others=()) -> str:
    return told(claim, run, others)["verdict"]


def told(claim, run, others=()) -> pd.Series:
    return verdicts.tabulate_claims(run, others).set_index("claim").loc[claim]


def reverse(planted):
    planted.dispersion["jne"][:] = 3 - planted.share


def flatten(planted):
    n = len(planted.share)
    planted.dispersion["jne"][:] = 1 + np.random.default_rng(int(1e6 * planted.share.sum())).normal(
        0, 0.1, n
    )


def climb(planted):
    planted.dispersion["jne"][:] = 0.1 + planted.share


def raise_v1(planted):
    climb(planted)
    planted.dispersion["jne"][columns(planted, "V1")] += 5


def lower_eba(planted):
    climb(planted)
    planted.dispersion["jne"][columns(planted, "EBA")] = 0


def lead_as_claimed(planted):
    for name, category in (("PPA", "outdoor"), ("RSC", "outdoor"), ("OPA", "indoor"),
                           ("FFA-1", "face"), ("FFA-2", "face"), ("EBA", "body")):  # fmt: skip
        lead(planted, name, category)


def lead_by_food(planted):
    for name in ROI_NAMES[4:]:
        lead(planted, name, "food")


def lead_by_nothing(planted):
    rng = np.random.default_rng(3)
    planted.jne_ss[:] = rng.exponential(1, planted.jne_ss.shape)


def set_r2(noise: float, gain: float = 0.05):
    def change(planted):
        rng, n = np.random.default_rng(2), len(planted.share)
        scores = planted.scores
        scores["r2_nonlinear"][:] = scores["r2_linear"] + gain + rng.normal(0, noise, n)

    return change


def follow(planted):
    planted.dispersion["jne"][:] = 1 + planted.share


CASES = {
    "rises": [(HOLDS, climb, {}), (FAILS, reverse, {}), (UNKNOWN, flatten, {}),
              (UNKNOWN, None, {"with_rois": False})],
    "rises-matched": [(HOLDS, climb, {"n_per_roi": 60}), (FAILS, reverse, {"n_per_roi": 60}),
                      (UNKNOWN, None, {"n_significant": 0})],
    "v1-lowest": [(HOLDS, climb, {}), (FAILS, raise_v1, {}),
                  (UNKNOWN, climb, {"roi_names": ("A1", *ROI_NAMES[1:])})],
    "highest": [(HOLDS, climb, {}), (FAILS, lower_eba, {}),
                (UNKNOWN, climb, {"roi_names": ROI_NAMES[:4]})],
    **{claim: [(HOLDS, lead_as_claimed, {}), (FAILS, lead_by_food, {}),
               (UNKNOWN, lead_by_nothing, {}), (UNKNOWN, None, {"categories": ("x", "y")}),
               (UNKNOWN, None, {"with_categories": False}), (UNKNOWN, None, {"with_rois": False})]
       for claim in ("outdoor", "scenes-opa", "faces", "bodies")},
    "r2-agree": [(HOLDS, set_r2(0.001), {}), (FAILS, set_r2(1.0), {}),
                 (UNKNOWN, set_r2(0.05), {"n_significant": 12}),
                 (UNKNOWN, None, {"n_significant": 0})],
    "predicts": [(HOLDS, set_r2(0.01), {}), (FAILS, set_r2(0.01, -0.1), {}),
                 (UNKNOWN, set_r2(0.3, -0.01), {})],
    "follows-truth": [(HOLDS, follow, {}), (FAILS, flatten, {}),
                      (UNKNOWN, None, {"simulated": False})],
}  # fmt: skip


@pytest.fixture(scope="module")
def judge_planted(tmp_path_factory):
    """Return a function that judges all claims of a planted run, once for all that ask."""

    @cache
    def judge_planted(change, choices) -> pd.DataFrame:
        root = tmp_path_factory.mktemp("planted")
        run = Run(write_synthetic_run(root, change=change, **dict(choices)))
        return verdicts.tabulate_claims(run).set_index("claim")

    return judge_planted


@pytest.mark.parametrize(
    ("claim", "expected", "change", "choices"),
    [(claim, *case) for claim, cases in CASES.items() for case in cases],
)
def test_each_claim_is_judged_as_planted(judge_planted, claim, expected, change, choices):
    found = judge_planted(change, tuple(choices.items())).loc[claim]
    assert found["verdict"] == expected, found["why"]
    assert (expected != UNKNOWN) or "Next: " in found["why"]


@pytest.mark.parametrize(
    ("change", "expected"), [(climb, HOLDS), (reverse, FAILS), (flatten, UNKNOWN)]
)
def test_six_subjects_tell_whether_every_step_rises(make, change, expected):
    runs = [make(change, subject=f"S{i}", seed=i) for i in range(6)]
    found = told("subjects", runs[0], runs)
    assert found["verdict"] == expected, found["why"]
    assert found["n"] == 6
    assert "no p can be below 0.0156" in found["why"]


def test_four_subjects_in_order_are_too_few_and_told_so(make):
    runs = [make(climb, subject=f"S{i}", seed=i) for i in range(4)]
    found = told("subjects", runs[0], runs)
    assert found["verdict"] == UNKNOWN
    assert found["p"] == 1 / 16
    assert "in order in 4 of 4 subjects" in found["why"]
    assert "five or more" in found["why"]


def test_one_subject_says_how_to_get_more(make):
    run = make()
    assert "start a study" in told("subjects", run, [run])["why"]


def store_spin(run, observed, p):
    row = {"kind": "trend", "what": "a < b", "statistic": "P", "observed": observed, "p": p, "q": p,
           "null_mean": 0.5, "null_low": 0.4, "null_high": 0.6, "n": 100, "n_usual": 90,
           "n_rotations": 1000, "n_left_out": 0}  # fmt: skip
    name = name_spin(run.run_id, SpinSettings())
    result = SimulationResult(name, {"run": run.run_id}, {"tests": pd.DataFrame([row])})
    write_result(result, run.path.parent / SPINS)


@pytest.mark.parametrize(
    ("observed", "p", "expected"), [(0.9, 0.001, HOLDS), (0.2, 1.0, FAILS), (0.55, 0.3, UNKNOWN)]
)
def test_a_stored_spin_test_is_read(make, observed, p, expected):
    run = make()
    assert "press “Compute the spin test”" in told("spin", run)["why"]
    store_spin(run, observed, p)
    found = told("spin", run)
    assert found["verdict"] == expected
    assert (found["value"], found["n"], found["p"]) == (observed, 1000, p)


def test_a_run_off_the_sphere_cannot_be_spun(make):
    assert "bring the data to a surface" in told("spin", make(with_space=False))["why"]


def store_variants(run, noise):
    n, rng = run.manifest.counts["n_voxels"], np.random.default_rng(0)
    base = rng.uniform(1, 2, n)
    maps = {name: base + rng.normal(0, noise, n) for name in VARIANTS}
    table = pd.DataFrame({"voxel": np.arange(n), "significant": True, **maps})
    tables = {"maps": table, "correlations": correlate_variants(table)}
    result = SimulationResult("variants", {"run": run.run_id, "simulated": True}, tables)
    write_result(result, run.path.parent / VALIDATION)
    return table


@pytest.mark.parametrize(
    ("noise", "l1_l2", "zscored"), [(0.001, HOLDS, HOLDS), (0.05, FAILS, HOLDS), (1, FAILS, FAILS)]
)
def test_stored_variants_are_compared(make, noise, l1_l2, zscored):
    run = make()
    assert verdict("l1-l2", run) == verdict("zscored", run) == UNKNOWN
    table = store_variants(run, noise)
    assert verdict("l1-l2", run) == l1_l2
    found = told("zscored", run)
    assert found["verdict"] == zscored
    pairs = ("jne", "jne_zscored_l1"), ("jne_l2", "jne_zscored_l2")
    lowest = min(stats.pearsonr(table[a], table[b])[0] for a, b in pairs)
    assert found["value"] == pytest.approx(lowest)


@pytest.mark.parametrize(("change", "expected"), [(lead_as_claimed, HOLDS), (lead_by_food, FAILS)])
def test_gating_is_held_against_what_was_planted(make, change, expected):
    def gate(planted, rng):
        names = np.full(len(planted.share), "", dtype=object)
        names[columns(planted, "EBA")], names[columns(planted, "FFA-1")] = "body", "face"
        share = planted.share.astype(np.float32)
        return GroundTruth(share, share + 1, tuple(names))

    found = told("gating", make(change, truth=gate))
    assert found["verdict"] == expected
    assert "body" in found["why"]
    assert "face" in found["why"]


def test_gating_without_a_planted_category_cannot_be_told(make):
    assert verdict("gating", make()) == UNKNOWN
    assert verdict("gating", make(simulated=False, seed=1)) == UNKNOWN


def test_deeper_layers_say_that_the_truth_is_not_theirs(make):
    found = told("follows-truth", make(layer=2, truth=lambda *_: None))
    assert found["verdict"] == UNKNOWN
    assert "layer 0 alone" in found["why"]


def test_the_weakest_pair_counts_with_the_largest_p(make):
    run = make(climb)
    groups = roi_groups.read_groups(run)
    values = dict(zip(groups.names, groups.values, strict=True))
    tests = [
        stats.mannwhitneyu(values[name], values["V1"], alternative="greater", method="asymptotic")
        for name in ROI_NAMES[1:]
    ]
    pairs = zip(tests, ROI_NAMES[1:], strict=True)
    effects = [t.statistic / (len(values[name]) * len(values["V1"])) for t, name in pairs]
    found = told("v1-lowest", run)
    assert found["p"] == pytest.approx(max(t.pvalue for t in tests), rel=0.05)
    assert found["value"] == pytest.approx(min(effects))


def test_numbers_are_the_engines_and_q_is_over_the_claims(make):
    run = make(lead_as_claimed)
    table = verdicts.tabulate_claims(run)
    trend = hierarchy.tabulate_trends(run).iloc[0]
    first = table.set_index("claim").loc["rises"]
    assert (first["value"], first["p"], first["n"]) == (trend["effect"], trend["p"], trend["n"])
    tested = table.dropna(subset="p")
    assert len(tested) >= 8
    expected = multipletests(tested["p"], method="fdr_bh")[1]
    assert tested["q"].to_numpy() == pytest.approx(expected)
    r2 = comparisons.compare_r2(run)
    assert table.set_index("claim").loc["r2-agree", "value"] == r2["r"].min()


def test_evidence_gathered_in_parts_gives_the_same_table(make):
    run = make()
    found = {}
    for part in CLAIM_PARTS:
        found |= verdicts.gather_claims(run, part)
    assert set(found) == {claim.name for claim in CLAIMS}
    pd.testing.assert_frame_equal(
        verdicts.tabulate_claims(run, (), found), verdicts.tabulate_claims(run)
    )
    with pytest.raises(InputError, match="part of the claims"):
        verdicts.gather_claims(run, "nothing")


def test_a_link_opens_where_the_evidence_is_weakest(make):
    run = make(lead_as_claimed)
    claims = {claim.name: claim for claim in CLAIMS}
    found = verdicts.gather_claims(run, "categories")
    address = verdicts.find_address(claims["faces"], found["faces"])
    assert address["roi"] in ("FFA-1", "FFA-2")
    assert address["grouping"] == "labels:category"


@pytest.mark.parametrize(
    ("evidence", "q", "expected"),
    [
        (Evidence(), 0.001, UNKNOWN),
        (Evidence(1.0, p=0.001, agrees=True), 0.049, HOLDS),
        (Evidence(1.0, p=0.001, agrees=True), 0.05, UNKNOWN),
        (Evidence(1.0, agrees=True), np.nan, HOLDS),
        (Evidence(1.0, agrees=False, against=True), np.nan, FAILS),
        (Evidence(1.0, p=0.9, agrees=False), 0.9, UNKNOWN),
    ],
)
def test_verdicts(evidence, q, expected):
    assert judge(evidence, q) == expected


def test_names_of_areas_and_categories_are_matched_and_no_others():
    names = ["V1", "V1v", "v1d", "V10", "FFA", "FFA-1", "ffa2", "FFAx", "aFFA", "PPA"]
    assert find_areas(names, "V1") == ["V1", "V1v", "v1d"]
    assert find_areas(names, "FFA") == ["FFA", "FFA-1", "ffa2"]
    grouping = group_labels(["Person", "cat; face", "surface"], name="labels:x", how="")
    assert set(find_categories(grouping, "face")) == {"Person", "face"}
    assert set(CATEGORIES) & set(SYNONYMS["outdoor"]) == {"outdoor"}


def share_as(planted, values):
    planted.calibration["nonlinear_share"][:] = values


def share_falls(planted):
    climb(planted)
    share_as(planted, 1 - planted.share)


def share_climbs(planted):
    climb(planted)
    share_as(planted, planted.share)


@pytest.mark.parametrize("claim", ["rises", "rises-matched", "v1-lowest", "highest"])
def test_no_claim_holds_on_jne_alone_where_the_share_says_otherwise(make, claim):
    choices = {"n_per_roi": 60, "calibrated": True}
    agreed = told(claim, make(share_climbs, **choices))
    assert agreed["verdict"] == HOLDS, agreed["why"]
    doubted = told(claim, make(share_falls, seed=1, **choices))
    assert doubted["verdict"] == UNKNOWN
    assert "JNE alone: by the nonlinear share it is" in doubted["why"]
    assert doubted["q"] < 0.05  # JNE itself would do


def test_a_spin_test_and_subjects_do_not_hold_on_jne_alone_either(make):
    runs = [make(share_falls, subject=f"S{i}", seed=i, calibrated=True) for i in range(6)]
    found = told("subjects", runs[0], runs)
    assert found["verdict"] == UNKNOWN
    assert "JNE alone" in found["why"]
    store_spin(runs[0], 0.9, 0.001)
    found = told("spin", runs[0])
    assert found["verdict"] == UNKNOWN
    effect = hierarchy.compute_tier_trend(runs[0], "nonlinear_share").effect
    assert f"by the nonlinear share it is {effect:.3g}" in found["why"]


def test_a_place_without_a_nonlinear_voxel_is_most_nonlinear_for_nothing(make):
    def linear_ffa(planted):
        lead_as_claimed(planted)
        for name in ("FFA-1", "FFA-2"):
            planted.calibration["q_nonlinearity"][columns(planted, name)] = 0.4

    run = make(linear_ffa, calibrated=True)
    found = told("faces", run)
    assert found["verdict"] == UNKNOWN
    assert "is nonlinear by its own q" in found["why"]
    assert told("bodies", run)["verdict"] == HOLDS


def test_nothing_holds_from_an_r2_below_what_the_mean_predicts(make):
    def gain_from_nonsense(planted):
        set_r2(0.001, 8.0)(planted)
        planted.scores["r2_linear"] -= 7.7
        planted.scores["r2_nonlinear"] -= 7.7

    run = make(gain_from_nonsense)
    linear = run.stage("scores").read_array("r2_linear")
    mean = np.mean([float(x) for x in linear if np.isfinite(x)])
    assert mean < 0
    found = told("predicts", run)
    assert found["value"] > 7
    assert found["verdict"] == UNKNOWN
    assert f"linear {mean:.2g}; valid voxels" in found["why"]
    assert told("r2-agree", run)["verdict"] == UNKNOWN

    def disagree_below(planted):
        set_r2(1.0)(planted)
        planted.scores["r2_linear"] -= 9

    assert told("r2-agree", make(disagree_below, seed=2))["verdict"] == UNKNOWN

    def all_below(planted):
        climb(planted)
        planted.scores["r2_nonlinear"] -= 2

    table = verdicts.tabulate_claims(make(all_below, seed=1))
    assert HOLDS not in set(table["verdict"])
    assert set(table.loc[table["verdict"] == FAILS, "claim"]) == {"predicts"}
    assert "mean response predicts better" in table.set_index("claim").loc["rises", "why"]
