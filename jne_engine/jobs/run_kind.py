"""Jobs of the kind ``run``: from a dataset to a stored run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jne_engine.checkpoints import encoder_from_checkpoint
from jne_engine.demo import simulate_subject
from jne_engine.jobs.reports import JobReport
from jne_engine.pipeline import compute_key, compute_run, name_run
from jne_engine.readers.description import read_dataset
from jne_engine.readers.guard import hash_file
from jne_engine.run_stages import FittedEncoder
from jne_engine.spec import RunSpec
from jne_engine.types import EncodingDataset, InputRecord


def do_run(payload: Mapping[str, Any], report: JobReport, cancelled: Callable[[], bool]) -> Path:
    """Compute a run and return its folder; see :mod:`jne_engine.jobs.kinds`.

    Parameters
    ----------
    payload : mapping
        ``spec``: the RunSpec's values; ``weights``: paths by ``"linear"`` and ``"nonlinear"``;
        and either ``dataset``: the path of a description or its folder, or ``demo``: sizes
        and seeds of :func:`~jne_engine.demo.simulate_subject`.
    report : JobReport
    cancelled : callable
        Not asked: every block of a run reports.
    """
    del cancelled
    dataset = open_dataset(payload, report)
    spec, fitted = RunSpec.from_dict(payload["spec"]), read_fitted(payload["weights"])
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
    dataset = read_dataset(payload["dataset"])
    report("read", 1, 1)
    return dataset


def read_fitted(weights: Mapping[str, str]) -> dict[str, FittedEncoder]:
    """Read the encoders that somebody fitted elsewhere, by ``"linear"`` and ``"nonlinear"``."""
    return {
        name: FittedEncoder(
            encoder_from_checkpoint(Path(path)), InputRecord(Path(path).name, hash_file(Path(path)))
        )
        for name, path in weights.items()
    }
