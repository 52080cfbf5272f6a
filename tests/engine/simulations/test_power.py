"""The power is counted voxel by voxel, and read off the grid without leaving it."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from jne_engine.analysis.power import Design, describe_power, describe_simulated, estimate_power
from jne_engine.core.errors import InputError
from jne_engine.model.spec import RunSpec
from jne_engine.runs.results import SimulationResult
from jne_engine.simulations.calibration import fit_subject, measure_subject
from jne_engine.simulations.power import correct_at_fraction, simulate_power
from jne_engine.simulations.settings import NONLINEAR_FRACTIONS, PowerSettings
from jne_engine.simulations.subject import simulate_stimuli, simulate_subject

TINY = {"n_stimuli": (540, 600), "ceilings": (0.7,), "n_vertices": 60, "max_epochs": 3}
SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    parts = tmp_path_factory.mktemp("parts")
    found = simulate_power(PowerSettings.reduced(**TINY), parts=parts)
    again = simulate_power(PowerSettings.reduced(**TINY), parts=parts)
    pd.testing.assert_frame_equal(found.tables["power"], again.tables["power"])
    assert len(list(parts.rglob("*.parquet"))) == 2
    return found


def test_every_voxel_is_fitted_at_its_ceiling_and_counted_once(result):
    settings = PowerSettings.reduced(**TINY)
    stimuli = simulate_stimuli(0, n_stimuli=600, n_test=120)
    subject = simulate_subject(0, stimuli=stimuli, n_vertices=60, planting="graded", ceiling=0.7)
    truth = subject.ground_truth
    of_one = truth.signal_to_noise.astype(float)
    np.testing.assert_allclose(3 * of_one / (1 + 3 * of_one), 0.7, rtol=1e-6)
    spec = RunSpec(n_hidden=settings.n_hidden, max_epochs=settings.max_epochs)
    p = measure_subject(subject, fit_subject(subject, spec, "relu"), spec).p_nonlinearity
    table = result.tables["power"].query("n_stimuli == 600 and nonlinear_fraction.isna()")
    assert table["n_voxels"].sum() == p.size
    for row in table.itertuples():
        own = [a for a, share in zip(p, truth.nonlinear_share, strict=True)
               if abs(share - row.share) < 1e-6]  # fmt: skip
        assert (row.n_voxels, row.n_found) == (len(own), sum(a < 0.05 for a in own))
        limits = proportion_confint(row.n_found, row.n_voxels, method="wilson")
        assert (row.power, row.low, row.high) == pytest.approx(
            (row.n_found / row.n_voxels, *limits)
        )


def test_each_cell_has_every_way_of_correcting(result):
    table = result.tables["power"]
    ways = {None if np.isnan(f) else f for f in table["nonlinear_fraction"]}
    assert ways == {None, *NONLINEAR_FRACTIONS}
    assert set(table["share"]) <= set(SHARES)
    assert (table["low"] <= table["power"] + 1e-12).all()


def test_q_is_that_of_many_voxels_of_which_the_fraction_is_nonlinear():
    rng = np.random.default_rng(0)
    p = np.concatenate([rng.random(6), rng.random(4) ** 4])
    nonlinear = np.arange(10) >= 6
    # of 6 and 4 voxels, 0.3 are nonlinear where each linear one stands 14 times, each other 9
    many = np.concatenate([np.tile(p[:6], 14), np.tile(p[6:], 9)])
    q = multipletests(many, method="fdr_bh")[1]
    expected = np.concatenate([q[:6], q[84:88]])
    np.testing.assert_allclose(correct_at_fraction(p, nonlinear, 0.3), expected, rtol=1e-12)
    untold = np.where(np.arange(10) == 9, np.nan, p)
    assert correct_at_fraction(untold, nonlinear, 0.3)[9] == 1


@pytest.mark.parametrize(
    "wrong", [{"ceilings": (1.0,)}, {"ceilings": ()}, {"n_stimuli": (300,)}, {"n_seeds": 0}]
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(InputError):
        PowerSettings(**wrong)


def grid(power):
    """Return a table of the simulation whose p < .05 is a function of size, ceiling and share."""
    rows = [
        (n, c, f, s, 100, power(n, c, s) if np.isnan(f) else 0.0)
        for n in (1000, 4000) for c in (0.2, 0.6) for f in (np.nan, 0.3) for s in SHARES
    ]  # fmt: skip
    columns = ["n_stimuli", "ceiling", "nonlinear_fraction", "share", "n_voxels", "power"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(low=table["power"] - 0.05, high=table["power"] + 0.05)


def plane(n, c, s):
    return 0.1 * np.log(n / 1000) + 0.5 * c + s + (0.01 if s == 0 else 0)


def test_between_grid_points_rates_are_interpolated():
    # bilinear in log(stimuli), ceiling; linear in the share: a plane is met exactly
    design = Design(2000, 3, 0.2)
    c = 3 * 0.2 / (1 + 2 * 0.2)
    power = estimate_power(grid(plane), design)
    at = 0.1 * np.log(2) + 0.5 * c
    np.testing.assert_allclose(power.curve["power"], [at + s for s in SHARES[1:]])
    assert power.smallest == pytest.approx(0.8 - at)
    assert (power.smallest_low, power.smallest_high) == pytest.approx((0.75 - at, 0.85 - at))
    assert power.false_positives == pytest.approx(at + 0.01)
    assert not power.reason
    assert not power.is_bound
    text = describe_power(power, design)
    assert "2,000 stimuli in all, each shown 3 times" in text
    assert f"{100 * c:.3g} % for their mean" in text
    assert f"share of {0.8 - at:.2g} [" in text


def test_at_a_grid_point_the_rate_is_the_stored_one():
    power = estimate_power(grid(plane), Design(4000, 1, 0.6))
    np.testing.assert_allclose(power.curve["power"], [plane(4000, 0.6, s) for s in SHARES[1:]])


@pytest.mark.parametrize(
    ("design", "told"),
    [
        (Design(999, 1, 0.3), "1,000 to 4,000 stimuli were simulated, not 999"),
        (Design(4001, 1, 0.3), "not 4,001"),
        (Design(2000, 1, 0.19), "20 % to 60 % of the mean response were simulated, not 19 %"),
        (Design(2000, 6, 0.3), "not 72 %"),
        (Design(2000, 1, 0.3, 0.5), "0.5 was not among the simulated fractions"),
        (Design(2000, 1, 0.3, 0.3), "a share of 0.7, the largest simulated, is found in 0 % only"),
    ],
)
def test_beyond_the_grid_nothing_is_told(design, told):
    power = estimate_power(grid(plane), design)
    assert np.isnan(power.smallest)
    assert told in power.reason
    assert f"cannot tell, {power.reason}" in describe_power(power, design)


def test_what_the_smallest_share_reaches_already_is_a_bound():
    power = estimate_power(grid(lambda n, c, s: 0.9), Design(2000, 1, 0.3))
    assert power.is_bound
    assert "0.05 (the smallest simulated) or more" in describe_power(power, Design(2000, 1, 0.3))


def test_rates_that_fall_are_pooled():
    fallen = dict(zip(SHARES, (0.05, 0.3, 0.7, 0.5, 0.75, 0.95, 0.95), strict=True))
    power = estimate_power(grid(lambda n, c, s: fallen[s]), Design(1000, 1, 0.2))
    np.testing.assert_allclose(power.curve["power"], [0.3, 0.6, 0.6, 0.75, 0.95, 0.95])
    assert power.smallest == pytest.approx(0.3 + 0.2 * (0.8 - 0.75) / (0.95 - 0.75))


def test_a_grid_of_one_cell_is_read_there_only(result):
    own = result.tables["power"].query("n_stimuli == 600")
    here = estimate_power(own, Design(600, 1, 0.7))
    assert len(here.curve) == own["share"].nunique() - 1
    assert "not 601" in estimate_power(own, Design(601, 1, 0.7)).reason


def test_settings_and_result_survive_being_stored(result, tmp_path):
    from jne_engine.runs.results import read_result, write_result

    stored = read_result(write_result(dataclasses.replace(result, made={}), tmp_path))
    assert isinstance(stored, SimulationResult)
    assert PowerSettings.from_dict(dict(stored.settings)) == PowerSettings.reduced(**TINY)
    pd.testing.assert_frame_equal(stored.tables["power"], result.tables["power"])
    told = describe_simulated(stored.tables["power"], stored.settings)
    assert told.startswith(
        f"Simulated subjects: 492 features, {stored.settings['n_hidden']} hidden"
    )
    older = stored.tables["power"].drop(columns="n_features")
    assert describe_simulated(older, stored.settings).startswith(
        f"Simulated subjects: {stored.settings['n_hidden']} hidden"
    )
