"""Encoders compute the published equations and depend on their seed alone."""

import itertools

import pytest
import torch

from jne_engine.core.errors import InputError
from jne_engine.model.encoders import ACTIVATION_PAIRS, ResidualEncoder, build_encoder
from jne_engine.model.spec import ACTIVATIONS
from tests.engine.cases import CASES, EncoderCase, draw_features


@pytest.mark.parametrize("case", CASES, ids=str)
def test_forward_equals_the_published_equations(case: EncoderCase):
    encoder = case.build()
    weights = {k: v.detach() for k, v in encoder.state_dict().items()}
    x = draw_features()
    phi = ACTIVATION_PAIRS[case.activation].function

    def layer(name, h):
        return h @ weights[f"{name}.weight"].T + weights.get(f"{name}.bias", 0)

    h = phi(layer("first", x))
    for k in range(case.n_blocks):
        h = phi(layer(f"blocks.{k}", h)) + h
    straight = layer("linear", x) if case.linear else 0
    torch.testing.assert_close(encoder(x), layer("readout", h) + straight)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_derivative_equals_autograd(activation):
    z = torch.linspace(-4, 4, 401, dtype=torch.float64, requires_grad=True)
    pair = ACTIVATION_PAIRS[activation]
    (expected,) = torch.autograd.grad(pair.function(z).sum(), z)
    torch.testing.assert_close(pair.derivative(z.detach()), expected, rtol=1e-12, atol=1e-14)


def test_identity_encoder_is_linear():
    encoder = EncoderCase("identity", 2, False).build()
    a, b = draw_features(seed=1), draw_features(seed=2)
    torch.testing.assert_close(encoder(2 * a - 3 * b), 2 * encoder(a) - 3 * encoder(b))


def test_seed_decides_the_weights_and_leaves_the_global_state_alone():
    torch.manual_seed(11)
    before = torch.get_rng_state()
    first = build_encoder(5, 4, n_hidden=6, seed=1).state_dict()
    again = build_encoder(5, 4, n_hidden=6, seed=1).state_dict()
    other = build_encoder(5, 4, n_hidden=6, seed=2).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert not torch.equal(first["first.weight"], other["first.weight"])


@pytest.mark.parametrize(
    ("arguments", "named"),
    [((0, 4, 2), "n_features"), ((3, 4, 2, -1), "n_blocks"), ((3, 4, 2, 1, "sine"), "activation")],
)
def test_wrong_sizes_and_names_are_told_in_one_line(arguments, named):
    with pytest.raises(InputError, match=named) as caught:
        ResidualEncoder(*arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_gates_are_those_of_the_exact_sum(order):
    encoder = build_encoder(3, 2, n_hidden=1, n_blocks=0)
    with torch.no_grad():
        encoder.first.weight.copy_(torch.tensor([[1.0, 1e-5, 1.0]])[:, list(order)])
    features = torch.tensor([[1e4, 1.0, -1e4]])[:, list(order)]
    assert encoder.slopes(features).dtype == torch.float32
    assert encoder.slopes(features).item() == 1  # in float32 the sum is 0 in some orders
