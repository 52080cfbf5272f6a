"""Planted voxels have the nonlinear share, gain and noise that they say."""

import numpy as np
import pytest
import torch

from jne_engine.model.dispersion import compute_deviations, compute_jne
from jne_engine.simulations.planted import TEST, TRAIN, PlantedVoxels, draw_samples, residual_relu
from jne_engine.simulations.seeds import make_generator
from jne_engine.simulations.settings import PLANTINGS, RecoveryCondition, RecoverySettings

SETTINGS = RecoverySettings.reduced(gain_spread=0.5)


def plant(planting="thresholds", *, snr=0.5, seed=0):
    condition = RecoveryCondition(planting, snr, 100, None, seed)
    return PlantedVoxels(condition, SETTINGS), condition


def draw_features(n=60_000):
    return torch.randn(n, SETTINGS.n_features, generator=make_generator(9))


def test_residual_relu_has_no_mean_no_slope_and_variance_one():
    z = torch.randn(2_000_000, 1, generator=make_generator(3), dtype=torch.float64)
    thresholds = torch.tensor([0.0, 0.5, 1.5], dtype=torch.float64)
    q = residual_relu(z, thresholds)
    np.testing.assert_allclose(q.mean(0), 0, atol=5e-3)
    np.testing.assert_allclose((q * z).mean(0), 0, atol=5e-3)
    np.testing.assert_allclose(q.var(0), 1, rtol=0.01)


@pytest.mark.parametrize("planting", PLANTINGS)
def test_least_squares_leaves_the_planted_share(planting):
    planted, _ = plant(planting)
    features = draw_features().double()
    signal = planted.double()(features).numpy()
    signal = signal - signal.mean(axis=0)
    slopes = np.linalg.lstsq(features.numpy(), signal, rcond=None)[0]
    left = ((signal - features.numpy() @ slopes) ** 2).mean(axis=0) / signal.var(axis=0)
    np.testing.assert_allclose(left, planted.nonlinear_share, atol=0.02)
    np.testing.assert_allclose(signal.std(axis=0), planted.response_gain, rtol=0.03)


def test_jacobians_are_those_of_the_signal():
    planted, _ = plant("symmetric")
    features = draw_features(5)
    expected = torch.func.vmap(torch.func.jacrev(planted))(features).transpose(1, 2)
    torch.testing.assert_close(planted.jacobians(features), expected, rtol=1e-4, atol=1e-5)


def test_a_symmetric_unit_deviates_equally_and_has_no_jne():
    condition = RecoveryCondition("symmetric", 0.5, 100, None, 0)
    settings = RecoverySettings.reduced(units_per_voxel=1)
    planted = PlantedVoxels(condition, settings).double()
    features = draw_features(4000).double()
    jacobians = planted.jacobians(features)
    ratio = compute_jne(jacobians) / compute_deviations(jacobians).mean(0)
    nonlinear = planted.nonlinear_share > 0
    assert float(ratio[planted.symmetric & nonlinear].max()) < 0.05
    assert float(ratio[~planted.symmetric & nonlinear].min()) > 0.2


def test_noise_has_the_planted_ratio():
    planted, condition = plant("gains", snr=0.5)
    samples = draw_samples(planted, condition, 20_000, TRAIN)
    noise = samples.responses - planted(samples.features)
    ratio = planted.response_gain**2 / noise.var(dim=0)
    np.testing.assert_allclose(ratio, 0.5, rtol=0.06)


def test_splits_and_seeds_are_unrelated():
    planted, condition = plant()
    train = draw_samples(planted, condition, 50, TRAIN)
    test = draw_samples(planted, condition, 50, TEST)
    assert not torch.allclose(train.features, test.features)
    other, _ = plant(seed=1)
    assert not torch.equal(planted.nonlinear_share, other.nonlinear_share)
    assert float(planted.nonlinear_share.min()) == 0
    assert float(planted.nonlinear_share.max()) == 1
