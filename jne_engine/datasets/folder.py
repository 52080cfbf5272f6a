"""Writing the folder that :mod:`jne_engine.datasets.imported` reads, whole or not at all."""

from __future__ import annotations

import glob
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd
import psutil

from jne_engine.core.arrays import Float32Array, IntArray
from jne_engine.core.errors import InputError, StoreError
from jne_engine.cortex.projection import Projection
from jne_engine.cortex.spaces import Anatomy, CorticalSpace, RoiSet, SurfaceSpace
from jne_engine.datasets.dataset import DESCRIPTION_NAME, InputRecord, Splits
from jne_engine.datasets.imported import (
    ANATOMY_NAME,
    CEILING_NAME,
    IMAGE_IDS_NAME,
    PROJECTION_NAME,
    RECORD_NAME,
    RESPONSES_NAME,
    ROIS_NAME,
    SPACE_NAME,
    SPLITS_NAME,
    STIMULI_NAME,
    THUMBNAILS_NAME,
    TRIALS_NAME,
    FileRecord,
    ImportRecord,
    ProjectionRecord,
    RoiRecord,
    SpaceRecord,
)
from jne_engine.datasets.standardise import Standardisation
from jne_engine.datasets.trials import TrialTable


@dataclass(frozen=True, eq=False)
class ImportedParts:
    """Everything of an import but the responses.

    Parameters
    ----------
    name, subject : str
        Names shown to people.
    source : str
        One sentence on where the data come from.
    image_ids : numpy.ndarray of int64, shape (n_images,)
        Zero-based id of each row of responses.
    stimuli : pandas.DataFrame
        One row an image: its id as text as index, a column a way of naming categories.
    splits : Splits
        Rows for training, validation and test.
    space : SurfaceSpace or VolumeSpace, optional
        Where the columns lie; None where nobody knows.
    roi_sets : sequence of RoiSet
        ROI sets, the first of them shown first.
    trials : TrialTable, optional
        Which image each trial showed.
    projection : Projection, optional
        How the columns of a volume are shown on a surface.
    anatomy : Anatomy, optional
        What slices of a volume are drawn on.
    standardisation : {"within-run", "global"}
        How features are z-scored unless told otherwise; without trials over training images.
    """

    name: str
    subject: str
    source: str
    image_ids: IntArray
    stimuli: pd.DataFrame
    splits: Splits
    space: CorticalSpace | None
    roi_sets: Sequence[RoiSet] = ()
    trials: TrialTable | None = None
    projection: Projection | None = None
    anatomy: Anatomy | None = None
    standardisation: Standardisation = "within-run"


class ImportFolder:
    """A folder under construction."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create_responses(self, n_images: int, n_voxels: int) -> Path:
        """Create the responses on disk, all 0, and return their file.

        Raises
        ------
        StoreError
            If the disk has no room for them.
        """
        path = self.path / RESPONSES_NAME
        needed, free = n_images * n_voxels * 4, shutil.disk_usage(self.path).free
        if needed > free:
            fix = "free disk space, or choose fewer voxels"
            found = f"{free / 1e9:.3g} GB free"
            raise StoreError(RESPONSES_NAME, f"{needed / 1e9:.3g} GB of disk", found, fix)
        shape = (n_images, n_voxels)
        np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
        return path

    def write_ceiling(self, ceiling: Float32Array) -> None:
        """Write the noise ceiling as a fraction of variance, (n_voxels,)."""
        np.save(self.path / CEILING_NAME, ceiling.astype(np.float32))

    def write_thumbnails(self, pictures: npt.NDArray[np.uint8]) -> None:
        """Write the pictures, (n_images, height, width, 3)."""
        np.save(self.path / THUMBNAILS_NAME, pictures)

    def finish(
        self, parts: ImportedParts, notes: Sequence[str], inputs: Sequence[InputRecord]
    ) -> None:
        """Write everything else; the description, without which nothing is read, last."""
        np.save(self.path / IMAGE_IDS_NAME, parts.image_ids)
        parts.stimuli.to_csv(self.path / STIMULI_NAME, sep="\t", index_label="image")
        splits = {name: getattr(parts.splits, name) for name in ("train", "validation", "test")}
        np.savez(self.path / SPLITS_NAME, **splits)
        if parts.trials is not None:
            t = parts.trials
            np.savez(self.path / TRIALS_NAME, session=t.session, run=t.run, image=t.image)
        space = _write_space(self.path, parts.space)
        if parts.anatomy is not None:
            image = parts.anatomy
            np.savez_compressed(self.path / ANATOMY_NAME, values=image.values, affine=image.affine)
        masks: dict[str, Any] = {r.preset: r.masks for r in parts.roi_sets}
        np.savez_compressed(self.path / ROIS_NAME, **masks)
        record = ImportRecord(
            source=parts.source,
            notes=tuple(notes),
            inputs=tuple(FileRecord(i.name, i.sha256) for i in inputs),
            space=space,
            roi_sets=tuple(_describe_rois(r) for r in parts.roi_sets),
            projection=_write_projection(self.path, parts.projection),
            anatomy="" if parts.anatomy is None else parts.anatomy.name,
        )
        text = msgspec.json.format(msgspec.json.encode(record), indent=1)
        (self.path / RECORD_NAME).write_bytes(text)
        standardisation = "global" if parts.trials is None else parts.standardisation
        values = {"folder": ".", "name": parts.name, "subject": parts.subject}
        values |= {"standardisation": standardisation}
        write_description(self.path / DESCRIPTION_NAME, {"kind": "imported", **values})


@contextmanager
def create_folder(out: Path) -> Iterator[ImportFolder]:
    """Open a new folder that takes its name only when it is whole.

    Raises
    ------
    InputError
        If the folder is there already.
    StoreError
        If the disk is full or not writable.
    """
    check_free(out)
    _sweep(out)
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
        yield ImportFolder(partial)
        partial.rename(out)
    except OSError as error:
        fix = "free disk space or choose another folder, then import again"
        raise StoreError(out.name, "a folder that can be written", str(error), fix) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _sweep(out: Path) -> None:
    """Remove what imports of this name left behind whose process has been killed."""
    for leftover in out.parent.glob(f".{glob.escape(out.name)}.*.partial"):
        process = leftover.name.split(".")[-2]
        if process.isdecimal() and not psutil.pid_exists(int(process)):
            shutil.rmtree(leftover, ignore_errors=True)


def check_free(out: Path) -> None:
    """Require that nothing has a folder's name yet.

    Raises
    ------
    InputError
        If something has.
    """
    if out.exists():
        fix = "choose another --out, or delete it first"
        raise InputError(out.name, "a new folder", "one that is there already", fix)


def write_description(path: Path, values: Mapping[str, Any]) -> None:
    """Write a ``dataset.toml`` of texts, whole numbers, lists and one level of tables."""
    plain = {k: v for k, v in values.items() if not isinstance(v, Mapping)}
    tables = {k: v for k, v in values.items() if isinstance(v, Mapping)}
    lines = [f"{key} = {_toml(value)}" for key, value in plain.items()]
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{json.dumps(k)} = {_toml(v)}" for k, v in table.items())]
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    temporary.replace(path)


def _toml(value: Any) -> str:
    """Return a value as TOML writes it; its basic strings are those of JSON."""
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def _write_space(folder: Path, space: CorticalSpace | None) -> SpaceRecord:
    if space is None:
        return SpaceRecord("")
    path = folder / SPACE_NAME
    if isinstance(space, SurfaceSpace):
        np.savez(path, left=space.left, right=space.right)
        return SpaceRecord(space.surface)
    np.savez(path, voxels=space.voxels, affine=space.affine)
    return SpaceRecord(space.name, space.shape)


def _write_projection(folder: Path, projection: Projection | None) -> ProjectionRecord | None:
    if projection is None:
        return None
    arrays: dict[str, Any] = dict(projection.arrays())
    np.savez(folder / PROJECTION_NAME, **arrays)
    return ProjectionRecord(
        projection.space.surface, projection.note, projection.shapes, projection.has_depth
    )


def _describe_rois(rois: RoiSet) -> RoiRecord:
    return RoiRecord(rois.preset, rois.source, rois.names, rois.tiers, rois.approximate)
