"""From plain values, as a job or a page holds them, to an importer's request and back.

``source``: kind, folder and choices of what shall be imported. The same values give the preview
and the import, so that what was shown is what is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jne_engine.core.checks import check_choice
from jne_engine.core.progress import StageProgress
from jne_engine.datasets.algonauts.importing import import_algonauts, preview_algonauts
from jne_engine.datasets.algonauts.plan import AlgonautsRequest
from jne_engine.datasets.arrays.files import NOT_DRAWN, ArrayFiles, read_arrays_dataset
from jne_engine.datasets.dataset import EncodingDataset
from jne_engine.datasets.description import read_dataset
from jne_engine.datasets.descriptions import describe_arrays, describe_scripts
from jne_engine.datasets.nsd.importing import import_nsd
from jne_engine.datasets.nsd.plan import NsdRequest
from jne_engine.datasets.nsd.preview import preview_nsd
from jne_engine.datasets.preview import Preview, count_rois
from jne_engine.datasets.scripts.files import ScriptFiles, read_scripts_dataset
from jne_engine.formats.guard import check_inside

KINDS: Final = ("nsd", "algonauts", "scripts", "described", "arrays")
COPIED: Final = ("nsd", "algonauts")
"""Kinds whose responses are copied; the others' files stay where they are."""

_ARRAY_FILES: Final = ("features", "responses", "stimuli", "splits", "vertices", "voxels", "rois",
                       "noise_ceiling", "surface_folder")  # fmt: skip


def preview_source(source: Mapping[str, Any], *, measure: bool = True) -> Preview:
    """Tell what an import would do.

    Parameters
    ----------
    source : mapping
        ``kind``; ``folder``, absolute; ``allowed_root``; ``choices`` of the kind's request.
    measure : bool
        Read a few blocks to estimate the time.

    Raises
    ------
    InputError
        If the import could not begin.
    """
    check_choice("kind of data", source["kind"], KINDS)
    folder, choices = Path(source["folder"]), source["choices"]
    if source["kind"] == "nsd":
        return preview_nsd(_nsd_request(folder, choices), measure=measure)
    if source["kind"] == "algonauts":
        return preview_algonauts(AlgonautsRequest(root=folder, **choices), measure=measure)
    return preview_dataset(read_source(source))


def preview_dataset(dataset: EncodingDataset) -> Preview:
    """Tell what was read of files that stay where they are."""
    splits = dataset.splits
    usable = int(dataset.valid_voxels.sum())
    masked = dataset.n_voxels - usable
    few = splits.test.size < 50
    return Preview(
        kind=dataset.name,
        subject=dataset.subject,
        space="" if dataset.space is None else _name_space(dataset.space),
        found={i.name: i.sha256[:12] for i in dataset.provenance.inputs},
        n_images=dataset.n_stimuli,
        n_voxels=dataset.n_voxels,
        n_train=splits.train.size,
        n_validation=splits.validation.size,
        n_test=splits.test.size,
        roi_counts=count_rois(dataset.roi_sets.values()),
        memory_bytes=dataset.responses.nbytes + dataset.features.nbytes,
        read_bytes=dataset.responses.nbytes + dataset.features.nbytes,
        notes=(
            "files stay where they are",
            *(n for n in dataset.provenance.notes if n != NOT_DRAWN),
        ),
        problems=(
            *([f"{masked} of {dataset.n_voxels} columns are not usable and masked"] * bool(masked)),
            *(["fewer than 50 test stimuli: JNE is noisy"] * few),
            *(["no ROIs: pages compare whole maps only"] * (not dataset.roi_sets)),
            *(["no place on a surface: no map of the brain"] * (dataset.space is None)),
            *(n for n in dataset.provenance.notes if n == NOT_DRAWN),
        ),
    )


def copy_source(source: Mapping[str, Any], out: Path, report: StageProgress) -> None:
    """Import what is copied into a new folder."""
    folder, choices = Path(source["folder"]), source["choices"]
    if source["kind"] == "nsd":
        import_nsd(_nsd_request(folder, choices), out, report=report)
    else:
        import_algonauts(AlgonautsRequest(root=folder, **choices), out, report=report)


def describe_source(source: Mapping[str, Any], out: Path) -> Path:
    """Check files that stay where they are and return what a run reads."""
    if source["kind"] == "described":
        return Path(source["folder"])
    files = _files(source)
    (out / "dataset.toml").unlink(missing_ok=True)  # of an attempt that was cut off
    if isinstance(files, ScriptFiles):
        return describe_scripts(files, out)
    return describe_arrays(files, out)


def read_source(source: Mapping[str, Any]) -> EncodingDataset:
    """Read files that stay where they are; nothing outside ``allowed_root`` is opened."""
    root = Path(source["allowed_root"])
    if source["kind"] == "described":
        return read_dataset(source["folder"], allowed_root=root)
    files = _files(source)
    if isinstance(files, ScriptFiles):
        for path in (files.features, files.responses, files.shared):
            check_inside(path, root)
        return read_scripts_dataset(files)
    for path in files.paths():
        check_inside(path, root)
    return read_arrays_dataset(files)


def find_images(source: Mapping[str, Any]) -> str | None:
    """Return where the images of a copied dataset lie, None where they are not there."""
    folder = Path(source["folder"])
    if source["kind"] == "nsd":
        brick = folder / "nsddata_stimuli" / "stimuli" / "nsd" / "nsd_stimuli.hdf5"
        return str(brick) if brick.is_file() else None
    pictures = folder / "training_split" / "training_images"
    return str(pictures) if source["kind"] == "algonauts" and pictures.is_dir() else None


def _nsd_request(folder: Path, choices: Mapping[str, Any]) -> NsdRequest:
    """Return the request of plain values; lists become tuples."""
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in choices.items()}
    return NsdRequest(root=folder, **values)


def _files(source: Mapping[str, Any]) -> ArrayFiles | ScriptFiles:
    folder, choices = Path(source["folder"]), dict(source["choices"])
    if source["kind"] == "scripts":
        return ScriptFiles(folder=folder, **choices)
    named = {k: folder / v if k in _ARRAY_FILES else v for k, v in choices.items()}
    return ArrayFiles(**named)


def _name_space(space: Any) -> str:
    return str(getattr(space, "surface", None) or getattr(space, "name", ""))
