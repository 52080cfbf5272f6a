"""What each simulated voxel is made of: its nonlinear share, its noise and its preferences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np

from jne_engine.core import areas
from jne_engine.core.arrays import Float64Array
from jne_engine.core.checks import check_choice
from jne_engine.cortex.spaces import RoiSet
from jne_engine.simulations.subject.cortex import Cortex
from jne_engine.simulations.subject.signal import SignalBank

SHARES: Mapping[str, float] = MappingProxyType(
    {
        areas.V1.name: 0.10,
        areas.V2.name: 0.20,
        areas.V3.name: 0.28,
        areas.V4.name: 0.38,
        areas.EBA.name: 0.68,
        areas.PPA.name: 0.68,
        areas.RSC.name: 0.66,
        areas.OPA.name: 0.64,
        areas.FFA_1.name: 0.70,
        areas.FFA_2.name: 0.72,
    }
)
"""Mean nonlinear share of each ROI."""
NEIGHBOUR_SHARE = 0.42
Planting = Literal[
    "areas", "v1-linear", "mixed", "mostly-linear", "mostly-nonlinear", "linear", "graded"
]
PLANTINGS: tuple[Planting, ...] = get_args(Planting)
"""How nonlinear shares are planted: by area as in cortex; the same, but V1 exactly linear; or for
each voxel by itself as :data:`MIXTURES` says."""
MIXTURES: Mapping[str, tuple[float, tuple[float, ...]]] = MappingProxyType(
    {
        "mixed": (0.4, (0.05, 0.1, 0.3, 0.6)),
        "mostly-linear": (0.95, (0.05, 0.1, 0.3, 0.6)),
        "mostly-nonlinear": (0.05, (0.05, 0.1, 0.3, 0.6)),
        "linear": (1.0, ()),
        "graded": (0.4, (0.05, 0.1, 0.2, 0.3, 0.5, 0.7)),
    }
)
"""Part of the voxels that is exactly linear, and the shares of the others, equally many each."""
SHARE_SPREAD = 0.11
"""Standard deviation of the share's smooth variation within an area."""
SHARE_JITTER = 0.05
LARGEST_SHARE = 0.9

PREFERENCES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        areas.FFA_1.name: {"face": 1.0, "": 0.3},
        areas.FFA_2.name: {"face": 1.0, "": 0.3},
        areas.EBA.name: {"body": 1.0, "": 0.5},
        areas.PPA.name: {"outdoor": 1.0, "city": 0.72, "indoor": 0.5, "": 0.3},
        areas.RSC.name: {"outdoor": 1.0, "city": 0.72, "indoor": 0.5, "": 0.3},
        areas.OPA.name: {"indoor": 1.0, "city": 0.72, "outdoor": 0.5, "": 0.3},
    }
)
"""Weight of each category's gated units, and of ungated ones, in category-selective ROIs."""
GATED_CATEGORIES: tuple[str, ...] = ("face", "body", "outdoor", "indoor", "city")

CEILING_MEAN, CEILING_SPREAD = 0.48, 0.1
CEILING_RANGE = (0.2, 0.7)
"""Explainable variance of the mean over presentations, as a fraction."""

WEIGHT_SMOOTHING = 10
FIELD_SMOOTHING = 40
"""Rounds of averaging over neighbouring vertices, for mixing weights and for slow fields."""


@dataclass(frozen=True, eq=False)
class Recipe:
    """How to mix every voxel's signal, and how noisy its presentations are.

    Parameters
    ----------
    linear : numpy.ndarray, shape (n_latents, n_voxels)
        Weights of the linear latents.
    units : numpy.ndarray, shape (n_units, n_voxels)
        Weights of the nonlinear units.
    share : numpy.ndarray, shape (n_voxels,)
        Nonlinear share of the signal's variance.
    ceiling : numpy.ndarray, shape (n_voxels,)
        Share of the variance of the mean over ``n_repeats`` presentations that is signal.
    n_repeats : int
    """

    linear: Float64Array
    units: Float64Array
    share: Float64Array
    ceiling: Float64Array
    n_repeats: int

    @property
    def signal_to_noise(self) -> Float64Array:
        """Signal variance over noise variance of a single presentation, (n_voxels,)."""
        return self.ceiling / (1 - self.ceiling) / self.n_repeats


def draw_recipe(
    bank: SignalBank,
    rois: RoiSet,
    cortex: Cortex,
    rng: np.random.Generator,
    *,
    n_repeats: int,
    planting: Planting = "areas",
    ceiling: float | None = None,
) -> Recipe:
    """Draw what every voxel of a subject is made of.

    Parameters
    ----------
    bank : SignalBank
    rois : RoiSet
        The ten ROIs over the subject's vertices.
    cortex : Cortex
        Those vertices.
    rng : numpy.random.Generator
        The subject's source of chance.
    n_repeats : int
        Presentations of every stimulus.
    planting : str
        One of :data:`PLANTINGS`: which nonlinear shares.
    ceiling : float, optional
        Explainable fraction of the variance of the mean over presentations, the same for all
        voxels, above 0 and below 1; drawn for each by default.

    Returns
    -------
    Recipe

    Raises
    ------
    InputError
        If there is no such planting.
    """
    check_choice("planting", planting, PLANTINGS)
    share = _draw_shares(rois, cortex, rng, planting)
    ceilings = _draw_ceilings(share, cortex, rng)
    if ceiling is not None:
        ceilings[:] = ceiling
    linear = cortex.field(rng, WEIGHT_SMOOTHING, bank.linear.shape[1]).T
    # Leading latents carry most of the pictures' contrast and weigh most, as in cortex.
    linear = linear * np.arange(1, len(linear) + 1)[:, None] ** -0.5
    units = cortex.field(rng, WEIGHT_SMOOTHING, bank.units.shape[1]).T * _preference(bank, rois)
    return Recipe(linear, units, share, ceilings, n_repeats)


def _draw_shares(
    rois: RoiSet, cortex: Cortex, rng: np.random.Generator, planting: Planting
) -> Float64Array:
    """Draw nonlinear shares: an area's mean, a smooth variation and some jitter.

    Plantings with shares of their own draw them for each voxel by itself.
    """
    if planting in MIXTURES:
        linear, others = MIXTURES[planting]
        odds = [linear, *[(1 - linear) / max(len(others), 1)] * len(others)]
        return rng.choice([0.0, *others], size=cortex.n_voxels, p=odds)
    mean = np.full(cortex.n_voxels, NEIGHBOUR_SHARE)
    for name, mask in zip(rois.names, rois.masks, strict=True):
        mean[mask] = SHARES[name]
    share = cortex.smooth(mean, 2) + SHARE_SPREAD * cortex.field(rng, WEIGHT_SMOOTHING, 1)[:, 0]
    share += SHARE_JITTER * rng.standard_normal(cortex.n_voxels)
    clipped: Float64Array = np.clip(share, 0, LARGEST_SHARE)
    if planting == "v1-linear":
        clipped[rois.mask("V1")] = 0
    return clipped


def _draw_ceilings(share: Float64Array, cortex: Cortex, rng: np.random.Generator) -> Float64Array:
    """Draw noise ceilings as a slow field that has nothing to do with the nonlinear share."""
    field = cortex.field(rng, FIELD_SMOOTHING, 1)[:, 0]
    centred = share - share.mean()
    if centred.any():
        field -= centred * (centred @ field) / (centred @ centred)
    ceiling: Float64Array = np.clip(
        CEILING_MEAN + CEILING_SPREAD * field / field.std(), *CEILING_RANGE
    )
    return ceiling


def _preference(bank: SignalBank, rois: RoiSet) -> Float64Array:
    """Return how much each unit weighs in each voxel, (n_units, n_voxels).

    Outside the category-selective ROIs only ungated units count.
    """
    preference = np.zeros((bank.units.shape[1], rois.masks.shape[1]))
    preference[bank.unit_columns("")] = 1.0
    for name, weights in PREFERENCES.items():
        columns = np.flatnonzero(rois.mask(name))
        preference[:, columns] = 0.0
        for category, weight in weights.items():
            preference[np.ix_(bank.unit_columns(category), columns)] = weight
    return preference


def name_preferences(rois: RoiSet) -> tuple[str, ...]:
    """Return the category that opens each voxel's nonlinearity, ``""`` for none."""
    preferred = np.full(rois.masks.shape[1], "", dtype=object)
    for name, weights in PREFERENCES.items():
        preferred[rois.mask(name)] = max(weights, key=lambda category: weights[category])
    return tuple(preferred.tolist())
