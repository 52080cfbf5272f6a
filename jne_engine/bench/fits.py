"""Bootstrap against a resampling loop, and a training epoch against its products."""

from __future__ import annotations

import numpy as np
import torch

from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.sizes import Sizes
from jne_engine.bench.timing import Work, compare, time_best
from jne_engine.model.scoring import compute_bootstrap_pvalues, compute_r2, draw_bootstrap_counts
from jne_engine.model.spec import RunSpec
from jne_engine.model.training import Samples, fit_encoder

N_RESAMPLES = 200
LOOPED_RESAMPLES = 2
EPOCH_STIMULI = 1024
EPOCH_BATCH = 256


def measure_bootstrap(name: str, sizes: Sizes, goal: Goal) -> Row:
    """Time the bootstrap's products against a loop that copies each resample."""
    rng = np.random.default_rng(0)
    shape = (sizes.n_test, sizes.n_voxels)
    responses = rng.standard_normal(shape, dtype=np.float32)
    predictions = rng.standard_normal(shape, dtype=np.float32)
    counts = draw_bootstrap_counts(sizes.n_test, LOOPED_RESAMPLES).astype(int)
    resamples = [np.repeat(np.arange(sizes.n_test), row) for row in counts]

    def loop() -> None:
        for rows in resamples:
            compute_r2(responses[rows], predictions[rows])

    rival = time_best(loop, rounds=1) / LOOPED_RESAMPLES * N_RESAMPLES
    ours = time_best(
        lambda: compute_bootstrap_pvalues(responses, predictions, N_RESAMPLES),
        rounds=sizes.rounds,
    )
    how = (
        f"loop over {N_RESAMPLES} resamples ÷ matrix products, {shape[0]} stimuli × {shape[1]} "
        f"voxels; the loop extrapolated from {LOOPED_RESAMPLES} resamples"
    )
    return Row(name, rival / ours, goal, how)


def measure_epoch(name: str, sizes: Sizes, goal: Goal) -> Row:
    """Time one epoch of a fit against the matrix products that it cannot do without."""
    features = sizes.draw(EPOCH_STIMULI)
    responses = torch.randn(EPOCH_STIMULI, sizes.n_voxels)
    train = Samples(features, responses)
    held_out = Samples(features[:8], responses[:8])
    spec = RunSpec(max_epochs=1, batch_size=EPOCH_BATCH)
    encoder = sizes.build()
    products = _epoch_products(sizes)
    value = compare(
        products, lambda: fit_encoder(encoder, train, held_out, spec), rounds=sizes.rounds
    )
    how = (
        f"bare products ÷ one epoch with AdamW, {EPOCH_STIMULI} stimuli in batches of "
        f"{EPOCH_BATCH}, {sizes.n_voxels} voxels"
    )
    return Row(name, value, goal, how)


def _epoch_products(sizes: Sizes) -> Work:
    """Return an epoch's products: three a layer and batch, two for the first layer."""
    batch, hidden = EPOCH_BATCH, sizes.n_hidden
    layers = [(sizes.n_features, hidden), (hidden, hidden), (hidden, hidden)]
    layers.append((hidden, sizes.n_voxels))
    operands = [
        (torch.randn(batch, i), torch.randn(o, i), torch.randn(batch, o)) for i, o in layers
    ]

    def multiply() -> None:
        for _ in range(EPOCH_STIMULI // batch):
            for index, (inputs, weight, gradient) in enumerate(operands):
                torch.mm(inputs, weight.T)
                torch.mm(gradient.T, inputs)
                if index > 0:
                    torch.mm(gradient, weight)

    return multiply
