"""The calibration of a run against the run's own work, measured in the same process."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.scaling import fit_exponent
from jne_engine.bench.sizes import Sizes
from jne_engine.bench.timing import compare, one_thread, time_work
from jne_engine.model.dispersion import stream_dispersion
from jne_engine.model.encoders import ResidualEncoder, build_encoder
from jne_engine.model.linear_first import fit_linear_path
from jne_engine.model.nonlinearity import measure_nonlinearity
from jne_engine.model.spec import RunSpec
from jne_engine.model.split_arrays import SplitArrays
from jne_engine.model.training import Samples, fit_encoder

CALIBRATED = Sizes(n_features=492, n_hidden=256, n_voxels=10_000, n_test=600)
"""The demo's sizes, at which the share of a run is promised."""
N_TRAIN, N_VALIDATION = 2100, 300
N_EPOCHS = 20
"""Epochs of both fits; one run of the demo has taken 22 and 16."""
PARTS = 10
"""Only one epoch and one test stimulus in so many is timed: a run's cost is linear in both."""
MOST_ROUNDS = 2
VOXEL_STEPS = (20_484, 81_936, 327_684)
FEWER_STIMULI = 4
"""One stimulus in so many is there where voxels are counted."""
DRAWN_VOXELS = 4096
"""Responses that are drawn; where there are more voxels, they take these again and again."""


def measure_calibration(name: str, sizes: Sizes, goal: Goal) -> Row:
    """Time share and test in per cent of two fits and the dispersion of the same run."""
    arrays, encoder, sizes = _draw_run(sizes)
    with one_thread():
        ratio = compare(
            lambda: measure_nonlinearity(encoder, arrays, RunSpec()),
            lambda: _run_part(arrays, sizes),
            rounds=sizes.rounds,
            clock=time_work,
        )
    return Row(name, 100 * ratio / PARTS, goal, _tell(sizes))


def measure_calibrated_jne(name: str, sizes: Sizes) -> Row:
    """Time the stream of the calibrated JNE likewise: one dispersion more, of another readout."""
    arrays, encoder, sizes = _draw_run(sizes)
    shown = _show_part(arrays)
    with one_thread():
        calibrated = measure_nonlinearity(encoder, arrays, RunSpec()).encoder
        stream, published = (partial(stream_dispersion, e, shown) for e in (calibrated, encoder))
        of_stream = compare(stream, published, rounds=sizes.rounds, clock=time_work)
        ratio = compare(stream, lambda: _run_part(arrays, sizes), rounds=1, clock=time_work)
    return Row(name, 100 * ratio, None, f"{of_stream:.2f} of the published stream; {_tell(sizes)}")


def _draw_run(sizes: Sizes) -> tuple[SplitArrays, ResidualEncoder, Sizes]:
    n_voxels, rounds = min(CALIBRATED.n_voxels, sizes.n_voxels), min(sizes.rounds, MOST_ROUNDS)
    sizes = replace(CALIBRATED, n_voxels=n_voxels, rounds=rounds)
    return *draw_arrays(sizes), sizes


def _tell(sizes: Sizes) -> str:
    return (
        f"in % of two fits of {N_EPOCHS} epochs and the dispersion over {sizes.n_test} stimuli, "
        f"{sizes.n_features} features, {sizes.n_voxels} voxels; one thread's own seconds, "
        f"1/{PARTS} of epochs and stimuli"
    )


def measure_linear_path(name: str, sizes: Sizes) -> Row:
    """Time what a fit that is linear first does beforehand: a ridge a voxel, once a run."""
    arrays, _, sizes = _draw_run(sizes)
    samples = _draw_samples(arrays)
    with one_thread():
        ratio = compare(
            lambda: fit_linear_path(*samples),
            lambda: _run_part(arrays, sizes),
            rounds=sizes.rounds,
            clock=time_work,
        )
    return Row(name, 100 * ratio / PARTS, None, _tell(sizes))


def measure_calibration_exponent(name: str, sizes: Sizes, goal: Goal) -> Row:
    """Fit log seconds of the calibration against log voxels, less what is done once a run."""
    steps = [min(step, 4**i * sizes.n_voxels) for i, step in enumerate(VOXEL_STEPS)]
    once, *seconds = (_time_thread(n) for n in (1, *steps))
    net = [max(s - once, 1e-9) for s in seconds]
    told = ", ".join(f"{n} ({s:.1f} s)" for n, s in zip(steps, net, strict=True))
    how = f"one thread's own seconds over voxels {told}, less those of 1 ({once:.1f} s)"
    return Row(name, fit_exponent(steps, net), goal, how)


def _time_thread(n_voxels: int) -> float:
    """Return the processor's seconds of a calibration, in one thread."""
    sizes = replace(CALIBRATED, n_voxels=n_voxels)
    arrays, encoder = draw_arrays(sizes)
    few = {n: getattr(arrays, n)[::FEWER_STIMULI] for n in ("train", "validation", "test")}
    arrays = replace(arrays, **few)
    with one_thread():
        measure_nonlinearity(encoder, replace(arrays, columns=np.arange(1)), RunSpec())
        return time_work(lambda: measure_nonlinearity(encoder, arrays, RunSpec()))


def draw_arrays(sizes: Sizes) -> tuple[SplitArrays, ResidualEncoder]:
    """Return what a calibration is given: noise, and an encoder with random weights."""
    rng = np.random.default_rng(0)
    n_stimuli = N_TRAIN + N_VALIDATION + sizes.n_test
    features = rng.standard_normal((n_stimuli, sizes.n_features), dtype=np.float32)
    n_drawn = min(sizes.n_voxels, DRAWN_VOXELS)
    responses = rng.standard_normal((n_stimuli, n_drawn), dtype=np.float32)
    columns = np.arange(sizes.n_voxels) % n_drawn
    rows = np.split(np.arange(n_stimuli), [N_TRAIN, N_TRAIN + N_VALIDATION])
    train, validation, test = rows
    return SplitArrays(features, responses, train, validation, test, columns), sizes.build()


def _show_part(arrays: SplitArrays) -> Tensor:
    return torch.from_numpy(arrays.features[arrays.test[::PARTS]])


def _draw_samples(arrays: SplitArrays) -> tuple[Samples, Samples]:
    """Return what is trained on and validated with."""
    responses = arrays.responses[:, arrays.columns]
    train, validation = (
        Samples(torch.from_numpy(arrays.features[r]), torch.from_numpy(responses[r]))
        for r in (arrays.train, arrays.validation)
    )
    return train, validation


def _run_part(arrays: SplitArrays, sizes: Sizes) -> None:
    """Do part of a run's work: some epochs of both fits, and the dispersion over some stimuli."""
    train, validation = _draw_samples(arrays)
    n_epochs = max(N_EPOCHS // PARTS, 1)
    spec = RunSpec(n_hidden=sizes.n_hidden, max_epochs=n_epochs, patience=n_epochs)
    for activation in ("identity", spec.activation):
        encoder = build_encoder(
            sizes.n_features, sizes.n_voxels, n_hidden=sizes.n_hidden, activation=activation
        )
        fit_encoder(encoder, train, validation, spec)
    stream_dispersion(encoder, _show_part(arrays))
