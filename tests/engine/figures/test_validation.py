"""Figures show the numbers of the tables, and say that they are simulated."""

import numpy as np
import pandas as pd
import pytest

from jne_engine.analysis.power import Power
from jne_engine.model.variants import VARIANTS
from jne_engine.report.figures import validation
from jne_engine.report.figures.power import plot_power
from jne_engine.simulations.activations import simulate_activations
from jne_engine.simulations.input_scale import simulate_input_scale
from jne_engine.simulations.networks import simulate_networks
from jne_engine.simulations.recovery import simulate_recovery
from jne_engine.simulations.sample_size import simulate_sample_size
from jne_engine.simulations.settings import (
    ActivationSettings,
    InputScaleSettings,
    NetworkSettings,
    RecoverySettings,
    SampleSizeSettings,
)
from tests.engine.figures.inks import check_inks


@pytest.fixture(scope="module")
def tables():
    tiny = {"n_repetitions": 2, "width": 8}
    sizes = {"sample_sizes": (5, 9), "n_points": 30}
    recovery = {"max_epochs": 2, "batch_sizes": (64, None), "plantings": ("thresholds", "gains")}
    return {
        "curves": simulate_activations(ActivationSettings.reduced()).tables["curves"],
        "networks": simulate_networks(NetworkSettings.reduced(**tiny)).tables["repetitions"],
        "sizes": simulate_sample_size(SampleSizeSettings.reduced(**sizes)).tables["summary"],
        "scale": simulate_input_scale(InputScaleSettings.reduced(**tiny)).tables["summary"],
        "recovery": simulate_recovery(RecoverySettings.reduced(**recovery)).tables["summary"],
    }


def correlations():
    pairs = [(first, second) for first in VARIANTS for second in VARIANTS]
    return pd.DataFrame(
        [{"first": a, "second": b, "n": 1200, "r": 1.0 if a == b else 0.25} for a, b in pairs]
    )


def says_simulated(figure):
    return any("SIMULATED" in str(note.text) for note in figure.layout.annotations)


def draw_all(tables, *, dark):
    return [
        validation.plot_activation_curves(tables["curves"], dark=dark),
        validation.plot_placements(tables["networks"], dark=dark),
        validation.plot_sample_size(tables["sizes"], dark=dark),
        validation.plot_input_scale(tables["scale"], dark=dark),
        validation.plot_recovery(tables["recovery"], dark=dark),
        validation.plot_variant_correlations(correlations(), simulated=True, dark=dark),
    ]


def test_every_figure_of_a_simulation_says_so_in_light_and_dark(tables):
    for light, dark in zip(draw_all(tables, dark=False), draw_all(tables, dark=True), strict=True):
        assert says_simulated(light)
        assert says_simulated(dark)
        check_inks(light, dark)


def test_a_real_run_is_not_called_simulated():
    figure = validation.plot_variant_correlations(correlations(), simulated=False)
    assert not says_simulated(figure)
    assert any("n = 1,200" in str(note.text) for note in figure.layout.annotations)
    np.testing.assert_array_equal(np.diag(figure.data[0].z), 1)


def test_curves_draw_jne_over_curvature(tables):
    curve = tables["curves"].query("activation == 'gelu' and x >= -2 and x <= 2")
    figure = validation.plot_activation_curves(curve, half_range=2)
    np.testing.assert_allclose(figure.data[0].y, curve["curvature"])
    np.testing.assert_allclose(figure.data[1].y, curve["scaled_jne"])


def test_violins_hold_every_network(tables):
    figure = validation.plot_placements(tables["networks"])
    assert len(figure.data) == 4 * 4
    assert all(len(violin.y) == 2 for violin in figure.data)


def test_recovery_is_a_table_of_conditions_and_measures(tables):
    figure = validation.plot_recovery(tables["recovery"])
    assert list(figure.data[0].y) == [
        "SNR 1, 512 stimuli, batch 64",
        "SNR 1, 512 stimuli, full batch",
        "SNR 1, 512 stimuli, batch 64, gains",
    ]
    assert np.shape(figure.data[0].z) == (3, 8)
    assert (
        np.shape(validation.plot_recovery(tables["recovery"], source="planted").data[0].z)[1] == 7
    )


def test_the_power_is_drawn_with_its_band_and_the_smallest_share():
    curve = pd.DataFrame({"share": [0.1, 0.5], "power": [0.4, 0.9], "low": [0.3, 0.8],
                          "high": [0.5, 0.95]})  # fmt: skip
    found = Power(curve, 0.05, 0.42, 0.3, 0.5, "")
    light, dark = plot_power(found), plot_power(found, dark=True)
    low, high, line = light.data
    assert (tuple(low.y), tuple(high.y), tuple(line.y)) == ((0.3, 0.8), (0.5, 0.95), (0.4, 0.9))
    assert high.fill == "tonexty"
    assert {shape.x0 for shape in light.layout.shapes} == {0, 0.42}
    assert says_simulated(light)
    check_inks(light, dark)
    nothing = plot_power(Power(curve[:0], np.nan, np.nan, np.nan, np.nan, "beyond the grid"))
    assert [shape.y0 for shape in nothing.layout.shapes] == [0.8]
