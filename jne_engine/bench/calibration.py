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
VOXEL_STEPS = (16_384, 32_768, 65_536)


def measure_calibration(name: str, sizes: Sizes, goal: Goal) -> Row:
    """Time the calibration in per cent of two fits and the dispersion of the same run."""
    sizes = replace(CALIBRATED, n_voxels=min(CALIBRATED.n_voxels, sizes.n_voxels))
    arrays, encoder = _draw(sizes)
    calibration = time_best(lambda: measure_nonlinearity(encoder, arrays, RunSpec()), rounds=2)
    run = time_best(lambda: _run(arrays, sizes), rounds=1)
    how = (
        f"calibration in % of two fits of {N_EPOCHS} epochs and the dispersion over "
        f"{sizes.n_test} stimuli, {sizes.n_features} features, {sizes.n_voxels} voxels"
    )
    return Row(name, 100 * calibration / run, goal, how)


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
    arrays, encoder = _draw(sizes)
    return time_best(lambda: measure_nonlinearity(encoder, arrays, RunSpec()), rounds=1)


def _draw(sizes: Sizes) -> tuple[SplitArrays, ResidualEncoder]:
    rng = np.random.default_rng(0)
    n_stimuli = N_TRAIN + N_VALIDATION + sizes.n_test
    features = rng.standard_normal((n_stimuli, sizes.n_features), dtype=np.float32)
    responses = rng.standard_normal((n_stimuli, sizes.n_voxels), dtype=np.float32)
    rows = np.split(np.arange(n_stimuli), [N_TRAIN, N_TRAIN + N_VALIDATION])
    train, validation, test = rows
    return SplitArrays(features, responses, train, validation, test), sizes.build()


def _run(arrays: SplitArrays, sizes: Sizes) -> None:
    """Do a run's work: both fits and the dispersion."""
    train, validation = (
        Samples(torch.from_numpy(arrays.features[r]), torch.from_numpy(arrays.responses[r]))
        for r in (arrays.train, arrays.validation)
    )
    spec = RunSpec(n_hidden=sizes.n_hidden, max_epochs=N_EPOCHS, patience=N_EPOCHS)
    for activation in ("identity", spec.activation):
        encoder = build_encoder(
            sizes.n_features, sizes.n_voxels, n_hidden=sizes.n_hidden, activation=activation
        )
        fit_encoder(encoder, train, validation, spec)
    stream_dispersion(encoder, torch.from_numpy(arrays.features[arrays.test]))
