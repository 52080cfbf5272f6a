"""Fits find what a closed form finds, keep the best weights, and repeat exactly."""

import numpy as np
import pytest
import torch

from jne_engine.core.devices import Blocks
from jne_engine.core.errors import InputError
from jne_engine.model.encoders import build_encoder
from jne_engine.model.spec import RunSpec
from jne_engine.model.training import Samples, compute_loss, fit_encoder, predict


def samples(n_stimuli, seed, *, noise=0.1):
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(n_stimuli, 6, generator=generator)
    weights = torch.randn(6, 5, generator=torch.Generator().manual_seed(0))
    responses = features @ weights + noise * torch.randn(n_stimuli, 5, generator=generator)
    return Samples(features, responses)


def fit(spec, *, n_stimuli=400, activation="identity"):
    encoder = build_encoder(6, 5, n_hidden=16, n_blocks=1, activation=activation, seed=spec.seed)
    curve = fit_encoder(encoder, samples(n_stimuli, 1), samples(100, 2), spec)
    return encoder, curve


@pytest.mark.parametrize("batch_size", [32, None])
def test_linear_encoder_reaches_least_squares(batch_size):
    spec = RunSpec(batch_size=batch_size, max_epochs=400, patience=20, weight_decay=0)
    encoder, _ = fit(spec)
    train, held_out = samples(400, 1), samples(200, 3)
    weights = np.linalg.lstsq(train.features.numpy(), train.responses.numpy(), rcond=None)[0]
    best = float(np.mean((held_out.features.numpy() @ weights - held_out.responses.numpy()) ** 2))
    assert compute_loss(encoder, held_out) < 1.1 * best


def test_best_weights_are_kept_not_the_last():
    spec = RunSpec(batch_size=16, max_epochs=300, patience=5, learning_rate=0.02)
    encoder, curve = fit(spec, n_stimuli=40, activation="relu")
    losses = curve.validation_loss
    assert curve.best_epoch == int(np.argmin(losses)) < len(losses) - 1
    assert compute_loss(encoder, samples(100, 2)) == pytest.approx(min(losses), rel=1e-6)
    assert curve.converged
    assert len(losses) == curve.best_epoch + 1 + spec.patience


def test_a_fit_that_runs_out_of_epochs_says_so():
    _, curve = fit(RunSpec(max_epochs=2))
    assert not curve.converged
    assert len(curve.train_loss) == len(curve.validation_loss) == 2


def test_same_seed_same_weights():
    first, _ = fit(RunSpec(max_epochs=4, batch_size=32, seed=5))
    again, _ = fit(RunSpec(max_epochs=4, batch_size=32, seed=5))
    other, _ = fit(RunSpec(max_epochs=4, batch_size=32, seed=6))
    assert torch.equal(first.readout.weight, again.readout.weight)
    assert not torch.equal(first.readout.weight, other.readout.weight)


def test_loss_is_the_mean_over_all_stimuli_whatever_the_batch():
    encoder, _ = fit(RunSpec(max_epochs=1))
    held_out = samples(101, 4)
    expected = float(((encoder(held_out.features) - held_out.responses) ** 2).mean())
    assert compute_loss(encoder, held_out, Blocks("stimuli", 7)) == pytest.approx(
        expected, rel=1e-5
    )
    torch.testing.assert_close(
        predict(encoder, held_out.features, batch_size=7), encoder(held_out.features).detach()
    )


def test_divergence_is_told_in_one_line():
    with pytest.raises(InputError, match="lower the learning rate"):
        fit(RunSpec(learning_rate=1e30, max_epochs=50))


def test_progress_counts_epochs():
    seen = []
    encoder = build_encoder(6, 5, n_hidden=8, seed=0)
    spec = RunSpec(max_epochs=3)
    fit_encoder(encoder, samples(50, 1), samples(20, 2), spec, progress=lambda *a: seen.append(a))
    assert seen == [(1, 3), (2, 3), (3, 3)]
