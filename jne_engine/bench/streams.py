"""Streamed JNE against the bare matrix product, and against rivals."""

from __future__ import annotations

import torch
from torch import Tensor

from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.sizes import Sizes
from jne_engine.bench.timing import Work, compare, time_best
from jne_engine.model.deviations import multiplies_bfloat16, round_operand
from jne_engine.model.dispersion import stream_dispersion
from jne_engine.model.encoders import ResidualEncoder
from jne_engine.model.spec import Precision

SAMPLED_VOXELS = 4
"""Backward passes timed; the rest is extrapolated, because each costs the same."""
JACREV_CHUNK = 64


def measure_stream(name: str, sizes: Sizes, precision: Precision, goal: Goal) -> Row:
    """Time streamed JNE against the product R·B of the same sizes and precision."""
    encoder, features = sizes.build(), sizes.draw()
    product = _bare_products(encoder, sizes, precision)
    how = (
        f"bare {precision} products ÷ streamed JNE, both passes, {sizes.n_stimuli} stimuli, "
        f"{sizes.n_features} → {sizes.n_hidden} ×3 → {sizes.n_voxels} voxels"
    )
    value = compare(product, _stream(encoder, features, precision), rounds=sizes.rounds)
    return _row(name, value, precision, goal, how)


def measure_long_stream(name: str, sizes: Sizes, precision: Precision, goal: Goal) -> Row:
    """Time streamed JNE of a whole task against its products, extrapolated from few stimuli.

    What is done once a call (rounding the readout, the gain in float32, the summary over stimuli)
    weighs on a few stimuli as it never does on a thousand: it is told apart by timing two sizes.
    """
    encoder, few, many = sizes.build(), sizes.n_stimuli, 3 * sizes.n_stimuli
    product = time_best(_bare_products(encoder, sizes, precision), rounds=sizes.rounds) / few
    short, long = (
        time_best(_stream(encoder, sizes.draw(n), precision), rounds=sizes.rounds)
        for n in (few, many)
    )
    a_stimulus = (long - short) / (many - few)
    whole = short + (sizes.n_test - few) * a_stimulus
    how = (
        f"bare {precision} products ÷ streamed JNE, both passes, {sizes.n_test} stimuli, "
        f"{sizes.n_features} → {sizes.n_hidden} ×3 → {sizes.n_voxels} voxels; extrapolated from "
        f"{few} and {many} stimuli"
    )
    return _row(name, sizes.n_test * product / whole, precision, goal, how)


def measure_backward(
    name: str, sizes: Sizes, precision: Precision, goal: Goal | None = None
) -> Row:
    """Time streamed JNE against one backward pass a voxel, as the published scripts do."""
    encoder, features = sizes.build(), sizes.draw()
    backward = _backward_voxels(encoder, sizes.draw(sizes.n_test))
    seconds_a_voxel = time_best(backward, rounds=1) / SAMPLED_VOXELS
    rival = seconds_a_voxel * sizes.n_voxels
    ours = time_best(_stream(encoder, features, precision), rounds=sizes.rounds)
    value = rival / (ours / sizes.n_stimuli * sizes.n_test)
    how = (
        f"one backward pass a voxel ÷ streamed JNE, {sizes.n_test} stimuli, {sizes.n_voxels} "
        f"voxels; extrapolated from {SAMPLED_VOXELS} voxels and from {sizes.n_stimuli} stimuli"
    )
    return _row(name, value, precision, goal, how)


def _row(name: str, value: float, precision: Precision, goal: Goal | None, how: str) -> Row:
    if precision == "float32" or multiplies_bfloat16(torch.device("cpu")):
        return Row(name, value, goal, how)
    how += "; this CPU has no native bfloat16: rounded operands, float32 products, no goal"
    return Row(name, value, None, how)


def measure_jacrev(name: str, sizes: Sizes) -> Row:
    """Time streamed JNE against chunked ``torch.func.jacrev`` of one stimulus."""
    encoder, features = sizes.build(), sizes.draw()
    rival = time_best(_jacrev_chunk(encoder, features[0]), rounds=sizes.rounds)
    rival_a_stimulus = rival / JACREV_CHUNK * sizes.n_voxels
    ours = time_best(_stream(encoder, features, "float32"), rounds=sizes.rounds)
    how = (
        f"chunked torch.func.jacrev ÷ streamed JNE a stimulus, {sizes.n_voxels} voxels; "
        f"extrapolated from one chunk of {JACREV_CHUNK} voxels"
    )
    return Row(name, rival_a_stimulus / (ours / sizes.n_stimuli), None, how)


def _stream(encoder: ResidualEncoder, features: Tensor, precision: Precision) -> Work:
    """Return a call of the stream as a long task meets it: no factors kept."""
    return lambda: stream_dispersion(encoder, features, precision=precision, cache_bytes=0)


def _bare_products(encoder: ResidualEncoder, sizes: Sizes, precision: Precision) -> Work:
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    readout = round_operand(encoder.readout.weight.detach(), dtype)
    factor = round_operand(torch.randn(sizes.n_hidden, sizes.n_features), dtype)
    product = torch.empty(sizes.n_voxels, sizes.n_features, dtype=readout.dtype)

    def multiply() -> None:
        for _ in range(sizes.n_stimuli):
            torch.mm(readout, factor, out=product)

    return multiply


def _backward_voxels(encoder: ResidualEncoder, features: Tensor) -> Work:
    """Return one backward pass for each of a few voxels, after one shared forward pass."""
    inputs = features.clone().requires_grad_(True)
    predictions = encoder(inputs)

    def differentiate() -> None:
        for voxel in range(SAMPLED_VOXELS):
            torch.autograd.grad(predictions[:, voxel].sum(), inputs, retain_graph=True)

    return differentiate


def _jacrev_chunk(encoder: ResidualEncoder, stimulus: Tensor) -> Work:
    pull_back = torch.func.vjp(lambda x: encoder(x.unsqueeze(0)).squeeze(0), stimulus)[1]
    cotangents = torch.zeros(JACREV_CHUNK, encoder.n_voxels)
    cotangents[torch.arange(JACREV_CHUNK), torch.arange(JACREV_CHUNK)] = 1
    return lambda: torch.func.vmap(pull_back)(cotangents)
