"""Asking for a run: of a dataset on disk, or of the simulated subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jne_engine.core.checks import check_choice, check_positive
from jne_engine.core.errors import InputError
from jne_engine.features.gabor_layers import GABOR_LAYERS
from jne_engine.jobs.records import JobSpec
from jne_engine.model.spec import RunSpec

if TYPE_CHECKING:  # asking must not wait for pandas and zarr
    from jne_engine.analysis.spins import SpinSettings

ENCODERS = ("linear", "nonlinear")

DEMO_HIDDEN = 256
"""Hidden units of the demo: more recover the planted nonlinearity no better, and take longer."""
SMALL_DEMO_HIDDEN = 128
DEMO_SIZES: Mapping[str, Any] = MappingProxyType(
    {"n_stimuli": 3000, "n_test": 600, "n_vertices": None}
)
SMALL_DEMO_SIZES: Mapping[str, Any] = MappingProxyType(
    {"n_stimuli": 3000, "n_test": 400, "n_vertices": 2000}
)
"""Reduced sizes, which finish in about a minute.

What is spared is vertices and hidden units, not pictures: with 610 pictures to train on, hardly
more than the 492 features, the nonlinear part is not learned and JNE does not follow the truth.
"""
SIMULATED_STUDY = "Simulated study"
"""Name of the study of several simulated subjects or layers."""


def request_run(
    dataset: Path, spec: RunSpec, *, weights: Mapping[str, Path] | None = None, label: str = ""
) -> JobSpec:
    """Return the job that computes the run of a dataset.

    Parameters
    ----------
    dataset : pathlib.Path
        A ``dataset.toml`` or a folder, as :func:`~jne_engine.datasets.description.read_dataset`
        takes it.
    spec : RunSpec
        How to fit it.
    weights : mapping of {"linear", "nonlinear"} to pathlib.Path, optional
        Fitted encoders to take instead of fitting.
    label : str
        What a person calls it; the dataset's folder by default.

    Raises
    ------
    InputError
        If a file is not there.
    """
    named = dict(weights or {})
    for name in named:
        check_choice("weights", name, ENCODERS)
    for path in (dataset, *named.values()):
        if not path.exists():
            raise InputError(str(path), "a file or folder", "nothing there", "check the path")
    payload = {
        "dataset": str(dataset.absolute()),
        "weights": {name: str(path.absolute()) for name, path in named.items()},
        "spec": spec.to_dict(),
    }
    folder = dataset.absolute() if dataset.is_dir() else dataset.absolute().parent
    return JobSpec("run", payload, label or folder.name)


def request_demo(
    spec: RunSpec,
    *,
    seed: int = 0,
    subject: str = "S1",
    layer: int = 0,
    n_stimuli: int = 3000,
    n_test: int = 600,
    n_vertices: int | None = None,
) -> JobSpec:
    """Return the job that computes the run of a SIMULATED subject.

    Parameters
    ----------
    spec : RunSpec
        How to fit it.
    seed, subject, layer, n_stimuli, n_test, n_vertices
        As :func:`~jne_engine.simulations.subject.simulate_subject` takes them.
    """
    sizes = {"n_stimuli": n_stimuli, "n_test": n_test, "n_vertices": n_vertices}
    # Layer 0 goes without saying: jobs that were asked for before there were layers are the same.
    deeper = {"layer": layer} if layer else {}
    demo = {"seed": seed, "subject": subject, **deeper, **sizes}
    payload = {"demo": demo, "weights": {}, "spec": spec.to_dict()}
    label = f"simulated subject {subject}" + (f" · layer {layer}" if layer else "")
    return JobSpec("run", payload, label)


def request_demo_study(
    spec: RunSpec, *, n_subjects: int, n_layers: int, **sizes: Any
) -> tuple[JobSpec, ...]:
    """Return the jobs of several SIMULATED subjects who see the same pictures, layer by layer.

    Parameters
    ----------
    spec : RunSpec
        How to fit each.
    n_subjects : int
        Subjects S1, S2, … of seeds 0, 1, …
    n_layers : int
        Layers of each, from 0.
    sizes : int
        As :func:`request_demo` takes them.

    Raises
    ------
    InputError
        If there are not that many layers, or no subject.
    """
    check_positive("n_subjects", n_subjects)
    check_choice("n_layers", str(n_layers), tuple(map(str, range(1, len(GABOR_LAYERS) + 1))))
    return tuple(
        request_demo(spec, seed=i, subject=f"S{i + 1}", layer=layer, **sizes)
        for i in range(n_subjects)
        for layer in range(n_layers)
    )


def request_spin(run: Path, settings: SpinSettings, *, label: str = "") -> JobSpec:
    """Return the job that tests a run's map against its rotations.

    Parameters
    ----------
    run : pathlib.Path
        The run's folder.
    settings : SpinSettings
        What to test.
    label : str
        What a person calls it; the run's folder by default.
    """
    payload = {"run": str(run.absolute()), "settings": asdict(settings)}
    return JobSpec("spin", payload, label or f"spin test of {settings.measure}, {run.name}")
