"""Jacobians of predicted responses by features, kept as factors.

For a residual encoder the Jacobian of stimulus s is a product R·B_s of the readout
R (v × h), the same for all stimuli, and a small factor B_s (h × f). Everything that
is linear in the Jacobian (its mean, centring) is done on B_s, so the tensor
(stimuli × features × voxels) never has to exist. A module that is not ours has no
such readout: its factor is the Jacobian itself (v × f), from :mod:`torch.func`.

Axes: s stimulus, f feature, h hidden unit, v voxel.

References
----------
arXiv 2510.13688, section 3.2, equations for dŷ/dx.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Protocol

import torch
from torch import Tensor, nn

from jne_engine.core.errors import InputError
from jne_engine.model.encoders import ACTIVATION_PAIRS, ResidualEncoder

CHUNK_BYTES = 256 * 2**20
"""Memory that one call of ``torch.func`` may spend on tangents or cotangents."""


class JacobianFactors(Protocol):
    """Every stimulus's Jacobian as ``readout @ factor(s)``, shape (n_voxels, n_features)."""

    n_stimuli: int
    n_features: int
    n_voxels: int
    n_bent: int
    """Rows of a factor that depend on the stimulus; they are the first."""
    readout: Tensor | None
    """Shape (n_voxels, n_hidden); None where the factor is the Jacobian itself."""

    def factor(self, stimulus: int) -> Tensor:
        """Return B_s, shape (n_hidden or n_voxels, n_features)."""
        ...

    def mean_factor(self) -> Tensor:
        """Return B̄ over stimuli, summed in float64, in the factors' shape and dtype."""
        ...


class AnalyticFactors:
    """Closed-form factors of a :class:`ResidualEncoder`.

    B_s = (I + D₃W₃)(I + D₂W₂) D₁W₁ with D_k the diagonal of φ′. Where φ′ is 0 or 1,
    the products skip the inactive rows.

    A linear path W_lin beside them joins as more hidden units, which are the features: with it
    the readout is [R, W_lin] and the factor [B_s; I].

    Parameters
    ----------
    encoder : ResidualEncoder
        Its weights are used as they are, on their device and in their precision.
    features : torch.Tensor, shape (n_stimuli, n_features)
    voxels : torch.Tensor of int64, optional
        Columns to keep; all by default.
    """

    def __init__(
        self, encoder: ResidualEncoder, features: Tensor, voxels: Tensor | None = None
    ) -> None:
        readout = encoder.readout.weight.detach()
        self.n_bent, self._has_linear = encoder.n_hidden, encoder.linear is not None
        if encoder.linear is not None:
            readout = torch.cat([readout, encoder.linear.weight.detach()], dim=1)
        self.readout: Tensor | None = readout if voxels is None else readout[voxels]
        self.n_stimuli, self.n_features = features.shape
        self.n_voxels = len(self.readout)
        self._first = encoder.first.weight.detach()
        self._blocks = [weight.detach() for weight in encoder.block_weights]
        with torch.no_grad():
            self._slopes = encoder.slopes(features).transpose(0, 1)
        self._gates = ACTIVATION_PAIRS[encoder.activation].gates_rows

    def factor(self, stimulus: int) -> Tensor:
        """Return B_s, shape (n_hidden, n_features); n_features more rows with a linear path."""
        compose = _compose_gated if self._gates else _compose
        return self._join_linear(compose(self._first, self._blocks, self._slopes[stimulus]))

    def mean_factor(self) -> Tensor:
        """Return B̄, shape as :meth:`factor`.

        B_s = A_s W₁ with A_s = (I + D₃W₃)(I + D₂W₂) D₁. Where φ′ is 0 or 1, A_s has columns of
        open units only and starts from the identity, so that averaging A_s and multiplying by
        W₁ once takes about half of the work of forming every B_s.
        """
        if not self._gates:
            return average_factors(self)
        n_hidden = len(self._first)
        total = torch.zeros(n_hidden, n_hidden, dtype=torch.float64, device=self._first.device)
        for slopes in self._slopes:
            paths, inputs = _open_paths(self._blocks, slopes)
            total.index_add_(0, inputs, paths.T.double())
        mean = total.T.div(self.n_stimuli) @ self._first.double()
        return self._join_linear(mean.to(self._first.dtype))

    def _join_linear(self, factor: Tensor) -> Tensor:
        if not self._has_linear:
            return factor
        eye = torch.eye(self.n_features, dtype=factor.dtype, device=factor.device)
        return torch.cat([factor, eye])


class AutodiffFactors:
    """Jacobians of any module by :mod:`torch.func`, one stimulus at a time.

    Forward mode (one product a feature) where there are more voxels than features,
    else reverse mode (one a voxel); both in chunks bounded by memory.

    Parameters
    ----------
    module : torch.nn.Module
        Maps (1, n_features) to (1, n_voxels); evaluated in eval mode.
    features : torch.Tensor, shape (n_stimuli, n_features)
    voxels : torch.Tensor of int64, optional
        Columns to keep; all by default.
    """

    readout: Tensor | None = None

    def __init__(self, module: nn.Module, features: Tensor, voxels: Tensor | None = None) -> None:
        self._module = module
        self._features = features
        self._voxels = voxels
        self.n_stimuli, self.n_features = features.shape
        with _evaluating(module), torch.no_grad():
            self.n_voxels = self.n_bent = int(self._predict(features[0]).numel())
        self._differentiate = self._choose_mode()

    def factor(self, stimulus: int) -> Tensor:
        """Return the Jacobian of one stimulus, shape (n_voxels, n_features)."""
        with _evaluating(self._module):
            return self._differentiate(self._features[stimulus]).detach()

    def mean_factor(self) -> Tensor:
        """Return the mean Jacobian, shape (n_voxels, n_features)."""
        return average_factors(self)

    def _predict(self, stimulus: Tensor) -> Tensor:
        """Predict the kept voxels of a single stimulus, shape (n_voxels,)."""
        predictions: Tensor = self._module(stimulus.unsqueeze(0)).squeeze(0)
        return predictions if self._voxels is None else predictions[self._voxels]

    def _choose_mode(self) -> Callable[[Tensor], Tensor]:
        """Pick the mode with fewer products and a chunk that fits the memory."""
        chunk = max(1, CHUNK_BYTES // (4 * max(self.n_voxels, self.n_features)))
        if self.n_voxels <= self.n_features:
            return torch.func.jacrev(self._predict, chunk_size=chunk)
        return partial(self._push_forward, chunk=chunk)

    def _push_forward(self, stimulus: Tensor, *, chunk: int) -> Tensor:
        def push(tangent: Tensor) -> Tensor:
            change: Tensor = torch.func.jvp(self._predict, (stimulus,), (tangent,))[1]
            return change

        tangents = torch.eye(self.n_features, dtype=stimulus.dtype, device=stimulus.device)
        return torch.func.vmap(push, out_dims=1, chunk_size=chunk)(tangents)


def factorise(
    encoder: nn.Module, features: Tensor, voxels: Tensor | None = None
) -> JacobianFactors:
    """Choose the closed form for our encoders and :mod:`torch.func` for any other module.

    Parameters
    ----------
    encoder : torch.nn.Module
        Maps (n, n_features) to (n, n_voxels).
    features : torch.Tensor, shape (n_stimuli, n_features)
    voxels : torch.Tensor of int64, optional
        Columns to keep; all by default.

    Raises
    ------
    InputError
        If the features are not a matrix of the encoder's width.
    """
    if features.ndim != 2 or 0 in features.shape:
        fix = "pass one row a stimulus"
        raise InputError("features", "(n_stimuli, n_features)", str(tuple(features.shape)), fix)
    if not isinstance(encoder, ResidualEncoder):
        return AutodiffFactors(encoder, features, voxels)
    if features.shape[1] != encoder.n_features:
        fix = "pass the features that the encoder was fitted to"
        found = str(features.shape[1])
        raise InputError("features", f"{encoder.n_features} features", found, fix)
    return AnalyticFactors(encoder, features, voxels)


def average_factors(factors: JacobianFactors) -> Tensor:
    """Return B̄ by forming every B_s, summed in float64."""
    factor = factors.factor(0)
    total = factor.to(torch.float64, copy=True)
    for stimulus in range(1, factors.n_stimuli):
        total += factors.factor(stimulus)
    return (total / factors.n_stimuli).to(factor.dtype)


@torch.no_grad()
def compute_jacobian(encoder: nn.Module, features: Tensor, voxels: Tensor | None = None) -> Tensor:
    """Return the dense Jacobian of every stimulus, for small sizes.

    Parameters
    ----------
    encoder : torch.nn.Module
        Maps (n, n_features) to (n, n_voxels).
    features : torch.Tensor, shape (n_stimuli, n_features)
    voxels : torch.Tensor of int64, optional
        Columns to keep; all by default.

    Returns
    -------
    torch.Tensor, shape (n_stimuli, n_features, n_voxels)
        J[s, f, v] = ∂ŷ_v / ∂x_f at stimulus s. Costs that many numbers of memory:
        1000 × 768 × 20,000 in float32 are 61 GB; use
        :func:`jne_engine.model.dispersion.stream_dispersion` there.

    References
    ----------
    arXiv 2510.13688, section 3.2.
    """
    factors = factorise(encoder, features, voxels)
    rows = [_dense(factors, stimulus) for stimulus in range(factors.n_stimuli)]
    return torch.stack(rows).transpose(1, 2)


def _dense(factors: JacobianFactors, stimulus: int) -> Tensor:
    """Return one stimulus's Jacobian, shape (n_voxels, n_features)."""
    factor = factors.factor(stimulus)
    return factor if factors.readout is None else factors.readout @ factor


def _compose(first: Tensor, blocks: list[Tensor], slopes: Tensor) -> Tensor:
    """Multiply the layers' Jacobians for any activation, shape (n_hidden, n_features)."""
    factor = slopes[0].unsqueeze(1) * first
    for weight, slope in zip(blocks, slopes[1:], strict=True):
        factor = torch.addcmul(factor, slope.unsqueeze(1), weight @ factor)
    return factor


def _compose_gated(first: Tensor, blocks: list[Tensor], slopes: Tensor) -> Tensor:
    """Multiply the layers' Jacobians where φ′ is 0 or 1, leaving inactive rows out."""
    inputs, *outputs = _open_units(slopes)
    factor = torch.zeros_like(first)
    factor[inputs] = first[inputs]
    filled = inputs
    for weight, rows in zip(blocks, outputs, strict=True):
        taken = weight.index_select(0, rows).index_select(1, filled)
        _add_to_rows(factor, rows, taken, factor.index_select(0, filled))
        filled = _union(filled, rows, len(factor))
    return factor


def _open_paths(blocks: list[Tensor], slopes: Tensor) -> tuple[Tensor, Tensor]:
    """Return the open columns of (I + D₃W₃)(I + D₂W₂) D₁, and which units they are.

    The columns' own units keep an identity throughout, so only what is added to it is
    multiplied; the first block adds its weights as they are.
    """
    inputs, *outputs = _open_units(slopes)
    n_hidden = slopes.shape[1]
    added = torch.zeros(n_hidden, len(inputs), dtype=slopes.dtype, device=slopes.device)
    filled = inputs[:0]
    for weight, rows in zip(blocks, outputs, strict=True):
        taken = weight.index_select(0, rows)
        through = taken.index_select(1, filled), added.index_select(0, filled)
        _add_to_rows(added, rows, *through)
        added[rows] += taken.index_select(1, inputs)
        filled = _union(filled, rows, n_hidden)
    added[inputs, torch.arange(len(inputs), device=inputs.device)] += 1
    return added, inputs


def _add_to_rows(target: Tensor, rows: Tensor, left: Tensor, right: Tensor) -> None:
    target.index_copy_(0, rows, target.index_select(0, rows).addmm_(left, right))


def _open_units(slopes: Tensor) -> list[Tensor]:
    """Return the units of each layer whose slope is not 0."""
    return [slope.nonzero()[:, 0] for slope in slopes]


def _union(first: Tensor, second: Tensor, size: int) -> Tensor:
    is_in = torch.zeros(size, dtype=torch.bool, device=first.device)
    is_in[first] = True
    is_in[second] = True
    return is_in.nonzero()[:, 0]


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(training)
