"""Jobs of the kind ``run``: from a dataset, or the simulated subject, to a stored run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jne_engine.core.checks import check_choice, check_positive
from jne_engine.core.devices import Device, find_device
from jne_engine.core.errors import InputError
from jne_engine.datasets.library import DatasetEntry, FeatureEntry, dataset_folder
from jne_engine.features.gabor_layers import GABOR_LAYERS
from jne_engine.formats.guard import hash_file
from jne_engine.jobs.kind import JobKind, Shown, Stage
from jne_engine.jobs.records import JobRecord, JobSpec
from jne_engine.model.spec import Activation, RunSpec

if TYPE_CHECKING:  # pages know kinds too, and wait for neither torch nor pandas
    from jne_engine.datasets.dataset import EncodingDataset
    from jne_engine.jobs.reports import JobReport
    from jne_engine.runs.stages import FittedEncoder


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
    dataset: Path,
    spec: RunSpec,
    *,
    weights: Mapping[str, Path] | None = None,
    label: str = "",
    layer: int | None = None,
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
    layer : int, optional
        Which of several layers of the features; as described by default.

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
        **({} if layer is None else {"layer": layer}),
    }
    folder = dataset.absolute() if dataset.is_dir() else dataset.absolute().parent
    deeper = "" if layer is None else f" · layer {layer}"
    return JobSpec("run", payload, label or f"{folder.name}{deeper}")


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


def with_change(job: JobSpec, change: str | None) -> JobSpec:
    """Return a run's job on its dataset with one thing changed; as it is where nothing is.

    Parameters
    ----------
    job : JobSpec
    change : str or None
        What :func:`~jne_engine.datasets.changed.change_dataset` takes.
    """
    if not change:
        return job
    return JobSpec("run", {**job.payload, "change": change}, f"{job.label} · {change}")


def with_device(job: JobSpec, device: Device) -> JobSpec:
    """Return a run's job with the device that computes it; as it is for ``"auto"``."""
    if device == "auto":
        return job
    return JobSpec("run", {**job.payload, "device": device}, job.label)


def request_layers(
    entry: DatasetEntry, spec: RunSpec, *, features: FeatureEntry | None, layers: tuple[int, ...],
    root: Path,
) -> tuple[JobSpec, ...]:  # fmt: skip
    """Return the jobs of a dataset's runs: one a layer, or one where it brings its features.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset.
    spec : RunSpec
        How to fit.
    features : FeatureEntry or None
        Extracted features; None for those that the dataset brings.
    layers : tuple of int
        States of the features' model; of features that the dataset brings, those of its layers
        that are wanted, none for the described one.
    root : pathlib.Path
        Folder of runs.
    """
    told_encoder = _tell_encoder(spec)
    common = {"dataset": entry.path, "weights": {}, "spec": spec.to_dict()}
    if features is None:
        allowed = {} if entry.allowed_root is None else {"allowed_root": entry.allowed_root}
        named = [(f" · layer {layer}", {"layer": layer}) for layer in layers] or [("", {})]
        return tuple(
            JobSpec("run", {**common, **allowed, **deeper}, f"{entry.name}{told} · {told_encoder}")
            for told, deeper in named
        )
    file = str(dataset_folder(root, entry.name) / features.file)
    return tuple(
        JobSpec(
            "run",
            {**common, "features": {"file": file, "layer": layer}},
            f"{entry.name} · {features.model} layer {layer} · {told_encoder}",
        )
        for layer in layers
    )


def _tell_encoder(spec: RunSpec) -> str:
    return f"{spec.activation} {spec.n_hidden}" + (f" seed {spec.seed}" if spec.seed else "")


def do_run(payload: Mapping[str, Any], report: JobReport, cancelled: Callable[[], bool]) -> Path:
    """Compute a run and return its folder.

    Parameters
    ----------
    payload : mapping
        ``spec``: the RunSpec's values; ``weights``: paths by ``"linear"`` and ``"nonlinear"``;
        and either ``dataset``: the path of a description or its folder, or ``demo``: sizes
        and seeds of :func:`~jne_engine.simulations.subject.simulate_subject`. With a dataset,
        optional:
        ``layer``, where the described features hold several; ``features``: ``file`` and
        ``layer`` of an extraction; ``allowed_root``: folder outside of which nothing may be
        opened. With either: ``change``, as
        :func:`~jne_engine.datasets.changed.change_dataset` takes it; ``device``, as
        :func:`~jne_engine.core.devices.find_device` takes it.
    report : JobReport
    cancelled : callable
        Not asked: every block of a run reports.
    """
    from jne_engine.runs.pipeline import compute_key, compute_run, name_run

    del cancelled
    wanted = read_wanted(payload, report)
    dataset = wanted["dataset"]
    place = report.root / name_run(dataset, compute_key(dataset, wanted["spec"], wanted["fitted"]))
    report.identify(
        place, subject=dataset.subject, feature_set=dataset.feature_set, layer=dataset.layer
    )
    return compute_run(root=report.root, report=report, on_epoch=report.epoch, **wanted).path


def read_wanted(
    payload: Mapping[str, Any], report: Callable[[str, int, int], None]
) -> dict[str, Any]:
    """Read what a payload of :func:`do_run` names.

    Returns
    -------
    dict
        ``dataset, spec, fitted, device`` as :func:`~jne_engine.runs.pipeline.compute_run` takes
        them. A device that is not there is refused before the data are read.
    """
    device = payload.get("device", "auto")
    find_device(device)
    spec = RunSpec.from_dict(payload["spec"])
    fitted = read_fitted(payload["weights"], spec)
    dataset = open_dataset(payload, report)
    return {"dataset": dataset, "spec": spec, "fitted": fitted, "device": device}


def open_dataset(
    payload: Mapping[str, Any], report: Callable[[str, int, int], None]
) -> EncodingDataset:
    """Read or simulate the dataset of a payload.

    Parameters
    ----------
    payload : mapping
        See :func:`do_run`.
    report : callable
        Called as ``report(stage, done, total)``.
    """
    from jne_engine.datasets.changed import change_dataset
    from jne_engine.simulations.subject import simulate_subject

    if "demo" in payload:
        told = functools.partial(report, "simulate")
        dataset = simulate_subject(**payload["demo"], progress=told)
    else:
        report("read", 0, 1)
        dataset = _read_dataset(payload)
        report("read", 1, 1)
    return change_dataset(dataset, payload["change"]) if "change" in payload else dataset


def _read_dataset(payload: Mapping[str, Any]) -> EncodingDataset:
    """Read a dataset from disk, with the layer that is named for it."""
    from jne_engine.datasets.description import read_dataset
    from jne_engine.datasets.layers import read_dataset_layer

    if "features" in payload:
        file, layer = Path(payload["features"]["file"]), payload["features"]["layer"]
        return read_dataset_layer(Path(payload["dataset"]), features=file, layer=layer)
    root = payload.get("allowed_root")
    allowed = None if root is None else Path(root)
    return read_dataset(payload["dataset"], allowed_root=allowed, layer=payload.get("layer"))


def read_fitted(weights: Mapping[str, str], spec: RunSpec) -> dict[str, FittedEncoder]:
    """Read the encoders that somebody fitted elsewhere, by ``"linear"`` and ``"nonlinear"``.

    Where a file's name does not tell its activation, it is the one that the run asks for.

    Raises
    ------
    InputError
        If a file cannot be read, or its name tells another activation than the run asks for.
    """
    wanted: dict[str, Activation] = {"linear": "identity", "nonlinear": spec.activation}
    return {name: _read_fitted(Path(path), wanted[name]) for name, path in weights.items()}


def _read_fitted(path: Path, activation: Activation) -> FittedEncoder:
    from jne_engine.datasets.dataset import InputRecord
    from jne_engine.model.checkpoints import encoder_from_checkpoint, find_activation
    from jne_engine.runs.stages import FittedEncoder

    told = find_activation(path)
    if told not in (None, activation):
        fix = f"give the weights of the other encoder, or pass --activation {told}"
        raise InputError(path.name, f"activation {activation}", f"{told} by its name", fix)
    encoder = encoder_from_checkpoint(path, activation=activation)
    return FittedEncoder(encoder, InputRecord(path.name, hash_file(path)))


def _find(record: JobRecord) -> dict[str, str] | None:
    place = record.place
    return {"run": place.name} if place is not None and place.exists() else None


KIND = JobKind(
    "run",
    "Run",
    ":material/neurology:",
    do_run,
    {
        "read": Stage("reading the data"),
        "simulate": Stage("simulating", "pictures"),
        "dataset": Stage("storing the dataset"),
        "linear": Stage("fitting the linear encoder", "epochs", at_most=True),
        "nonlinear": Stage("fitting the nonlinear encoder", "epochs", at_most=True),
        "scores": Stage("scoring on test stimuli", "encoders"),
        "dispersion": Stage("streaming Jacobians", "stimuli"),
        "calibration": Stage("telling linear from nonlinear", "steps"),
    },
    Shown("maps", _find, icon=":material/neurology:"),
)
