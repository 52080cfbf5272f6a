"""Ridge regression of many voxels at once, each with the penalty that suits it.

With U S Vᵀ the singular value decomposition of the standardised training features, the weights
of voxel v at penalty α are V diag(s / (s² + α)) Uᵀ y_v. One decomposition serves all voxels and
all penalties, so that the cost is a few matrix products, linear in the number of voxels.

Axes: s stimulus, f feature, c singular component, v voxel.

References
----------
Hoerl and Kennard (1970), Technometrics 12, 55-67.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class RidgeFit:
    """Weights of a block of voxels.

    Parameters
    ----------
    weights : torch.Tensor, shape (n_features, n_voxels)
        On the standardised features that the regression was made of.
    alpha : torch.Tensor of float64, shape (n_voxels,)
        Each voxel's penalty, the one with the least error on the validation stimuli.
    variance : torch.Tensor, shape (n_voxels,)
        Variance of the predictions over the training stimuli.
    """

    weights: Tensor
    alpha: Tensor
    variance: Tensor


class Ridge:
    """Ridge regression on given features, decomposed once.

    Parameters
    ----------
    train : torch.Tensor, shape (n_train, n_features)
        Features, each of mean 0 over the training stimuli.
    validation : torch.Tensor, shape (n_validation, n_features)
        Features of the stimuli that choose the penalty, on the same scale.
    alphas : sequence of float
        Penalties to choose from, all above 0.
    """

    def __init__(self, train: Tensor, validation: Tensor, alphas: Sequence[float]) -> None:
        left, singular, right = torch.linalg.svd(train.double(), full_matrices=False)
        self._alphas = torch.tensor(alphas, dtype=torch.float64, device=train.device)
        shrink = singular / (singular.square() + self._alphas[:, None])
        dtype = train.dtype
        self._rotate, self._back = left.T.to(dtype), right.T.to(dtype)
        self._singular, self._shrink = singular.to(dtype), shrink.to(dtype)
        self._held_out = (validation.double() @ right.T).to(dtype)

    def fit(self, train: Tensor, validation: Tensor) -> RidgeFit:
        """Fit a block of voxels.

        Parameters
        ----------
        train : torch.Tensor, shape (n_train, n_voxels)
            Responses, each of mean 0 over the training stimuli.
        validation : torch.Tensor, shape (n_validation, n_voxels)
            Responses, less the same mean.

        Returns
        -------
        RidgeFit
        """
        rotated = self._rotate @ train
        chosen = self._choose(rotated, validation)
        coordinates = self._shrink[chosen].T * rotated
        variance = (self._singular[:, None] * coordinates).square().sum(dim=0) / len(train)
        return RidgeFit(self._back @ coordinates, self._alphas[chosen], variance)

    def _choose(self, rotated: Tensor, validation: Tensor) -> Tensor:
        """Return which penalty has the least squared error on validation, (n_voxels,)."""
        errors = [
            torch.addmm(validation, self._held_out * shrink, rotated, alpha=-1).square_().sum(dim=0)
            for shrink in self._shrink
        ]
        return torch.stack(errors).argmin(dim=0)
