"""Every map and measure of a run, once: what it is called, what it says, where it comes from.

To add one: an entry here, and its number in the stage that stores it. All lists of measures, in
stages, maps, tables, figures, exports and texts, are made of this one. Torch-free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Literal

import numpy as np

from jne_engine.core.arrays import FloatArray
from jne_engine.core.checks import check_choice

MeasureKind = Literal["sequential", "diverging", "categorical", "mask"]
Use = Literal["map", "region", "truth", "recovery", "variant"]

JNE_UNIT = "Δresponse / Δfeature"
JNE_SS_UNIT = "(Δresponse / Δfeature)²"
R2_UNIT = "fraction of variance"

OWN_UNIT = "own unit"
"""Stands in units for the unit that a dataset gives its responses; see :func:`name_unit`."""

VARIANT_STAGE = "variants"
STABILITY_STAGE = "stability"
BESIDE = (VARIANT_STAGE, STABILITY_STAGE)
"""Not of the run's own folder: the stored results beside the runs."""
STABLE = ("nonlinear_share", "jne")
"""Measures whose stability over runs of the same data can be stored as maps."""


@dataclass(frozen=True)
class Measure:
    """One quantity of a run, a value a response column.

    Parameters
    ----------
    name, label : str
        Name in the store, in addresses, tables and files; name shown to people.
    unit : str
        Unit of the values, empty for categories.
    kind : {"sequential", "diverging", "categorical", "mask"}
        Which colours suit the map; diverging maps are centred at 0.
    explanation : str
        One sentence on what the values say.
    formula : str
        How it is computed: s stimuli of the test, f features, J = d response / d feature; empty
        where the explanation says it all.
    colours : str, optional
        Colour map that it begins with; that of its kind by default.
    stage : str, optional
        Stage that stores it as an array of its name.
    needs, compute
        Names of the measures that it is computed from, and the function of their arrays.
    uses : frozenset of str
        Lists that it stands in: ``"map"`` (maps, hierarchy, layers, exports, methods),
        ``"region"`` (means of ROIs and tiers), ``"truth"`` (held against what was planted in a
        simulated run), ``"recovery"`` (the simulation of that name), ``"variant"`` (variants of
        JNE side by side).
    optional : bool
        Whether complete runs may lack it, as older runs a later stage, or measured ones a truth.
        It is then not offered, and neither is what is computed from it.
    per_stimulus : bool
        Whether it has a value a stimulus too.
    since : str
        Version whose runs were the first to have it.
    levels : tuple of str
        Names of the values 0, 1, … of a categorical map.
    """

    name: str
    label: str
    unit: str
    kind: MeasureKind
    explanation: str
    formula: str = ""
    colours: str | None = None
    stage: str | None = None
    needs: tuple[str, ...] = ()
    compute: Callable[..., FloatArray] | None = None
    uses: frozenset[Use] = frozenset()
    optional: bool = False
    per_stimulus: bool = False
    since: str = "0.1.0"
    levels: tuple[str, ...] = ()

    @property
    def is_numeric(self) -> bool:
        """Whether it holds numbers, which have differences and means; others hold labels."""
        return self.kind in ("sequential", "diverging")

    @property
    def axis(self) -> str:
        """Label with its unit, as an axis is named."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def mean_name(self) -> str:
        """Name of its mean over voxels in tables."""
        return f"mean_{self.name}"


def list_measures(use: Use) -> tuple[Measure, ...]:
    """Return the measures of one list, in the order in which to show them."""
    return tuple(m for m in MEASURES.values() if use in m.uses)


def list_stored(stage: str) -> tuple[Measure, ...]:
    """Return the measures that a stage stores as one value a voxel."""
    return tuple(m for m in MEASURES.values() if m.stage == stage and not m.per_stimulus)


def find_measure(name: str) -> Measure:
    """Return a measure by its name, or by one that it had in an earlier version.

    Raises
    ------
    InputError
        If there is no such measure.
    """
    current = RENAMED.get(name, name)
    check_choice("measure", current, tuple(MEASURES))
    return MEASURES[current]


def name_stability(measure: str) -> dict[str, str]:
    """Return the names of a measure's maps of stability, by what they hold."""
    ends = {"mean": "over_seeds", "half": "over_seeds_half", "reliability": "reliability",
            "above": "above_floor"}  # fmt: skip
    return {what: f"{measure}_{end}" for what, end in ends.items()}


def name_unit(measure: Measure, unit: str) -> Measure:
    """Return a measure with the responses' unit in place of :data:`OWN_UNIT`."""
    return replace(measure, unit=measure.unit.replace(OWN_UNIT, unit)) if unit else measure


def list_sources(measure: Measure) -> set[str]:
    """Return the names of the measures that one is read or computed from, itself included."""
    found = {measure.name}
    for name in measure.needs:
        found |= list_sources(MEASURES[name])
    return found


def _divide(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return a ratio, NaN where the denominator is not above 0."""
    ratio = np.full_like(numerator, np.nan)
    return np.divide(numerator, denominator, out=ratio, where=denominator > 0)


def _divide_by_percent(numerator: FloatArray, percent: FloatArray) -> FloatArray:
    return _divide(numerator, percent / 100)


def _multiply(first: FloatArray, second: FloatArray) -> FloatArray:
    return np.asarray(first * second)


def _keep_known(values: FloatArray, known: FloatArray) -> FloatArray:
    """Return values where another measure has one: a voxel that is left out has a scale too."""
    return np.where(np.isfinite(known), values, np.nan)


def _subtract(first: FloatArray, second: FloatArray) -> FloatArray:
    return np.asarray(first - second)


_R2 = "1 - sum_s (y_s - yhat_s)^2 / sum_s (y_s - mean_s y_s)^2"
_L1 = "d_s = sum_f |J_sf - mean_s J_sf|"
_L2 = "d_s = sqrt(sum_f (J_sf - mean_s J_sf)^2)"
_SPREAD = "sqrt(mean_s (d_s - mean_s d_s)^2)"
_ZSCORED = "J z-scored over f for each stimulus"
_ABOVE_1 = (
    " divided by the noise ceiling; 1 is all that can be predicted, and more than 1 says that the"
    " ceiling is estimated too low there."
)
_P = "share of bootstrap resamples of the test stimuli in which R^2 is below 0"
_Q = "p by Benjamini and Hochberg (1995) over voxels"


def _uses(*names: Use) -> frozenset[Use]:
    return frozenset(names)


_SHARE_UNIT = "fraction of predicted variance"
_SHARE = "c / (c + d), c = cov(y - l, g), d = cov(y, l)"
_PATHS = "l linear path (ridge on features), g readout of the rest from hidden units"


def _list_shares() -> Iterable[Measure]:
    """Yield what the calibration stage stores, which runs of version 0.1 lack."""
    yield Measure(
        "nonlinear_share", "Nonlinear share", _SHARE_UNIT, "sequential",
        "Share of the predicted variance that no linear map of these features predicts, on the test"
        " stimuli; around 0 for a linear response, and a lower bound for a nonlinear one.",
        f"{_SHARE} over test stimuli; {_PATHS}", "viridis",
        stage="calibration", uses=_uses("map", "region", "truth"), optional=True, since="0.2.0",
    )  # fmt: skip
    for end, words in (("low", "Lower"), ("high", "Upper")):
        yield Measure(
            f"nonlinear_share_{end}", f"Nonlinear share, {words.lower()} bound", _SHARE_UNIT,
            "sequential", f"{words} bound of the share's 95 % interval.",
            "percentile bootstrap over test stimuli", "viridis",
            stage="calibration", uses=_uses("map"), optional=True, since="0.2.0",
        )  # fmt: skip
    yield Measure(
        "nonlinear_share_fitted", "Nonlinear share, fitted", _SHARE_UNIT, "sequential",
        "The same share of the fitted predictions over the training stimuli, 0 to 1.",
        f"var g / (var g + var l) over training stimuli; {_PATHS}", "viridis",
        stage="calibration", uses=_uses("map", "truth"), optional=True, since="0.2.0",
    )  # fmt: skip
    yield Measure(
        "p_nonlinearity", "p of nonlinearity", "", "sequential",
        "One-sided probability of so much agreement with the nonlinear path in a linear voxel.",
        f"score test on test stimuli: does y - l go with g beyond chance; {_PATHS}",
        stage="calibration", optional=True, since="0.2.0",
    )  # fmt: skip
    yield Measure(
        "q_nonlinearity", "q of nonlinearity", "", "sequential",
        "False discovery rate at which a voxel is nonlinear in these features.",
        "p_nonlinearity by Benjamini and Hochberg (1995) over voxels",
        stage="calibration", uses=_uses("map"), optional=True, since="0.2.0",
    )  # fmt: skip
    yield Measure(
        "jne_calibrated", "JNE, calibrated", JNE_UNIT, "sequential",
        "JNE of the same hidden units read out by the nonlinear path: near 0 for a linear response,"
        " whatever is fitted beside it.",
        "jne of g",
        stage="calibration", uses=_uses("map", "region", "truth"), optional=True, since="0.2.0",
    )  # fmt: skip


def _list_jne() -> Iterable[Measure]:
    yield Measure(
        "jne", "JNE", JNE_UNIT, "sequential",
        "How much the Jacobian's deviation from its mean varies over stimuli; 0 for a linear"
        " response.",
        f"{_SPREAD}, {_L1}",
        stage="dispersion", uses=_uses("map", "region", "truth", "recovery", "variant"),
    )  # fmt: skip
    for name, label, formula in (
        ("jne_l2", "L2", f"{_SPREAD}, {_L2}"),
        ("jne_zscored_l1", "z-scored L1", f"{_SPREAD}, {_L1}, {_ZSCORED}"),
        ("jne_zscored_l2", "z-scored L2", f"{_SPREAD}, {_L2}, {_ZSCORED}"),
    ):
        scaled = ", Jacobians z-scored over features first" if "zscored" in name else ""
        yield Measure(
            name, f"JNE, {label}", "ratio" if scaled else JNE_UNIT, "sequential",
            f"Spread over stimuli of the {label[-2:]} size of the Jacobian's deviation from its"
            f" mean{scaled}.",
            formula, stage=VARIANT_STAGE, uses=_uses("map", "recovery", "variant"), optional=True,
        )  # fmt: skip
    yield from _list_bends()
    yield Measure(
        "jne_per_gain", "JNE / gain", "ratio", "sequential",
        "JNE divided by the size of the mean Jacobian, so that strong responses do not count more.",
        "jne / gain, where gain > 0",
        needs=("jne", "gain"), compute=_divide, uses=_uses("map", "truth", "recovery"),
    )  # fmt: skip
    yield Measure(
        "deviation_mean", "Mean deviation", JNE_UNIT, "sequential",
        "Mean over stimuli of the Jacobian's absolute deviation from its mean; also 0 for a linear"
        " response.",
        f"mean_s d_s, {_L1}",
        stage="dispersion", uses=_uses("map", "region", "truth", "recovery"),
    )  # fmt: skip
    yield Measure(
        "deviation_mean_per_gain", "Mean deviation / gain", "ratio", "sequential",
        "Mean deviation divided by the size of the mean Jacobian.",
        "deviation_mean / gain, where gain > 0",
        needs=("deviation_mean", "gain"), compute=_divide, uses=_uses("recovery"),
    )  # fmt: skip
    yield Measure(
        "gain", "Gain", JNE_UNIT, "sequential",
        "Summed absolute size of the mean Jacobian: how strongly responses follow features.",
        "sum_f |mean_s J_sf|", "cividis",
        stage="dispersion", uses=_uses("map", "region", "truth"),
    )  # fmt: skip
    yield Measure(
        "jne_ss", "JNE-SS", JNE_SS_UNIT, "sequential",
        "Squared departure of a stimulus's Jacobian deviation from its mean over stimuli.",
        f"(d_s - mean_s d_s)^2, {_L1}",
        stage="dispersion", per_stimulus=True,
    )  # fmt: skip


def _list_in_own_unit() -> Iterable[Measure]:
    """Yield what standardised runs give back in the unit that the dataset names."""
    for name, label in (("mean", "Mean response"), ("scale", "Scale of responses")):
        yield Measure(
            f"response_{name}", label, OWN_UNIT, "sequential",
            "What the fit took off the responses, over the training stimuli.",
            stage="dataset", optional=True, since="0.2.0",
        )  # fmt: skip
    yield Measure(
        "response_mean_known", "Mean response", OWN_UNIT, "sequential",
        "Mean response to the training stimuli.", "mean_s y_s over training stimuli",
        needs=("response_mean", "gain"), compute=_keep_known, uses=_uses("map"), since="0.2.0",
    )  # fmt: skip
    yield Measure(
        "response_sd", "SD of responses", OWN_UNIT, "sequential",
        "Standard deviation of the response over training stimuli.",
        "sqrt(mean_s (y_s - mean_s y_s)^2) over training stimuli",
        needs=("response_scale", "gain"), compute=_keep_known, uses=_uses("map"), since="0.2.0",
    )  # fmt: skip
    for name, label in (("jne", "JNE"), ("deviation_mean", "Mean deviation"), ("gain", "Gain")):
        yield Measure(
            f"{name}_own_unit", f"{label}, in the responses' unit", f"{OWN_UNIT} / SD of feature",
            "sequential", f"{label} of responses in their own unit instead of their deviations.",
            f"{name} * sd of the training responses",
            needs=(name, "response_scale"), compute=_multiply, uses=_uses("map"), since="0.2.0",
        )  # fmt: skip


def _list_bends() -> Iterable[Measure]:
    """Yield how the Jacobian changes; stored with the variants, which older results lack."""
    for name, label, unit, explanation, formula in (
        ("gain", "Gain change", JNE_UNIT, "Change of the Jacobian over stimuli along its mean:"
         " the same preference, stronger or weaker.",
         "sqrt(mean_s (a_s - 1)^2 ||mean_s J_s||^2), a_s projection of J_s on the mean"),
        ("shape", "Shape change", JNE_UNIT, "Change of the Jacobian over stimuli at right angles"
         " to its mean: another preference.", "sqrt(mean_s ||J_s - a_s mean_s J_s||^2)"),
        ("gain_share", "Gain change / all change", "fraction of squared change", "Part of the"
         " Jacobian's squared change that is along its mean, 0 to 1.",
         "bend_gain^2 / (bend_gain^2 + bend_shape^2)"),
        ("directions", "Directions of change", "directions", "Along how many directions of the"
         " features the Jacobian changes: the participation ratio.",
         "(tr K)^2 / tr K^2, K covariance of J_s over stimuli"),
    ):  # fmt: skip
        yield Measure(
            f"bend_{name}", label, unit, "sequential", explanation, formula,
            stage=VARIANT_STAGE, uses=_uses("map"), optional=True, since="0.2.0",
        )  # fmt: skip


def _list_scores() -> Iterable[Measure]:
    for encoder in ("nonlinear", "linear"):
        yield Measure(
            f"r2_{encoder}", f"R² {encoder} encoder", R2_UNIT, "sequential",
            f"Share of the test responses' variance that the {encoder} encoder predicts.",
            f"{_R2}, {encoder} encoder", "magma",
            stage="scores", uses=_uses("map", "region", "truth")
            if encoder == "nonlinear" else _uses("map", "region"),
        )  # fmt: skip
        yield Measure(
            f"p_{encoder}", f"p of the {encoder} encoder", "", "sequential",
            f"Probability of an R² of the {encoder} encoder below 0.", _P, stage="scores",
        )  # fmt: skip
        yield Measure(
            f"q_{encoder}", f"q of the {encoder} encoder", "", "sequential",
            f"False discovery rate at which the {encoder} encoder predicts.", _Q, stage="scores",
        )  # fmt: skip
    yield Measure(
        "delta_r2", "ΔR² (nonlinear − linear)", R2_UNIT, "diverging",
        "What the nonlinear encoder predicts beyond the linear one; below 0 it predicts less.",
        "r2_nonlinear - r2_linear",
        needs=("r2_nonlinear", "r2_linear"), compute=_subtract,
        uses=_uses("map", "truth", "recovery"),
    )  # fmt: skip
    yield Measure(
        "noise_ceiling", "Noise ceiling", "%", "sequential",
        "Share of the variance that repeated presentations of a stimulus have in common.",
        colours="cividis", stage="scores", uses=_uses("map"), optional=True,
    )  # fmt: skip
    for encoder in ("nonlinear", "linear"):
        yield Measure(
            f"r2_{encoder}_of_ceiling", f"R² {encoder} / ceiling", "ratio", "sequential",
            f"R² of the {encoder} encoder{_ABOVE_1}",
            f"r2_{encoder} / (noise_ceiling / 100), where noise_ceiling > 0", "magma",
            needs=(f"r2_{encoder}", "noise_ceiling"), compute=_divide_by_percent,
            uses=_uses("map"),
        )  # fmt: skip


def _list_stability() -> Iterable[Measure]:
    """Yield what runs of the same data say together; stored where somebody asked for it."""
    make = partial(Measure, stage=STABILITY_STAGE, uses=_uses("map"), optional=True, since="0.2.0")
    for name, label, unit, colours in (
        ("nonlinear_share", "Nonlinear share", _SHARE_UNIT, "viridis"),
        ("jne", "JNE", JNE_UNIT, None),
    ):
        names, small = name_stability(name), label[0].lower() + label[1:] if colours else label
        yield make(
            names["mean"], f"{label}, mean over seeds", unit, "sequential",
            f"Mean of {small} over runs that differ in the encoder's seed alone.",
            f"m = mean_k {name}_k over k seeds", colours,
        )  # fmt: skip
        yield make(
            names["half"], f"{label}, ± over seeds", unit, "sequential",
            f"Half the width of Student's 95 % interval of the mean of {small} over seeds; it does"
            " not cover other stimuli.",
            f"t(0.975, k - 1) sd_k({name}_k) / sqrt(k)", "magma",
        )  # fmt: skip
        yield make(
            names["reliability"], f"{label}, reliability over seeds", "fraction of variance",
            "sequential",
            f"How well the mean of {small} over seeds tells this voxel from others: 1 is without"
            " error, below 0 the seeds differ more than voxels do.",
            f"1 - (sd_k({name}_k)^2 / k) / var_voxels(m)", "cividis",
        )  # fmt: skip
        yield make(
            names["above"], f"{label} above the floor", "", "mask",
            f"Voxels whose mean of {small} over seeds exceeds 95 % of all voxels' values where"
            " responses belong to other stimuli.",
            f"1 where m > 95 % quantile of {name} with shuffled pairings, else 0",
            levels=("within the floor", "above the floor"),
        )  # fmt: skip


def _list_truths() -> Iterable[Measure]:
    yield Measure(
        "truth_nonlinear_share", "Planted nonlinear share", "fraction of signal variance",
        "sequential",
        "What the simulation put in: the share of the signal that no linear map of the features"
        " explains.",
        colours="viridis", stage="dataset", uses=_uses("map"), optional=True,
    )  # fmt: skip
    yield Measure(
        "truth_signal_to_noise", "Planted signal-to-noise", "ratio of variances", "sequential",
        "What the simulation put in: signal variance over noise variance of one presentation.",
        stage="dataset", uses=_uses("map"), optional=True,
    )  # fmt: skip


def _list_labels() -> Iterable[Measure]:
    """Yield what is made of a run's choices: level of significance, ROI set."""
    yield Measure(
        "significant", "Significant voxels", "", "mask",
        "Voxels whose nonlinear encoder predicts better than chance after FDR correction.",
        "1 where q_nonlinear < fdr_q, else 0; q by Benjamini and Hochberg (1995) over voxels",
        needs=("q_nonlinear",), uses=_uses("map"), levels=("not significant", "significant"),
    )  # fmt: skip
    yield Measure("tier", "Tier", "", "categorical",
                  "Place of each ROI in the visual hierarchy.", uses=_uses("map"))  # fmt: skip
    yield Measure("roi", "ROI", "", "categorical",
                  "Regions of interest of the chosen atlas.", uses=_uses("map"))  # fmt: skip


MEASURES = MappingProxyType(
    {
        m.name: m
        for group in (
            _list_shares,
            _list_jne,
            _list_in_own_unit,
            _list_scores,
            _list_stability,
            _list_truths,
            _list_labels,
        )
        for m in group()
    }
)
"""By name, in the order in which lists show them."""

RENAMED = MappingProxyType(
    {
        "l1": "jne",
        "l2": "jne_l2",
        "zscored_l1": "jne_zscored_l1",
        "zscored_l2": "jne_zscored_l2",
        "jne_over_gain": "jne_per_gain",
        "deviation_mean_over_gain": "deviation_mean_per_gain",
        "mean_deviation": "mean_deviation_mean",
    }
)
"""Names in results and addresses of earlier versions, to those of today."""
