"""Closed-form Jacobians equal torch.func.jacrev; other modules take the generic path."""

import pytest
import torch

from jne_engine.core.errors import InputError
from jne_engine.model import jacobian
from jne_engine.model.jacobian import AnalyticFactors, AutodiffFactors, compute_jacobian, factorise
from tests.engine.cases import CASES, AttentionModule, EncoderCase, draw_features


def dense_oracle(module, features):
    """Differentiate one stimulus at a time with jacrev, (n_stimuli, n_features, n_voxels)."""
    module.eval()
    rows = [torch.func.jacrev(lambda x: module(x[None])[0])(x).T for x in features]
    return torch.stack(rows).detach()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_analytic_jacobian_equals_jacrev(case: EncoderCase):
    encoder, features = case.build(), draw_features()
    expected = dense_oracle(encoder, features)
    assert isinstance(factorise(encoder, features), AnalyticFactors)
    torch.testing.assert_close(compute_jacobian(encoder, features), expected)


@pytest.mark.parametrize("case", CASES[::3] + CASES[-1:], ids=str)
def test_generic_path_equals_the_closed_form(case: EncoderCase):
    encoder, features = case.build(), draw_features()
    generic = AutodiffFactors(encoder, features)
    dense = torch.stack([generic.factor(s).T for s in range(len(features))])
    torch.testing.assert_close(dense, compute_jacobian(encoder, features))


@pytest.mark.parametrize("n_voxels", [4, 20])
@pytest.mark.parametrize("chunk_bytes", [1, 2**20])
def test_attention_module_in_forward_and_reverse_mode(n_voxels, chunk_bytes, monkeypatch):
    monkeypatch.setattr(jacobian, "CHUNK_BYTES", chunk_bytes)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = AttentionModule(12, n_voxels).double().train()
    features = draw_features(n_features=12)
    actual = compute_jacobian(module, features)
    assert module.training  # left as it was found
    torch.testing.assert_close(actual, dense_oracle(module, features))


def test_chosen_voxels_are_columns_of_the_whole():
    encoder, features = EncoderCase("gelu", 2, True).build(), draw_features()
    voxels = torch.tensor([7, 0, 3])
    expected = compute_jacobian(encoder, features)[:, :, voxels]
    torch.testing.assert_close(compute_jacobian(encoder, features, voxels), expected)
    generic = AutodiffFactors(encoder, features, voxels)
    torch.testing.assert_close(generic.factor(2).T, expected[2])


@pytest.mark.parametrize("shape", [(7,), (0, 7), (4, 6)])
def test_features_that_do_not_fit_are_refused(shape):
    with pytest.raises(InputError, match="features"):
        compute_jacobian(EncoderCase("relu", 1, False).build(), torch.zeros(shape).double())
