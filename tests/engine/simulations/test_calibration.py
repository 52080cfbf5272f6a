"""The calibration counts what it says, over subjects that differ in everything."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from jne_engine.core.errors import InputError
from jne_engine.model.nonlinearity import measure_nonlinearity
from jne_engine.model.score_test import ScoreDesign
from jne_engine.simulations import calibration
from jne_engine.simulations.calibration import MEASURES, simulate_calibration
from jne_engine.simulations.settings import CalibrationSettings
from jne_engine.simulations.subject import simulate_stimuli, simulate_subject
from tests.engine.nonlinearity_oracle import estimate_voxels

SIZES = {"n_stimuli": 620, "n_test": 80, "n_vertices": 100, "n_hidden": 16}


@pytest.fixture(scope="module")
def result():
    settings = CalibrationSettings.reduced(
        plantings=("v1-linear", "linear"), n_seeds=2, n_jacobians=10, max_epochs=2, **SIZES
    )
    return simulate_calibration(settings)


def test_rates_are_counted_subject_by_subject(result):
    voxels, table = result.tables["voxels"], result.tables["tests"]
    rates, n = [], 0
    for seed in (0, 1):
        rows = voxels[(voxels["planting"] == "linear") & (voxels["seed"] == seed)]
        tested = [p for p in rows["p_nonlinearity"] if np.isfinite(p)]
        rates.append(sum(p < 0.05 for p in tested) / len(tested))
        n += len(tested)
    found = table.query("planting == 'linear' and rate == 'p < .05 at share 0'").iloc[0]
    assert (found["n_subjects"], found["n_voxels"]) == (2, n)
    assert found["value"] == pytest.approx(np.mean(rates))
    half = stats.t.ppf(0.975, 1) * np.std(rates, ddof=1) / np.sqrt(2)
    assert found["value_half"] == pytest.approx(half)


def test_measures_are_correlated_where_the_share_varies(result):
    table = result.tables["measures"]
    assert set(table["planting"]) == {"v1-linear"}
    assert set(table["measure"]) == set(MEASURES)
    voxels = result.tables["voxels"].query("planting == 'v1-linear'")
    parts = [v for _, v in voxels.groupby("seed")]
    r = np.mean([stats.pearsonr(v["jne"], v["planted_share"])[0] for v in parts])
    rho = np.mean([stats.spearmanr(v["jne"], v["planted_share"])[0] for v in parts])
    found = table.set_index("measure").loc["jne"]
    assert (found["r"], found["rho"]) == (pytest.approx(r), pytest.approx(rho))


def test_every_seed_draws_its_own_pictures():
    first, second = (simulate_stimuli(seed, n_stimuli=240, n_test=60).features for seed in (0, 1))
    assert not np.array_equal(first, second)


def test_stimuli_that_follow_each_other_depend_on_each_other():
    shown = simulate_stimuli(0, n_stimuli=700, n_test=200, autocorrelation=0.6)
    alone = simulate_stimuli(0, n_stimuli=700, n_test=200)
    assert np.array_equal(shown.splits.test, np.arange(200)), "one stretch"

    def follow(values):
        return np.mean([np.corrcoef(v[1:], v[:-1])[0, 1] for v in values.T])

    assert follow(shown.features) == pytest.approx(0.6, abs=0.05)
    assert follow(alone.features) == pytest.approx(0, abs=0.05)
    sd = [s.features[s.splits.train].std() for s in (shown, alone)]
    assert sd == pytest.approx([1, 1], abs=0.01)
    subjects = [
        simulate_subject(0, stimuli=s, n_vertices=60, planting="linear", ceiling=0.05)
        for s in (shown, alone)
    ]
    rows = shown.splits.train
    assert follow(subjects[0].responses[rows]) == pytest.approx(0.6, abs=0.05), "mostly noise"
    assert follow(subjects[1].responses[rows]) == pytest.approx(0, abs=0.05)


def test_the_simulation_takes_the_design_of_the_test_and_the_fit(monkeypatch):
    seen = []

    def remember(*arguments, **choices):
        encoder, arrays, spec = arguments
        assert encoder.linear is not None
        seen.append((arrays, spec.weight_decay, choices["design"]))
        return measure_nonlinearity(*arguments, **choices)

    monkeypatch.setattr(calibration, "measure_nonlinearity", remember)
    chosen = {"block": 4, "stimuli_a_direction": 20, "weight_decay": 1.0, "layer": 1,
              "linear_first": True, "ceiling": 0.3}  # fmt: skip
    settings = CalibrationSettings.reduced(
        plantings=("linear",), n_seeds=1, n_jacobians=2, max_epochs=1, **chosen, **SIZES
    )
    result = simulate_calibration(settings)
    ((arrays, *rest),) = seen
    assert rest == [1.0, ScoreDesign(stimuli_a_direction=20, block=4)]
    shown = simulate_stimuli(0, n_stimuli=SIZES["n_stimuli"], n_test=SIZES["n_test"])
    assert np.array_equal(arrays.features, shown.layer(1))
    subject = simulate_subject(0, stimuli=shown, n_vertices=100, planting="linear", ceiling=0.3)
    assert np.array_equal(arrays.responses, subject.responses)
    assert not result.tables["voxels"]["planted_share"].any()
    assert result.settings["layer"] == 1


def test_plantings_plant_what_they_say():
    shown = simulate_stimuli(0, n_stimuli=240, n_test=60)

    def plant(planting):
        return simulate_subject(0, stimuli=shown, n_vertices=2000, planting=planting)

    as_ever, v1_linear = plant("areas"), plant("v1-linear")
    v1 = as_ever.roi_sets["hcp-mmp"].mask("V1")
    share = v1_linear.ground_truth.nonlinear_share
    assert not share[v1].any()
    assert np.array_equal(share[~v1], as_ever.ground_truth.nonlinear_share[~v1])
    assert not plant("linear").ground_truth.nonlinear_share.any()
    mixed = plant("mixed").ground_truth.nonlinear_share
    assert set(np.unique(mixed)) == set(np.float32([0, 0.05, 0.1, 0.3, 0.6]))
    assert (mixed == 0).mean() == pytest.approx(0.4, abs=0.05)
    assert (plant("mostly-linear").ground_truth.nonlinear_share == 0).mean() > 0.9
    assert 0 < (plant("mostly-nonlinear").ground_truth.nonlinear_share == 0).mean() < 0.1
    with pytest.raises(InputError, match="planting"):
        plant("bent")


def test_a_linear_planting_is_linear_in_the_features_but_for_noise():
    shown = simulate_stimuli(0, n_stimuli=600, n_test=100)
    subject = simulate_subject(0, stimuli=shown, n_vertices=60, planting="linear")
    noise = 1 / subject.ground_truth.signal_to_noise / 3
    latents = np.linalg.svd(shown.features - shown.features.mean(axis=0), full_matrices=False)[0]
    design = np.column_stack([latents[:, :24], np.ones(600)])
    rest = subject.responses - design @ np.linalg.lstsq(design, subject.responses, rcond=None)[0]
    expected = noise / (1 + noise) * (1 - 25 / 600)
    frame = pd.Series(rest.var(axis=0) / subject.responses.var(axis=0))
    np.testing.assert_allclose(frame.mean(), expected.mean(), rtol=0.05)
    np.testing.assert_allclose(frame, expected, rtol=0.35)


def test_finished_subjects_are_kept_and_more_can_be_added(tmp_path):
    def simulate(n_seeds):
        settings = CalibrationSettings.reduced(
            plantings=("linear",), n_seeds=n_seeds, n_jacobians=10, max_epochs=1, **SIZES
        )
        return simulate_calibration(settings, parts=tmp_path).tables["voxels"]

    first = simulate(1)
    (kept,) = tmp_path.rglob("*.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(kept), first)
    first.assign(jne=7.0).to_parquet(kept)
    both = simulate(2)
    assert (both.query("seed == 0")["jne"] == 7).all(), "computed again"
    assert np.isfinite(both.query("seed == 1")["jne"]).all()
    assert len(list(tmp_path.rglob("*.parquet"))) == 2


def count_again(shares, pvalues, planted):
    """Return false positives and power by share, and Pearson's r, voxel by voxel."""
    rates = {}
    for at, window in ((0, 0), (0.1, 0.02), (0.3, 0.02), (0.6, 0.02)):
        pairs = zip(pvalues, planted, strict=True)
        hits = [p < 0.05 for p, truth in pairs if abs(truth - at) <= window]
        if hits:
            rates[f"p < .05 at share {at:g}"] = sum(hits) / len(hits)
    told = [(s, truth) for s, truth in zip(shares, planted, strict=True) if np.isfinite(s)]
    mean = [sum(pair[i] for pair in told) / len(told) for i in (0, 1)]
    away = [(s - mean[0], truth - mean[1]) for s, truth in told]
    products = [sum(a[i] * a[j] for a in away) for i, j in ((0, 1), (0, 0), (1, 1))]
    return rates, products[0] / np.sqrt(products[1] * products[2])


@pytest.mark.parametrize("planting", ["mixed", "v1-linear"])
def test_a_second_implementation_counts_the_same(planting, monkeypatch):
    """Within one point, from encoders that were fitted as the simulation fits them."""
    given = []

    def remember(*arguments, **choices):
        given.append(arguments)
        return measure_nonlinearity(*arguments, **choices)

    monkeypatch.setattr(calibration, "measure_nonlinearity", remember)
    settings = CalibrationSettings.reduced(plantings=(planting,), n_seeds=1, n_jacobians=2)
    result = simulate_calibration(settings)
    voxels = result.tables["voxels"]
    (encoder, arrays, spec) = given[0]
    found, _ = estimate_voxels(encoder, arrays, replace(spec, n_resamples=1))
    told = voxels["nonlinear_share"].notna().to_numpy()
    assert told.sum() > 300
    away = np.abs(voxels["nonlinear_share"] - found["nonlinear_share"])[told]
    assert np.quantile(away, 0.99) < 1e-4
    away = np.abs(voxels["p_nonlinearity"] - found["p_nonlinearity"])
    assert np.quantile(away, 0.99) < 1e-4
    shares = np.where(told, found["nonlinear_share"], np.nan)
    rates, r = count_again(shares, found["p_nonlinearity"], voxels["planted_share"])
    assert len(rates) >= 3
    expected = result.tables["tests"].set_index("rate")["value"]
    for name, rate in rates.items():
        assert expected[name] == pytest.approx(rate, abs=0.01), name
    measured = result.tables["measures"].set_index("measure").loc["nonlinear_share", "r"]
    assert measured == pytest.approx(r, abs=0.01)
