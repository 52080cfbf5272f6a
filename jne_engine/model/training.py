"""Fitting an encoder: AdamW on mean squared error, early stopping, best weights kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from jne_engine.core.devices import Blocks, device_of
from jne_engine.core.errors import InputError
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.model.deviations import cut_blocks
from jne_engine.model.spec import RunSpec

LOSS_BATCH = 1024

EpochReport = Callable[[int, float, float], None]
"""Called as ``report(epoch, train_loss, validation_loss)``, epochs counted from 1."""


def ignore_epoch(epoch: int, train_loss: float, validation_loss: float) -> None:
    """Take an epoch's losses and do nothing with them."""


@dataclass(frozen=True)
class LearningCurve:
    """Losses of a fit, one entry an epoch.

    Parameters
    ----------
    train_loss : tuple of float
        Mean squared error over the epoch's batches, as they were met.
    validation_loss : tuple of float
        Mean squared error on the validation stimuli after the epoch.
    best_epoch : int
        Zero-based epoch whose weights were kept.
    converged : bool
        True when the fit stopped because validation no longer improved.
    """

    train_loss: tuple[float, ...]
    validation_loss: tuple[float, ...]
    best_epoch: int
    converged: bool


@dataclass(frozen=True, eq=False)
class Samples:
    """Features (n_stimuli, n_features) and responses (n_stimuli, n_voxels) of one split."""

    features: Tensor
    responses: Tensor


def fit_encoder(
    encoder: nn.Module,
    train: Samples,
    validation: Samples,
    spec: RunSpec,
    *,
    progress: Progress = ignore_progress,
    on_epoch: EpochReport = ignore_epoch,
) -> LearningCurve:
    """Fit an encoder in place and leave it with its best weights.

    Parameters
    ----------
    encoder : torch.nn.Module
        Maps (n, n_features) to (n, n_voxels); changed in place.
    train, validation : Samples
        float32 tensors on the encoder's device or in the computer's memory; batches are cut
        from them without copies of the whole. Where the device's memory runs out in a step, its
        gradient is summed over parts of the batch.
    spec : RunSpec
        Batch size (None: full batch), epochs, patience, learning rate, weight decay, seed.
    progress : callable
        Called as ``progress(epoch, max_epochs)`` after each epoch.
    on_epoch : callable
        Called as ``on_epoch(epoch, train_loss, validation_loss)`` before that.

    Returns
    -------
    LearningCurve

    Raises
    ------
    InputError
        If the loss stops being finite; the fix names what to lower.

    References
    ----------
    arXiv 2510.13688, section 4.1. The scripts keep the last weights; the best are kept here.
    """
    optimizer = torch.optim.AdamW(
        encoder.parameters(), lr=spec.learning_rate, weight_decay=spec.weight_decay, fused=True
    )
    shuffler = torch.Generator().manual_seed(spec.seed)
    train_losses: list[float] = []
    validation_losses: list[float] = []
    best = _BestWeights(encoder)
    batch = min(spec.batch_size or len(train.features), len(train.features))
    blocks = Blocks("stimuli of a step", batch), Blocks("validation stimuli", LOSS_BATCH)
    for epoch in range(spec.max_epochs):
        train_losses.append(
            _fit_epoch(encoder, optimizer, _batches(train, batch, shuffler), blocks[0])
        )
        validation_losses.append(compute_loss(encoder, validation, blocks[1]))
        best.offer(epoch, _finite(validation_losses[-1], epoch))
        on_epoch(epoch + 1, train_losses[-1], validation_losses[-1])
        progress(epoch + 1, spec.max_epochs)
        if epoch - best.epoch >= spec.patience:
            break
    best.restore()
    converged = len(validation_losses) - 1 - best.epoch >= spec.patience
    return LearningCurve(tuple(train_losses), tuple(validation_losses), best.epoch, converged)


@torch.no_grad()
def compute_loss(encoder: nn.Module, samples: Samples, blocks: Blocks | None = None) -> float:
    """Return the mean squared error over all stimuli and voxels of a split."""
    device, total = device_of(encoder), 0.0

    def add(rows: slice) -> None:
        nonlocal total
        responses = samples.responses[rows].to(device)
        error = functional.mse_loss(encoder(samples.features[rows].to(device)), responses)
        total += float(error) * len(responses)

    (blocks or Blocks("validation stimuli", LOSS_BATCH)).each(len(samples.features), add)
    return total / len(samples.features)


@torch.no_grad()
def predict(encoder: nn.Module, features: Tensor, *, batch_size: int = 1024) -> Tensor:
    """Return predicted responses, shape (n_stimuli, n_voxels), in batches of stimuli.

    They are computed on the encoder's device and lie in the computer's memory.
    """
    device, found = device_of(encoder), list[Tensor]()

    def add(rows: slice) -> None:
        found.append(encoder(features[rows].to(device)).cpu())

    Blocks("stimuli of a prediction", batch_size).each(len(features), add)
    return torch.cat(found)


def place_samples(samples: Samples, device: torch.device) -> Samples:
    """Return a split on a device, or as it is where it would take more than half of what is free.

    A split that stays is brought to the device batch by batch.
    """
    n_bytes = sum(t.numel() * t.element_size() for t in (samples.features, samples.responses))
    if device.type == "cuda" and n_bytes > torch.cuda.mem_get_info(device)[0] / 2:
        return samples
    return Samples(samples.features.to(device), samples.responses.to(device))


class _BestWeights:
    """The weights of the epoch with the lowest validation loss so far."""

    def __init__(self, encoder: nn.Module) -> None:
        self.encoder = encoder
        self.epoch = 0
        self.loss = float("inf")
        self.weights = {k: v.detach().clone() for k, v in encoder.state_dict().items()}

    def offer(self, epoch: int, loss: float) -> None:
        """Keep the present weights if their loss is lower than any before."""
        if loss >= self.loss:
            return
        self.epoch, self.loss = epoch, loss
        for name, value in self.encoder.state_dict().items():
            self.weights[name].copy_(value)

    def restore(self) -> None:
        """Put the best weights back into the encoder."""
        self.encoder.load_state_dict(self.weights)


def _fit_epoch(
    encoder: nn.Module,
    optimizer: torch.optim.Optimizer,
    batches: Iterable[tuple[Tensor, Tensor]],
    blocks: Blocks,
) -> float:
    total, n_stimuli = 0.0, 0
    for features, responses in batches:
        descend = partial(_compute_gradient, encoder, optimizer, features, responses)
        loss = blocks.run(descend)
        optimizer.step()
        total += loss * len(features)
        n_stimuli += len(features)
    return total / n_stimuli


def _compute_gradient(
    encoder: nn.Module,
    optimizer: torch.optim.Optimizer,
    features: Tensor,
    responses: Tensor,
    block: int,
) -> float:
    """Leave the gradient of a batch in the encoder, summed over its blocks; return the loss."""
    optimizer.zero_grad(set_to_none=True)
    device, total = device_of(encoder), 0.0
    for rows in cut_blocks(len(features), block):
        known, measured = features[rows].to(device), responses[rows].to(device)
        loss = functional.mse_loss(encoder(known), measured) * (len(known) / len(features))
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(loss.detach())
    return total


def _batches(
    train: Samples, batch_size: int, shuffler: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    n_stimuli = len(train.features)
    if batch_size >= n_stimuli:
        yield train.features, train.responses
        return
    order = torch.randperm(n_stimuli, generator=shuffler).to(train.features.device)
    for rows in torch.split(order, batch_size):
        yield train.features[rows], train.responses[rows]


def _finite(loss: float, epoch: int) -> float:
    if loss != loss or loss in (float("inf"), float("-inf")):
        found = f"{loss} after epoch {epoch + 1}"
        raise InputError("validation loss", "a finite number", found, "lower the learning rate")
    return loss
