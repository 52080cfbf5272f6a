"""JNE of a neuron follows |φ″|, is 0 on straight stretches, and peaks at ReLU's kink."""

import math

import numpy as np
import pytest
import torch

from jne_engine.model.encoders import ACTIVATION_PAIRS
from jne_engine.simulations.activations import compute_curvature, simulate_activations
from jne_engine.simulations.settings import ActivationSettings

SMOOTH = ("gelu", "tanh", "swish")


@pytest.fixture(scope="module")
def curves():
    return simulate_activations(ActivationSettings.reduced()).tables["curves"]


@pytest.mark.parametrize("activation", SMOOTH)
def test_curvature_is_the_second_derivative(activation):
    x = torch.linspace(-4, 4, 33, dtype=torch.float64)
    function, h = ACTIVATION_PAIRS[activation].function, 1e-4
    difference = (function(x + h) - 2 * function(x) + function(x - h)) / h**2
    torch.testing.assert_close(
        compute_curvature(activation, x), difference.abs(), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("activation", SMOOTH)
def test_smooth_jne_is_the_curvature_times_the_window(curves, activation):
    curve = curves[curves["activation"] == activation]
    bent = curve[curve["curvature"] > 0.05]
    np.testing.assert_allclose(bent["scaled_jne"], bent["curvature"], rtol=0.02)


@pytest.mark.parametrize(("activation", "height"), [("relu", 1.0), ("leaky_relu", 0.99)])
def test_kinks_peak_at_zero_and_are_zero_elsewhere(curves, activation, height):
    curve = curves[curves["activation"] == activation]
    straight = curve[curve["x"] != 0]
    assert (straight["jne"] == 0).all()
    share = 50 / 101
    expected = height * abs(1 - 2 * share) * math.sqrt(share * (1 - share))
    assert curve.loc[curve["x"] == 0, "jne"].item() == pytest.approx(expected)
    assert curve.loc[curve["x"] == 0, "curvature"].isna().all()


def test_equal_deviations_hide_a_kink_in_the_middle():
    even = simulate_activations(ActivationSettings.reduced(activations=("relu",), n_points=100))
    assert even.tables["curves"]["jne"].max() < 1e-12


def test_jne_of_one_window_by_hand(curves):
    curve = curves[curves["activation"] == "tanh"]
    centre = 1.0
    row = curve[np.isclose(curve["x"], centre)].iloc[0]
    points = centre + np.linspace(-0.001, 0.001, 101)
    slopes = 1 - np.tanh(points) ** 2
    assert row["jne"] == pytest.approx(np.abs(slopes - slopes.mean()).std(), rel=1e-6)


def test_full_grid_is_the_papers():
    result = simulate_activations(ActivationSettings(activations=("relu",)))
    x = result.tables["curves"]["x"].to_numpy()
    assert x.size == 1001
    assert x[0] == -10
    assert x[-1] == 10
    assert (x == 0).sum() == 1
    assert result.tables["summary"]["peak_x"].item() == 0
