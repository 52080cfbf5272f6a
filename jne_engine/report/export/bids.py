"""A BIDS derivatives folder: standard names, and a JSON file beside every file.

``stat-<label>`` and the suffix ``statmap`` follow what nilearn and FitLins write; the rest is
of the BIDS specification (common derivatives; entities ``hemi``, ``space``, ``den``, ``desc``).
Labels lie in ``anat``: a segmentation in ``func`` must name the task that it was made of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from jne_engine.core.errors import InputError
from jne_engine.core.version import VERSION
from jne_engine.cortex.names import canonical_name
from jne_engine.cortex.spaces import CorticalSpace, SurfaceSpace, VolumeSpace
from jne_engine.formats.guard import printable
from jne_engine.report.export.citations import list_citations
from jne_engine.report.export.content import SIMULATED, ExportLabels, ExportMap, RunContent
from jne_engine.report.export.folder import MARK
from jne_engine.report.export.gifti import build_label_image, build_metric
from jne_engine.report.export.names import bids_label, tell_apart
from jne_engine.report.export.nifti import build_label_volume, build_volume, tell_label_table
from jne_engine.report.export.vertices import LETTERS, count_vertices, hemispheres_of
from jne_engine.report.figures.tables import defuse_table

BIDS_VERSION = "1.9.0"
_HOME = "https://bids-specification.readthedocs.io"

_SURFACES = {
    "fsLR32k": ("fsLR", "32k"),
    "fsaverage": ("fsaverage", "164k"),
    "fsaverage6": ("fsaverage", "41k"),
    "fsaverage5": ("fsaverage", "10k"),
    "fsaverage4": ("fsaverage", "3k"),
    "fsaverage3": ("fsaverage", "642"),
}
"""Surface -> label of ``space`` and of ``den``, as TemplateFlow has them."""

Save = Callable[[Path], None]


def check_bids(space: CorticalSpace | None) -> None:
    """Require a surface of known size, or a volume.

    Raises
    ------
    InputError
        If nobody knows where the columns lie.
    """
    if space is None:
        fix = "take --to csv or parquet"
        raise InputError("export to bids", "a surface or a volume", "no known place", fix)
    if isinstance(space, SurfaceSpace):
        count_vertices(space, "left")


def write_bids(content: RunContent, folder: Path) -> Iterator[None]:
    """Write the folder of derivatives of one subject.

    Yields
    ------
    None
        After each map and each labelling.
    """
    check_bids(content.space)
    _write_head(content, folder)
    subject = f"sub-{bids_label(content.run.manifest.subject)}"
    place, labelled = folder / subject / "func", folder / subject / "anat"
    place.mkdir(parents=True)
    if content.labels:
        labelled.mkdir()
    names = tell_apart(bids_label(item.name) for item in content.maps)
    for item, label in zip(content.maps, names, strict=True):
        for entities, extension, save in _list_map_files(content, item):
            stem = f"{subject}{entities}_stat-{label}_desc-{_desc(content)}_statmap"
            _write_pair(place, stem, extension, save, _describe_map(content, item))
        yield
    names = tell_apart(bids_label(labels.name) for labels in content.labels)
    for labels, label in zip(content.labels, names, strict=True):
        for entities, extension, save in _list_label_files(content, labels):
            stem = f"{subject}{entities}_desc-{_desc(content)}{label}_dseg"
            _write_pair(labelled, stem, extension, save, _describe_labels(content, labels))
            (labelled / f"{stem}.tsv").write_text(tell_label_table(labels), encoding="utf-8")
        yield


def _desc(content: RunContent) -> str:
    """Return the description that every name carries: SIMULATED stands in it."""
    return f"jne{SIMULATED}" if content.simulated else "jne"


def _list_map_files(content: RunContent, item: ExportMap) -> Iterator[tuple[str, str, Save]]:
    if isinstance(content.space, SurfaceSpace):
        for hemi in hemispheres_of(content.space):
            image = build_metric(content, item, hemi)
            entities = f"_hemi-{LETTERS[hemi]}{_tell_space(content)}"
            yield entities, ".shape.gii", image.to_filename
    else:
        yield _tell_space(content), ".nii.gz", build_volume(content, item).to_filename


def _list_label_files(content: RunContent, labels: ExportLabels) -> Iterator[tuple[str, str, Save]]:
    if isinstance(content.space, SurfaceSpace):
        for hemi in hemispheres_of(content.space):
            image = build_label_image(content, labels, hemi)
            entities = f"_hemi-{LETTERS[hemi]}{_tell_space(content)}"
            yield entities, ".label.gii", image.to_filename
    else:
        yield _tell_space(content), ".nii.gz", build_label_volume(content, labels).to_filename


def _tell_space(content: RunContent) -> str:
    space = content.space
    if isinstance(space, VolumeSpace):
        return f"_space-{bids_label(space.name)}"
    name = canonical_name(space.surface) if space is not None else ""
    label, density = _SURFACES.get(name, (bids_label(name), ""))
    return f"_space-{label}" + (f"_den-{density}" if density else "")


def _write_pair(
    place: Path, stem: str, extension: str, save: Save, about: Mapping[str, Any]
) -> None:
    save(place / f"{stem}{extension}")
    _write_json(place / f"{stem}.json", about)


def _describe_map(content: RunContent, item: ExportMap) -> dict[str, Any]:
    about = {
        "Description": content.title(f"{item.info.label}. {item.info.explanation}"),
        "Units": item.info.unit or "boolean",
        "Formula": item.formula,
        "Voxels": item.voxels,
        "NumberOfVoxels": item.n,
    }
    return {k: v for k, v in about.items() if v != ""} | _describe_any(content)


def _describe_labels(content: RunContent, labels: ExportLabels) -> dict[str, Any]:
    about = {
        "Description": content.title(labels.title),
        "Atlas": printable(labels.explanation),
        "Manual": False,
        "NumberOfVoxels": labels.n,
    }
    return about | _describe_any(content)


def _describe_any(content: RunContent) -> dict[str, Any]:
    manifest, space = content.run.manifest, content.space
    about: dict[str, Any] = {
        "Simulated": content.simulated,
        "RunId": manifest.run_id,
        "RunKey": manifest.key,
        "Sources": [f"bids::{MARK}"],
    }
    if isinstance(space, VolumeSpace):
        about["SpatialReference"] = f"orig: grid of the source responses, {printable(space.name)}"
    elif space is not None and canonical_name(space.surface) not in _SURFACES:
        about["SpatialReference"] = f"orig: surface {printable(space.surface)}"
    elif space is not None:
        n = count_vertices(space, "left")
        about["Density"] = f"{n:,} vertices a hemisphere, {printable(space.surface)}"
    return about


def _write_head(content: RunContent, folder: Path) -> None:
    manifest = content.run.manifest
    _write_json(folder / "dataset_description.json", _describe_dataset(content))
    subject = f"sub-{bids_label(manifest.subject)}"
    people = pd.DataFrame(
        {"participant_id": [subject], "source_name": [printable(manifest.subject)]}
    )
    _write_tsv(folder / "participants.tsv", people)
    columns = {
        "participant_id": {"Description": "Subject as the files here name it."},
        "source_name": {"Description": "Subject as the source of the data names it."},
    }
    _write_json(folder / "participants.json", columns)
    meaning = content.title(f"Jacobian nonlinearity of encoders, run {manifest.run_id}")
    ends = ("", *tell_apart(bids_label(labels.name) for labels in content.labels))
    kinds = [f"desc-{_desc(content)}{end}" for end in ends]
    table = pd.DataFrame({"desc_id": kinds, "description": [meaning] * len(kinds)})
    _write_tsv(folder / "descriptions.tsv", table)
    (folder / ".bidsignore").write_text(f"{MARK}\n*_statmap.*\n", encoding="utf-8")


def _describe_dataset(content: RunContent) -> dict[str, Any]:
    manifest = content.run.manifest
    citations = list_citations(content.run)
    return {
        "Name": content.title(f"JNE maps of {manifest.name}, {manifest.subject}"),
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [
            {
                "Name": "JNE Explorer",
                "Version": VERSION,
                "Description": f"run {manifest.run_id}, key {manifest.key}",
            }
        ],
        "SourceDatasets": [{"Description": printable(manifest.source)}],
        "HowToAcknowledge": "Please cite the references below; see README.txt.",
        "ReferencesAndLinks": [_HOME, *(c.text for c in citations)],
    }


def _write_json(path: Path, values: Any) -> None:
    text = json.dumps(values, indent=2, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")


def _write_tsv(path: Path, table: pd.DataFrame) -> None:
    """Write a table as tab-separated text without formulas."""
    text = defuse_table(table).to_csv(sep="\t", index=False, lineterminator="\n")
    path.write_text(text, encoding="utf-8")
