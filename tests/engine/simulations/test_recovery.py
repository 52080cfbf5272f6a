"""Recovery correlates what it says, and finds the share where data are plentiful."""

import numpy as np
import pytest
from scipy import stats

from jne_engine.model.measures import list_measures
from jne_engine.simulations.recovery import bootstrap_pearson, simulate_recovery
from jne_engine.simulations.settings import RecoverySettings


@pytest.fixture(scope="module")
def result():
    return simulate_recovery(
        RecoverySettings.reduced(
            plantings=("thresholds", "gains"),
            n_train=(2000,),
            signal_to_noise=(4.0,),
            n_seeds=2,
            n_test=400,
            max_epochs=150,
        )
    )


def test_bootstrap_equals_the_loop():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=40), rng.normal(size=40)
    counts = np.random.default_rng(7).multinomial(40, np.full(40, 1 / 40), size=20)
    expected = [np.corrcoef(np.repeat(x, c), np.repeat(y, c))[0, 1] for c in counts]
    np.testing.assert_allclose(bootstrap_pearson(x, y, 20, 7), expected, rtol=1e-8)


def test_correlations_are_pearson_and_spearman_over_voxels(result):
    voxels = result.tables["voxels"].query("planting == 'gains' and seed == 1")
    fitted = voxels[voxels["source"] == "fitted"]
    table = result.tables["correlations"].query("planting == 'gains' and seed == 1")
    row = table[(table["source"] == "fitted") & (table["measure"] == "deviation_mean")].iloc[0]
    truth, values = fitted["nonlinear_share"], fitted["deviation_mean"]
    assert row["r"] == pytest.approx(np.corrcoef(truth, values)[0, 1])
    assert row["rho"] == pytest.approx(stats.spearmanr(truth, values).statistic)
    assert row["r_low"] < row["r"] < row["r_high"]
    assert row["n"] == len(fitted)


def test_plentiful_data_recover_the_share(result):
    table = result.tables["summary"].query("planting == 'thresholds' and source == 'fitted'")
    r = table.set_index("measure")["mean_r"]
    assert set(r.index) == {m.name for m in list_measures("recovery")}
    assert r["jne"] > 0.6
    assert r["delta_r2"] > 0.8


def test_unequal_gain_lowers_jne_but_not_its_ratio_to_gain(result):
    rho = result.tables["summary"].query("source == 'planted'")
    rho = rho.set_index(["planting", "measure"])["mean_rho"]
    assert rho["gains", "jne"] < rho["thresholds", "jne"] - 0.05
    assert rho["gains", "jne_per_gain"] == pytest.approx(
        rho["thresholds", "jne_per_gain"], abs=1e-3
    )


def test_planted_functions_have_no_delta_r2(result):
    planted = result.tables["correlations"].query("source == 'planted'")
    assert "delta_r2" not in set(planted["measure"])


def test_fits_are_counted(result):
    fits = result.tables["fits"]
    assert len(fits) == 2 * 4
    means = fits.groupby("encoder")["mean_r2"].mean()
    assert means["nonlinear"] > means["linear"] > 0


def test_same_settings_same_numbers():
    first, again = (simulate_recovery(RecoverySettings.reduced(max_epochs=3)) for _ in range(2))
    np.testing.assert_array_equal(first.tables["voxels"]["jne"], again.tables["voxels"]["jne"])
