"""JNE of more stimuli follows the modulation more closely, by the known law."""

import numpy as np
import pytest
import torch

from jne_engine.model.dispersion import compute_jne
from jne_engine.simulations.sample_size import simulate_sample_size
from jne_engine.simulations.seeds import make_generator
from jne_engine.simulations.settings import SampleSizeSettings


def test_correlation_follows_the_sampling_error_of_a_standard_deviation():
    settings = SampleSizeSettings.reduced(sample_sizes=(10, 30, 100), n_points=1001)
    result = simulate_sample_size(settings).tables
    modulation = result["curves"].query("n == 10")["modulation"]
    signal, power = modulation.var(ddof=0), (modulation**2).mean()
    for _, row in result["summary"].iterrows():
        expected = np.sqrt(signal / (signal + power / (2 * row["n"] - 2)))
        assert row["r"] == pytest.approx(expected, abs=0.02)
        assert row["r_low"] < row["r"] < row["r_high"]


def test_jne_equals_the_dense_oracle_on_the_same_draws():
    settings = SampleSizeSettings(sample_sizes=(6,), n_features=5, n_points=11, half_range=2)
    curve = simulate_sample_size(settings).tables["curves"]
    draws = torch.randn(6, 11, 5, generator=make_generator(0, 6)).double()
    scale = torch.from_numpy(np.abs(np.sin(np.linspace(-2, 2, 11))))
    expected = compute_jne((draws * scale[:, None]).transpose(1, 2))
    np.testing.assert_allclose(curve["jne"], expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(curve["x"], np.linspace(-2, 2, 11))


def test_a_sample_size_does_not_depend_on_the_others():
    one = simulate_sample_size(SampleSizeSettings.reduced(sample_sizes=(20,))).tables["curves"]
    two = simulate_sample_size(SampleSizeSettings.reduced(sample_sizes=(10, 20))).tables["curves"]
    np.testing.assert_array_equal(one["jne"], two.query("n == 20")["jne"])


def test_progress_ends_at_all_stimuli():
    seen = []
    settings = SampleSizeSettings.reduced(sample_sizes=(3, 5), n_points=9)
    simulate_sample_size(settings, lambda *a: seen.append(a))
    assert seen == [(3, 8), (8, 8)]
