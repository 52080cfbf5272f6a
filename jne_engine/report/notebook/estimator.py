"""The nonlinear encoder and its measures as an estimator in scikit-learn's manner."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import torch
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from jne_engine.core.arrays import Float32Array, Float64Array
from jne_engine.core.devices import Device, find_device, find_exact
from jne_engine.datasets.arrays.memory import choose_splits
from jne_engine.datasets.splits import DEFAULT_FRACTIONS
from jne_engine.model.dispersion import stream_dispersion
from jne_engine.model.encoders import build_encoder
from jne_engine.model.linear_first import fit_chosen
from jne_engine.model.nonlinearity import ESTIMATES, measure_nonlinearity
from jne_engine.model.scaling import Scaling
from jne_engine.model.spec import RunSpec
from jne_engine.model.split_arrays import SplitArrays
from jne_engine.model.training import Samples, place_samples, predict

if TYPE_CHECKING:
    from jne_engine.datasets.dataset import Splits

FEWEST_STIMULI = 3
"""One each to train, validate and test."""


class NonlinearEncoder(MultiOutputMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A nonlinear voxelwise encoding model, with JNE and the nonlinear share of every voxel.

    ``fit`` divides its stimuli: most train, some choose the epoch, and some are held out, over
    which JNE, JNE-SS and the share are measured; equal stimuli stay together. Features and
    responses are standardised over the training stimuli and predictions come back in the
    responses' units.

    Parameters
    ----------
    n_hidden, n_blocks, activation, batch_size, max_epochs, patience, learning_rate, weight_decay
        As in :class:`~jne_engine.model.spec.RunSpec`, whose defaults they have.
    linear_first : bool
        Fit the nonlinear encoder to what a ridge leaves; see ``RunSpec``.
    n_resamples : int
        Bootstrap resamples of the held-out stimuli for the share's interval.
    fractions : tuple of float
        Shares of the stimuli that train, validate and are held out.
    random_state : int, numpy.random.RandomState or None
        Decides splits, weights, batches and resamples.
    device : {"auto", "cpu", "cuda", "mps"}
        Where to compute; see :func:`~jne_engine.core.devices.find_device`.

    Attributes
    ----------
    encoder_ : torch.nn.Module
        The fitted encoder, of standardised features and responses, in the computer's memory.
    splits_ : Splits
        Rows of ``train``, ``validation`` and ``test``, the last held out.
    jne_, jne_calibrated_ : numpy.ndarray of float32, shape (n_voxels,)
        JNE of the encoder, and of its calibrated readout; in the responses' per the features'
        standard deviations.
    jne_ss_ : numpy.ndarray of float32, shape (n_held_out, n_voxels)
        JNE-SS of each held-out stimulus, in the order of ``splits_.test``.
    nonlinear_share_, nonlinear_share_low_, nonlinear_share_high_ : numpy.ndarray of float32
        Share of each voxel's predicted variance that is nonlinear, with its 95 % interval; NaN
        where it cannot be told.
    nonlinear_share_fitted_ : numpy.ndarray of float32, shape (n_voxels,)
        The same of the fitted predictions over training stimuli.
    p_nonlinearity_, q_nonlinearity_ : numpy.ndarray of float32, shape (n_voxels,)
        Of the test that a voxel is nonlinear; see docs/nonlinearity.md.
    n_features_in_ : int
        Features that ``fit`` saw.

    References
    ----------
    arXiv 2510.13688; docs/nonlinearity.md for the share.
    """

    def __init__(
        self,
        *,
        n_hidden: int = 1024,
        n_blocks: int = 2,
        activation: str = "relu",
        batch_size: int | None = 256,
        max_epochs: int = 512,
        patience: int = 8,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-2,
        linear_first: bool = False,
        n_resamples: int = 200,
        fractions: tuple[float, float, float] = DEFAULT_FRACTIONS,
        random_state: Any = 0,
        device: Device = "auto",
    ) -> None:
        self.n_hidden = n_hidden
        self.n_blocks = n_blocks
        self.activation = activation
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.linear_first = linear_first
        self.n_resamples = n_resamples
        self.fractions = fractions
        self.random_state = random_state
        self.device = device

    def fit(
        self,
        X: npt.ArrayLike,  # noqa: N803 - scikit-learn's name
        y: npt.ArrayLike,
        *,
        splits: Mapping[str, npt.ArrayLike] | None = None,
        groups: Sequence[object] | None = None,
    ) -> Self:
        """Fit the encoder and measure its nonlinearity.

        Parameters
        ----------
        X : array, shape (n_stimuli, n_features)
        y : array, shape (n_stimuli, n_voxels) or (n_stimuli,)
            All finite; ``jne_engine.fit`` takes columns with NaN too.
        splits : mapping of {"train", "validation", "test"} to array, optional
            Rows of each split, or a mask over the rows; drawn by default.
        groups : sequence, optional
            Run or session of each row, whose rows stay in one split.

        Returns
        -------
        NonlinearEncoder
            Itself.

        Raises
        ------
        ValueError, InputError
            If the arrays do not fit each other or a choice cannot be.
        """
        x, measured = validate_data(
            self, X, y, multi_output=True, y_numeric=True, ensure_min_samples=FEWEST_STIMULI
        )
        self._is_single = measured.ndim == 1
        features = np.asarray(x, dtype=np.float32)
        responses = np.asarray(measured, dtype=np.float64).reshape(len(features), -1)
        spec = self._choose()
        self.splits_, _ = choose_splits(
            features, splits, seed=spec.seed, groups=groups, fractions=self.fractions
        )
        train = self.splits_.train
        self._x, self._y = Scaling.fit(x, train), Scaling.fit(responses, train)
        self._fit(self._x.apply(x), self._y.apply(responses), spec)
        return self

    def _choose(self) -> RunSpec:
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = check_random_state(seed).randint(np.iinfo(np.int32).max)
        names = ("n_hidden", "n_blocks", "activation", "batch_size", "max_epochs", "patience",
                 "learning_rate", "weight_decay", "linear_first", "n_resamples")  # fmt: skip
        return RunSpec(seed=int(seed), **{name: getattr(self, name) for name in names})

    def _fit(self, features: Float32Array, responses: Float32Array, spec: RunSpec) -> None:
        """Fit to standardised arrays, then measure over the held-out rows."""
        splits: Splits = self.splits_
        device = find_device(self.device)
        x, y = torch.from_numpy(features), torch.from_numpy(responses)
        self.encoder_ = build_encoder(
            features.shape[1],
            responses.shape[1],
            n_hidden=spec.n_hidden,
            n_blocks=spec.n_blocks,
            activation=spec.activation,
            seed=spec.seed,
        ).to(device)
        parts = (Samples(x[r], y[r]) for r in (splits.train, splits.validation))
        train, validation = (place_samples(part, device) for part in parts)
        fit_chosen(self.encoder_, train, validation, spec)
        self.encoder_.to(find_exact(device))
        arrays = SplitArrays(features, responses, splits.train, splits.validation, splits.test)
        found = measure_nonlinearity(self.encoder_, arrays, spec)
        for name in (*ESTIMATES, "q_nonlinearity"):
            setattr(self, f"{name}_", getattr(found, name))
        held_out = stream_dispersion(self.encoder_, x[splits.test])
        self.jne_, self.jne_ss_ = held_out.jne.numpy(), _to_array(held_out.jne_ss)
        calibrated = stream_dispersion(found.encoder, x[splits.test]).jne.numpy()
        self.jne_calibrated_ = found.hide_unknown(calibrated)
        self.encoder_.cpu()

    def predict(self, X: npt.ArrayLike) -> Float64Array:  # noqa: N803 - scikit-learn's name
        """Return predicted responses in the responses' units, computed in float64.

        Parameters
        ----------
        X : array, shape (n_stimuli, n_features)

        Returns
        -------
        numpy.ndarray of float64, shape (n_stimuli, n_voxels), or (n_stimuli,) as ``y`` was
        """
        check_is_fitted(self)
        x = np.asarray(validate_data(self, X, reset=False), dtype=np.float64)
        features = torch.from_numpy((x - self._x.mean) / self._x.scale)
        exact = copy.deepcopy(self.encoder_).double().to(find_exact(find_device(self.device)))
        scaled = predict(exact, features).numpy()
        predicted: Float64Array = scaled * self._y.scale + self._y.mean
        return predicted[:, 0] if self._is_single else predicted


def _to_array(values: torch.Tensor | None) -> Float32Array:
    assert values is not None  # without an outside sink they are in memory
    return values.numpy()
