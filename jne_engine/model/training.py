"""Fitting an encoder: AdamW on mean squared error, early stopping, best weights kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from jne_engine.core.errors import InputError
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.model.spec import RunSpec

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
        float32 tensors on the encoder's device; batches are cut from them without copies of
        the whole.
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
    for epoch in range(spec.max_epochs):
        train_losses.append(_fit_epoch(encoder, optimizer, train, spec.batch_size, shuffler))
        validation_losses.append(compute_loss(encoder, validation))
        best.offer(epoch, _finite(validation_losses[-1], epoch))
        on_epoch(epoch + 1, train_losses[-1], validation_losses[-1])
        progress(epoch + 1, spec.max_epochs)
        if epoch - best.epoch >= spec.patience:
            break
    best.restore()
    converged = len(validation_losses) - 1 - best.epoch >= spec.patience
    return LearningCurve(tuple(train_losses), tuple(validation_losses), best.epoch, converged)


@torch.no_grad()
def compute_loss(encoder: nn.Module, samples: Samples, *, batch_size: int = 1024) -> float:
    """Return the mean squared error over all stimuli and voxels of a split."""
    total = 0.0
    for rows in torch.split(torch.arange(len(samples.features)), batch_size):
        block = slice(int(rows[0]), int(rows[-1]) + 1)
        error = functional.mse_loss(encoder(samples.features[block]), samples.responses[block])
        total += float(error) * len(rows)
    return total / len(samples.features)


@torch.no_grad()
def predict(encoder: nn.Module, features: Tensor, *, batch_size: int = 1024) -> Tensor:
    """Return predicted responses, shape (n_stimuli, n_voxels), in batches of stimuli."""
    return torch.cat([encoder(block) for block in torch.split(features, batch_size)])


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
    train: Samples,
    batch_size: int | None,
    shuffler: torch.Generator,
) -> float:
    total = 0.0
    for features, responses in _batches(train, batch_size, shuffler):
        loss = functional.mse_loss(encoder(features), responses)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total += float(loss.detach()) * len(features)
    return total / len(train.features)


def _batches(
    train: Samples, batch_size: int | None, shuffler: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    n_stimuli = len(train.features)
    if batch_size is None or batch_size >= n_stimuli:
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
