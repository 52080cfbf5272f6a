"""Repetitions are independent, reproducible and paired; the tests of the order can fail."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from jne_engine.core.errors import InputError
from jne_engine.simulations.networks import compare_placements, simulate_networks
from jne_engine.simulations.settings import PLACEMENTS, NetworkSettings


def simulate(**changes):
    return simulate_networks(NetworkSettings.reduced(**{"n_repetitions": 8, **changes}))


def test_linear_networks_have_no_jne_and_the_order_holds():
    order = simulate(n_repetitions=12).tables["order"]
    repetitions = simulate().tables["repetitions"]
    assert (repetitions.loc[repetitions["placement"] == "none", "jne"] == 0).all()
    whole = order[order["test"] == "whole order"]
    assert (whole["p"] < 0.05).all()


@pytest.mark.parametrize("wiring", ["second", "none"])
def test_the_order_depends_on_the_skips(wiring):
    order = simulate(wiring=wiring).tables["order"]
    assert (order.loc[order["test"] == "whole order", "share"] < 0.5).all()


def test_a_repetition_does_not_depend_on_how_many_there_are():
    few, many = simulate(n_repetitions=2), simulate(n_repetitions=4)
    rows = many.tables["repetitions"].query("repetition < 2")
    pd.testing.assert_frame_equal(few.tables["repetitions"], rows)


def test_seed_decides_and_nothing_global_does():
    torch.manual_seed(1)
    first = simulate(seed=3).tables["repetitions"]
    state = torch.get_rng_state()
    again = simulate(seed=3).tables["repetitions"]
    assert torch.equal(torch.get_rng_state(), state)
    pd.testing.assert_frame_equal(first, again)
    assert not np.allclose(first["jne"], simulate(seed=4).tables["repetitions"]["jne"])


def test_fresh_inputs_change_later_repetitions():
    shared = simulate().tables["repetitions"]["jne"]
    fresh = simulate(fresh_inputs=True).tables["repetitions"]["jne"]
    assert not np.allclose(shared, fresh)


def test_order_is_the_one_sided_signed_rank_test():
    rng = np.random.default_rng(0)
    values = rng.normal(loc=(0, 1, 0.5, 3), size=(20, 4))
    table = pd.DataFrame(
        {
            "repetition": np.repeat(np.arange(20), 4),
            "activation": "relu",
            "placement": list(PLACEMENTS) * 20,
            "jne": values.ravel(),
        }
    )
    order = compare_placements(table)
    expected = stats.wilcoxon(values[:, 2], values[:, 1], alternative="greater").pvalue
    step, whole = order.iloc[1], order.iloc[3]
    assert step["p"] == pytest.approx(expected)
    assert step["share"] == np.mean(values[:, 2] > values[:, 1])
    assert step["median_difference"] == pytest.approx(np.median(values[:, 2] - values[:, 1]))
    assert whole["p"] == order.iloc[:3]["p"].max() > 0.5
    assert whole["share"] == np.mean((np.diff(values, axis=1) > 0).all(axis=1))


def test_summary_counts_repetitions():
    result = simulate(activations=("gelu",))
    jne = result.tables["repetitions"].query("placement == 'both'")["jne"]
    row = result.tables["summary"].query("placement == 'both'").iloc[0]
    assert row["n"] == 8
    assert row["mean_jne"] == pytest.approx(jne.mean())
    assert row["sd_jne"] == pytest.approx(jne.std(ddof=1))


def test_progress_counts_repetitions():
    seen = []
    simulate_networks(NetworkSettings.reduced(n_repetitions=3), lambda *a: seen.append(a))
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    "changes",
    [{"wiring": "first"}, {"activations": ("identity",)}, {"activations": ()}, {"n_stimuli": 1}],
)
def test_impossible_settings_are_refused(changes):
    with pytest.raises(InputError):
        NetworkSettings(**changes)
