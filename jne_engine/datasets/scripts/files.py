"""The files that the authors' research scripts write, one subject and one layer at a time.

References
----------
Gao et al. (2025), arXiv 2510.13688; file names and layouts as their scripts write them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from jne_engine.core.arrays import Float32Array, IntArray
from jne_engine.core.checks import check_choice, check_indices, check_matrix
from jne_engine.core.errors import InputError
from jne_engine.datasets.arrays.features import count_layers
from jne_engine.datasets.arrays.files import check_pairs, hash_inputs, invalid_column_notes
from jne_engine.datasets.dataset import EncodingDataset, Provenance, Splits
from jne_engine.datasets.tables import numbered_stimuli, read_stimuli
from jne_engine.formats.arrays import cast_note, to_float32
from jne_engine.formats.guard import check_file, printable
from jne_engine.formats.hdf5 import open_hdf5_dataset, read_hdf5
from jne_engine.formats.numpy_files import read_npy

SCRIPT_SUBJECTS: Final = (1, 2, 5, 7)
"""Subjects of the shared-image file, in the order of its rows."""

SCRIPT_EXTRACTORS: Final = ("clip_vit", "vit")
VALIDATION_SHARE: Final = 1000 / 9000
"""Share of the images outside the test set that the scripts keep for validation."""

_KEY: Final = "data"
_LAYER_AXIS: Final = 1


@dataclass(frozen=True, kw_only=True)
class ScriptFiles:
    """Where the scripts' files lie, and which part of them is read.

    Parameters
    ----------
    folder : pathlib.Path
        Folder with ``Stan_{extractor}_Sub{n}.h5``, ``Stan_fmri_Sub{n}.h5`` and
        ``Sub_info_uniqueFig.npy``; each may also lie in the scripts' own subfolders
        ``Dataset_ANN`` and ``Dataset_fMRI``.
    subject : int
        Number n of the subject.
    layer : int
        State of the vision transformer: 0 enters block 1, k leaves block k.
    extractor : {"clip_vit", "vit"}
        The vision transformer.
    seed : int
        Seed of the division into train and validation; 0 gives the scripts' own.
    shared_row : int, optional
        Row of the shared-image file; by default the subject's place among 1, 2, 5, 7.
    name : str
        Name shown to people.
    stimuli : pathlib.Path, optional
        Table of ids and categories, one row an image.
    """

    folder: Path
    subject: int
    layer: int = 12
    extractor: str = "clip_vit"
    seed: int = 0
    shared_row: int | None = None
    name: str = "NSD, authors' files"
    stimuli: Path | None = None

    @property
    def features(self) -> Path:
        """File of the features, (n_images, n_layers, n_features)."""
        return self._find("Dataset_ANN", f"Stan_{self.extractor}_Sub{self.subject}.h5")

    @property
    def responses(self) -> Path:
        """File of the responses, (n_images, n_voxels)."""
        return self._find("Dataset_fMRI", f"Stan_fmri_Sub{self.subject}.h5")

    @property
    def shared(self) -> Path:
        """File of the positions of the shared images, one row a subject."""
        return self._find("Dataset_ANN", "Sub_info_uniqueFig.npy")

    def paths(self) -> tuple[Path, ...]:
        """Return every file that is read."""
        table = () if self.stimuli is None else (self.stimuli,)
        return (self.features, self.responses, self.shared, *table)

    def _find(self, subfolder: str, name: str) -> Path:
        nested = self.folder / subfolder / name
        return nested if nested.exists() else self.folder / name


def read_scripts_dataset(files: ScriptFiles) -> EncodingDataset:
    """Read one subject and one layer of the authors' files.

    Test stimuli are the images that all subjects saw; the others are divided into train and
    validation by the scripts' seeded shuffle. Only the chosen layer is read from disk.

    Parameters
    ----------
    files : ScriptFiles
        Where the files lie, and which part of them is read.

    Returns
    -------
    EncodingDataset
        The decisions taken are told in its provenance.

    Raises
    ------
    InputError
        If a file is missing or cannot be read, or counts, layer or positions do not fit.
    UnsafeFileError
        If a file asks for more than its own content.
    """
    check_choice("extractor", files.extractor, SCRIPT_EXTRACTORS)
    for path in files.paths():
        check_file(path)
    features, feature_notes = _read_layer(files)
    responses, response_notes = _read_responses(files.responses)
    check_pairs(files.features.name, features, files.responses.name, responses)
    shared, row_note = _read_shared(files, len(features))
    splits = script_splits(len(features), shared, seed=files.seed)
    table = files.stimuli
    n_stimuli = len(features)
    return EncodingDataset(
        name=files.name,
        subject=f"S{files.subject}",
        features=features,
        responses=responses,
        splits=splits,
        stimuli=read_stimuli(table, n_stimuli) if table else numbered_stimuli(n_stimuli),
        provenance=Provenance(
            source=f"the authors' files of subject {files.subject}, layer {files.layer}",
            inputs=hash_inputs(files.paths()),
            notes=(
                *feature_notes,
                *response_notes,
                row_note,
                _split_note(splits, files.seed),
                *invalid_column_notes(responses, splits),
            ),
        ),
        feature_set=files.extractor,
        layer=files.layer,
        n_layers=count_layers(files.features, _KEY),
    )


def script_splits(n_stimuli: int, shared: IntArray, *, seed: int) -> Splits:
    """Divide stimuli as the scripts do: shared images test, a ninth of the rest validates.

    Parameters
    ----------
    n_stimuli : int
        Images of the subject.
    shared : numpy.ndarray of int64, shape (n_test,)
        Rows of the images that all subjects saw.
    seed : int
        Seed of the shuffle; with 0 the result is that of the scripts, who call
        scikit-learn's ``train_test_split`` with ``random_state=0``.

    Returns
    -------
    Splits
        Rows in ascending order.

    Raises
    ------
    InputError
        If fewer than two images remain beside the shared ones.
    """
    rest = np.setdiff1d(np.arange(n_stimuli, dtype=np.int64), shared)
    if rest.size < 2:
        fix = "check that the shared-image file belongs to these features"
        raise InputError("shared images", "two or more other images", f"{rest.size}", fix)
    n_validation = math.ceil(rest.size * VALIDATION_SHARE)
    order = rest[np.random.RandomState(seed).permutation(rest.size)]
    train, validation = np.sort(order[n_validation:]), np.sort(order[:n_validation])
    return Splits(train, validation, np.sort(shared))


def _read_layer(files: ScriptFiles) -> tuple[Float32Array, tuple[str, ...]]:
    path = files.features
    with open_hdf5_dataset(path, _KEY) as dataset:
        shape = dataset.shape
    fix = "choose another layer, or check the file"
    if len(shape) != 3:
        raise InputError(path.name, "(n_images, n_layers, n_features)", str(shape), fix)
    if not 0 <= files.layer < shape[_LAYER_AXIS]:
        expected = f"a layer from 0 to {shape[_LAYER_AXIS] - 1}"
        raise InputError(path.name, expected, f"layer {files.layer}", fix)
    values = read_hdf5(path, _KEY, at=(_LAYER_AXIS, files.layer))
    check_matrix(path.name, values, ("n_images", "n_features"), fix=fix)
    return to_float32(values), cast_note(path.name, values)


def _read_responses(path: Path) -> tuple[Float32Array, tuple[str, ...]]:
    values = read_hdf5(path, _KEY)
    check_matrix(path.name, values, ("n_images", "n_voxels"), fix="check the file")
    return to_float32(values), cast_note(path.name, values)


def _read_shared(files: ScriptFiles, n_images: int) -> tuple[IntArray, str]:
    path = files.shared
    rows = read_npy(path)
    fix = "save it as a whole-number array (n_subjects, n_shared), one row a subject"
    check_matrix(path.name, rows, ("n_subjects", "n_shared"), fix=fix)
    row = _shared_row(files, len(rows))
    positions = rows[row]
    if rows.dtype.kind == "f" and np.isfinite(positions).all() and (positions % 1 == 0).all():
        positions = positions.astype(np.int64)
    fix = f"check that {printable(path.name)} counts the rows of the features from 0"
    check_indices(f"{path.name} row {row}", positions, n_images, fix=fix)
    return positions.astype(np.int64), f"shared images from row {row} of {path.name}"


def _shared_row(files: ScriptFiles, n_rows: int) -> int:
    """Return the row of the subject: as told, or its place among the scripts' subjects."""
    row = files.shared_row
    if row is None and n_rows == len(SCRIPT_SUBJECTS) and files.subject in SCRIPT_SUBJECTS:
        row = SCRIPT_SUBJECTS.index(files.subject)
    if row is None or not 0 <= row < n_rows:
        expected = f"a row for subject {files.subject}"
        found = f"{n_rows} rows, where the scripts write one for each of 1, 2, 5, 7"
        fix = "pass shared_row, counted from 0"
        raise InputError(files.shared.name, expected, found, fix)
    return row


def _split_note(splits: Splits, seed: int) -> str:
    return (
        f"test: the {splits.test.size} shared images; {splits.validation.size} of the other "
        f"{splits.validation.size + splits.train.size} to validation with seed {seed}"
    )
