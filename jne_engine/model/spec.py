"""The choices that turn a dataset into a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

from jne_engine.core.checks import check_choice, check_positive
from jne_engine.core.errors import InputError

Activation = Literal["identity", "relu", "leaky_relu", "gelu", "tanh", "swish"]
Standardise = Literal["training", "run", "none"]
Precision = Literal["float32", "bfloat16", "auto"]

ACTIVATIONS: tuple[Activation, ...] = ("identity", "relu", "leaky_relu", "gelu", "tanh", "swish")
STANDARDISE: tuple[Standardise, ...] = ("training", "run", "none")
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16", "auto")


@dataclass(frozen=True)
class RunSpec:
    """Every choice that turns a dataset into a run.

    Parameters
    ----------
    n_hidden : int
        Units of each hidden layer (the paper: 1024).
    n_blocks : int
        Residual blocks after the first layer (the paper: 2).
    activation : str
        Activation of the nonlinear encoder; its linear twin uses ``"identity"``.
    bias : bool
        Whether layers have biases (the authors' scripts: no).
    batch_size : int or None
        Stimuli a step; None is full batch, the paper's setting.
    max_epochs, patience : int
        Epochs at most, and epochs without a better validation loss before stopping.
    learning_rate, weight_decay : float
        AdamW's settings; the defaults are torch's.
    seed : int
        Seed of weights, batches and bootstrap.
    n_resamples : int
        Bootstrap resamples of the test stimuli.
    fdr_q : float
        Level of the Benjamini-Hochberg correction.
    precision : {"float32", "bfloat16", "auto"}
        Operand precision of the streamed products; sums are always wider.
    standardise : {"training", "run", "none"}
        Whether each feature and each voxel is centred and scaled by its mean and standard
        deviation over the training stimuli before the fit; ``"run"``: within each run or session
        by those of its own training stimuli; ``"none"`` takes both as they are, as the authors'
        scripts do with data that are z-scored within each run.
    linear_first : bool
        Whether the nonlinear encoder is fitted to what a ridge a voxel leaves, and predicts the
        sum of both; see :mod:`jne_engine.model.linear_first`. The published fit does not.
    """

    n_hidden: int = 1024
    n_blocks: int = 2
    activation: Activation = "relu"
    bias: bool = False
    batch_size: int | None = 256
    max_epochs: int = 512
    patience: int = 8
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    seed: int = 0
    n_resamples: int = 200
    fdr_q: float = 0.05
    precision: Precision = "float32"
    standardise: Standardise = "training"
    linear_first: bool = False

    def __post_init__(self) -> None:
        """Validate each choice."""
        for name in ("n_hidden", "max_epochs", "patience", "learning_rate", "n_resamples"):
            check_positive(name, getattr(self, name))
        if self.batch_size is not None:
            check_positive("batch_size", self.batch_size)
        if self.n_blocks < 0 or self.weight_decay < 0:
            raise InputError("n_blocks, weight_decay", "0 or more", "a negative number", "raise it")
        if not 0 < self.fdr_q < 1:
            raise InputError("fdr_q", "a level between 0 and 1", repr(self.fdr_q), "try 0.05")
        check_choice("activation", self.activation, ACTIVATIONS)
        check_choice("precision", self.precision, PRECISIONS)
        check_choice("standardise", self.standardise, STANDARDISE)
        if self.linear_first and self.activation == "identity":
            fix = "choose relu, or fit without it"
            raise InputError("linear_first", "an activation that bends", "identity", fix)

    @classmethod
    def paper(cls, **changes: Any) -> Self:
        """Return the paper's settings: full batch, data as they are, 1024 hidden units, ReLU."""
        return cls(**{"batch_size": None, "standardise": "none", **changes})

    def to_dict(self) -> dict[str, Any]:
        """Return the choices as plain values that JSON can hold.

        ``linear_first`` is among them only where it is chosen, so that runs from before there
        was a choice keep their keys.
        """
        values = asdict(self)
        if not self.linear_first:
            del values["linear_first"]
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read the choices back, ignoring names that this version does not know."""
        known = {f.name for f in fields(cls)}
        older = {"standardise": "none"}  # runs from before there was a choice
        return cls(**{k: v for k, v in {**older, **values}.items() if k in known})
