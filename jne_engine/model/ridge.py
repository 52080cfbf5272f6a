"""Ridge regression of many voxels at once, each with the penalty that suits it.

With V and λ the eigenvectors and eigenvalues of XᵀX, X the standardised training features, the
weights of voxel v at penalty α are V diag(1 / (λ + α)) (X V)ᵀ y_v. One decomposition serves all
voxels and all penalties, so that the cost is a few matrix products, linear in the number of voxels.

Axes: s stimulus, f feature, c component, v voxel.

References
----------
Hoerl and Kennard (1970), Technometrics 12, 55-67.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

LEAST_STRENGTH = 1e-13
"""A direction counts from this part of the leading one's variance up; below, it is rounding."""


@dataclass(frozen=True, eq=False)
class RidgeFit:
    """A block of voxels, fitted.

    Parameters
    ----------
    coordinates : torch.Tensor, shape (n_components, n_voxels)
        Weights along the features' principal directions; see :meth:`Ridge.rotate`.
    alpha : torch.Tensor of float64, shape (n_voxels,)
        Each voxel's penalty, the one with the least error on the validation stimuli.
    variance : torch.Tensor, shape (n_voxels,)
        Variance of the predictions over the training stimuli.
    """

    coordinates: Tensor
    alpha: Tensor
    variance: Tensor


def pool_scale(train: Tensor) -> tuple[Tensor, Tensor]:
    """Return each feature's mean, and one number for all: their pooled deviation, 1 if it is 0.

    One number for all keeps what their variances say, and makes the penalties free of unit.
    """
    mean = train.mean(dim=0)
    scale = (train - mean).square().mean().sqrt()
    return mean, torch.where(scale > 0, scale, 1)


class Ridge:
    """Ridge regression on given features, decomposed once.

    Predictions are formed of coordinates along principal directions, so that weights need not be.

    Parameters
    ----------
    train : torch.Tensor, shape (n_train, n_features)
        Features, each of mean 0 over the training stimuli.
    validation : torch.Tensor, shape (n_validation, n_features)
        Features of the stimuli that choose the penalty, on the same scale.
    alphas : sequence of float
        Penalties to choose from, all above 0.

    Attributes
    ----------
    projection : torch.Tensor, shape (n_components, n_train)
        (X V)ᵀ, which takes training responses to what :meth:`fit` takes.
    """

    def __init__(self, train: Tensor, validation: Tensor, alphas: Sequence[float]) -> None:
        wide = train.double()
        strength, directions = torch.linalg.eigh(wide.T @ wide)
        kept = strength > LEAST_STRENGTH * strength[-1]
        strength, self._directions = strength[kept], directions[:, kept]
        self._alphas = torch.tensor(alphas, dtype=torch.float64, device=train.device)
        self._n_train, dtype = train.shape[0], train.dtype
        self.projection = self.rotate(train).T.contiguous()
        self._strength = strength.to(dtype)
        self._shrink = (1 / (strength + self._alphas[:, None])).to(dtype)
        self._held_out = self.rotate(validation)

    def rotate(self, features: Tensor) -> Tensor:
        """Return features along the principal directions, (n, n_components).

        Their product with a fit's coordinates is its prediction.
        """
        rotated: Tensor = features.double() @ self._directions
        return rotated.to(features.dtype)

    def find_weights(self, fit: RidgeFit) -> Tensor:
        """Return weights on the features of the regression, (n_features, n_voxels)."""
        weights: Tensor = self._directions.to(fit.coordinates.dtype) @ fit.coordinates
        return weights

    def fit(self, projected: Tensor, validation: Tensor) -> RidgeFit:
        """Fit a block of voxels.

        Parameters
        ----------
        projected : torch.Tensor, shape (n_components, n_voxels)
            :attr:`projection` @ responses, each of mean 0 over the training stimuli.
        validation : torch.Tensor, shape (n_validation, n_voxels)
            Responses, less the same mean.

        Returns
        -------
        RidgeFit
        """
        chosen = self._choose(projected, validation)
        coordinates = self._shrink[chosen].T * projected
        variance = self._strength @ coordinates.square() / self._n_train
        return RidgeFit(coordinates, self._alphas[chosen], variance)

    def _choose(self, projected: Tensor, validation: Tensor) -> Tensor:
        """Return which penalty has the least squared error on validation, (n_voxels,)."""
        rest = torch.empty_like(validation)
        errors = [
            torch.addmm(validation, self._held_out * shrink, projected, alpha=-1, out=rest)
            .square_()
            .sum(dim=0)
            for shrink in self._shrink
        ]
        return torch.stack(errors).argmin(dim=0)
