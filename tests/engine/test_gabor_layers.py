"""Further Gabor layers against plain loops, and what each must and must not notice."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from jne_engine.core.errors import InputError
from jne_engine.features.gabor import describe_gabor_features, extract_gabor_features
from jne_engine.features.gabor_layers import (
    GABOR_LAYERS,
    POOL_WINDOW,
    POOLS,
    PYRAMID,
    compute_gabor_layer,
)

RNG = np.random.default_rng(0)
LOCAL = RNG.exponential(1.0, (3, len(describe_gabor_features()))).astype(np.float32)


def slow_maps(row: np.ndarray) -> list[tuple[float, list[list[tuple[float, float, float]]]]]:
    """Return, level by level, its frequency and per orientation the (x, y, value) of all places."""
    table = describe_gabor_features().assign(value=row.astype(np.float64))
    levels = []
    for (_, frequency), part in table.groupby(["channel", "frequency"], sort=False):
        filters = [
            list(zip(own["x"], own["y"], own["value"], strict=True))
            for _, own in part.groupby("orientation", sort=False, dropna=False)
        ]
        levels.append((frequency, filters))
    return levels


def slow_pooled(row: np.ndarray) -> list[float]:
    centres = [(i + 0.5) / POOLS for i in range(POOLS)]
    out = []
    for frequency, filters in slow_maps(row):
        for places in filters:
            for qy in centres:
                for qx in centres:
                    total = weight_sum = 0.0
                    for x, y, value in places:
                        weight = math.exp(-((x - qx) ** 2 + (y - qy) ** 2) / (2 * POOL_WINDOW**2))
                        total += weight * (value**2 if frequency else value)
                        weight_sum += weight
                    out.append(math.sqrt(total / weight_sum) if frequency else total / weight_sum)
    return out


def slow_texture(row: np.ndarray) -> list[float]:
    out = []
    for _, filters in slow_maps(row):
        values = [[value for _, _, value in places] for places in filters]
        means = [sum(v) / len(v) for v in values]
        out += means
        out += [
            math.sqrt(sum((x - m) ** 2 for x in v) / len(v))
            for v, m in zip(values, means, strict=True)
        ]
        for a, b in combinations(range(len(values)), 2):
            products = [
                (x - means[a]) * (y - means[b]) for x, y in zip(values[a], values[b], strict=True)
            ]
            out.append(sum(products) / len(products))
    return out


@pytest.mark.parametrize(("layer", "slow"), [(1, slow_pooled), (2, slow_texture)])
def test_layers_match_plain_loops(layer, slow):
    computed = compute_gabor_layer(LOCAL, layer)
    assert computed.dtype == np.float32
    np.testing.assert_allclose(computed, [slow(row) for row in LOCAL], rtol=2e-5, atol=1e-6)


def test_layer_0_is_the_local_features_and_the_sizes_are_as_told():
    assert compute_gabor_layer(LOCAL, 0) is LOCAL
    sizes = [compute_gabor_layer(LOCAL, layer).shape[1] for layer in range(len(GABOR_LAYERS))]
    assert sizes == [492, 108, 98]


def test_texture_does_not_tell_where_things_are_and_pools_do():
    """Places of each level in another order: the same texture, other pools."""
    moved = []
    start = 0
    for level in PYRAMID:
        n_places = level.grid**2
        order = np.random.default_rng(n_places).permutation(n_places)
        stop = start + level.n_orientations * n_places
        own = LOCAL[:, start:stop].reshape(len(LOCAL), level.n_orientations, n_places)
        moved.append(own[:, :, order].reshape(len(LOCAL), -1))
        start = stop
    moved = np.hstack(moved)
    texture = [compute_gabor_layer(x, 2) for x in (LOCAL, moved)]
    np.testing.assert_allclose(*texture, rtol=1e-5, atol=1e-6)
    assert not np.allclose(compute_gabor_layer(LOCAL, 1), compute_gabor_layer(moved, 1), atol=1e-2)


def test_energy_scales_with_contrast_and_covariance_with_its_square():
    double = 2 * LOCAL
    for layer, power in ((1, 1), (2, None)):
        one, two = compute_gabor_layer(LOCAL, layer), compute_gabor_layer(double, layer)
        ratios = np.round(two / one, 3)
        assert set(ratios.ravel()) == ({2.0} if power else {2.0, 4.0})


def test_flat_pictures_have_no_energy_in_any_layer():
    flat = np.full((1, 64, 64, 3), 90, dtype=np.uint8)
    local = extract_gabor_features(flat)
    for layer in (1, 2):
        values = compute_gabor_layer(local, layer)[0]
        assert np.isfinite(values).all()
        energies = values[: 6 * POOLS**2] if layer == 1 else values[:12]
        np.testing.assert_allclose(energies, 0, atol=1e-5)


@pytest.mark.parametrize("layer", [-1, 3])
def test_a_layer_that_is_not_there_is_told(layer):
    with pytest.raises(InputError, match="layer: expected one of 0, 1, 2"):
        compute_gabor_layer(LOCAL, layer)


def test_other_features_are_refused():
    with pytest.raises(InputError, match="local features"):
        compute_gabor_layer(LOCAL[:, :-1], 1)
