"""Jobs of the kind ``features``: from a dataset's images to features beside it."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jne_engine.core.errors import InputError
from jne_engine.datasets.library import (
    DatasetEntry,
    FeatureEntry,
    dataset_folder,
    read_entry,
    write_entry,
    write_features,
)
from jne_engine.jobs.kind import JobKind, Shown, Stage
from jne_engine.jobs.kinds.imports import to_entries
from jne_engine.jobs.records import JobRecord, JobSpec

if TYPE_CHECKING:  # pages know kinds too, and wait for neither torch nor pandas
    from jne_engine.jobs.reports import JobReport


def request_features(entry: DatasetEntry, model: str, *, device: str = "auto") -> JobSpec:
    """Return the job that extracts features of a dataset's images.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset.
    model : str
        A model's name, ``"gabor"``, or a model's folder.
    device : {"auto", "cpu", "cuda", "mps"}
    """
    payload = {"dataset": entry.name, "model": model, "device": device}
    return JobSpec("features", payload, f"{entry.name} · {Path(model).name}")


def do_features(
    payload: Mapping[str, Any], report: JobReport, cancelled: Callable[[], bool]
) -> Path:
    """Extract features of a dataset's images and return their file.

    Parameters
    ----------
    payload : mapping
        ``dataset``: name below the folder of runs; ``model``: one of
        :data:`~jne_engine.features.extraction.MODELS`, ``"gabor"``, or a folder; ``batch_size`` and
        ``device``, optional.
    report : JobReport
    cancelled : callable
        Not asked: every batch reports.

    Raises
    ------
    InputError
        If the dataset's images or the model cannot be read.
    """
    import msgspec

    from jne_engine.datasets.imported import find_image_list
    from jne_engine.datasets.layers import read_dataset_layer
    from jne_engine.datasets.selfcheck import check_dataset
    from jne_engine.features.extraction import FeatureSpec, extract_features

    del cancelled
    folder = dataset_folder(report.root, payload["dataset"])
    entry = read_entry(folder)
    if entry.images is None:
        fix = "put the images beside the data and import again, or extract by the command line"
        raise InputError(entry.name, "images", "none where the data were imported from", fix)
    out = folder / f"features-{_slug(payload['model'])}.h5"
    report.identify(out, subject=entry.subject, feature_set=_slug(payload["model"]))
    report("load model", 0, 1)
    choices = {k: payload[k] for k in ("batch_size", "device") if payload.get(k) is not None}
    listed = find_image_list(folder)
    ids = None if listed is None else str(listed)
    spec = FeatureSpec(entry.images, payload["model"], ids=ids, **choices)
    extract_features(spec, out, functools.partial(report, "extract features"))
    found = _describe(out, _slug(payload["model"]))
    report("self-check", 0, 1)
    dataset = read_dataset_layer(Path(entry.path), features=out, layer=found.n_states - 1)
    checked = to_entries(check_dataset(dataset))
    write_entry(folder, msgspec.structs.replace(entry, checks=checked))
    write_features(folder, found)
    report("self-check", 1, 1)
    return out


def _describe(path: Path, model: str) -> FeatureEntry:
    import h5py

    with h5py.File(path, "r") as file:
        n_images, n_states, n_features = file["features"].shape
    return FeatureEntry(model, path.name, n_images, n_states, n_features)


def _slug(model: str) -> str:
    """Return a model's name as part of a file's name; of a folder its last part."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", Path(model).name).strip("-.") or "model"


def _find(record: JobRecord) -> dict[str, str]:
    return {"part": "run", "dataset": record.spec.payload["dataset"]}


KIND = JobKind(
    "features",
    "Features",
    ":material/image_search:",
    do_features,
    {
        "load model": Stage("loading the model"),
        "extract features": Stage("extracting features", "images"),
        "self-check": Stage("checking orientation and alignment"),
    },
    Shown("data", _find, "New run", ":material/play_arrow:"),
)
