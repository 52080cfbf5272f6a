"""The last hidden layer of an encoder: its states, and an encoder with another readout.

Of a :class:`~jne_engine.model.encoders.ResidualEncoder` it is known. Of any other module it is
the output of the layer that its owner names, caught by a hook while the module runs.

Axes: s stimulus, f feature, h hidden unit, v voxel.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError
from jne_engine.model.encoders import ResidualEncoder

STIMULUS_BATCH = 1024
LEAST_UNIT = 1e-4
"""A hidden unit counts where at least this part of its standard deviation is not linear in the
features; below, what is left of it is rounding."""
LEAST_DIRECTION = 1e-5
"""A direction of the features counts from this part of the leading one's deviation up."""


class HiddenLayer(nn.Module):
    """Runs a module and returns the output of one of its layers instead.

    Parameters
    ----------
    module : torch.nn.Module
        Maps (n, n_features) to anything.
    layer : str
        Name of a submodule, as ``module.named_modules()`` gives it. Its output must have one
        row a stimulus; further axes are put in a row.

    Raises
    ------
    InputError
        If the module has no layer of that name.
    """

    def __init__(self, module: nn.Module, layer: str) -> None:
        super().__init__()
        names = [name for name, _ in module.named_modules() if name]
        check_choice("layer", layer, names, fix="name a layer of the encoder")
        self.module, self.layer = module, layer

    def forward(self, features: Tensor) -> Tensor:
        """Return the layer's output, shape (n_stimuli, n_hidden).

        Raises
        ------
        InputError
            If the layer does not run, or gives no row a stimulus.
        """
        caught: list[object] = []
        hook = self.module.get_submodule(self.layer).register_forward_hook(
            lambda _module, _inputs, output: caught.append(output)
        )
        try:
            self.module(features)
        finally:
            hook.remove()
        output = caught[-1] if caught else None
        if not isinstance(output, Tensor) or output.ndim < 2 or len(output) != len(features):
            found = str(tuple(output.shape)) if isinstance(output, Tensor) else repr(type(output))
            fix = "name a layer that runs once and gives one row a stimulus"
            raise InputError(f"layer {self.layer}", "(n_stimuli, n_hidden)", found, fix)
        return output.flatten(1)


@torch.no_grad()
def read_hidden(encoder: nn.Module, features: Tensor, layer: str | None = None) -> Tensor:
    """Return the last hidden state of every stimulus, in eval mode and in batches.

    Parameters
    ----------
    encoder : torch.nn.Module
    features : torch.Tensor, shape (n_stimuli, n_features)
    layer : str, optional
        Name of the last hidden layer; needed where the encoder is not a ResidualEncoder.

    Returns
    -------
    torch.Tensor, shape (n_stimuli, n_hidden)

    Raises
    ------
    InputError
        If nobody says which layer it is, or the layer does not fit.
    """
    if isinstance(encoder, ResidualEncoder):
        return torch.cat([encoder.hidden(rows) for rows in torch.split(features, STIMULUS_BATCH)])
    trunk = _name_layer(encoder, layer)
    training = encoder.training
    encoder.eval()
    try:
        return torch.cat([trunk(rows) for rows in torch.split(features, STIMULUS_BATCH)])
    finally:
        encoder.train(training)


def replace_readout(encoder: nn.Module, readout: Tensor, layer: str | None = None) -> nn.Module:
    """Return an encoder with the same hidden layers and another readout, of bias 0, alone.

    Parameters
    ----------
    encoder : torch.nn.Module
        Stays as it is; its hidden layers are shared, not copied. A linear path beside them is
        left out.
    readout : torch.Tensor, shape (n_voxels, n_hidden)
    layer : str, optional
        As in :func:`read_hidden`.

    Returns
    -------
    torch.nn.Module
        A :class:`~jne_engine.model.encoders.ResidualEncoder` of one, so that its Jacobian keeps
        the closed form; else the hidden layer followed by a linear one.

    Raises
    ------
    InputError
        If nobody says which layer it is.
    """
    n_voxels, n_hidden = readout.shape
    has_bias = isinstance(encoder, ResidualEncoder) and encoder.first.bias is not None
    with torch.device("meta"):
        last = nn.Linear(n_hidden, n_voxels, bias=has_bias)
    last.weight = nn.Parameter(readout, requires_grad=False)
    if has_bias:
        last.bias = nn.Parameter(readout.new_zeros(n_voxels), requires_grad=False)
    if not isinstance(encoder, ResidualEncoder):
        return nn.Sequential(_name_layer(encoder, layer), last)
    other = copy.copy(encoder)
    other._modules = {**encoder._modules, "readout": last, "linear": None}
    return other


def _name_layer(encoder: nn.Module, layer: str | None) -> HiddenLayer:
    if layer is None:
        fix = "name its last hidden layer"
        found = type(encoder).__name__
        raise InputError("encoder", "a ResidualEncoder, or a layer's name", found, fix)
    return HiddenLayer(encoder, layer)


def span_features(features: Tensor) -> Tensor:
    """Return orthonormal columns that span [x, 1] less 1: the leading direction first."""
    centred = features - features.mean(dim=0)
    left, singular, _ = torch.linalg.svd(centred, full_matrices=False)
    leading: Tensor = left[:, singular > LEAST_DIRECTION * singular[0]]
    return leading


def take_out_linear(hidden: Tensor, basis: Tensor, train: Tensor) -> tuple[Tensor, Tensor]:
    """Return hidden units less what [x, 1] explains, at unit variance, and 1 / their deviation.

    A unit that is linear over these stimuli becomes 0 with scale 0.
    """
    centred = hidden - hidden.mean(dim=0)
    rest = centred - basis @ (basis.T @ centred)
    rest -= rest[train].mean(dim=0)
    deviation = rest[train].square().mean(dim=0).sqrt()
    bends = deviation > LEAST_UNIT * centred.square().mean(dim=0).sqrt()
    scale = torch.where(bends, 1 / deviation, 0)
    return torch.where(bends, rest * scale, 0), scale
