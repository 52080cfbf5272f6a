"""From a dataset to a stored run: two fits, scores, and the dispersion of Jacobians.

Each stage is computed once and written whole. Called again after a crash, the
pipeline goes on after the last complete stage, within the dispersion after the last
complete block of stimuli, and ends with the same arrays.
"""

from __future__ import annotations

import platform
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import torch

from jne_engine.core.checks import check_length
from jne_engine.core.devices import Device, find_device, noting_halved, tell_device
from jne_engine.core.disk import telling_disk_errors
from jne_engine.core.errors import InputError
from jne_engine.core.progress import StageProgress, ignore_stages
from jne_engine.core.version import VERSION
from jne_engine.datasets.dataset import EncodingDataset
from jne_engine.model.scaling import Scaling, tell_far
from jne_engine.model.score_test import ScoreDesign
from jne_engine.model.spec import RunSpec
from jne_engine.runs.folder import lock_run
from jne_engine.runs.stages import FittedEncoder, RunStages, StageEpochReport
from jne_engine.runs.stimulus_means import STAGE, write_run_means
from jne_engine.runs.store import (
    MANIFEST,
    Manifest,
    Run,
    RunFolder,
    StageWriter,
    compute_run_key,
)
from jne_engine.runs.version import ALGORITHM

LIBRARIES = ("numpy", "scipy", "torch", "zarr")


def compute_run(
    dataset: EncodingDataset,
    spec: RunSpec,
    root: Path,
    *,
    fitted: Mapping[str, FittedEncoder] | None = None,
    report: StageProgress | None = None,
    on_epoch: StageEpochReport | None = None,
    device: Device = "auto",
) -> Run:
    """Compute a run, or what is still missing of it, and return it complete.

    Parameters
    ----------
    dataset : EncodingDataset
        What to fit. Invalid voxels are left out of the fit and are NaN in every result.
    spec : RunSpec
        How to fit it.
    root : pathlib.Path
        Folder of runs; the run's own folder is made in it.
    fitted : mapping of {"linear", "nonlinear"} to FittedEncoder, optional
        Encoders to take instead of fitting.
    report : callable, optional
        Called as ``report(stage, done, total)``; it may raise
        :class:`~jne_engine.core.errors.CancelledError`, which leaves a resumable folder.
    on_epoch : callable, optional
        Called as ``on_epoch(stage, epoch, train_loss, validation_loss)`` after each epoch of a
        fit, counted from 1.
    device : {"auto", "cpu", "cuda", "mps"}
        Where to compute, see :func:`~jne_engine.core.devices.find_device`. It is recorded, and
        decides nothing of which run it is.

    Returns
    -------
    Run
        The finished run; at once where it exists already.

    Raises
    ------
    InputError
        If the fit diverges, a given encoder does not fit the dataset, or the device is not there
        or has too little memory.
    StoreError
        If the disk is full or not writable.
    """
    given = dict(fitted or {})
    _check_fitted(dataset, spec, given)
    key = compute_key(dataset, spec, given)
    path = root / name_run(dataset, key)
    stages = RunStages(
        dataset,
        spec,
        given,
        report or ignore_stages,
        on_epoch=on_epoch or _ignore_epoch,
        device=find_device(device),
    )
    with telling_disk_errors(path), lock_run(path):
        if not (path / MANIFEST).exists():
            folder = RunFolder(path)
            _write_stages(folder, stages)
            folder.complete(_summarise(folder, stages, key))
    return Run(path)


def _check_fitted(
    dataset: EncodingDataset, spec: RunSpec, fitted: Mapping[str, FittedEncoder]
) -> None:
    """Require encoders of the run's activations, features and columns, before anything is made."""
    for name, given in fitted.items():
        encoder, source = given.encoder, given.source.name
        if spec.linear_first and name == "nonlinear":
            fix = "give no weights of it, or choose no linear_first"
            raise InputError(source, "a nonlinear encoder to be fitted", "given weights", fix)
        activation = "identity" if name == "linear" else spec.activation
        fix = f"give the weights of the {name} encoder that was fitted to this dataset"
        if encoder.activation != activation:
            raise InputError(source, f"activation {activation}", encoder.activation, fix)
        check_length(source, encoder.n_features, dataset.n_features, unit="features", fix=fix)
        check_length(source, encoder.n_voxels, dataset.n_voxels, unit="voxels", fix=fix)


def compute_key(
    dataset: EncodingDataset, spec: RunSpec, fitted: Mapping[str, FittedEncoder]
) -> str:
    """Return the SHA-256 of everything that decides a run's numbers.

    That runs are the blocks of the score test is in it where they are, so that all others keep
    their keys from before.
    """
    sources = {name: f.source.sha256 for name, f in fitted.items()}
    choices = {**spec.to_dict(), "fitted": sources}
    if ScoreDesign.of_runs(dataset.runs, dataset.splits.test).runs is not None:
        choices["blocks"] = "runs"
    return compute_run_key(dataset.content_hash, choices, ALGORITHM)


def name_run(dataset: EncodingDataset, key: str) -> str:
    """Return a run's folder name: what a person calls it, then the start of its key."""
    label = f"{dataset.name}-{dataset.subject}-{dataset.feature_set}-L{dataset.layer}"
    slug = re.sub(r"[^A-Za-z0-9]+", "-", label).strip("-").lower()[:60] or "run"
    return f"{slug}-{key[:10]}"


def _write_stages(folder: RunFolder, stages: RunStages) -> None:
    for name in Run.STAGES:
        if folder.has_stage(name):
            continue
        start = time.perf_counter()
        with folder.write_stage(name) as stage, noting_halved() as halved:
            _write_stage(name, folder, stage, stages)
            if name == STAGE:
                write_run_means(folder, stage, stages.spec.fdr_q)
            told = {"device": tell_device(stages.device), "halved": halved}
            stage.write_json("timing", {"seconds": time.perf_counter() - start, **told})


def _write_stage(name: str, folder: RunFolder, stage: StageWriter, stages: RunStages) -> None:
    try:
        stages.write(name, folder, stage)
    except torch.OutOfMemoryError as error:
        fix = "choose the device cpu, or fewer hidden units"
        raise InputError(
            f"memory of {stages.device}", f"enough for {name}", "none left", fix
        ) from error


def _summarise(folder: RunFolder, stages: RunStages, key: str) -> Manifest:
    dataset, provenance = stages.dataset, stages.dataset.provenance
    told = {n: folder.read_stage(n).read_json("timing") for n in Run.STAGES}
    halved = dict.fromkeys(line for stage in told.values() for line in stage.get("halved", ()))
    devices = dict.fromkeys(s.get("device", "cpu") for s in told.values())  # older ones: none told
    inputs = (*provenance.inputs, *(f.source for f in stages.fitted.values()))
    return Manifest(
        run_id=folder.path.name,
        key=key,
        name=dataset.name,
        subject=dataset.subject,
        feature_set=dataset.feature_set,
        layer=dataset.layer,
        simulated=provenance.simulated,
        source=provenance.source,
        created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        spec=stages.spec.to_dict(),
        counts=_counts(folder, stages),
        inputs=tuple({"name": i.name, "sha256": i.sha256} for i in inputs),
        notes=(*provenance.notes, _tell_scaling(stages), *halved),
        warnings=_warnings(folder, stages),
        timings_s={name: stage["seconds"] for name, stage in told.items()},
        versions={**_versions(), "device": ", ".join(devices)},
        files=folder.hash_files(),
    )


def _counts(folder: RunFolder, stages: RunStages) -> dict[str, int]:
    dataset = stages.dataset
    q = folder.read_stage("scores").read_array("q_nonlinear")
    return {
        "n_train": dataset.splits.train.size,
        "n_validation": dataset.splits.validation.size,
        "n_test": dataset.splits.test.size,
        "n_features": dataset.n_features,
        "n_voxels": dataset.n_voxels,
        "n_invalid": dataset.n_voxels - stages.columns.size,
        "n_significant": int((q < stages.spec.fdr_q).sum()),
    }


def _warnings(folder: RunFolder, stages: RunStages) -> tuple[str, ...]:
    unfinished = [
        f"The {name} encoder was still improving after {stages.spec.max_epochs} epochs."
        for name in ("linear", "nonlinear")
        if folder.read_stage(name).read_json("fit")["converged"] is False
    ]
    n_invalid = stages.dataset.n_voxels - stages.columns.size
    invalid = [f"{n_invalid} voxels are constant or not finite and are left out."]
    return tuple(unfinished + (invalid if n_invalid else []) + _warn_unscaled(stages))


def _tell_scaling(stages: RunStages) -> str:
    if stages.is_within_run:
        n = len(set(stages.dataset.runs or ()))
        return (
            f"Features and responses were centred and scaled within each of {n} runs by the means"
            " and standard deviations of the run's own training stimuli, then as a whole by those"
            " of all training stimuli; JNE is in responses' per features' deviations."
        )
    if stages.is_scaled:
        n = stages.dataset.splits.train.size
        return (
            f"Features and responses were centred and scaled by their means and standard deviations"
            f" over the {n} training stimuli; JNE is in responses' per features' deviations."
        )
    why = ": given encoders take them so" if stages.fitted else ""
    return f"Features and responses were fitted as they are{why}."


def _warn_unscaled(stages: RunStages) -> list[str]:
    """Say what is wrong with R² and JNE where uncentred data were fitted without an intercept."""
    if stages.is_scaled:
        return []
    dataset, rows = stages.dataset, stages.dataset.splits.train
    far = (
        tell_far("Features", Scaling.fit(dataset.features, rows)),
        tell_far("Responses", Scaling.fit(dataset.responses, rows).take(stages.columns)),
    )
    advice = "encoders have no intercept, so R² and JNE may show offsets: fit standardised data"
    return [f"{line}; {advice}." for line in far if line is not None]


def _versions() -> dict[str, str]:
    """Return what computed the numbers, thread count included: sums depend on it."""
    versions = {
        "jne_engine": VERSION,
        "algorithm": str(ALGORITHM),
        "python": platform.python_version(),
    }
    versions |= {name: metadata.version(name) for name in LIBRARIES}
    return versions | {"machine": platform.machine(), "threads": str(torch.get_num_threads())}


def _ignore_epoch(stage: str, epoch: int, train_loss: float, validation_loss: float) -> None:
    """Take an epoch's losses and do nothing with them."""
