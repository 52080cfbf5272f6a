"""The calibration of a run against the run's own work, measured in the same process."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.scaling import fit_exponent
from jne_engine.bench.sizes import Sizes
from jne_engine.bench.timing import time_best
from jne_engine.model.dispersion import stream_dispersion
from jne_engine.model.encoders import ResidualEncoder, build_encoder
from jne_engine.model.nonlinearity import SplitArrays, measure_nonlinearity
from jne_engine.model.spec import RunSpec
from jne_engine.model.training import Samples, fit_encoder

CALIBRATED = Sizes(n_features=492, n_hidden=256, n_voxels=10_000, n_test=600)
"""The demo's sizes, at which the share of a run is promised."""
N_TRAIN, N_VALIDATION = 2100, 300
N_EPOCHS = 20
"""Epochs of the two fits that are timed; one run of the demo has taken 22 and 16."""
VOXEL_STEPS = (20_484, 81_936, 327_684)
DRAWN_VOXELS = 4096
"""Responses that are drawn; where there are more voxels, they take these again and again."""


def measure_calibration(name: str, sizes: Sizes, goal: Goal) -> Row:
    """Time share and test in per cent of two fits and the dispersion of the same run."""
    arrays, encoder, sizes = _draw_run(sizes)
    seconds = time_best(lambda: measure_nonlinearity(encoder, arrays, RunSpec()), rounds=2)
    return _in_percent(name, seconds, arrays, sizes, goal)


def measure_calibrated_jne(name: str, sizes: Sizes) -> Row:
    """Time the stream of the calibrated JNE likewise: one dispersion more, of another readout."""
    arrays, encoder, sizes = _draw_run(sizes)
    calibrated = measure_nonlinearity(encoder, arrays, RunSpec()).encoder
    shown = torch.from_numpy(arrays.features[arrays.test])
    seconds = time_best(lambda: stream_dispersion(calibrated, shown), rounds=2)
    return _in_percent(name, seconds, arrays, sizes, None)


def _draw_run(sizes: Sizes) -> tuple[SplitArrays, ResidualEncoder, Sizes]:
    sizes = replace(CALIBRATED, n_voxels=min(CALIBRATED.n_voxels, sizes.n_voxels))
    return *draw_arrays(sizes), sizes


def _in_percent(
    name: str, seconds: float, arrays: SplitArrays, sizes: Sizes, goal: Goal | None
) -> Row:
    run = time_best(lambda: _run(arrays, sizes), rounds=1)
    how = (
        f"in % of two fits of {N_EPOCHS} epochs and the dispersion over "
        f"{sizes.n_test} stimuli, {sizes.n_features} features, {sizes.n_voxels} voxels"
    )
    return Row(name, 100 * seconds / run, goal, how)


def measure_calibration_exponent(name: str, sizes: Sizes, goal: Goal) -> Row:
    """Fit log seconds of the calibration against log voxels, less what is done once a run."""
    few = replace(CALIBRATED, n_voxels=1)
    steps = [min(step, 2 ** (i + 1) * sizes.n_voxels) for i, step in enumerate(VOXEL_STEPS)]
    once, *seconds = (_time(replace(few, n_voxels=n)) for n in (1, *steps))
    value = fit_exponent(steps, [max(s - once, 1e-9) for s in seconds])
    listed = ", ".join(str(step) for step in steps)
    return Row(
        name, value, goal, f"seconds of the calibration over voxels {listed}, less those of 1"
    )


def _time(sizes: Sizes) -> float:
    arrays, encoder = draw_arrays(sizes)
    return time_best(lambda: measure_nonlinearity(encoder, arrays, RunSpec()), rounds=1)


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


def _run(arrays: SplitArrays, sizes: Sizes) -> None:
    """Do a run's work: both fits and the dispersion."""
    responses = arrays.responses[:, arrays.columns]
    train, validation = (
        Samples(torch.from_numpy(arrays.features[r]), torch.from_numpy(responses[r]))
        for r in (arrays.train, arrays.validation)
    )
    spec = RunSpec(n_hidden=sizes.n_hidden, max_epochs=N_EPOCHS, patience=N_EPOCHS)
    for activation in ("identity", spec.activation):
        encoder = build_encoder(
            sizes.n_features, sizes.n_voxels, n_hidden=sizes.n_hidden, activation=activation
        )
        fit_encoder(encoder, train, validation, spec)
    stream_dispersion(encoder, torch.from_numpy(arrays.features[arrays.test]))
