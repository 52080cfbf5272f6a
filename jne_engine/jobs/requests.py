"""Asking for a run: of a dataset on disk, or of the simulated subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from jne_engine.checks import check_choice
from jne_engine.errors import InputError
from jne_engine.jobs.records import JobSpec
from jne_engine.spec import RunSpec

if TYPE_CHECKING:  # asking must not wait for pandas and zarr
    from jne_engine.queries.spins import SpinSettings

ENCODERS = ("linear", "nonlinear")


def request_run(
    dataset: Path, spec: RunSpec, *, weights: Mapping[str, Path] | None = None, label: str = ""
) -> JobSpec:
    """Return the job that computes the run of a dataset.

    Parameters
    ----------
    dataset : pathlib.Path
        A ``dataset.toml`` or a folder, as :func:`~jne_engine.readers.description.read_dataset`
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
    n_stimuli: int = 3000,
    n_test: int = 600,
    n_vertices: int | None = None,
) -> JobSpec:
    """Return the job that computes the run of a SIMULATED subject.

    Parameters
    ----------
    spec : RunSpec
        How to fit it.
    seed, subject, n_stimuli, n_test, n_vertices
        As :func:`~jne_engine.demo.simulate_subject` takes them.
    """
    sizes = {"n_stimuli": n_stimuli, "n_test": n_test, "n_vertices": n_vertices}
    demo = {"seed": seed, "subject": subject, **sizes}
    payload = {"demo": demo, "weights": {}, "spec": spec.to_dict()}
    return JobSpec("run", payload, f"simulated subject {subject}")


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
