"""Every estimate equals a plain float64 loop, and linear voxels pass for linear 95 times in 100."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from jne_engine.core.errors import CancelledError, InputError
from jne_engine.model.dispersion import stream_dispersion
from jne_engine.model.encoders import build_encoder, restore_encoder
from jne_engine.model.nonlinearity import (
    FEW_STIMULI,
    LINEAR_UNITS,
    MISSING,
    UNPREDICTED,
    measure_nonlinearity,
)
from jne_engine.model.score_test import ScoreDesign
from jne_engine.model.spec import RunSpec
from jne_engine.model.split_arrays import SplitArrays
from tests.engine.cases import AttentionModule
from tests.engine.nonlinearity_oracle import ESTIMATES, estimate_voxels

SPEC = RunSpec(n_resamples=40, seed=5)
N_FEATURES, N_HIDDEN, N_VOXELS = 6, 9, 8


def build(dtype=torch.float64, **choices):
    choices = {"n_hidden": N_HIDDEN, "n_blocks": 1, "seed": 2, **choices}
    return build_encoder(N_FEATURES, N_VOXELS, **choices).to(dtype)


def draw_arrays(seed=0, *, n_stimuli=150, n_test=48, noise=0.5, offset=0.0):
    """Return voxels that are the more nonlinear the higher their number, the first ones linear."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((n_stimuli, N_FEATURES)) * np.linspace(0.5, 2, N_FEATURES)
    linear = features @ np.sign(rng.standard_normal((N_FEATURES, N_VOXELS)))
    bent = np.abs(features @ rng.standard_normal((N_FEATURES, N_VOXELS)))
    responses = linear + np.linspace(0, 1, N_VOXELS).round(1) * bent + offset
    responses += noise * rng.standard_normal(responses.shape)
    order = rng.permutation(n_stimuli)
    test, validation, train = np.split(order, [n_test, n_test + 30])
    return SplitArrays(features + offset, responses, train, validation, test)


# --- equal to it ---------------------------------------------------------------------------------


@pytest.mark.parametrize("choices", [{}, {"activation": "tanh", "bias": True}, {"n_blocks": 0}])
@pytest.mark.parametrize("offset", [0.0, 2.0])
def test_every_estimate_equals_the_loop(choices, offset):
    encoder, arrays = build(**choices), draw_arrays(offset=offset)
    found = measure_nonlinearity(encoder, arrays, SPEC, voxel_block=3)
    expected, readout = estimate_voxels(encoder, arrays, SPEC)
    for name in ESTIMATES:
        np.testing.assert_allclose(getattr(found, name), expected[name], rtol=2e-6, atol=1e-6)
    np.testing.assert_allclose(found.encoder.readout.weight, readout, rtol=1e-7, atol=1e-9)
    assert not found.reason.any()
    assert np.ptp(found.nonlinear_share) > 0.1
    assert found.absorbed == pytest.approx(N_FEATURES / 150)


@pytest.mark.parametrize("choices", [{"block": 3}, {"block": 5, "stimuli_a_direction": 6}])
def test_blocks_of_stimuli_and_other_directions_equal_the_loop(choices):
    encoder, arrays = build(), draw_arrays(n_test=63)
    arrays = replace(arrays, test=np.sort(arrays.test))
    found = measure_nonlinearity(encoder, arrays, SPEC, design=ScoreDesign(**choices))
    expected, _ = estimate_voxels(encoder, arrays, SPEC, **choices)
    for name in ESTIMATES:
        np.testing.assert_allclose(getattr(found, name), expected[name], rtol=2e-6, atol=1e-6)
    alone = measure_nonlinearity(encoder, arrays, SPEC)
    assert (np.abs(found.p_nonlinearity - alone.p_nonlinearity) > 1e-6).any()
    assert (np.abs(found.nonlinear_share_low - alone.nonlinear_share_low) > 1e-6).any()


def draw_runs(rng, n, n_runs):
    """Return runs of unequal length, none empty, in no order."""
    return [
        f"run {r}" for r in rng.permutation([*range(n_runs), *rng.integers(0, n_runs, n - n_runs)])
    ]


@pytest.mark.parametrize("n_runs", [24, 40])
def test_the_runs_of_the_test_stimuli_are_its_blocks_as_in_the_loop(n_runs):
    encoder, arrays = build(), draw_arrays(n_test=63)
    runs = np.array(draw_runs(np.random.default_rng(7), 150, n_runs + 9))
    runs[arrays.test] = draw_runs(np.random.default_rng(8), 63, n_runs)
    design = ScoreDesign.of_runs(tuple(runs), arrays.test)
    found = measure_nonlinearity(encoder, arrays, SPEC, design=design)
    named = [runs[row] for row in arrays.test]
    blocks = [[i for i, run in enumerate(named) if run == r] for r in sorted(set(named))]
    assert len(blocks) == found.n_blocks == n_runs
    assert len({len(block) for block in blocks}) > 1
    expected, _ = estimate_voxels(encoder, arrays, SPEC, blocks=blocks)
    for name in ESTIMATES:
        np.testing.assert_allclose(getattr(found, name), expected[name], rtol=2e-6, atol=1e-6)
    alone = measure_nonlinearity(encoder, arrays, SPEC)
    assert (np.abs(found.p_nonlinearity - alone.p_nonlinearity) > 1e-6).any()


def test_too_few_runs_and_unknown_ones_leave_every_stimulus_by_itself():
    arrays = draw_arrays()
    few = ScoreDesign.of_runs(tuple(f"run {i % 23}" for i in range(150)), arrays.test)
    assert few == ScoreDesign.of_runs(None, arrays.test) == ScoreDesign()
    assert measure_nonlinearity(build(), arrays, SPEC, design=few).n_blocks == 48


def test_few_blocks_tell_nothing():
    found = measure_nonlinearity(build(), draw_arrays(), SPEC, design=ScoreDesign(block=5))
    assert (found.reason == FEW_STIMULI).all()  # 48 stimuli are 9 blocks


def test_float32_is_as_good_as_its_rounding():
    arrays = draw_arrays()
    narrow = replace(
        arrays, features=arrays.features.astype("f4"), responses=arrays.responses.astype("f4")
    )
    expected, _ = estimate_voxels(build(), arrays, SPEC)
    found = measure_nonlinearity(build(torch.float32), narrow, SPEC)
    for name in ESTIMATES:
        np.testing.assert_allclose(getattr(found, name), expected[name], rtol=1e-3, atol=2e-5)


def test_the_directions_taken_out_are_the_leading_ones():
    """With more features than directions, and another number of stimuli."""
    rng = np.random.default_rng(8)
    features = rng.standard_normal((120, 20)) * np.linspace(1, 3, 20)
    responses = features @ rng.standard_normal((20, 5)) + 3 * rng.standard_normal((120, 5))
    rows = np.arange(120)
    arrays = SplitArrays(features, responses, rows[:70], rows[70:84], rows[84:])
    encoder = build_encoder(20, 5, n_hidden=12, seed=1).double()
    found = measure_nonlinearity(encoder, arrays, SPEC)
    expected, _ = estimate_voxels(encoder, arrays, SPEC)
    assert found.n_components == 3
    np.testing.assert_allclose(found.p_nonlinearity, expected["p_nonlinearity"], rtol=2e-6)


def test_blocks_are_the_whole_and_columns_choose_voxels():
    encoder, arrays = build(), draw_arrays()
    whole = measure_nonlinearity(encoder, arrays, SPEC)
    blocks = measure_nonlinearity(encoder, arrays, SPEC, voxel_block=1)
    chosen = np.array([1, 4, 6])
    some = measure_nonlinearity(encoder, replace(arrays, columns=chosen), SPEC, voxel_block=2)
    for name in ESTIMATES:
        np.testing.assert_allclose(getattr(blocks, name), getattr(whole, name), rtol=1e-6)
        if name != "q_nonlinearity":
            np.testing.assert_allclose(getattr(some, name), getattr(whole, name)[chosen], rtol=1e-6)
    torch.testing.assert_close(some.encoder.readout.weight, whole.encoder.readout.weight[chosen])


def test_the_order_of_stimuli_changes_nothing_but_the_resamples():
    encoder, arrays = build(), draw_arrays()
    order = np.random.default_rng(1).permutation(150)
    place = np.argsort(order)
    splits = {n: place[getattr(arrays, n)] for n in ("train", "validation", "test")}
    moved = SplitArrays(arrays.features[order], arrays.responses[order], **splits)
    expected, found = (measure_nonlinearity(encoder, a, SPEC) for a in (arrays, moved))
    for name in ESTIMATES:
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-6)
    shuffled = replace(arrays, test=arrays.test[::-1], train=arrays.train[::-1])
    again = measure_nonlinearity(encoder, shuffled, SPEC)
    for name in ("nonlinear_share", "nonlinear_share_fitted", "p_nonlinearity"):
        np.testing.assert_allclose(getattr(again, name), getattr(expected, name), rtol=1e-6)


def test_units_of_features_and_responses_do_not_matter():
    encoder, arrays = build(n_blocks=0), draw_arrays()
    scaled = replace(arrays, features=50 * arrays.features, responses=0.01 * arrays.responses + 3)
    expected, found = (measure_nonlinearity(encoder, a, SPEC) for a in (arrays, scaled))
    for name in ESTIMATES:  # a ReLU layer without bias is as nonlinear at any scale
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-5)


def test_jne_of_the_new_encoder_is_that_of_the_whole_prediction():
    """Of l + g written out as one function of the features, by automatic differentiation."""
    encoder, arrays = build(activation="tanh"), draw_arrays()
    found = measure_nonlinearity(encoder, arrays, SPEC)
    features = torch.from_numpy(arrays.features[arrays.test])
    x = np.column_stack([arrays.features, np.ones(150)])
    with torch.no_grad():
        hidden = encoder.hidden(torch.from_numpy(arrays.features)).numpy()
    slope = torch.from_numpy(np.linalg.lstsq(x, hidden, rcond=None)[0][:N_FEATURES])
    weights = torch.randn(N_FEATURES, N_VOXELS, dtype=torch.float64)

    def predict(stimulus):
        bent = encoder.hidden(stimulus) - stimulus @ slope
        return stimulus @ weights + bent @ found.encoder.readout.weight.T

    dense = torch.stack([torch.func.jacrev(predict)(stimulus) for stimulus in features])
    deviation = (dense - dense.mean(dim=0)).abs().sum(dim=2)
    jne = stream_dispersion(found.encoder, features).jne
    torch.testing.assert_close(
        jne, deviation.std(dim=0, correction=0).float(), rtol=1e-5, atol=1e-7
    )


@pytest.mark.parametrize("bias", [False, True])
def test_the_new_encoder_can_be_stored_and_leaves_the_old_one_alone(bias):
    encoder = build(bias=bias)
    before = {k: v.clone() for k, v in encoder.state_dict().items()}
    new = measure_nonlinearity(encoder, draw_arrays(), SPEC).encoder
    for name, values in encoder.state_dict().items():
        assert torch.equal(values, before[name])
    stored = restore_encoder({k: v.numpy() for k, v in new.state_dict().items()}, "relu")
    features = torch.randn(4, N_FEATURES)
    torch.testing.assert_close(
        stored(features), new(features.double()).float(), rtol=1e-4, atol=1e-5
    )


# --- modules that are not ours -------------------------------------------------------------------


class Wrapped(nn.Module):
    """A lab's module around our layers, which are then reached by name."""

    def __init__(self, encoder):
        super().__init__()
        self.trunk = nn.Sequential(encoder.first, nn.ReLU())
        self.last = encoder.readout

    def forward(self, features):
        return self.last(self.trunk(features))


def test_a_named_layer_gives_what_our_encoder_gives():
    encoder, arrays = build(n_blocks=0), draw_arrays()
    ours = measure_nonlinearity(encoder, arrays, SPEC)
    named = measure_nonlinearity(Wrapped(encoder), arrays, SPEC, layer="trunk")
    for name in ESTIMATES:
        np.testing.assert_array_equal(getattr(named, name), getattr(ours, name))
    features = torch.from_numpy(arrays.features[arrays.test])
    torch.testing.assert_close(
        stream_dispersion(named.encoder, features).jne,
        stream_dispersion(ours.encoder, features).jne,
    )


def test_attention_before_the_layer_is_differentiated_too():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = AttentionModule(N_FEATURES, N_VOXELS).double()
    module.train()  # its dropout must not run
    arrays = draw_arrays()
    found, again = (measure_nonlinearity(module, arrays, SPEC, layer="dropout") for _ in range(2))
    np.testing.assert_array_equal(found.nonlinear_share, again.nonlinear_share)
    assert module.training
    jne = stream_dispersion(found.encoder, torch.from_numpy(arrays.features[arrays.test])).jne
    assert (jne > 0).all()


@pytest.mark.parametrize(("layer", "match"), [(None, "encoder"), ("trunk.9", "layer")])
def test_a_layer_that_cannot_be_had_is_told(layer, match):
    with pytest.raises(InputError, match=match):
        measure_nonlinearity(Wrapped(build()), draw_arrays(), SPEC, layer=layer)


def test_a_layer_without_a_row_a_stimulus_is_told():
    class Pooled(nn.Module):
        def __init__(self):
            super().__init__()
            self.odd, self.unused = nn.Identity(), nn.Identity()
            self.last = nn.Linear(N_FEATURES, N_VOXELS)

        def forward(self, features):
            self.odd(features.mean(dim=0, keepdim=True))
            return self.last(features)

    for layer in ("odd", "unused"):
        with pytest.raises(InputError, match=f"layer {layer}"):
            measure_nonlinearity(Pooled().double(), draw_arrays(), SPEC, layer=layer)


# --- what cannot be told is NaN with a reason ----------------------------------------------------


def test_missing_and_constant_voxels_are_left_out_and_change_no_other():
    encoder, arrays = build(), draw_arrays()
    broken = arrays.responses.copy()
    broken[arrays.validation[3], 1] = np.nan
    broken[:, 4] = 7.0
    broken[arrays.test, 6] = broken[0, 6]
    expected = measure_nonlinearity(encoder, arrays, SPEC)
    found = measure_nonlinearity(encoder, replace(arrays, responses=broken), SPEC)
    out = np.isin(np.arange(N_VOXELS), [1, 4, 6])
    assert (found.reason[out] == MISSING).all()
    assert not found.reason[~out].any()
    for name in ESTIMATES:
        assert np.isnan(getattr(found, name)[out]).all()
        if name != "q_nonlinearity":
            np.testing.assert_allclose(getattr(found, name)[~out], getattr(expected, name)[~out])
    tested = stats.false_discovery_control(expected.p_nonlinearity[~out])
    np.testing.assert_allclose(found.q_nonlinearity[~out], tested, rtol=1e-6)
    assert not found.encoder.readout.weight[out].any()


def test_few_test_stimuli_and_linear_units_tell_nothing():
    few = measure_nonlinearity(build(), draw_arrays(n_test=23), SPEC)
    assert (few.reason == FEW_STIMULI).all()
    linear = measure_nonlinearity(build(activation="identity"), draw_arrays(), SPEC)
    assert (linear.reason == LINEAR_UNITS).all()
    assert linear.n_units == 0
    wide = draw_arrays(n_stimuli=100)
    wide = replace(wide, features=np.random.default_rng(0).standard_normal((100, 120)))
    encoder = build_encoder(120, N_VOXELS, n_hidden=9).double()
    too_wide = measure_nonlinearity(encoder, wide, SPEC)
    assert (too_wide.reason == LINEAR_UNITS).all()  # 120 features fit any 100 numbers
    assert too_wide.absorbed == pytest.approx(0.99)
    for found in (few, linear, too_wide):
        for name in ESTIMATES:
            assert np.isnan(getattr(found, name)).all()


def test_noise_has_a_p_but_no_share():
    arrays = draw_arrays()
    noise = np.random.default_rng(3).standard_normal((150, N_VOXELS))
    found = measure_nonlinearity(build(), replace(arrays, responses=noise), SPEC)
    untold = found.reason == UNPREDICTED
    assert untold.mean() > 0.5
    assert np.isnan(found.nonlinear_share[untold]).all()
    assert np.isnan(found.nonlinear_share_high[untold]).all()
    assert np.isfinite(found.p_nonlinearity).all()


def test_a_voxel_without_noise_and_without_nonlinearity_is_not_called_nonlinear():
    arrays = draw_arrays()
    exact = arrays.features @ np.random.default_rng(0).standard_normal((N_FEATURES, N_VOXELS))
    found = measure_nonlinearity(build(), replace(arrays, responses=exact), SPEC)
    assert (found.nonlinear_share < 1e-3).all()


def test_progress_counts_voxels_and_what_it_raises_ends_the_work():
    seen = []
    measure_nonlinearity(
        build(), draw_arrays(), SPEC, voxel_block=3, progress=lambda *a: seen.append(a)
    )
    assert seen == [(0, 8), (3, 8), (6, 8), (8, 8)]

    def stop(done, total):
        if done:
            raise CancelledError("job", "to go on", "a request to stop", "retry it")

    with pytest.raises(CancelledError):
        measure_nonlinearity(build(), draw_arrays(), SPEC, voxel_block=3, progress=stop)


# --- and true ------------------------------------------------------------------------------------


def test_linear_voxels_are_called_nonlinear_one_time_in_twenty():
    """4,000 linear voxels of independent noise: the test's own rate, within 3 standard errors.

    Ten data sets, because units and features are shared by the voxels of one.
    """
    pvalues, lows = [], []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        features = rng.standard_normal((700, 20)).astype("f4")
        responses = features @ rng.standard_normal((20, 400)) / 4 + rng.standard_normal((700, 400))
        rows = np.arange(700)
        arrays = SplitArrays(
            features, responses.astype("f4"), rows[:400], rows[400:460], rows[460:]
        )
        encoder = build_encoder(20, 400, n_hidden=40, seed=seed)
        found = measure_nonlinearity(encoder, arrays, RunSpec())
        pvalues.append(found.p_nonlinearity)
        lows.append(found.nonlinear_share_low)
    p = np.concatenate(pvalues)
    assert abs((p < 0.05).mean() - 0.05) < 0.012
    assert abs((p < 0.5).mean() - 0.5) < 0.03
    assert (np.concatenate(lows) > 0).mean() < 0.05
