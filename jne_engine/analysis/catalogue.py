"""The catalogue of maps: what each is called, its unit, and how to read it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from jne_engine.cortex.spaces import TIERS

MapKind = Literal["sequential", "diverging", "categorical", "mask"]

JNE_UNIT = "Δresponse / Δfeature"
JNE_SS_UNIT = "(Δresponse / Δfeature)²"
R2_UNIT = "fraction of variance"


@dataclass(frozen=True)
class MapInfo:
    """What a person needs to know to read one map.

    Parameters
    ----------
    name, label : str
        Name in addresses and files; name shown to people.
    unit : str
        Unit of the values, empty for categories.
    kind : {"sequential", "diverging", "categorical", "mask"}
        Which colours suit the map; diverging maps are centred at 0.
    explanation : str
        One sentence on what the values say.
    levels : tuple of str
        Names of the values 0, 1, … of a categorical map.
    """

    name: str
    label: str
    unit: str
    kind: MapKind
    explanation: str
    levels: tuple[str, ...] = ()

    @property
    def is_numeric(self) -> bool:
        """Whether the map holds numbers, which have differences and means; others hold labels."""
        return self.kind in ("sequential", "diverging")


MAPS: tuple[MapInfo, ...] = (
    MapInfo(
        "jne",
        "JNE",
        JNE_UNIT,
        "sequential",
        "How much the Jacobian's deviation from its mean varies over stimuli; 0 for a linear"
        " response.",
    ),
    MapInfo(
        "jne_per_gain",
        "JNE / gain",
        "ratio",
        "sequential",
        "JNE divided by the size of the mean Jacobian, so that strong responses do not count more.",
    ),
    MapInfo(
        "deviation_mean",
        "Mean deviation",
        JNE_UNIT,
        "sequential",
        "Mean over stimuli of the Jacobian's absolute deviation from its mean; also 0 for a linear"
        " response.",
    ),
    MapInfo(
        "gain",
        "Gain",
        JNE_UNIT,
        "sequential",
        "Summed absolute size of the mean Jacobian: how strongly responses follow features.",
    ),
    MapInfo(
        "r2_nonlinear",
        "R² nonlinear encoder",
        R2_UNIT,
        "sequential",
        "Share of the test responses' variance that the nonlinear encoder predicts.",
    ),
    MapInfo(
        "r2_linear",
        "R² linear encoder",
        R2_UNIT,
        "sequential",
        "Share of the test responses' variance that the linear encoder predicts.",
    ),
    MapInfo(
        "delta_r2",
        "ΔR² (nonlinear − linear)",
        R2_UNIT,
        "diverging",
        "What the nonlinear encoder predicts beyond the linear one; below 0 it predicts less.",
    ),
    MapInfo(
        "noise_ceiling",
        "Noise ceiling",
        "%",
        "sequential",
        "Share of the variance that repeated presentations of a stimulus have in common.",
    ),
    MapInfo(
        "r2_nonlinear_of_ceiling",
        "R² nonlinear / ceiling",
        "ratio",
        "sequential",
        "R² of the nonlinear encoder divided by the noise ceiling; 1 is all that can be predicted,"
        " and more than 1 says that the ceiling is estimated too low there.",
    ),
    MapInfo(
        "r2_linear_of_ceiling",
        "R² linear / ceiling",
        "ratio",
        "sequential",
        "R² of the linear encoder divided by the noise ceiling; 1 is all that can be predicted,"
        " and more than 1 says that the ceiling is estimated too low there.",
    ),
    MapInfo(
        "truth_nonlinear_share",
        "Planted nonlinear share",
        "fraction of signal variance",
        "sequential",
        "What the simulation put in: the share of the signal that no linear map of the features"
        " explains.",
    ),
    MapInfo(
        "truth_signal_to_noise",
        "Planted signal-to-noise",
        "ratio of variances",
        "sequential",
        "What the simulation put in: signal variance over noise variance of one presentation.",
    ),
    MapInfo(
        "significant",
        "Significant voxels",
        "",
        "mask",
        "Voxels whose nonlinear encoder predicts better than chance after FDR correction.",
        ("not significant", "significant"),
    ),
    MapInfo("tier", "Tier", "", "categorical", "Place of each ROI in the visual hierarchy.", TIERS),
    MapInfo("roi", "ROI", "", "categorical", "Regions of interest of the chosen atlas."),
)


VARIANT_MAPS: tuple[MapInfo, ...] = tuple(
    MapInfo(
        f"{scale}{norm}",
        f"{'Z-scored ' if scale else ''}{norm.upper()}",
        "ratio" if scale else JNE_UNIT,
        "sequential",
        f"Spread over stimuli of the {norm.upper()} size of the Jacobian's deviation"
        f" from its mean{', Jacobians z-scored over features first' if scale else ''}.",
    )
    for scale in ("", "zscored_")
    for norm in ("l1", "l2")
)
"""The four variants of JNE that are compared on a run; ``l1`` is JNE itself."""

STORED_VARIANTS: tuple[MapInfo, ...] = tuple(
    replace(info, name=f"jne_{info.name}", label=f"JNE, {info.label[0].lower()}{info.label[1:]}")
    if info.name.startswith("zscored")
    else replace(info, name=f"jne_{info.name}", label=f"JNE, {info.label}")
    for info in VARIANT_MAPS[1:]
)
"""The variants as maps of a run for which they have been computed."""
