"""The four variants equal a plain float64 loop, streamed or dense, and mean what they say."""

import numpy as np
import pytest
import torch

from jne_engine.core.errors import InputError
from jne_engine.model.dispersion import compute_jne
from jne_engine.model.encoders import build_encoder
from jne_engine.model.jacobian import compute_jacobian
from jne_engine.model.variants import VARIANTS, compute_variant, stream_variants, zscore_features
from tests.engine.cases import CASES, AttentionModule, EncoderCase, draw_features


def variant_oracle(jacobians, variant):
    """Return a variant voxel by voxel and stimulus by stimulus."""
    values = torch.as_tensor(jacobians).double().numpy().copy()
    n_stimuli, _, n_voxels = values.shape
    if variant.startswith("jne_zscored"):
        for s in range(n_stimuli):
            for v in range(n_voxels):
                row = values[s, :, v]
                spread = row.std()
                values[s, :, v] = (row - row.mean()) / spread if spread > 0 else 0
    found = np.zeros(n_voxels)
    for v in range(n_voxels):
        centred = values[:, :, v] - values[:, :, v].mean(axis=0)
        if variant.endswith(("jne", "l1")):
            deviations = np.abs(centred).sum(axis=1)
        else:
            deviations = np.sqrt((centred**2).sum(axis=1))
        found[v] = deviations.std()
    return found


def random_jacobians(seed=0, shape=(9, 5, 4)):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("variant", VARIANTS)
def test_dense_equals_the_loop(variant):
    jacobians = random_jacobians()
    expected = variant_oracle(jacobians, variant)
    np.testing.assert_allclose(compute_variant(jacobians, variant), expected, rtol=1e-10)


def test_l1_is_jne():
    jacobians = random_jacobians(1)
    torch.testing.assert_close(compute_variant(jacobians), compute_jne(jacobians))


@pytest.mark.parametrize("variant", ["jne_zscored_l1", "jne_zscored_l2"])
def test_zscored_variants_do_not_see_gain(variant):
    jacobians = random_jacobians(2)
    gains = torch.tensor([0.1, 1.0, 3.0, 100.0])
    torch.testing.assert_close(
        compute_variant(gains * jacobians, variant), compute_variant(jacobians, variant)
    )


def test_a_jacobian_without_spread_has_zscore_zero():
    jacobians = random_jacobians(3)
    jacobians[2, :, 1] = 0
    zscored = zscore_features(jacobians, dim=1)
    assert torch.equal(zscored[2, :, 1], torch.zeros(5, dtype=torch.float64))
    torch.testing.assert_close(zscored[0].std(dim=0, correction=0), torch.ones(4).double())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_stream_equals_the_loop(case: EncoderCase):
    encoder, features = case.build(), draw_features(30)
    jacobians = compute_jacobian(encoder, features)
    streamed = stream_variants(encoder.float(), features.float())
    for variant in VARIANTS:
        expected = variant_oracle(jacobians, variant)
        scale = float(jacobians.abs().max())
        np.testing.assert_allclose(streamed[variant], expected, rtol=1e-4, atol=1e-5 * scale)


def test_stream_takes_a_module_that_is_not_ours():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = AttentionModule(12, 20).double()
    features = draw_features(15, 12)
    jacobians = compute_jacobian(module, features)
    streamed = stream_variants(module.float(), features.float(), voxel_block=7)
    for variant in VARIANTS:
        expected = variant_oracle(jacobians, variant)
        np.testing.assert_allclose(streamed[variant], expected, rtol=1e-3)


@pytest.mark.parametrize("voxel_block", [1, 13, 1000])
def test_blocks_and_chosen_voxels_change_nothing(voxel_block):
    encoder, features = build_encoder(31, 57, n_hidden=40, seed=2), draw_features(50, 31).float()
    voxels = torch.tensor([50, 2, 19])
    whole = stream_variants(encoder, features)
    part = stream_variants(encoder, features, voxels, voxel_block=voxel_block)
    for variant in VARIANTS:
        np.testing.assert_allclose(part[variant], whole[variant][voxels], rtol=1e-4)


def test_unknown_variant_is_refused():
    with pytest.raises(InputError, match="variant"):
        compute_variant(random_jacobians(), "l3")
