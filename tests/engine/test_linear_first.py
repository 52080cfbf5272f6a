"""Fitted to what a ridge leaves, the encoder predicts the sum of both, as one module."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from jne_engine.analysis.studies import describe_run
from jne_engine.core.errors import InputError
from jne_engine.datasets.dataset import InputRecord
from jne_engine.model.dispersion import stream_dispersion
from jne_engine.model.encoders import build_encoder, restore_encoder, select_voxels
from jne_engine.model.linear_first import fit_chosen, fit_linear_path
from jne_engine.model.scoring import compute_r2
from jne_engine.model.spec import RunSpec
from jne_engine.model.training import Samples, fit_encoder
from jne_engine.runs.pipeline import compute_key, compute_run
from jne_engine.runs.stages import FittedEncoder
from jne_engine.runs.store import compute_run_key, read_scaling
from jne_engine.runs.version import ALGORITHM
from tests.engine.datasets import make_dataset
from tests.engine.nonlinearity_oracle import LINEAR_ALPHAS, fit_ridge

SPEC = RunSpec(n_hidden=16, batch_size=16, max_epochs=12, learning_rate=0.02, linear_first=True)
N_VOXELS = 700  # more than one block


def draw(n_stimuli, seed):
    """Draw features and responses that are far from mean 0, the last voxels bent."""
    rng = np.random.default_rng(seed)
    features = 3 + 2 * rng.standard_normal((n_stimuli, 6))
    weights = np.random.default_rng(9).standard_normal((2, 6, N_VOXELS))
    signal = features @ weights[0]
    bent = np.abs(features - 3) @ weights[1]
    bent[:, : N_VOXELS // 2] = 0
    noise = rng.standard_normal(signal.shape) * np.linspace(0.1, 5, N_VOXELS)
    parts = features, 5 + signal + bent + noise
    return Samples(*(torch.from_numpy(part.astype(np.float32)) for part in parts))


@pytest.fixture(scope="module")
def splits():
    return draw(60, 1), draw(40, 2)


def predict_ridge(train, validation, features):
    """Predict by a float64 ridge, one voxel and one penalty at a time."""
    x, y, x_validation, y_validation, wanted = (
        values.numpy().astype(float)
        for values in (
            train.features, train.responses, validation.features, validation.responses, features
        )
    )  # fmt: skip
    mean, offset = x.mean(axis=0), y.mean(axis=0)
    scale = np.sqrt(((x - mean) ** 2).mean())
    parts = (x - mean) / scale, y - offset, (x_validation - mean) / scale, y_validation - offset
    return offset + (wanted - mean) / scale @ fit_ridge(*parts, LINEAR_ALPHAS)


def test_the_linear_path_is_a_ridge_a_voxel_with_an_offset(splits):
    unseen = draw(50, 3).features
    with torch.no_grad():
        found = fit_linear_path(*splits)(unseen).numpy()
    expected = predict_ridge(*splits, unseen)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


def fit(train, validation, spec, fit_it=fit_chosen, activation="relu", *, is_zero=False):
    encoder = build_encoder(6, N_VOXELS, n_hidden=8, activation=activation, seed=spec.seed)
    if is_zero:
        torch.nn.init.zeros_(encoder.readout.weight)
    curve = fit_it(encoder, train, validation, spec)
    return encoder, curve


def test_it_is_the_fit_to_what_the_ridge_leaves(splits):
    train, validation = splits
    encoder, curve = fit(train, validation, SPEC)
    left = [
        Samples(
            s.features,
            (s.responses - torch.from_numpy(predict_ridge(*splits, s.features))).float(),
        )
        for s in splits
    ]
    alone, expected = fit(*left, SPEC, fit_encoder, is_zero=True)
    unseen = draw(50, 3).features
    with torch.no_grad():
        found = encoder(unseen) - torch.from_numpy(predict_ridge(*splits, unseen))
        expected_change = alone(unseen)
    np.testing.assert_allclose(found, expected_change, rtol=1e-3, atol=5e-3)
    np.testing.assert_allclose(curve.validation_loss, expected.validation_loss, rtol=1e-4)
    assert expected_change.std() > 0.1, "the encoder learned nothing"


@pytest.mark.parametrize(("is_chosen", "activation"), [(False, "relu"), (True, "identity")])
def test_the_plain_fit_and_the_linear_twin_are_what_they_were(splits, is_chosen, activation):
    spec = replace(SPEC, linear_first=is_chosen)
    found, _ = fit(*splits, spec, activation=activation)
    expected, _ = fit(*splits, spec, fit_encoder, activation)
    assert found.linear is None
    for name, weights in expected.state_dict().items():
        assert torch.equal(found.state_dict()[name], weights), name


def test_jne_is_that_of_the_hidden_layers_and_gain_is_that_of_all(splits):
    encoder, _ = fit(*splits, SPEC)
    unseen = draw(50, 3).features
    found = stream_dispersion(encoder, unseen)
    linear = encoder.linear.weight.clone()
    jacobian = torch.func.jacrev(lambda x: encoder(x.unsqueeze(0))[0])
    mean = torch.stack([jacobian(x) for x in unseen]).double().mean(dim=0)
    torch.testing.assert_close(found.gain.double(), mean.abs().sum(dim=1), rtol=1e-4, atol=1e-5)
    encoder.linear = None
    alone = stream_dispersion(encoder, unseen)
    torch.testing.assert_close(found.jne, alone.jne, rtol=1e-5, atol=1e-7)
    assert not torch.allclose(found.gain, alone.gain, rtol=0.1)
    assert linear.abs().max() > 0


def test_stored_and_cut_it_predicts_the_same(splits):
    encoder, _ = fit(*splits, SPEC)
    weights = {name: values.numpy() for name, values in encoder.state_dict().items()}
    unseen, columns = draw(50, 3).features, np.array([0, 3, 650])
    with torch.no_grad():
        expected = encoder(unseen)
        assert torch.equal(restore_encoder(weights, "relu")(unseen), expected)
        some = select_voxels(encoder, columns)(unseen)
        torch.testing.assert_close(some, expected[:, columns], rtol=1e-5, atol=1e-5)


def test_a_run_stores_and_scores_the_sum(tmp_path):
    dataset = make_dataset()
    run = compute_run(dataset, SPEC, tmp_path)
    assert run.manifest.spec["linear_first"] is True
    assert describe_run(run)["encoder"] == "relu 16, linear first, seed 0"
    stage, test = run.stage("nonlinear"), dataset.splits.test
    encoder = restore_encoder(stage.read_weights("encoder"), "relu")
    assert encoder.linear is not None
    assert "linear.weight" not in run.stage("linear").read_weights("encoder")
    scalings = [read_scaling(run.stage("dataset"), name) for name in ("feature", "response")]
    x, y = (
        scaling.apply(values[test])
        for scaling, values in zip(scalings, (dataset.features, dataset.responses), strict=True)
    )
    predicted = encoder(torch.from_numpy(x)).detach().numpy()
    stored = run.stage("scores").read_array("r2_nonlinear")
    np.testing.assert_allclose(stored, compute_r2(y, predicted), rtol=1e-5, atol=1e-6)
    expected = stream_dispersion(encoder, torch.from_numpy(x))
    np.testing.assert_array_equal(run.stage("dispersion").read_array("jne"), expected.jne)
    assert np.isfinite(run.stage("calibration").read_array("jne_calibrated")).any()


def test_runs_from_before_there_was_a_choice_keep_their_keys():
    plain = replace(SPEC, linear_first=False)
    assert "linear_first" not in plain.to_dict()
    assert RunSpec.from_dict(plain.to_dict()) == plain
    assert RunSpec.from_dict(SPEC.to_dict()) == SPEC
    dataset = make_dataset()
    names = "n_hidden n_blocks activation bias batch_size max_epochs patience learning_rate"
    names += " weight_decay seed n_resamples fdr_q precision standardise"
    before = {name: getattr(plain, name) for name in names.split()} | {"fitted": {}}
    expected = compute_run_key(dataset.content_hash, before, ALGORITHM)
    assert compute_key(dataset, plain, {}) == expected
    assert compute_key(dataset, SPEC, {}) != expected


def test_what_cannot_be_is_refused_in_one_line(tmp_path):
    with pytest.raises(InputError, match="linear_first"):
        RunSpec(linear_first=True, activation="identity")
    brought = FittedEncoder(build_encoder(8, 30, n_hidden=6), InputRecord("theirs", "1" * 64))
    with pytest.raises(InputError, match=r"theirs.*to be fitted.*given weights"):
        compute_run(make_dataset(), SPEC, tmp_path, fitted={"nonlinear": brought})
    assert list(tmp_path.iterdir()) == []
