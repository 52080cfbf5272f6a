"""Jobs of the kind ``run``: from a dataset to a stored run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jne_engine.core.errors import InputError
from jne_engine.datasets.dataset import EncodingDataset, InputRecord
from jne_engine.datasets.description import read_dataset
from jne_engine.datasets.layers import read_dataset_layer
from jne_engine.formats.guard import hash_file
from jne_engine.jobs.reports import JobReport
from jne_engine.model.checkpoints import encoder_from_checkpoint, find_activation
from jne_engine.model.spec import Activation, RunSpec
from jne_engine.runs.pipeline import compute_key, compute_run, name_run
from jne_engine.runs.stages import FittedEncoder
from jne_engine.simulations.subject import simulate_subject


def do_run(payload: Mapping[str, Any], report: JobReport, cancelled: Callable[[], bool]) -> Path:
    """Compute a run and return its folder; see :mod:`jne_engine.jobs.catalogue`.

    Parameters
    ----------
    payload : mapping
        ``spec``: the RunSpec's values; ``weights``: paths by ``"linear"`` and ``"nonlinear"``;
        and either ``dataset``: the path of a description or its folder, or ``demo``: sizes
        and seeds of :func:`~jne_engine.simulations.subject.simulate_subject`. With a dataset,
        optional:
        ``features``: ``file`` and ``layer`` for an imported folder; ``allowed_root``: folder
        outside of which nothing may be opened.
    report : JobReport
    cancelled : callable
        Not asked: every block of a run reports.
    """
    del cancelled
    spec = RunSpec.from_dict(payload["spec"])
    fitted = read_fitted(payload["weights"], spec)
    dataset = open_dataset(payload, report)
    place = report.root / name_run(dataset, compute_key(dataset, spec, fitted))
    report.identify(
        place, subject=dataset.subject, feature_set=dataset.feature_set, layer=dataset.layer
    )
    run = compute_run(
        dataset, spec, report.root, fitted=fitted, report=report, on_epoch=report.epoch
    )
    return run.path


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
    if "demo" in payload:
        return simulate_subject(**payload["demo"], progress=functools.partial(report, "simulate"))
    report("read", 0, 1)
    dataset = _read_dataset(payload)
    report("read", 1, 1)
    return dataset


def _read_dataset(payload: Mapping[str, Any]) -> EncodingDataset:
    """Read a dataset from disk, with the layer that is named for it."""
    if "features" in payload:
        file, layer = Path(payload["features"]["file"]), payload["features"]["layer"]
        return read_dataset_layer(Path(payload["dataset"]), features=file, layer=layer)
    root = payload.get("allowed_root")
    return read_dataset(payload["dataset"], allowed_root=None if root is None else Path(root))


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
    told = find_activation(path)
    if told not in (None, activation):
        fix = f"give the weights of the other encoder, or pass --activation {told}"
        raise InputError(path.name, f"activation {activation}", f"{told} by its name", fix)
    encoder = encoder_from_checkpoint(path, activation=activation)
    return FittedEncoder(encoder, InputRecord(path.name, hash_file(path)))
