"""The networks' JNE is that of their own autodiff Jacobian, for every wiring and placement."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from jne_engine.model.dispersion import compute_deviations, compute_jne
from jne_engine.model.jacobian import compute_jacobian
from jne_engine.simulations.seeds import make_generator
from jne_engine.simulations.settings import NONLINEAR_ACTIVATIONS, PLACEMENTS, WIRINGS
from jne_engine.simulations.single_output import NetworkWeights, SingleOutputNetwork, draw_weights

FUNCTIONS = {
    "relu": torch.relu,
    "leaky_relu": functional.leaky_relu,
    "gelu": functional.gelu,
    "tanh": torch.tanh,
    "swish": functional.silu,
}


class PlainNetwork(torch.nn.Module):
    """The same network written as its forward pass."""

    def __init__(self, weights, activation, placement, wiring):
        super().__init__()
        self.weights, self.wiring = weights, wiring
        function, identity = FUNCTIONS[activation], torch.nn.Identity()
        self.first = function if placement in {"loc1", "both"} else identity
        self.second = function if placement in {"loc2", "both"} else identity

    def forward(self, inputs):
        w = self.weights
        hidden = self.first(inputs @ w.first.T + w.first_bias)
        if self.wiring == "both":
            hidden = hidden + inputs
        last = self.second(hidden @ w.second.T + w.second_bias)
        if self.wiring != "none":
            last = last + hidden
        return (last @ w.readout)[..., None]


def draw(width=9, n_stimuli=25, scale=3.0):
    weights = draw_weights(width, make_generator(1))
    inputs = scale * torch.randn(n_stimuli, width, generator=make_generator(2))
    return weights, inputs


def to_double(weights):
    return NetworkWeights(*(getattr(weights, name).double() for name in weights.__annotations__))


@pytest.mark.parametrize("wiring", WIRINGS)
@pytest.mark.parametrize("activation", NONLINEAR_ACTIVATIONS)
def test_every_placement_equals_the_dense_jacobian(activation, wiring):
    weights, inputs = draw()
    network = SingleOutputNetwork(weights, inputs, wiring)
    found = {f.placement: f for f in network.compute(activation)}
    assert tuple(found) == PLACEMENTS
    for placement, result in found.items():
        plain = PlainNetwork(to_double(weights), activation, placement, wiring)
        jacobians = compute_jacobian(plain, inputs.double())
        expected, mu = compute_jne(jacobians), compute_deviations(jacobians).mean()
        assert result.jne == pytest.approx(float(expected), rel=1e-4, abs=1e-7)
        assert result.deviation_mean == pytest.approx(float(mu), rel=1e-4, abs=1e-7)


def test_autodiff_agrees_with_jacrev():
    weights, inputs = draw()
    plain = PlainNetwork(to_double(weights), "gelu", "both", "both")
    expected = torch.stack([torch.func.jacrev(plain)(x)[0] for x in inputs.double()])
    torch.testing.assert_close(compute_jacobian(plain, inputs.double())[..., 0], expected)


def test_leaky_relu_is_relu_less_its_leak_where_one_layer_is_nonlinear():
    weights, inputs = draw()
    network = SingleOutputNetwork(weights, inputs, "both")
    relu = [f.jne for f in network.compute("relu")][1:3]
    leaky = [f.jne for f in network.compute("leaky_relu")][1:3]
    np.testing.assert_allclose(leaky, 0.99 * np.array(relu), rtol=1e-5)


def test_activations_do_not_disturb_each_other():
    weights, inputs = draw()
    network = SingleOutputNetwork(weights, inputs.clone(), "both")
    first = list(network.compute("gelu"))
    list(network.compute("relu"))
    assert list(network.compute("gelu")) == first
    assert torch.equal(network.inputs, inputs)


def test_weights_are_drawn_as_torch_draws_them():
    ours, theirs = draw_weights(200, make_generator(0)), torch.nn.Linear(200, 200)
    bound = 1 / math.sqrt(200)
    for tensor in (ours.first, ours.second, ours.readout, theirs.weight.detach()):
        assert float(tensor.abs().max()) == pytest.approx(bound, rel=0.1)
        assert float(tensor.abs().max()) <= bound
    assert float(ours.first.std()) == pytest.approx(float(theirs.weight.std()), rel=0.05)
