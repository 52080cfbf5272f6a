"""The simulations, one entry each: what a page, a job and the command line know of them.

Nothing here needs torch; an entry names the function that does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jne_engine.simulations.settings import (
    RESULT_NAMES,
    WIRINGS,
    ActivationSettings,
    CalibrationSettings,
    InputScaleSettings,
    NetworkSettings,
    PowerSettings,
    RecoverySettings,
    SampleSizeSettings,
    SimulationSettings,
)

if TYPE_CHECKING:  # a result holds tables, which a page's first look does not need
    from jne_engine.runs.results import SimulationResult


@dataclass(frozen=True)
class Simulation:
    """One simulation.

    Parameters
    ----------
    name : str
        On the command line.
    summary : str
        What it does, in one sentence.
    function : str
        The ``module:function`` that computes it: ``function(settings, progress)``.
    settings : type of SimulationSettings
        Whose defaults are full size.
    is_live : bool
        Whether its reduced size is quick enough for a page.
    choices : mapping of str to tuple of str
        What a setting may be, where that is a choice of words.
    is_resumable : bool
        Whether its function takes ``parts``, a folder that keeps what is done so far.
    results : mapping of str to SimulationSettings
        Settings of each stored result by its name; one of the simulation's name by default.
    """

    name: str
    summary: str
    function: str
    settings: type[SimulationSettings]
    is_live: bool = True
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_resumable: bool = False
    results: Mapping[str, SimulationSettings] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Store one result in full size where no others are named."""
        if not self.results:
            object.__setattr__(self, "results", {self.name: self.settings()})

    def find(self) -> Callable[..., SimulationResult]:
        """Return the function that computes it; imports torch."""
        module, name = self.function.split(":")
        function: Callable[..., SimulationResult] = getattr(import_module(module), name)
        return function

    def tell_command(self, result: str) -> str:
        """Return the arguments of ``simulate`` that make a stored result."""
        plain = self.settings().to_dict()
        given: dict[str, Any] = self.results[result].to_dict()
        options = [f"--{k.replace('_', '-')} {v}" for k, v in given.items() if v != plain[k]]
        return " ".join([self.name, *options])


_HERE = "jne_engine.simulations"
SIMULATIONS: Mapping[str, Simulation] = MappingProxyType(
    {
        simulation.name: simulation
        for simulation in (
            Simulation(
                "activations",
                "Compute JNE of a single neuron along its input, beside |φ″|.",
                f"{_HERE}.activations:simulate_activations",
                ActivationSettings,
            ),
            Simulation(
                "networks",
                "Compute JNE of untrained networks by where their nonlinearity sits.",
                f"{_HERE}.networks:simulate_networks",
                NetworkSettings,
                choices={"wiring": WIRINGS},
                results={RESULT_NAMES[w]: NetworkSettings(wiring=w) for w in RESULT_NAMES},
            ),
            Simulation(
                "sample-size",
                "Find how many stimuli JNE needs.",
                f"{_HERE}.sample_size:simulate_sample_size",
                SampleSizeSettings,
            ),
            Simulation(
                "input-scale",
                "Find how far JNE depends on the inputs' distribution and scale.",
                f"{_HERE}.input_scale:simulate_input_scale",
                InputScaleSettings,
                choices={"wiring": WIRINGS},
            ),
            Simulation(
                "recovery",
                "Correlate measures with the planted nonlinear share of simulated voxels.",
                f"{_HERE}.recovery:simulate_recovery",
                RecoverySettings,
                is_live=False,
            ),
            Simulation(
                "calibration",
                "Count false positives, power and recovery of every measure on simulated subjects.",
                f"{_HERE}.calibration:simulate_calibration",
                CalibrationSettings,
                is_live=False,
                is_resumable=True,
            ),
            Simulation(
                "power",
                "Count how often a nonlinear share is found, by stimuli and noise ceiling.",
                f"{_HERE}.power:simulate_power",
                PowerSettings,
                is_live=False,
                is_resumable=True,
            ),
        )
    }
)
"""Every simulation by its name."""
RESULTS: Mapping[str, Simulation] = MappingProxyType(
    {name: simulation for simulation in SIMULATIONS.values() for name in simulation.results}
)
"""The simulation of each stored result, by the result's name."""
LIVE = tuple(simulation.name for simulation in SIMULATIONS.values() if simulation.is_live)
"""Names of those that a page may compute at reduced size."""
