"""Jobs of the kind ``import``: from somebody's folder to a dataset below the folder of runs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jne_engine.core.errors import InputError
from jne_engine.datasets.library import ENTRY, CheckEntry, DatasetEntry, dataset_folder, write_entry
from jne_engine.jobs.kind import JobKind, Shown, Stage
from jne_engine.jobs.records import JobRecord, JobSpec

if TYPE_CHECKING:  # pages know kinds too, and wait for neither torch nor pandas
    from jne_engine.datasets.preview import Preview
    from jne_engine.datasets.selfcheck import Verdict
    from jne_engine.datasets.source import DatasetSource
    from jne_engine.jobs.reports import JobReport


def request_import(source: Mapping[str, Any], name: str, *, root: Path) -> JobSpec:
    """Return the job that imports a dataset.

    Parameters
    ----------
    source : mapping
        ``kind``, ``folder``, ``allowed_root`` and ``choices``.
    name : str
        Of the new dataset below ``root``.
    root : pathlib.Path
        Folder of runs.

    Raises
    ------
    InputError
        If the name is not one for a folder.
    """
    dataset_folder(root, name)
    return JobSpec("import", {"name": name, "source": dict(source)}, name)


def do_import(payload: Mapping[str, Any], report: JobReport, cancelled: Callable[[], bool]) -> Path:
    """Import a dataset, check it, and return its folder.

    Parameters
    ----------
    payload : mapping
        ``name``: of the new dataset; ``source``: as
        :func:`~jne_engine.datasets.registry.preview_source` takes it.
    report : JobReport
    cancelled : callable
        Not asked: every block reports.

    Raises
    ------
    InputError
        If another import has the name, or the data cannot be read.
    """
    from jne_engine.datasets.registry import find_layout

    del cancelled
    source, folder = payload["source"], dataset_folder(report.root, payload["name"])
    _claim(folder, source)
    report.identify(folder)
    if (folder / ENTRY).exists():
        return folder
    layout = find_layout(source["kind"])
    enter = _copy if layout.copies else _link
    entry = enter(layout, source, folder, report)
    report("self-check", 1, 1)
    write_entry(folder, entry)
    report.identify(folder, subject=entry.subject)
    return folder


def _claim(folder: Path, source: Mapping[str, Any]) -> None:
    """Note whose the name is, unless it is another import's."""
    place = folder.parent / ".requests" / f"{folder.name}.json"
    text = json.dumps(dict(source), sort_keys=True)
    if folder.exists() and (not place.exists() or place.read_text(encoding="utf-8") != text):
        found = "a dataset of that name that is there already"
        raise InputError(folder.name, "a new name", found, "choose another name")
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f"{place.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(place)


def _copy(
    layout: DatasetSource, source: Mapping[str, Any], folder: Path, report: JobReport
) -> DatasetEntry:
    from jne_engine.datasets.registry import make_request, preview_source
    from jne_engine.datasets.selfcheck import check_imported

    report("look", 0, 1)
    preview = preview_source(source, measure=False)
    if not folder.exists():
        layout.bring(make_request(source), folder, report=report)
    report("self-check", 0, 1)
    images = layout.find_images(Path(source["folder"]))
    return _enter(
        source,
        folder,
        preview,
        path=str(folder),
        images=None if images is None else str(images),
        checks=to_entries(check_imported(folder)),
    )


def _link(
    layout: DatasetSource, source: Mapping[str, Any], folder: Path, report: JobReport
) -> DatasetEntry:
    """Check files that stay where they are, name them, and say what they are."""
    from jne_engine.datasets.arrays.files import NO_FEATURES
    from jne_engine.datasets.dataset import DESCRIPTION_NAME
    from jne_engine.datasets.preview import preview_dataset
    from jne_engine.datasets.registry import find_linked, make_request, read_source
    from jne_engine.datasets.selfcheck import check_dataset

    dataset = read_source(source)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DESCRIPTION_NAME).unlink(missing_ok=True)  # of an attempt that was cut off
    request = make_request(source)
    path = layout.bring(request, folder, report=report)
    images = find_linked(source["kind"]).find_pictures(request)
    lacks_features = any(note.startswith(NO_FEATURES) for note in dataset.provenance.notes)
    return _enter(
        source,
        folder,
        preview_dataset(dataset),
        path=str(path),
        allowed_root=None if path.is_relative_to(folder) else source["allowed_root"],
        images=None if images is None else str(images),
        n_features=None if lacks_features else dataset.n_features,
        n_layers=dataset.n_layers,
        layer=dataset.layer,
        feature_set=dataset.feature_set,
        checks=to_entries(check_dataset(dataset)),
    )


def _enter(source: Mapping[str, Any], folder: Path, preview: Preview, **more: Any) -> DatasetEntry:
    """Return a dataset's entry: what its preview says, and what only one way of import knows."""
    return DatasetEntry(
        name=folder.name,
        kind=source["kind"],
        subject=preview.subject,
        space=preview.space,
        n_images=preview.n_images,
        n_train=preview.n_train,
        n_test=preview.n_test,
        n_voxels=preview.n_voxels,
        notes=(*preview.notes, *preview.problems),
        **more,
    )


def to_entries(verdicts: tuple[Verdict, ...]) -> tuple[CheckEntry, ...]:
    """Return verdicts as a dataset's entry holds them."""
    return tuple(CheckEntry(v.name, v.ok, v.text) for v in verdicts)


def _find(record: JobRecord) -> dict[str, str]:
    del record
    return {"part": "data"}


KIND = JobKind(
    "import",
    "Import",
    ":material/download:",
    do_import,
    {
        "look": Stage("looking at the files"),
        "betas": Stage("reading betas", "sessions"),
        "rows": Stage("copying responses", "images"),
        "pictures": Stage("shrinking pictures", "images"),
        "self-check": Stage("checking orientation and alignment"),
    },
    Shown("data", _find, "To the data", ":material/folder_open:"),
)
