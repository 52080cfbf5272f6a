"""Gain and shape change add up to the Jacobian's variation, and equal loops over stimuli."""

import numpy as np
import pytest
import torch
from torch.func import jacrev

from jne_engine.model.bending import measure_bending
from jne_engine.model.encoders import build_encoder
from tests.engine.cases import AttentionModule

N_FEATURES, N_VOXELS, N_STIMULI = 7, 11, 30
AREAS = torch.arange(N_VOXELS) // 4 == torch.arange(3)[:, None]


def draw(n_hidden=5, activation="relu", linear=False):
    encoder = build_encoder(N_FEATURES, N_VOXELS, n_hidden=n_hidden, activation=activation, seed=4)
    generator = torch.Generator().manual_seed(0)
    if linear:
        encoder.linear = torch.nn.Linear(N_FEATURES, N_VOXELS)
        torch.nn.init.normal_(encoder.linear.weight, generator=generator)
    return encoder.double(), torch.randn(
        N_STIMULI, N_FEATURES, generator=generator, dtype=torch.float64
    )


def differentiate(encoder, features):
    """Return every stimulus's Jacobian, (s, v, f)."""
    one = jacrev(lambda x: encoder(x.unsqueeze(0)).squeeze(0))
    return np.stack([one(x).detach().numpy() for x in features])


def oracle(jacobians):
    """Return gain and shape change (s, v), maps and K of every voxel, one at a time."""
    n, n_voxels, n_features = jacobians.shape
    gain, shape = np.zeros((2, n, n_voxels))
    spreads, directions = np.zeros((n_voxels, n_features, n_features)), np.zeros(n_voxels)
    for v in range(n_voxels):
        mean = jacobians[:, v].mean(axis=0)
        for s in range(n):
            a = jacobians[s, v] @ mean / (mean @ mean)
            rest = jacobians[s, v] - a * mean
            gain[s, v], shape[s, v] = (a - 1) ** 2 * (mean @ mean), rest @ rest
            change = jacobians[s, v] - mean
            spreads[v] += np.outer(change, change) / n
        values = np.linalg.eigvalsh(spreads[v])
        directions[v] = values.sum() ** 2 / (values**2).sum()
    return gain, shape, directions, spreads


@pytest.mark.parametrize(
    ("n_hidden", "activation", "linear"),
    [(5, "relu", False), (9, "relu", False), (5, "gelu", False), (5, "relu", True)],
)
def test_maps_and_areas_equal_loops(n_hidden, activation, linear):
    encoder, features = draw(n_hidden, activation, linear)
    gain, shape, directions, spreads = oracle(differentiate(encoder, features))
    found = measure_bending(encoder, features, AREAS, block_bytes=4000)
    close = {"rtol": 2e-5, "atol": 1e-9}
    np.testing.assert_allclose(found.maps["bend_gain"], np.sqrt(gain.mean(axis=0)), **close)
    np.testing.assert_allclose(found.maps["bend_shape"], np.sqrt(shape.mean(axis=0)), **close)
    share = gain.sum(axis=0) / (gain + shape).sum(axis=0)
    np.testing.assert_allclose(found.maps["bend_gain_share"], share, **close)
    np.testing.assert_allclose(found.maps["bend_directions"], directions, **close)
    for area, mask in enumerate(AREAS.numpy()):
        np.testing.assert_allclose(found.gain_ss[area], gain[:, mask].mean(axis=1), **close)
        np.testing.assert_allclose(found.shape_ss[area], shape[:, mask].mean(axis=1), **close)
        values, vectors = np.linalg.eigh(spreads[mask].sum(axis=0))
        count = sum(values) ** 2 / sum(value**2 for value in values)
        assert found.n_directions[area] == pytest.approx(count, rel=1e-5)
        for i in range(2):
            vector = vectors[:, -1 - i] * np.sign(
                vectors[np.abs(vectors[:, -1 - i]).argmax(), -1 - i]
            )
            np.testing.assert_allclose(found.directions[area, i], vector, rtol=1e-4, atol=1e-5)
            expected = values[-1 - i] / values.sum()
            assert found.shares[area, i] == pytest.approx(expected, rel=1e-4)


def test_both_changes_add_up():
    encoder, features = draw()
    jacobians = differentiate(encoder, features)
    total = ((jacobians - jacobians.mean(axis=0)) ** 2).sum(axis=2).mean(axis=0)
    maps = measure_bending(encoder, features).maps
    both = maps["bend_gain"] ** 2 + maps["bend_shape"] ** 2
    np.testing.assert_allclose(both, total, rtol=1e-5)


def test_a_gate_is_pure_gain_and_a_linear_voxel_has_no_direction():
    class Gate(torch.nn.Module):
        def forward(self, x):
            gated = torch.relu(x[:, :1] + 0.2)
            return torch.cat([gated, x[:, 1:2] * 2], dim=1)

    _, features = draw()
    maps = measure_bending(Gate(), features).maps
    assert maps["bend_gain_share"][0] == pytest.approx(1)
    assert maps["bend_directions"][0] == pytest.approx(1)
    assert maps["bend_shape"][0] == pytest.approx(0, abs=1e-6)
    assert [float(maps[name][1]) for name in ("bend_gain", "bend_shape")] == [0, 0]
    assert maps["bend_gain_share"][1].isnan()
    assert maps["bend_directions"][1].isnan()


def test_an_area_of_linear_voxels_has_no_number_of_directions():
    encoder, features = draw(activation="identity")
    found = measure_bending(encoder, features, AREAS)
    assert found.n_directions.isnan().all()
    assert found.shares.isnan().all()


def test_any_module_bends():
    module = AttentionModule(12, 5).eval()
    features = torch.randn(6, 12, generator=torch.Generator().manual_seed(1))
    maps = measure_bending(module, features).maps
    gain, shape, _, _ = oracle(differentiate(module, features).astype(np.float64))
    np.testing.assert_allclose(maps["bend_gain"], np.sqrt(gain.mean(axis=0)), rtol=1e-3)
    np.testing.assert_allclose(maps["bend_shape"], np.sqrt(shape.mean(axis=0)), rtol=1e-3)
