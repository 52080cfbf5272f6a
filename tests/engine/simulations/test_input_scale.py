"""Scale changes JNE little where the activation has none of its own, more where it has."""

import numpy as np
import pytest

from jne_engine.simulations.input_scale import simulate_input_scale
from jne_engine.simulations.settings import InputScaleSettings


@pytest.fixture(scope="module")
def result():
    return simulate_input_scale(InputScaleSettings.reduced())


def test_every_combination_is_there(result):
    assert len(result.tables["repetitions"]) == 4 * 9 * 4 * 4
    assert len(result.tables["summary"]) == 9 * 4 * 4


def test_relu_hardly_changes_with_scale(result):
    summary = result.tables["summary"].query("activation == 'relu' and placement != 'none'")
    np.testing.assert_allclose(summary.query("scale >= 10")["ratio"], 1, atol=0.15)


def test_gelu_is_nearly_linear_for_small_inputs(result):
    summary = result.tables["summary"].query("activation == 'gelu' and placement == 'loc1'")
    small = summary.query("distribution == 'uniform' and scale == 1")["ratio"].item()
    large = summary.query("distribution == 'uniform' and scale == 10000")["ratio"].item()
    assert abs(small - 1) > abs(large - 1)


def test_ratio_is_to_the_papers_inputs(result):
    summary = result.tables["summary"].set_index(
        ["distribution", "scale", "activation", "placement"]
    )
    reference = summary.loc[("uniform", 10, "swish", "both"), "mean_jne"]
    row = summary.loc[("normal", 100, "swish", "both")]
    assert row["ratio"] == pytest.approx(row["mean_jne"] / reference)
    assert summary.xs("none", level="placement")["ratio"].isna().all()


def test_no_reference_no_ratio():
    settings = InputScaleSettings.reduced(uniform_half_ranges=(100.0,), n_repetitions=1)
    assert simulate_input_scale(settings).tables["summary"]["ratio"].isna().all()
