"""JNE equals a float64 loop over its definition, streamed or dense, whatever the blocks."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from jne_engine.core.errors import InputError
from jne_engine.model.dispersion import (
    compute_deviations,
    compute_jne,
    compute_jne_ss,
    stream_dispersion,
)
from jne_engine.model.encoders import build_encoder
from jne_engine.model.jacobian import compute_jacobian
from tests.engine.cases import CASES, AttentionModule, EncoderCase, draw_features


def jne_oracle(jacobians):
    """Return (JNE, JNE-SS, μ, gain) by plain loops over Python floats."""
    n_stimuli, n_features, n_voxels = jacobians.shape
    values = jacobians.tolist()
    jne, jne_ss = np.zeros(n_voxels), np.zeros((n_stimuli, n_voxels))
    deviation_mean, gain = np.zeros(n_voxels), np.zeros(n_voxels)
    for v in range(n_voxels):
        mean = [math.fsum(values[s][f][v] for s in range(n_stimuli)) / n_stimuli
                for f in range(n_features)]  # fmt: skip
        deviation = [math.fsum(abs(values[s][f][v] - mean[f]) for f in range(n_features))
                     for s in range(n_stimuli)]  # fmt: skip
        mu = math.fsum(deviation) / n_stimuli
        for s in range(n_stimuli):
            jne_ss[s, v] = (deviation[s] - mu) ** 2
        jne[v] = math.sqrt(math.fsum(jne_ss[:, v]) / n_stimuli)
        deviation_mean[v], gain[v] = mu, math.fsum(abs(m) for m in mean)
    return jne, jne_ss, deviation_mean, gain


def random_jacobians(seed=0, shape=(9, 5, 4)):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def test_dense_equals_the_loop():
    jacobians = random_jacobians()
    jne, jne_ss, deviation_mean, _ = jne_oracle(jacobians)
    np.testing.assert_allclose(compute_jne(jacobians), jne, rtol=1e-10)
    np.testing.assert_allclose(compute_jne_ss(jacobians), jne_ss, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(compute_deviations(jacobians).mean(0), deviation_mean, rtol=1e-10)


def test_arrays_are_taken_too():
    jacobians = random_jacobians()
    np.testing.assert_array_equal(compute_jne(jacobians.numpy()), compute_jne(jacobians))


def test_jne_squared_is_the_mean_of_jne_ss():
    jacobians = random_jacobians(1)
    torch.testing.assert_close(compute_jne(jacobians) ** 2, compute_jne_ss(jacobians).mean(0))


@pytest.mark.parametrize("factor", [-3.0, 0.5])
def test_jne_scales_with_the_size_of_the_jacobian(factor):
    jacobians = random_jacobians(2)
    torch.testing.assert_close(
        compute_jne(factor * jacobians), abs(factor) * compute_jne(jacobians)
    )


def test_order_of_stimuli_and_features_changes_nothing():
    jacobians = random_jacobians(3)
    shuffled = jacobians[torch.randperm(9)][:, torch.randperm(5)]
    torch.testing.assert_close(compute_jne(shuffled), compute_jne(jacobians))


def test_an_added_constant_jacobian_changes_nothing():
    jacobians = random_jacobians(4)
    torch.testing.assert_close(
        compute_jne(jacobians + random_jacobians(5)[:1]), compute_jne(jacobians)
    )


def not_ours(encoder):
    """Hide an encoder's kind, so that it takes the generic path."""
    return nn.Sequential(encoder)


@pytest.mark.parametrize("path", ["kept", "formed twice", "generic"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_stream_equals_dense_in_float32(case: EncoderCase, path):
    encoder, features = case.build(), draw_features(40)
    jne, jne_ss, deviation_mean, gain = jne_oracle(compute_jacobian(encoder, features))
    module = not_ours(encoder.float()) if path == "generic" else encoder.float()
    cache = {"cache_bytes": 0} if path == "formed twice" else {}
    streamed = stream_dispersion(module, features.float(), **cache)
    scale = gain.max()
    np.testing.assert_allclose(streamed.jne, jne, rtol=1e-4, atol=1e-6 * scale)
    np.testing.assert_allclose(
        streamed.deviation_mean, deviation_mean, rtol=1e-4, atol=1e-6 * scale
    )
    np.testing.assert_allclose(streamed.gain, gain, rtol=1e-4)
    np.testing.assert_allclose(streamed.jne_ss, jne_ss, rtol=1e-3, atol=1e-5 * scale**2)


@pytest.mark.parametrize("n_blocks", [0, 1, 2, 3])
def test_linear_encoder_has_no_jne(n_blocks):
    encoder = build_encoder(64, 50, n_hidden=80, n_blocks=n_blocks, activation="identity", seed=1)
    features = draw_features(100, 64).float()
    streamed = stream_dispersion(encoder, features)
    assert float((streamed.jne / streamed.gain).max()) < 1e-6
    assert float((streamed.deviation_mean / streamed.gain).max()) < 1e-6


@pytest.mark.parametrize(("stimulus_block", "voxel_block"), [(1, 1), (7, 13), (64, 4), (3, 10_000)])
def test_block_sizes_change_nothing(stimulus_block, voxel_block):
    encoder = build_encoder(31, 57, n_hidden=40, seed=2)
    features = draw_features(50, 31).float()
    whole = stream_dispersion(encoder, features)
    blocked = stream_dispersion(
        encoder, features, stimulus_block=stimulus_block, voxel_block=voxel_block
    )
    for name in ("jne", "deviation_mean", "gain"):
        np.testing.assert_allclose(getattr(blocked, name), getattr(whole, name), rtol=1e-6)
    np.testing.assert_allclose(
        blocked.jne_ss, whole.jne_ss, rtol=1e-3, atol=1e-6 * float(whole.jne_ss.max())
    )


def test_chosen_voxels_are_columns_of_the_whole():
    encoder, features = build_encoder(31, 57, n_hidden=40, seed=2), draw_features(50, 31).float()
    voxels = torch.tensor([50, 2, 19])
    part, whole = (
        stream_dispersion(encoder, features, voxels=voxels),
        stream_dispersion(encoder, features),
    )
    np.testing.assert_allclose(part.jne, whole.jne[voxels], rtol=1e-5)


def test_generic_path_gives_the_jne_of_a_module_that_is_not_ours():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = AttentionModule(12, 20).double()
    features = draw_features(15, 12)
    expected = jne_oracle(compute_jacobian(module, features))
    streamed = stream_dispersion(module.float(), features.float())
    np.testing.assert_allclose(streamed.jne, expected[0], rtol=1e-4)
    np.testing.assert_allclose(streamed.gain, expected[3], rtol=1e-4)


def test_bfloat16_stays_near_float32():
    encoder = build_encoder(96, 200, n_hidden=128, seed=4)
    features = draw_features(80, 96).float()
    exact = stream_dispersion(encoder, features)
    rounded = stream_dispersion(encoder, features, precision="bfloat16")
    assert not torch.equal(exact.jne, rounded.jne)
    np.testing.assert_allclose(rounded.jne, exact.jne, rtol=2e-2)


def test_progress_ends_at_the_number_of_stimuli():
    seen = []
    encoder, features = build_encoder(5, 4, n_hidden=6, seed=0), draw_features(70, 5).float()
    stream_dispersion(encoder, features, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 70), (32, 70), (64, 70), (70, 70)]


def test_unknown_precision_is_refused():
    with pytest.raises(InputError, match="precision"):
        stream_dispersion(
            build_encoder(5, 4, n_hidden=6), draw_features(3, 5).float(), precision="int8"
        )
