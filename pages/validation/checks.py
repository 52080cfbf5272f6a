"""The checks of the validation page: what each asks, lets choose, draws, and what it found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from jne_engine.analysis import validation
from jne_engine.analysis.power import (
    Design,
    Power,
    describe_power,
    describe_simulated,
    estimate_power,
)
from jne_engine.report.figures import validation as figures
from jne_engine.report.figures.calibration import plot_calibration
from jne_engine.report.figures.power import plot_power
from jne_engine.runs.results import SimulationResult
from jne_engine.simulations.settings import (
    NONLINEAR_ACTIVATIONS,
    NONLINEAR_FRACTIONS,
    PAPER_ACTIVATIONS,
    PLACEMENTS,
    RESULT_NAMES,
    WIRINGS,
)
from pages.frame.state import declares

ALL = "all"
Chosen = Mapping[str, str]
"""The reader's choices by the name of their control."""


@declares
@dataclass(frozen=True)
class ValidationChoices:
    """What a reader chooses on this page only.

    Parameters
    ----------
    check, activation, placement, wiring : str
        Which simulation, φ, where it sits, and the skips.
    window, n_inputs, input_scale : str
        Half-width of a neuron's window, number of inputs, their half-range.
    stimuli, repeats, ceiling, criterion : str
        What somebody means to measure: stimuli, presentations of each, noise ceiling of one in
        percent; and when a voxel counts as found.
    """

    check: str = ""
    activation: str = ""
    placement: str = ""
    wiring: str = ""
    window: str = ""
    n_inputs: str = ""
    input_scale: str = ""
    stimuli: str = ""
    repeats: str = ""
    ceiling: str = ""
    criterion: str = ""


@dataclass(frozen=True)
class Control:
    """What a reader may choose: select box, or slider over ordered values."""

    label: str
    options: tuple[str, ...]
    default: str
    names: Mapping[str, str] = field(default_factory=dict)
    ordered: bool = True


_WIRING_NAMES = {"both": "Around both layers", "second": "Around layer 2", "none": "No skip"}
EACH_VOXEL = "p"
_CRITERIA = {
    EACH_VOXEL: "p < .05, a voxel alone",
    **{str(f): f"q < .05, {f:.0%} nonlinear" for f in NONLINEAR_FRACTIONS},
}
CONTROLS: Mapping[str, Control] = MappingProxyType(
    {
        "activation": Control(
            "Activation", (ALL, *NONLINEAR_ACTIVATIONS), ALL,
            {ALL: "All", **figures.ACTIVATION_LABELS}, ordered=False,
        ),
        "placement": Control(
            "Nonlinear in", PLACEMENTS[1:], "both", figures.PLACEMENT_LABELS, ordered=False
        ),
        "wiring": Control("Skip connections", WIRINGS, "both", _WIRING_NAMES, ordered=False),
        "window": Control(
            "Half-width of window", ("0.001", "0.01", "0.1", "0.5", "1", "2"), "0.001"
        ),
        "n_inputs": Control("Inputs N", ("20", "50", "100", "101", "200", "500"), "101"),
        "stimuli": Control(
            "Stimuli in all", ("1000", "1500", "2000", "3000", "4000", "6000", "8000"), "3000"
        ),
        "repeats": Control("Presentations of each", ("1", "2", "3", "4", "6", "10"), "3"),
        "ceiling": Control(
            "Noise ceiling of one, %", ("2", "5", "10", "15", "20", "30", "40", "50", "70"), "15"
        ),
        "criterion": Control("Found by", (EACH_VOXEL, *map(str, NONLINEAR_FRACTIONS)), EACH_VOXEL,
                             _CRITERIA, ordered=False),
        "input_scale": Control("Inputs within ±", ("1", "10", "100", "1000", "10000"), "10"),
    }
)  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One check: its tab's name, its controls, what it found, how it is computed and drawn.

    ``height``: CSS pixels of the live figure; ``tell``: the stored answer in one sentence.
    """

    label: str
    finding: str
    method: str
    plot: Callable[[SimulationResult, Chosen, bool], Any]
    tabulate: Callable[[SimulationResult, Chosen], Any]
    controls: tuple[str, ...] = ()
    live: Callable[[Chosen], dict[str, Any]] | None = None
    activations: tuple[str, ...] = PAPER_ACTIVATIONS
    height: int = 362
    tell: Callable[[SimulationResult, Chosen], str] | None = None

    def options(self, control: str) -> tuple[str, ...]:
        """Return what a control offers in this check."""
        return (ALL, *self.activations) if control == "activation" else CONTROLS[control].options


def name_result(check: str, chosen: Chosen) -> str:
    """Return the name of the stored result that a check shows: each wiring has its own."""
    return RESULT_NAMES[chosen["wiring"]] if check == "networks" else check  # type: ignore[index]


def _only(table: Any, chosen: Chosen) -> Any:
    return (
        table if chosen["activation"] == ALL else table[table["activation"] == chosen["activation"]]
    )


def _choose_activations(chosen: Chosen) -> dict[str, Any]:
    return {} if chosen["activation"] == ALL else {"activations": [chosen["activation"]]}


def _set_curves(chosen: Chosen) -> dict[str, Any]:
    window, n = float(chosen["window"]), int(chosen["n_inputs"])
    return {**_choose_activations(chosen), "half_window": window, "n_points": n}


def _set_networks(chosen: Chosen) -> dict[str, Any]:
    scale = float(chosen["input_scale"])
    return {**_set_scales(chosen), "half_range": scale}


def _set_scales(chosen: Chosen) -> dict[str, Any]:
    choices = {"wiring": chosen["wiring"], "n_stimuli": int(chosen["n_inputs"])}
    return {**_choose_activations(chosen), **choices}


def _set_sizes(chosen: Chosen) -> dict[str, Any]:
    largest = int(chosen["n_inputs"])
    return {"sample_sizes": [n for n in (10, 20, 50, 100, 200, 500) if n <= largest]}


def _read_design(chosen: Chosen) -> Design:
    criterion = chosen["criterion"]
    return Design(
        int(chosen["stimuli"]), int(chosen["repeats"]), float(chosen["ceiling"]) / 100,
        float("nan") if criterion == EACH_VOXEL else float(criterion),
    )  # fmt: skip


def _estimate(result: SimulationResult, chosen: Chosen) -> Power:
    return estimate_power(result.tables["power"], _read_design(chosen))


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "activations": Check(
            "Single neurons",
            "JNE is 0 where φ is straight and follows |φ″| where it bends, as in the paper."
            " **Where it fails:** in a narrow window ReLU's peak at 0 needs an odd N. With an even"
            " one, half the window lies beyond the kink, all inputs deviate equally,"
            " and JNE is 0 there too.",
            "A window slides along the input of one neuron; JNE of φ′ over the N inputs in it"
            " (line), scaled to be comparable with |φ″| (pale band).",
            lambda r, c, dark: figures.plot_activation_curves(
                _only(r.tables["curves"], c), dark=dark
            ),
            lambda r, _: r.tables["summary"],
            ("activation", "window", "n_inputs"), _set_curves, NONLINEAR_ACTIVATIONS,
        ),
        "networks": Check(
            "Placement",
            "Paper: none = 0 < layer 1 < layer 2 < both. Ours agrees with skips around both"
            " layers. **Where it fails:** with other skip connections the order changes.",
            "Untrained networks of two hidden layers and one output, the same weights for all"
            " four placements of φ; uniform inputs. “None” is 0 by definition.",
            lambda r, c, dark: figures.plot_placements(
                _only(r.tables["repetitions"], c), dark=dark
            ),
            lambda r, _: r.tables["order"],
            ("activation", "wiring", "n_inputs", "input_scale"), _set_networks, height=402,
        ),
        "sample-size": Check(
            "Sample size",
            "Paper: r = 0.87 with 10 stimuli, at least 0.99 from 100 on. **Where it fails:**"
            " with fewer than about 50 stimuli, JNE is noisy.",
            "N Gaussian Jacobians, scaled by |sin x| along x: Pearson r of their JNE with |sin x|,"
            " with 95 % intervals over the points.",
            lambda r, _, dark: figures.plot_sample_size(r.tables["summary"], dark=dark),
            lambda r, _: validation.compare_sample_size(r.tables["summary"]),
            ("n_inputs",), _set_sizes,
        ),
        "input-scale": Check(
            "Input scale",
            "Paper: JNE hardly depends on the inputs' distribution and scale. Ours agrees for ReLU"
            " and leaky ReLU. **Where it fails:** GELU and Swish are nearly linear for small"
            " inputs, such as z-scored features, and have less JNE there.",
            "The same untrained networks on inputs of growing scale; mean ± standard deviation"
            " over networks. Ratio: over uniform inputs within ±10.",
            lambda r, c, dark: figures.plot_input_scale(
                _only(r.tables["summary"], c), placement=c["placement"], dark=dark
            ),
            lambda r, _: r.tables["summary"],
            ("activation", "placement", "wiring", "n_inputs"), _set_scales, height=382,
        ),
        "calibration": Check(
            "Which voxels",
            "JNE orders voxels; it cannot say which are nonlinear, for linear voxels beside"
            " nonlinear ones get a JNE above 0. The test of nonlinearity calls about 5 % of exactly"
            " linear voxels nonlinear at p < .05, whatever their company, and the nonlinear share"
            " follows the planted one most closely. **Where it fails:** small shares and little"
            " signal are missed, and a share is a lower bound.",
            "Subjects with exactly linear voxels among others, each with its own pictures, units,"
            " weights and noise, fitted as a run fits them; means over subjects with 95 %"
            " intervals (Student's t). Every measure is of the same voxels.",
            lambda r, _, dark: plot_calibration(
                r.tables["tests"], r.tables["measures"], dark=dark
            ),
            lambda r, _: r.tables["measures"],
        ),
        "power": Check(
            "Power",
            "Before scanning: the smallest nonlinear share that four voxels of five would show."
            " **Where it fails:** it is power for pictures, features and an encoder like the"
            " simulated ones; unlike features or noise that voxels share give another.",
            "Subjects with 40 % exactly linear voxels, the others at shares of .05 to .7, all of"
            " one noise ceiling; a fifth of the stimuli is test, a tenth validation. Repeats count"
            " through the ceiling of the mean, rc / (1 + (r − 1)c). The *number* of voxels does not"
            " change p, and hardly q; the *fraction* that is nonlinear changes q, so q is that of"
            " many voxels of which the chosen fraction is nonlinear, of all simulated shares alike."
            " Linear between grid points (stimuli by their logarithm), made to rise with the share;"
            " band: Wilson's 95 % interval, as if voxels were independent.",
            lambda r, c, dark: plot_power(_estimate(r, c), dark=dark),
            lambda r, c: _estimate(r, c).curve,
            ("stimuli", "repeats", "ceiling", "criterion"),
            tell=lambda r, c: (
                f"{describe_power(_estimate(r, c), _read_design(c))}"
                f" {describe_simulated(r.tables['power'], r.settings)}"
            ),
        ),
        "recovery": Check(
            "Recovery",
            "No single measure is best throughout. **Where JNE fails:**\n"
            "- *Too few data.* Where the nonlinear encoder predicts worse than the linear one, the"
            " sign can turn: with 1,000 stimuli and little signal, r of JNE with the truth was"
            " −0.54, of JNE / gain 0.54.\n"
            "- *Unequal gains.* JNE grows with a voxel's response gain; JNE / gain does not.\n"
            "- *Equal deviations.* Of a voxel that bends in the middle of its range, JNE sees"
            " little, whatever its nonlinear share; μ sees it.",
            "Encoders fitted to voxels whose nonlinear share is planted; Pearson r of each measure"
            " with it over voxels, mean over seeds. The paper has no such test.",
            lambda r, _, dark: figures.plot_recovery(r.tables["summary"], dark=dark),
            lambda r, _: r.tables["summary"],
        ),
        "variants": Check(
            "Variants",
            "Paper, subject S1: r = 1.00 of L1 with L2, at least 0.90 of the z-scored variants with"
            " the raw ones. Trust a run's JNE less where its own variants disagree.",
            "Four variants of JNE on the chosen run's encoder: L1 or L2 norm, Jacobians raw or"
            " z-scored; Pearson r over significant voxels.",
            lambda r, _, dark: figures.plot_variant_correlations(
                r.tables["correlations"], simulated=r.settings["simulated"], dark=dark
            ),
            lambda r, _: r.tables["correlations"],
        ),
    }
)  # fmt: skip
