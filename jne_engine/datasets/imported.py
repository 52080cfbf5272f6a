"""The folder that an importer writes: one subject's responses by image id, and all about them.

The folder holds no features. They are attached by naming a features file, whose rows are found
by image id and never by position.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import numpy as np

from jne_engine.core.arrays import Float32Array, IntArray
from jne_engine.core.errors import InputError
from jne_engine.cortex.projection import Projection, restore_projection
from jne_engine.cortex.spaces import (
    Anatomy,
    CorticalSpace,
    RoiSet,
    SurfaceSpace,
    Tier,
    VolumeSpace,
)
from jne_engine.datasets.arrays.pairing import is_picture
from jne_engine.datasets.dataset import (
    EncodingDataset,
    InputRecord,
    Provenance,
    Splits,
    StimulusTable,
)
from jne_engine.datasets.feature_files import FeatureFile, read_image_features
from jne_engine.datasets.splits import read_splits
from jne_engine.datasets.standardise import (
    STANDARDISATIONS,
    check_standardisation,
    zscore_features,
    zscore_within_runs,
)
from jne_engine.datasets.tables import read_stimuli, read_table
from jne_engine.datasets.trials import TrialTable
from jne_engine.formats.guard import printable, read_text, reading
from jne_engine.formats.numpy_files import map_npy, read_npy, read_npz

RECORD_NAME: Final = "import.json"
RESPONSES_NAME: Final = "responses.npy"
IMAGE_IDS_NAME: Final = "image_ids.npy"
STIMULI_NAME: Final = "stimuli.tsv"
SPLITS_NAME: Final = "splits.npz"
TRIALS_NAME: Final = "trials.npz"
SPACE_NAME: Final = "space.npz"
PROJECTION_NAME: Final = "projection.npz"
ANATOMY_NAME: Final = "anatomy.npz"
ROIS_NAME: Final = "rois.npz"
CEILING_NAME: Final = "noise_ceiling.npy"
THUMBNAILS_NAME: Final = "thumbnails.npy"
NOTE_LETTERS: Final = 1000
"""Longest note that is shown whole: a remedy must not be cut off."""

_IMPORT_AGAIN: Final = "import the data again into a new folder"


class RoiRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An ROI set without its masks."""

    preset: str
    source: str
    names: tuple[str, ...]
    tiers: tuple[Literal["primary", "intermediate", "higher"] | None, ...]
    approximate: bool = False


class SpaceRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the columns lie, without their positions; ``shape`` is empty for a surface.

    Without a name nobody knows their places.
    """

    name: str
    shape: tuple[int, ...] = ()


class ProjectionRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the voxels are shown on a surface, without the arrays; see ``restore_projection``."""

    surface: str
    note: str
    shapes: tuple[str, ...] = ()
    has_depth: bool = False


class FileRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that was imported."""

    name: str
    sha256: str


class ImportRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an importer says about its folder beside the arrays.

    Parameters
    ----------
    source : str
        One sentence on where the data come from.
    notes : tuple of str
        Decisions taken, among them every fallback.
    inputs : tuple of FileRecord
        Files that were read.
    space : SpaceRecord
        Where the columns lie.
    roi_sets : tuple of RoiRecord
        ROI sets, in order.
    projection : ProjectionRecord, optional
        How the voxels of a volume are shown on a surface.
    anatomy : str
        File of the image that slices are drawn on; empty without.
    """

    source: str
    notes: tuple[str, ...]
    inputs: tuple[FileRecord, ...]
    space: SpaceRecord
    roi_sets: tuple[RoiRecord, ...] = ()
    projection: ProjectionRecord | None = None
    anatomy: str = ""


@dataclass(frozen=True, kw_only=True)
class ImportedFiles:
    """An imported folder, and the features that go with it.

    Parameters
    ----------
    folder : pathlib.Path
        The folder.
    name, subject : str
        Names shown to people.
    features : pathlib.Path, optional
        File of features with image ids.
    layer : int
        State of the vision transformer: 0 enters block 1, k leaves block k.
    feature_set : str, optional
        Which features these are; by default what their file says.
    standardisation : {"within-run", "global", "none"}
        How features are z-scored: within each run and then averaged over presentations, as the
        paper does it; over the training images; or not at all.
    """

    folder: Path
    name: str
    subject: str
    features: Path | None = None
    layer: int = 12
    feature_set: str | None = None
    standardisation: str = STANDARDISATIONS[0]

    def paths(self) -> tuple[Path, ...]:
        """Return every file that may be read."""
        names = (
            RECORD_NAME, RESPONSES_NAME, IMAGE_IDS_NAME, STIMULI_NAME, SPLITS_NAME, TRIALS_NAME,
            SPACE_NAME, PROJECTION_NAME, ANATOMY_NAME, ROIS_NAME, CEILING_NAME, THUMBNAILS_NAME,
        )  # fmt: skip
        return tuple(self.folder / name for name in names)


def read_imported_dataset(files: ImportedFiles) -> EncodingDataset:
    """Read an imported folder with the features that are attached to it.

    Responses stay on disk and are read as they are used.

    Raises
    ------
    InputError
        If no features are attached, they lack an image, or a file cannot be read.
    UnsafeFileError
        If a file asks for more than its own content.
    """
    if files.features is None:
        fix = "attach some: python -m jne_engine import features DATASET FEATURES.h5 --layer 12"
        raise InputError(files.name, "features of the images", "none attached", fix)
    found = read_folder_features(files.folder, files.features, layer=files.layer)
    return build_imported_dataset(files, found)


def read_folder_features(folder: Path, features: Path, *, layer: int) -> FeatureFile:
    """Read the features of an imported folder's images: by name where its stimuli are files.

    Raises
    ------
    InputError
        If the features lack an image or the layer.
    """
    ids = read_image_ids(folder)
    stimuli = read_stimuli(folder / STIMULI_NAME, ids.size).table.index
    names = [str(name) for name in stimuli]
    by_name = names if all(map(is_picture, names)) else []
    return read_image_features(features, ids, layer=layer, names=by_name)


def find_image_list(folder: Path) -> Path | None:
    """Return the file that lists an imported folder's images for an extraction, None without."""
    if not (folder / IMAGE_IDS_NAME).exists():
        return None
    names = (str(name) for name in read_table(folder / STIMULI_NAME).index)
    return folder / (STIMULI_NAME if all(map(is_picture, names)) else IMAGE_IDS_NAME)


def build_imported_dataset(files: ImportedFiles, found: FeatureFile) -> EncodingDataset:
    """Join an imported folder with features of its images, in the order of its ids.

    Raises
    ------
    InputError
        If a file of the folder cannot be read, or the parts do not fit.
    """
    record = read_record(files.folder)
    responses = read_responses(files.folder)
    splits = read_splits(files.folder / SPLITS_NAME, len(responses))
    features, note = _normalise(files, found.values, splits)
    space = _read_space(files.folder, record.space)
    ceiling = files.folder / CEILING_NAME
    imported = tuple(InputRecord(printable(i.name), i.sha256) for i in record.inputs)
    return EncodingDataset(
        name=files.name,
        subject=files.subject,
        features=features,
        responses=responses,
        splits=splits,
        stimuli=_read_stimuli(files.folder, len(responses)),
        provenance=Provenance(
            source=record.source,
            inputs=(*imported, *found.inputs),
            notes=(
                *(printable(n, limit=NOTE_LETTERS) for n in record.notes),
                *found.notes,
                note,
            ),
        ),
        space=space,
        roi_sets=_read_rois(files.folder, record.roi_sets),
        noise_ceiling=_to_float32(read_npy(ceiling)) if ceiling.exists() else None,
        projection=_read_projection(files.folder, record.projection),
        anatomy=_read_anatomy(files.folder, record.anatomy),
        feature_set=files.feature_set or found.model,
        layer=files.layer,
    )


def read_record(folder: Path) -> ImportRecord:
    """Read what the importer says about a folder.

    Raises
    ------
    InputError
        If it is missing or no such record.
    """
    path = folder / RECORD_NAME
    text = read_text(path)
    errors = (msgspec.MsgspecError,)
    with reading(path, expected="an importer's record", fix=_IMPORT_AGAIN, also=errors):
        return msgspec.json.decode(text, type=ImportRecord)


def read_image_ids(folder: Path) -> IntArray:
    """Read the zero-based image id of each row of responses, (n_images,)."""
    ids = read_npy(folder / IMAGE_IDS_NAME)
    if ids.ndim != 1 or ids.dtype.kind not in "iu" or np.unique(ids).size != ids.size:
        found = f"{ids.dtype} of shape {ids.shape}, or an id twice"
        raise InputError(IMAGE_IDS_NAME, "different whole numbers", found, _IMPORT_AGAIN)
    return ids.astype(np.int64)


def read_responses(folder: Path) -> Float32Array:
    """Map the responses, (n_images, n_voxels) float32, one row an image id."""
    responses = map_npy(folder / RESPONSES_NAME)
    if responses.ndim != 2 or responses.dtype != np.float32:
        found = f"{responses.dtype} of shape {responses.shape}"
        raise InputError(RESPONSES_NAME, "(n_images, n_voxels) float32", found, _IMPORT_AGAIN)
    return responses


def read_trial_table(folder: Path) -> TrialTable | None:
    """Read which image each trial showed, None where the folder has no trials."""
    path = folder / TRIALS_NAME
    if not path.exists():
        return None
    session, run, image = (read_npz(path, key) for key in ("session", "run", "image"))
    return TrialTable(session, run, image)


def read_thumbnails(folder: Path) -> Any:
    """Read the pictures, (n_images, height, width, 3) uint8, None where there are none."""
    path = folder / THUMBNAILS_NAME
    return read_npy(path) if path.exists() else None


def _normalise(
    files: ImportedFiles, values: Float32Array, splits: Splits
) -> tuple[Float32Array, str]:
    check_standardisation(files.standardisation)
    if files.standardisation == "none":
        return values, "features are not z-scored"
    if files.standardisation == "global":
        return zscore_features(values, splits.train), "features z-scored over the training images"
    trials = read_trial_table(files.folder)
    if trials is None:
        fix = "set standardisation = 'global' in dataset.toml"
        raise InputError("standardisation", "trials in runs", f"no {TRIALS_NAME}", fix)
    ids = read_image_ids(files.folder)
    if not np.array_equal(trials.image_ids, ids):
        raise InputError(TRIALS_NAME, f"the ids of {IMAGE_IDS_NAME}", "others", _IMPORT_AGAIN)
    scored = zscore_within_runs(values, ids, trials)
    note = (
        "features z-scored within each run over all its trials, those of validation and test images"
        " among them, averaged over presentations"
    )
    return scored.values, note


def _read_stimuli(folder: Path, n_images: int) -> StimulusTable:
    table = read_stimuli(folder / STIMULI_NAME, n_images).table
    return StimulusTable(table, read_thumbnails(folder))


def _read_space(folder: Path, record: SpaceRecord) -> CorticalSpace | None:
    path = folder / SPACE_NAME
    if not record.name:
        return None
    if not record.shape:
        return SurfaceSpace(record.name, read_npz(path, "left"), read_npz(path, "right"))
    if len(record.shape) != 3:
        raise InputError(RECORD_NAME, "a grid (x, y, z)", str(record.shape), _IMPORT_AGAIN)
    x, y, z = record.shape
    voxels, affine = read_npz(path, "voxels"), read_npz(path, "affine")
    return VolumeSpace((x, y, z), affine, voxels, printable(record.name))


def _read_projection(folder: Path, record: ProjectionRecord | None) -> Projection | None:
    """Read how the voxels are shown on a surface, None where nobody knows."""
    if record is None:
        return None
    return restore_projection(
        printable(record.surface),
        printable(record.note, limit=NOTE_LETTERS),
        shapes=map(printable, record.shapes),
        has_depth=record.has_depth,
        read=partial(read_npz, folder / PROJECTION_NAME),
    )


def _read_anatomy(folder: Path, name: str) -> Anatomy | None:
    if not name:
        return None
    values, affine = (read_npz(folder / ANATOMY_NAME, key) for key in ("values", "affine"))
    return Anatomy(printable(name), values.astype(np.uint8), affine.astype(np.float64))


def _read_rois(folder: Path, records: tuple[RoiRecord, ...]) -> Mapping[str, RoiSet]:
    sets: dict[str, RoiSet] = {}
    for record in records:
        masks = read_npz(folder / ROIS_NAME, record.preset).astype(np.bool_)
        tiers: tuple[Tier | None, ...] = record.tiers
        names = tuple(map(printable, record.names))
        sets[record.preset] = RoiSet(
            record.preset, record.source, names, tiers, masks, record.approximate
        )
    return sets


def _to_float32(values: Any) -> Float32Array:
    return np.ascontiguousarray(values, dtype=np.float32)
