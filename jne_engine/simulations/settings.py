"""Settings of every simulation: full size by default, :meth:`reduced` for interactive use.

References
----------
Gao et al. (2025), arXiv 2510.13688, section 4.2 and appendices A.7 and A.9.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import product
from types import MappingProxyType
from typing import Any, ClassVar, Literal, NamedTuple, Self

from jne_engine.core.checks import check_choice, check_positive
from jne_engine.core.errors import InputError
from jne_engine.model.spec import ACTIVATIONS, Activation

Placement = Literal["none", "loc1", "loc2", "both"]
Wiring = Literal["both", "second", "none"]
Planting = Literal["thresholds", "gains", "symmetric"]

PLACEMENTS: tuple[Placement, ...] = ("none", "loc1", "loc2", "both")
WIRINGS: tuple[Wiring, ...] = ("both", "second", "none")
PLANTINGS: tuple[Planting, ...] = ("thresholds", "gains", "symmetric")
NONLINEAR_ACTIVATIONS: tuple[Activation, ...] = tuple(a for a in ACTIVATIONS if a != "identity")
PAPER_ACTIVATIONS: tuple[Activation, ...] = ("relu", "leaky_relu", "gelu", "swish")

NONLINEAR_FRACTIONS: tuple[float, ...] = (0.1, 0.3, 0.6, 0.9)
"""Fractions of nonlinear voxels for which the power at q < .05 is told."""
SMALLEST_SIMULATED = 500
"""Stimuli of the power: fewer than the features, 492, leave no unit that is not linear."""

RESULT_NAMES: Mapping[Wiring, str] = MappingProxyType(
    {"both": "networks", "second": "networks-second-skip", "none": "networks-no-skip"}
)
"""Name of each wiring's result, so that all three can be stored side by side."""


@dataclass(frozen=True)
class SimulationSettings:
    """What all settings share: reduced sizes, and plain values for JSON."""

    REDUCED: ClassVar[dict[str, Any]] = {}

    @classmethod
    def reduced(cls, **changes: Any) -> Self:
        """Return sizes that take well under a second on one core."""
        return cls(**{**cls.REDUCED, **changes})

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values that JSON can hold."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read settings back.

        Raises
        ------
        InputError
            If a name is unknown or a value out of range.
        """
        known = [f.name for f in fields(cls)]
        for name in values:
            check_choice("simulation setting", name, known)
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


@dataclass(frozen=True)
class ActivationSettings(SimulationSettings):
    """Settings of I-1, JNE of a single neuron along its input.

    Parameters
    ----------
    activations : tuple of str
        Activations to show.
    half_range, step : float
        Centres run from −half_range to +half_range in this step; 0 is one of them.
    half_window : float
        Half the width of the window of inputs about a centre.
    n_points : int
        Inputs in a window, equally spaced, both ends included.
    """

    REDUCED: ClassVar[dict[str, Any]] = {"step": 0.1, "n_points": 101}

    activations: tuple[Activation, ...] = NONLINEAR_ACTIVATIONS
    half_range: float = 10.0
    step: float = 0.02
    half_window: float = 0.001
    n_points: int = 1001

    def __post_init__(self) -> None:
        """Validate each choice."""
        _check_activations(self.activations)
        for name in ("half_range", "step", "half_window"):
            check_positive(name, getattr(self, name))
        _check_count("n_points", self.n_points, 2)


@dataclass(frozen=True)
class NetworkSettings(SimulationSettings):
    """Settings of I-2, JNE of untrained networks by where their nonlinearity sits.

    Parameters
    ----------
    activations : tuple of str
        φ of the nonlinear placements.
    wiring : {"both", "second", "none"}
        Hidden layers that a residual skip goes around. ``"both"`` gives the paper's order.
    width : int
        Input features and units of each hidden layer.
    n_stimuli, n_repetitions : int
        Inputs, and networks with weights of their own.
    half_range : float
        Inputs are uniform between −half_range and +half_range.
    fresh_inputs : bool
        Draw new inputs for each repetition. The paper names only the weights as fresh, so
        that by default all repetitions see the same inputs.
    seed : int
        Seed of weights and inputs.
    """

    REDUCED: ClassVar[dict[str, Any]] = {"width": 96, "n_stimuli": 200, "n_repetitions": 20}

    activations: tuple[Activation, ...] = PAPER_ACTIVATIONS
    wiring: Wiring = "both"
    width: int = 768
    n_stimuli: int = 1000
    n_repetitions: int = 200
    half_range: float = 10.0
    fresh_inputs: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Validate each choice."""
        _check_activations(self.activations)
        check_choice("wiring", self.wiring, WIRINGS)
        check_positive("half_range", self.half_range)
        for name in ("width", "n_repetitions"):
            _check_count(name, getattr(self, name), 1)
        _check_count("n_stimuli", self.n_stimuli, 2)


@dataclass(frozen=True)
class SampleSizeSettings(SimulationSettings):
    """Settings of A.7, how many stimuli JNE needs.

    Parameters
    ----------
    sample_sizes : tuple of int
        Numbers N of Jacobians that JNE is computed from.
    n_features : int
        Length of each Jacobian.
    n_points : int
        Points x at which fresh Jacobians are drawn and scaled by |sin x|.
    half_range : float
        The points lie equally spaced from −half_range to +half_range.
    seed : int
        Seed of the Jacobians.
    """

    REDUCED: ClassVar[dict[str, Any]] = {
        "sample_sizes": (10, 20, 50, 100), "n_features": 96, "n_points": 501,
    }  # fmt: skip

    sample_sizes: tuple[int, ...] = (10, 20, 30, 50, 100, 200, 300, 500, 1000)
    n_features: int = 768
    n_points: int = 1001
    half_range: float = 10.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Validate each choice."""
        _check_some("sample_sizes", self.sample_sizes)
        for size in self.sample_sizes:
            _check_count("sample size", size, 2)
        _check_count("n_features", self.n_features, 1)
        _check_count("n_points", self.n_points, 3)
        check_positive("half_range", self.half_range)


@dataclass(frozen=True)
class InputScaleSettings(SimulationSettings):
    """Settings of A.7, whether JNE depends on the inputs' distribution and scale.

    Parameters
    ----------
    uniform_half_ranges : tuple of float
        Half-widths of uniform inputs about 0.
    normal_sds : tuple of float
        Standard deviations of normal inputs about 0.
    activations, wiring, width, n_stimuli, n_repetitions, seed
        As in :class:`NetworkSettings`. A repetition's weights, and its inputs up to the
        scale, are the same for all distributions of a kind.
    """

    REDUCED: ClassVar[dict[str, Any]] = {"width": 64, "n_stimuli": 150, "n_repetitions": 4}

    uniform_half_ranges: tuple[float, ...] = (1.0, 10.0, 100.0, 1000.0, 10000.0)
    normal_sds: tuple[float, ...] = (1.0, 10.0, 100.0, 1000.0)
    activations: tuple[Activation, ...] = PAPER_ACTIVATIONS
    wiring: Wiring = "both"
    width: int = 768
    n_stimuli: int = 1000
    n_repetitions: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        """Validate each choice."""
        _check_activations(self.activations)
        check_choice("wiring", self.wiring, WIRINGS)
        for scale in self.uniform_half_ranges + self.normal_sds:
            check_positive("input scale", scale)
        for name in ("width", "n_repetitions"):
            _check_count(name, getattr(self, name), 1)
        _check_count("n_stimuli", self.n_stimuli, 2)


class RecoveryCondition(NamedTuple):
    """One simulated subject and how it is fitted."""

    planting: Planting
    signal_to_noise: float
    n_train: int
    batch_size: int | None
    seed: int


@dataclass(frozen=True)
class RecoverySettings(SimulationSettings):
    """Settings of the recovery of a planted nonlinear share.

    Every combination of signal-to-noise, training size, batch size and seed is run with
    thresholds planted; the other plantings at the base condition only (the second
    signal-to-noise ratio, the largest training size, the first batch size).

    Parameters
    ----------
    plantings : tuple of {"thresholds", "gains", "symmetric"}
        ``"thresholds"``: units that open beyond a threshold; ``"gains"``: the same, with
        voxels of unequal response gain; ``"symmetric"``: half the voxels built of units
        whose slope is as often above as below its mean.
    signal_to_noise : tuple of float
        Signal variance over noise variance of a single presentation.
    n_train : tuple of int
        Training stimuli.
    batch_sizes : tuple of int or None
        Stimuli a step; None is full batch.
    n_seeds : int
        Simulated subjects of each condition.
    n_features, n_units, units_per_voxel, n_voxels : int
        Sizes of the planted model: features, shared nonlinear units, how many of them
        a voxel uses, voxels.
    n_validation, n_test : int
        Stimuli held out.
    n_hidden : int
        Hidden units of the fitted encoders.
    max_epochs : int
        Epochs at most.
    gain_spread : float
        Standard deviation of the log gain where gains are planted.
    n_resamples : int
        Bootstrap resamples of the voxels.
    """

    REDUCED: ClassVar[dict[str, Any]] = {
        "plantings": ("thresholds",), "signal_to_noise": (1.0,), "n_train": (512,),
        "batch_sizes": (128,), "n_seeds": 1, "n_features": 16, "n_units": 8,
        "units_per_voxel": 2, "n_voxels": 60, "n_validation": 128, "n_test": 64,
        "n_hidden": 48, "max_epochs": 40,
    }  # fmt: skip

    plantings: tuple[Planting, ...] = PLANTINGS
    signal_to_noise: tuple[float, ...] = (0.1, 0.3, 1.0)
    n_train: tuple[int, ...] = (1000, 4000)
    batch_sizes: tuple[int | None, ...] = (256, None)
    n_seeds: int = 3
    n_features: int = 32
    n_units: int = 8
    units_per_voxel: int = 2
    n_voxels: int = 200
    n_validation: int = 500
    n_test: int = 300
    n_hidden: int = 128
    max_epochs: int = 512
    gain_spread: float = 0.5
    n_resamples: int = 1000

    def __post_init__(self) -> None:
        """Validate each choice."""
        for name in ("plantings", "signal_to_noise", "n_train", "batch_sizes"):
            _check_some(name, getattr(self, name))
        for planting in self.plantings:
            check_choice("planting", planting, PLANTINGS)
        for ratio in self.signal_to_noise:
            check_positive("signal_to_noise", ratio)
        for name in ("n_seeds", "n_features", "n_hidden", "max_epochs", "n_resamples"):
            _check_count(name, getattr(self, name), 1)
        for name in ("n_voxels", "n_validation", "n_test"):
            _check_count(name, getattr(self, name), 8)
        if not 2 * self.units_per_voxel <= self.n_units <= self.n_features:
            found = f"{self.units_per_voxel}, {self.n_units}, {self.n_features}"
            expected = "2 × units_per_voxel ≤ n_units ≤ n_features"
            raise InputError("recovery sizes", expected, found, "plant fewer units")

    def conditions(self) -> list[RecoveryCondition]:
        """Return every subject to simulate, in order."""
        grid = product(self.signal_to_noise, self.n_train, self.batch_sizes, range(self.n_seeds))
        all_conditions = [RecoveryCondition("thresholds", *cell) for cell in grid]
        base = self.signal_to_noise[min(1, len(self.signal_to_noise) - 1)]
        others = product(self.plantings, range(self.n_seeds))
        all_conditions += [
            RecoveryCondition(planting, base, max(self.n_train), self.batch_sizes[0], seed)
            for planting, seed in others
            if planting != "thresholds"
        ]
        return [c for c in all_conditions if c.planting in self.plantings]


@dataclass(frozen=True)
class CalibrationSettings(SimulationSettings):
    """Settings of the calibration of measures on simulated subjects of known nonlinear share.

    Parameters
    ----------
    plantings : tuple of str
        Which shares are planted, as
        :data:`~jne_engine.simulations.subject.recipe.PLANTINGS` names them.
    n_seeds : int
        Subjects of each planting; each draws its own pictures, units, weights and noise.
    n_stimuli, n_test : int
        Pictures in all, and those held out; a tenth of all goes to validation.
    n_vertices : int
        About how many vertices; 10,067 are all.
    n_hidden : int
        Hidden units of the fitted encoders.
    max_epochs : int
        Epochs at most.
    n_jacobians : int
        Test stimuli whose Jacobians enter JNE and its variants.
    autocorrelation : float
        Of features and noise from one stimulus to the next; above 0 each split is one stretch.
    block, stimuli_a_direction : int
        As in :class:`~jne_engine.model.score_test.ScoreDesign`.
    weight_decay : float
        Of the encoders' fits.
    linear_first : bool
        Whether the nonlinear encoder is fitted to what a ridge a voxel leaves.
    ceiling : float
        Noise ceiling of all voxels; 0 leaves each voxel the one that is drawn for it.
    layer : int
        Layer of Gabor features that subjects are looked at through. Shares are planted in
        layer 0: to another, what is linear in layer 0 is not.
    """

    REDUCED: ClassVar[dict[str, Any]] = {
        "n_stimuli": 1500, "n_test": 360, "n_vertices": 500, "n_hidden": 128, "n_jacobians": 100,
    }  # fmt: skip

    plantings: tuple[str, ...] = (
        "v1-linear",
        "mixed",
        "mostly-linear",
        "mostly-nonlinear",
        "linear",
    )
    n_seeds: int = 10
    n_stimuli: int = 3000
    n_test: int = 600
    n_vertices: int = 10_067
    n_hidden: int = 256
    max_epochs: int = 512
    n_jacobians: int = 300
    autocorrelation: float = 0.0
    block: int = 1
    stimuli_a_direction: int = 12
    weight_decay: float = 1e-2
    linear_first: bool = False
    ceiling: float = 0.0
    layer: int = 0

    def __post_init__(self) -> None:
        """Validate each choice."""
        _check_some("plantings", self.plantings)
        for name in ("n_seeds", "n_hidden", "max_epochs", "n_vertices"):
            _check_count(name, getattr(self, name), 1)
        _check_count("n_jacobians", self.n_jacobians, 2)
        _check_count("n_test", self.n_test, self.n_jacobians)
        for name in ("block", "stimuli_a_direction"):
            _check_count(name, getattr(self, name), 1)
        _check_count("layer", self.layer, 0)
        if not 0 <= self.ceiling < 1:
            raise InputError("ceiling", "0 or more and below 1", repr(self.ceiling), "lower it")
        if not 0 <= self.autocorrelation < 1:
            found = repr(self.autocorrelation)
            raise InputError("autocorrelation", "0 or more and below 1", found, "lower it")


@dataclass(frozen=True)
class PowerSettings(SimulationSettings):
    """Settings of the power before scanning: which nonlinear shares are found with which data.

    Parameters
    ----------
    n_stimuli : tuple of int
        Pictures in all, of which a fifth is test and a tenth validation.
    ceilings : tuple of float
        Noise ceilings of the mean response, the same for all voxels of a subject: explainable
        variance over variance, above 0 and below 1.
    n_seeds : int
        Subjects of each number of stimuli and ceiling; each draws its own pictures.
    n_vertices : int
        About how many vertices.
    n_hidden : int
        Hidden units of the fitted encoder.
    max_epochs : int
        Epochs at most.
    """

    REDUCED: ClassVar[dict[str, Any]] = {
        "n_stimuli": (600, 900), "ceilings": (0.2, 0.6), "n_seeds": 1, "n_vertices": 100,
        "n_hidden": 16, "max_epochs": 16,
    }  # fmt: skip

    n_stimuli: tuple[int, ...] = (1000, 2000, 4000, 8000)
    ceilings: tuple[float, ...] = (0.1, 0.2, 0.4, 0.7)
    n_seeds: int = 2
    n_vertices: int = 600
    n_hidden: int = 256
    max_epochs: int = 512

    def __post_init__(self) -> None:
        """Validate each choice."""
        for name in ("n_stimuli", "ceilings"):
            _check_some(name, getattr(self, name))
        for n in self.n_stimuli:
            _check_count("n_stimuli", n, SMALLEST_SIMULATED)
        for name in ("n_seeds", "n_vertices", "n_hidden", "max_epochs"):
            _check_count(name, getattr(self, name), 1)
        for ceiling in self.ceilings:
            if not 0 < ceiling < 1:
                expected = "above 0 and below 1"
                raise InputError("ceilings", expected, repr(ceiling), "give fractions, not percent")


def _check_activations(activations: Sequence[str]) -> None:
    _check_some("activations", activations)
    for activation in activations:
        check_choice("activation", activation, NONLINEAR_ACTIVATIONS)


def _check_some(name: str, values: Sequence[Any]) -> None:
    if not values:
        raise InputError(name, "at least one", "none", "name one or leave the default")


def _check_count(name: str, value: int, least: int) -> None:
    if value != int(value) or value < least:
        raise InputError(name, f"a whole number from {least} up", repr(value), "raise it")
