"""The fit as a run makes it: of the responses, or of what a linear path leaves of them.

The plain encoder's hidden layers have to learn what is linear too, and stop when the mean over
voxels no longer improves. Fitted to what a ridge a voxel leaves, they learn what is not linear
alone. The prediction is the sum of both, one module, and the linear path's Jacobian is the same
for all stimuli: JNE is that of the hidden layers.

Axes: s stimulus, f feature, v voxel.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jne_engine.core.devices import device_of, find_exact
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.model.deviations import cut_blocks
from jne_engine.model.encoders import ResidualEncoder
from jne_engine.model.nonlinearity import LINEAR_ALPHAS, VOXEL_BLOCK
from jne_engine.model.ridge import Ridge, pool_scale
from jne_engine.model.spec import RunSpec
from jne_engine.model.training import EpochReport, LearningCurve, Samples, fit_encoder, ignore_epoch


def fit_chosen(
    encoder: ResidualEncoder,
    train: Samples,
    validation: Samples,
    spec: RunSpec,
    *,
    progress: Progress = ignore_progress,
    on_epoch: EpochReport = ignore_epoch,
) -> LearningCurve:
    """Fit an encoder in place as ``spec.linear_first`` says; the linear twin never is.

    Linear first, the encoder is given the linear path of :func:`fit_linear_path`, which stays
    as it is, and a readout of 0, so that the fit starts at the ridge's prediction. Losses are
    those of the whole prediction.

    Parameters
    ----------
    encoder : ResidualEncoder
        As it was built.
    train, validation, spec, progress, on_epoch
        As in :func:`~jne_engine.model.training.fit_encoder`.

    Returns
    -------
    LearningCurve
    """
    if spec.linear_first and encoder.activation != "identity":
        device = device_of(encoder)
        linear = fit_linear_path(train, validation, find_exact(device))
        encoder.linear = linear.to(device)
        nn.init.zeros_(encoder.readout.weight)
    return fit_encoder(encoder, train, validation, spec, progress=progress, on_epoch=on_epoch)


@torch.no_grad()
def fit_linear_path(
    train: Samples, validation: Samples, device: torch.device | None = None
) -> nn.Linear:
    """Return a ridge a voxel as a layer with biases, its penalty chosen on validation.

    It is the linear path of :mod:`jne_engine.model.nonlinearity`: the same penalties, on features
    divided by one number, their pooled deviation.

    Parameters
    ----------
    train, validation : Samples
        Finite values.
    device : torch.device, optional
        Where the layer is computed and lies, one that has float64; the samples' own by default.

    Returns
    -------
    torch.nn.Linear
        No gradients. Weights of (n_voxels, n_features) and a copy of one block of voxels are
        what it takes of memory.
    """
    given, held_out = (s.features.to(device) for s in (train, validation))
    mean, scale = pool_scale(given.double())
    known, unseen = (((x - mean) / scale).to(x) for x in (given, held_out))
    ridge = Ridge(known, unseen, LINEAR_ALPHAS)
    n_voxels = train.responses.shape[1]
    weight = given.new_empty(n_voxels, len(mean))
    for voxels in cut_blocks(n_voxels, VOXEL_BLOCK):
        parts = (s.responses[:, voxels].to(device) for s in (train, validation))
        weight[voxels] = _fit_block(ridge, *parts) / scale
    bias = train.responses.cpu().double().mean(dim=0).to(mean) - weight.double() @ mean
    with torch.device("meta"):
        linear = nn.Linear(len(mean), n_voxels)
    linear.weight = nn.Parameter(weight, requires_grad=False)
    linear.bias = nn.Parameter(bias.to(weight), requires_grad=False)
    return linear


def _fit_block(ridge: Ridge, responses: Tensor, validation: Tensor) -> Tensor:
    """Return a block's weights on the scaled features, (n_block, n_features)."""
    mean = responses.mean(dim=0)
    fit = ridge.fit(ridge.projection @ (responses - mean), validation - mean)
    return ridge.find_weights(fit).T
