"""How many voxels are nonlinear and how much, against plain counting; in words on every door."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from jne_engine.analysis.estimates import Estimate, estimate_median
from jne_engine.analysis.nonlinearity import (
    LATER,
    NonlinearitySummary,
    read_nonlinear,
    summarise_nonlinearity,
    tell_nonlinearity,
)
from jne_engine.cli.main import main
from jne_engine.model.nonlinearity import CANNOT_TELL, UNPREDICTED
from jne_engine.report.export.methods import describe_methods
from jne_engine.runs.store import Run
from tests.synthetic_run import Recipe, plant, write_synthetic_run

CHANCE = CANNOT_TELL[UNPREDICTED]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return Run(write_synthetic_run(tmp_path_factory.mktemp("runs"), calibrated=True))


def count_by_hand():
    """Count over planted values, voxel by voxel."""
    planted, shares, counts = plant(Recipe()), [], {"n": 0, "nonlinear": 0, "untold": 0}
    for v in range(len(planted.share)):
        if planted.invalid[v] or not planted.scores["q_nonlinear"][v] < 0.05:
            continue
        counts["n"] += 1
        counts["nonlinear"] += bool(planted.calibration["q_nonlinearity"][v] < 0.05)
        share = planted.calibration["nonlinear_share"][v]
        counts["untold"] += bool(np.isnan(share))
        shares += [] if np.isnan(share) else [float(np.float32(share))]
    return counts, np.array(shares)


def test_counts_and_median_are_those_of_a_loop(run):
    counts, shares = count_by_hand()
    found = summarise_nonlinearity(run)
    assert 0 < counts["nonlinear"] < counts["n"]
    assert (found.n, found.n_tested, found.n_nonlinear) == (
        counts["n"], counts["n"], counts["nonlinear"],
    )  # fmt: skip
    assert found.cannot_tell == {CHANCE: counts["untold"]}
    assert found.share.value == np.median(shares)
    assert found.share.n == shares.size
    percent = round(100 * counts["nonlinear"] / counts["n"])
    s = found.share
    assert tell_nonlinearity(found) == (
        f"SIMULATED data: {percent} % of predictable voxels are nonlinear (q < .05); median share"
        f" {np.median(shares):.2f} [{s.low:.2f}, {s.high:.2f}]."
        f" No share in {counts['untold']} of them ({CHANCE}: {counts['untold']})."
    )


@pytest.mark.parametrize("n", [2, 3, 10, 101, 1000])
def test_the_medians_interval_is_the_bootstraps(n):
    rng = np.random.default_rng(n)
    x = rng.gamma(2, 1, n)
    draws = np.median(x[rng.integers(0, n, (40_000, n))], axis=1) if n < 1000 else np.array(
        [np.median(rng.choice(x, n)) for _ in range(8000)]
    )  # fmt: skip
    low, high = np.quantile(draws, [0.025, 0.975])
    found = estimate_median([*x, np.nan])
    assert (found.value, found.n) == (np.median(x), n)
    ordered = np.sort(x)  # within one value of the drawn limits, of even counts never narrower
    for limit, drawn in ((found.low, low), (found.high, high)):
        assert abs(np.searchsorted(ordered, limit) - np.searchsorted(ordered, drawn)) <= (
            0 if n in (2, 3) and drawn in ordered else max(1, n // 100)
        )
    assert found.low in x
    assert found.high in x


def test_a_median_of_one_or_no_value_has_no_interval():
    for values, median in (([], np.nan), ([0.5, np.nan], 0.5)):
        found = estimate_median(values)
        np.testing.assert_equal((found.value, found.low, found.high), (median, np.nan, np.nan))


def test_voxels_that_cannot_be_tested_are_left_out_and_told_why(tmp_path):
    def lose(planted):
        for name in ("nonlinear_share", "q_nonlinearity", "p_nonlinearity"):
            planted.calibration[name][40:60] = np.nan

    run = Run(write_synthetic_run(tmp_path, calibrated=True, change=lose))
    found = summarise_nonlinearity(run)
    significant = run.stage("scores").read_array("q_nonlinear") < 0.05
    q = run.stage("calibration").read_array("q_nonlinearity")
    n_lost = int((significant & np.isnan(q)).sum())
    assert n_lost > 0
    assert found.n_tested == found.n - n_lost
    assert found.cannot_tell[CANNOT_TELL[1]] == n_lost
    assert found.fraction == found.n_nonlinear / found.n_tested
    assert f"{CANNOT_TELL[1]}: {n_lost}" in tell_nonlinearity(found)
    assert read_nonlinear(run).tolist() == [bool(x < 0.05) for x in q]


def test_words_never_round_to_none_or_all_and_name_the_level():
    def tell(n_nonlinear, n_tested, level=0.01, n=1000):
        share = Estimate(0.206, 0.194, 0.2249, 900)
        return tell_nonlinearity(
            NonlinearitySummary(
                simulated=False, level=level, n=n, n_tested=n_tested, n_nonlinear=n_nonlinear,
                share=share, cannot_tell={},
            )
        )  # fmt: skip

    assert tell(630, 1000) == (
        "63 % of predictable voxels are nonlinear (q < .01); median share 0.21 [0.19, 0.22]."
    )
    assert tell(0, 1000).startswith("0 % of")
    assert tell(1, 1000).startswith("under 1 % of")
    assert tell(999, 1000).startswith("over 99 % of")
    assert tell(1000, 1000).startswith("100 % of")
    assert "cannot tell" in tell(0, 0)
    assert "no voxel is predictable" in tell(0, 0, n=0)


def test_an_older_run_says_how_to_get_it(synthetic_root):
    run = Run(next(synthetic_root.glob("[!.]*")))
    assert summarise_nonlinearity(run) is None
    assert not read_nonlinear(run).any()
    assert tell_nonlinearity(None) == LATER
    assert "not measured" in describe_methods(run).paragraph
    assert LATER in CliRunner().invoke(main, ["info", str(run.path)]).stdout
    told = CliRunner().invoke(main, ["info", str(run.path), "--json"]).stdout
    assert json.loads(told)["nonlinearity"] is None


def test_info_and_methods_say_the_same_sentence(run):
    found = summarise_nonlinearity(run)
    sentence = tell_nonlinearity(found)
    lines = CliRunner().invoke(main, ["info", str(run.path)]).stdout.splitlines()
    assert lines[1] == sentence
    assert sentence in describe_methods(run).paragraph
    told = json.loads(CliRunner().invoke(main, ["info", str(run.path), "--json"]).stdout)
    values = told["nonlinearity"]
    assert values["n_nonlinear"] == found.n_nonlinear
    assert values["fraction"] == found.fraction
    assert values["share"] == {
        "value": found.share.value, "low": found.share.low, "high": found.share.high,
        "n": found.share.n,
    }  # fmt: skip
