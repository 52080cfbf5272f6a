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
        encoder.linear = fit_linear_path(train, validation)
        nn.init.zeros_(encoder.readout.weight)
    return fit_encoder(encoder, train, validation, spec, progress=progress, on_epoch=on_epoch)


@torch.no_grad()
def fit_linear_path(train: Samples, validation: Samples) -> nn.Linear:
    """Return a ridge a voxel as a layer with biases, its penalty chosen on validation.

    It is the linear path of :mod:`jne_engine.model.nonlinearity`: the same penalties, on features
    divided by one number, their pooled deviation.

    Parameters
    ----------
    train, validation : Samples
        Finite values on one device.

    Returns
    -------
    torch.nn.Linear
        No gradients. Weights of (n_voxels, n_features) and a copy of one block of voxels are
        what it takes of memory.
    """
    mean, scale = pool_scale(train.features.double())
    known, unseen = (((s.features - mean) / scale).to(s.features) for s in (train, validation))
    ridge = Ridge(known, unseen, LINEAR_ALPHAS)
    n_voxels = train.responses.shape[1]
    weight = train.features.new_empty(n_voxels, len(mean))
    for voxels in cut_blocks(n_voxels, VOXEL_BLOCK):
        weight[voxels] = _fit_block(ridge, train.responses[:, voxels], validation, voxels) / scale
    bias = train.responses.double().mean(dim=0) - weight.double() @ mean
    with torch.device("meta"):
        linear = nn.Linear(len(mean), n_voxels)
    linear.weight = nn.Parameter(weight, requires_grad=False)
    linear.bias = nn.Parameter(bias.to(weight), requires_grad=False)
    return linear


def _fit_block(ridge: Ridge, responses: Tensor, validation: Samples, voxels: slice) -> Tensor:
    """Return a block's weights on the scaled features, (n_block, n_features)."""
    mean = responses.mean(dim=0)
    held_out = validation.responses[:, voxels] - mean
    fit = ridge.fit(ridge.projection @ (responses - mean), held_out)
    return ridge.find_weights(fit).T
