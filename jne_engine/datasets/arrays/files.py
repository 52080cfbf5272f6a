"""A dataset from plain arrays: features and responses, and what else is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import Float32Array
from jne_engine.core.checks import check_finite, check_length
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import CorticalSpace, RoiSet, Tier
from jne_engine.datasets.arrays.features import Features, read_features
from jne_engine.datasets.arrays.pictures import (
    Pictures,
    list_pictures,
    read_pictures,
    record_pictures,
)
from jne_engine.datasets.arrays.placed import Placed, is_image, list_pair, read_placed
from jne_engine.datasets.arrays.places import place_plain
from jne_engine.datasets.atlas import ATLAS_SUFFIXES, read_atlas
from jne_engine.datasets.dataset import (
    EncodingDataset,
    InputRecord,
    Provenance,
    Splits,
    StimulusTable,
)
from jne_engine.datasets.drawn import draw_volume, read_anatomy
from jne_engine.datasets.imported import NOTE_LETTERS
from jne_engine.datasets.locations import read_noise_ceiling, read_rois
from jne_engine.datasets.repeats import draw_splits
from jne_engine.datasets.splits import DEFAULT_FRACTIONS, SPLIT_NAMES, read_splits
from jne_engine.datasets.tables import (
    GROUP_COLUMN,
    numbered_stimuli,
    read_runs,
    read_stimuli,
    read_table,
)
from jne_engine.features.extraction.spec import GABOR
from jne_engine.features.gabor import extract_gabor_features
from jne_engine.formats.arrays import cast_note, read_array, read_indices, read_raw, to_float32
from jne_engine.formats.guard import check_file, hash_file, keep_name, printable
from jne_engine.formats.sheets import list_subject_files

NO_FEATURES: Final = "no features yet"
"""How a note begins that says that they are to be extracted."""


@dataclass(frozen=True, kw_only=True)
class ArrayFiles:
    """The files of one subject's dataset, and the choices that they leave open.

    Parameters
    ----------
    features : pathlib.Path, optional
        Array (n_stimuli, n_features), or HDF5 of several layers (n_stimuli, n_layers,
        n_features); of an extraction's file, rows are paired with ``stimuli`` by name where that
        names files. Without, they can be extracted from ``pictures``.
    responses : pathlib.Path
        Array (n_stimuli, n_voxels); or an image that says where its columns lie: GIFTI or MGH of
        one hemisphere, CIFTI-2, or a volume beside the mask in ``voxels``.
    responses_other : pathlib.Path, optional
        The other hemisphere's file, where its name does not tell it; which is left is read from
        the files.
    cifti_part : {"cortex", "volume"}
        What to take of a CIFTI file.
    features_key, responses_key : str, optional
        Names of the arrays, needed where a file holds several.
    name, subject : str
        Names shown to people; the name defaults to that of the folder of the responses, which
        subjects do not share as they may share features.
    stimuli : pathlib.Path, optional
        Table of ids and categories, one row a stimulus.
    splits : pathlib.Path or mapping of str to pathlib.Path, optional
        One file for all splits, or an index array for each of train, validation and test;
        drawn at random where not given.
    split_seed : int
        Seed of the random splits.
    split_fractions : (float, float, float)
        Shares of train, validation and test of the random splits.
    surface : str, optional
        Name of the surface family, given together with ``vertices``, unless the responses are an
        image or have the columns of a usual layout; with ``voxels``, the
        packaged template in whose millimetres the volume lies.
    vertices : pathlib.Path, optional
        ``.npz`` file with ``left`` and ``right``.
    voxels : pathlib.Path, optional
        Where the columns lie in a volume: a mask, or an ``.npz`` file of indices.
    surface_folder : pathlib.Path, optional
        With ``voxels``: FreeSurfer's ``surf`` folder of the subject, in the volume's millimetres.
    anatomy : pathlib.Path, optional
        With ``voxels``: image in the volume's millimetres that slices are drawn on.
    rois : pathlib.Path, optional
        ``.npz`` file of named ROIs, or an atlas: ``.annot``, ``.label.gii``, ``.dlabel.nii``,
        ``.label``, or ``.mgz`` and ``.nii`` of labels.
    rois_other : pathlib.Path, optional
        The other hemisphere's atlas, where its name does not tell it.
    roi_names : pathlib.Path, optional
        Names of an atlas's numbers, where it has none: a number and a name a line.
    roi_tiers : mapping of str to str, optional
        Tier of ROIs: primary, intermediate or higher.
    noise_ceiling : pathlib.Path, optional
        Array (n_voxels,), fractions of variance.
    test_repeats : pathlib.Path, optional
        Array (n_repeats, n_test, n_voxels), single presentations of the test stimuli.
    noise_ceiling_key, test_repeats_key : str, optional
        Names of these arrays in their files.
    feature_set : str, optional
        Which features these are; by default what their file says.
    layer : int, optional
        Of which layer; selects it in a file of several, by default the last.
    pictures : pathlib.Path, optional
        Folder of the stimuli's images, or HDF5 as ``features extract`` takes it. A table of
        stimuli, or else the features' file, names each stimulus's file; otherwise position
        decides.
    unit : str
        Unit of the responses, for instance ``"% signal change"``: results come back in it too.
    notes : str
        What a reader of the results ought to know of the data.
    """

    responses: Path
    features: Path | None = None
    features_key: str | None = None
    responses_key: str | None = None
    responses_other: Path | None = None
    cifti_part: str = "cortex"
    name: str | None = None
    subject: str = "subject"
    stimuli: Path | None = None
    splits: Path | Mapping[str, Path] | None = None
    split_seed: int = 0
    split_fractions: tuple[float, float, float] = DEFAULT_FRACTIONS
    surface: str | None = None
    vertices: Path | None = None
    voxels: Path | None = None
    surface_folder: Path | None = None
    anatomy: Path | None = None
    rois: Path | None = None
    rois_other: Path | None = None
    roi_names: Path | None = None
    roi_tiers: Mapping[str, Tier] | None = None
    noise_ceiling: Path | None = None
    noise_ceiling_key: str | None = None
    test_repeats: Path | None = None
    test_repeats_key: str | None = None
    feature_set: str | None = None
    layer: int | None = None
    pictures: Path | None = None
    unit: str = ""
    notes: str = ""

    def paths(self) -> tuple[Path, ...]:
        """Return every file that may be opened, each once."""
        pictures = () if self.pictures is None else (self.pictures, *list_pictures(self.pictures))
        return tuple(dict.fromkeys((*self.data_files(), *pictures)))

    def data_files(self) -> tuple[Path, ...]:
        """Return every file that is read but the pictures, each once."""
        splits = self.splits.values() if isinstance(self.splits, Mapping) else (self.splits,)
        named = (self.features, *self.response_files(), self.stimuli, *splits, self.vertices)
        named = (*named, *self.roi_files(), self.roi_names)
        named = (*named, self.noise_ceiling, self.test_repeats, self.voxels, self.anatomy)
        if self.surface_folder is not None:
            named = (*named, *list_subject_files(self.surface_folder))
        return tuple(dict.fromkeys(path for path in named if path is not None))

    def response_files(self) -> tuple[Path, ...]:
        """Return the file of the responses, or those of both hemispheres."""
        if self.voxels is not None or not is_image(self.responses):
            return (self.responses,)
        return list_pair(self.responses, self.responses_other)

    def roi_files(self) -> tuple[Path, ...]:
        """Return the file of the ROIs, or those of both hemispheres, and colour tables beside."""
        if self.rois is None:
            return ()
        pair = list_pair(self.rois, self.rois_other)
        tables = (path.with_name(f"{path.name}.ctab") for path in pair)
        return (*pair, *(table for table in tables if table.is_file()))


def read_arrays_dataset(files: ArrayFiles, *, stand_in: bool = False) -> EncodingDataset:
    """Read one subject's dataset from plain arrays.

    Parameters
    ----------
    files : ArrayFiles
        The files, and the choices that they leave open.
    stand_in : bool
        Whether Gabor features of the pictures may stand in for features that are not extracted
        yet: for a look at the data, which says so.

    Returns
    -------
    EncodingDataset
        Single-precision features and responses; casts, random splits and columns without
        use are told in its provenance, beside the SHA-256 of every file.

    Raises
    ------
    InputError
        If a file cannot be read, counts do not fit, or a feature is not finite.
    UnsafeFileError
        If a file asks for more than its own content.
    """
    for path in files.data_files():
        check_file(path)
    found, responses, space, pictures, notes = _read_matrices(files, stand_in=stand_in)
    features = found.values
    n_stimuli, n_voxels = responses.shape
    splits, split_notes = _splits(files, features)
    projection, drawn = draw_volume(
        space,
        surface=files.surface,
        surface_folder=files.surface_folder,
        subject=files.subject,
    )
    anatomy, beneath = read_anatomy(files.anatomy, space)
    masked = invalid_column_notes(responses, splits)
    paired = () if pictures is None else (pictures.note,)
    given = [printable(files.notes, limit=NOTE_LETTERS)] * bool(files.notes)
    return EncodingDataset(
        name=files.name or printable(keep_name(files.responses).parent.name),
        subject=files.subject,
        features=features,
        responses=responses,
        splits=splits,
        stimuli=_stimuli(files.stimuli, n_stimuli, pictures),
        provenance=Provenance(
            source=_tell_source(files),
            inputs=(*hash_inputs(files.data_files()), *_hash_pictures(files.pictures)),
            notes=(*given, *notes, *paired, *split_notes, *masked, *drawn, *beneath),
        ),
        space=space,
        projection=projection,
        anatomy=anatomy,
        roi_sets=_roi_sets(files, n_voxels, space),
        test_repeats=_test_repeats(files, splits.test.size, n_voxels),
        noise_ceiling=_noise_ceiling(files, n_voxels),
        feature_set=files.feature_set or found.model,
        layer=found.layer,
        n_layers=found.n_layers,
        runs=None if files.stimuli is None else read_runs(files.stimuli),
        unit=printable(files.unit),
    )


def _tell_source(files: ArrayFiles) -> str:
    named = files.features if files.features is not None else files.pictures
    first = "" if named is None else f"{named.name} and "
    return f"arrays {first}{files.responses.name}"


def _hash_pictures(source: Path | None) -> tuple[InputRecord, ...]:
    return () if source is None else (record_pictures(source),)


def hash_inputs(paths: tuple[Path, ...]) -> tuple[InputRecord, ...]:
    """Return the name and the SHA-256 of every file."""
    return tuple(InputRecord(printable(path.name), hash_file(path)) for path in paths)


def check_pairs(
    features_name: str,
    features: npt.NDArray[Any],
    responses_name: str,
    responses: npt.NDArray[Any],
) -> None:
    """Require finite features, and as many rows of responses as of features.

    Raises
    ------
    InputError
        If a feature is NaN or infinite, or the counts differ; the message names both files, and
        which of them looks transposed.
    """
    if len(responses) != len(features):
        _refuse_transposed(features_name, features.shape, responses_name, responses.shape)
    fix = f"use features and responses of the same stimuli in the same order ({features_name})"
    check_length(responses_name, len(responses), len(features), unit="stimuli as features", fix=fix)
    check_finite(features_name, features, fix="remove or repair the stimuli concerned")


def _refuse_transposed(
    features_name: str, features: tuple[int, ...], responses_name: str, responses: tuple[int, ...]
) -> None:
    """Refuse matrices whose lengths agree once one or both have their axes exchanged."""
    swapped = {
        (responses_name,): features[0] == responses[1],
        (features_name,): features[1] == responses[0],
        (features_name, responses_name): features[1] == responses[1],
    }
    names = next((names for names, fits in swapped.items() if fits), None)
    if names is None:
        return
    shapes = {features_name: (features, "n_features"), responses_name: (responses, "n_voxels")}
    found = " and ".join(str(shapes[name][0]) for name in names)
    expected = " and ".join(f"(n_stimuli, {shapes[name][1]})" for name in names)
    fix = "transpose: one row a stimulus (MATLAB's files have their axes reversed)"
    raise InputError(" and ".join(names), expected, f"{found}, columns as many as stimuli", fix)


def invalid_column_notes(responses: Float32Array, splits: Splits) -> tuple[str, ...]:
    """Count the response columns that will be masked: not finite, or without variance."""
    finite = np.isfinite(responses).all(axis=0)
    varies = np.ones_like(finite)
    for rows in (splits.train, splits.test):
        with np.errstate(invalid="ignore"):
            varies &= np.ptp(responses[rows], axis=0) != 0
    counts = {"hold NaN or Inf": ~finite, "do not vary over train or test": finite & ~varies}
    return tuple(
        f"{mask.sum()} of {mask.size} response columns {reason} and are masked"
        for reason, mask in counts.items()
        if mask.any()
    )


def _read_matrices(
    files: ArrayFiles, *, stand_in: bool
) -> tuple[Features, Float32Array, CorticalSpace | None, Pictures | None, tuple[str, ...]]:
    """Read features and responses, where the columns lie, pictures, and how all is known."""
    placed = _read_image(files) if is_image(files.responses) else None
    responses = _read_plain(files) if placed is None else placed.values
    name = printable(files.responses.name)
    found, pictures = _read_stimuli_side(files, len(responses), stand_in=stand_in)
    single = found._replace(values=to_float32(found.values))
    features_name = "features" if files.features is None else printable(files.features.name)
    check_pairs(features_name, single.values, name, responses)
    notes = (*found.notes, *cast_note(features_name, found.values), *cast_note(name, responses))
    if placed is not None:
        return single, to_float32(responses), placed.space, pictures, (*notes, *placed.notes)
    space, told = place_plain(files, responses.shape[1])
    kept = responses if space is None else responses[:, : space.n_voxels]
    return single, to_float32(kept), space, pictures, (*notes, *told)


def _read_stimuli_side(
    files: ArrayFiles, n_stimuli: int, *, stand_in: bool
) -> tuple[Features, Pictures | None]:
    """Read features and pictures; without features, make some of the pictures for a look."""
    if files.features is not None:
        found = read_features(
            files.features, key=files.features_key, layer=files.layer, stimuli=files.stimuli
        )
        return found, _read_pictures(files, len(found.values), found.names)
    pictures = _read_pictures(files, n_stimuli, ())
    if pictures is None or not stand_in:
        raise InputError(*_say_no_features(files))
    note = f"{NO_FEATURES}: this look takes Gabor features of the pictures"
    return Features(extract_gabor_features(pictures.small), 0, notes=(note,), model=GABOR), pictures


def _say_no_features(files: ArrayFiles) -> tuple[str, str, str, str]:
    pictures = files.pictures
    if pictures is None:
        fix = "name a file of features, or the folder of pictures to extract them from"
        return "features", "features of the stimuli", "none", fix
    out = files.responses.parent / "features.h5"
    fix = (
        f"python -m jne_engine features extract {printable(str(pictures))} --out"
        f" {printable(str(out))}; of a description name it by import features"
    )
    return printable(pictures.name), "features of these pictures", "none", fix


def _read_pictures(files: ArrayFiles, n: int, names: tuple[str, ...]) -> Pictures | None:
    if files.pictures is None:
        return None
    return read_pictures(files.pictures, n, stimuli=files.stimuli, names=names)


def _read_image(files: ArrayFiles) -> Placed:
    if files.vertices is not None:
        fix = "leave vertices out"
        raise InputError("columns", "places from the image alone", "vertices too", fix)
    return read_placed(
        files.response_files(), surface=files.surface, part=files.cifti_part, mask=files.voxels
    )


def _read_plain(files: ArrayFiles) -> npt.NDArray[Any]:
    return read_raw(
        files.responses,
        key=files.responses_key,
        key_option="--responses-key, or responses_key in dataset.toml",
        axes=("n_stimuli", "n_voxels"),
    )


def _splits(files: ArrayFiles, features: Float32Array) -> tuple[Splits, tuple[str, ...]]:
    n_stimuli = len(features)
    if isinstance(files.splits, Path):
        return read_splits(files.splits, n_stimuli), ()
    if files.splits is not None:
        return _listed_splits(files.splits, n_stimuli), ()
    labels = None
    if files.stimuli is not None:
        cells = read_table(files.stimuli)
        labels = cells[GROUP_COLUMN].tolist() if GROUP_COLUMN in cells else None
    splits, note = draw_splits(
        features, seed=files.split_seed, fractions=files.split_fractions, labels=labels
    )
    return splits, (note,)


def _listed_splits(paths: Mapping[str, Path], n_stimuli: int) -> Splits:
    if set(paths) != set(SPLIT_NAMES):
        found = ", ".join(map(printable, paths)) or "none"
        fix = "name one index file for each"
        raise InputError("splits", "train, validation and test", found, fix)
    splits = Splits(*(read_indices(paths[name]) for name in SPLIT_NAMES))
    splits.check(n_stimuli)
    return splits


def _stimuli(path: Path | None, n_stimuli: int, pictures: Pictures | None) -> StimulusTable:
    """Return ids and categories of the stimuli, and their pictures where there are any."""
    known = numbered_stimuli(n_stimuli) if path is None else read_stimuli(path, n_stimuli)
    if pictures is None:
        return known
    table = known.table if path is not None else known.table.set_axis(list(pictures.names))
    return StimulusTable(table, pictures.small)


def _roi_sets(files: ArrayFiles, n_voxels: int, space: CorticalSpace | None) -> dict[str, RoiSet]:
    if files.rois is None:
        return {}
    if files.rois.name.lower().endswith(ATLAS_SUFFIXES):
        pair = list_pair(files.rois, files.rois_other)
        rois = read_atlas(pair, space, names=files.roi_names, tiers=files.roi_tiers)
    else:
        rois = read_rois(files.rois, n_voxels, tiers=files.roi_tiers)
    return {rois.preset: rois}


def _noise_ceiling(files: ArrayFiles, n_voxels: int) -> Float32Array | None:
    if files.noise_ceiling is None:
        return None
    return read_noise_ceiling(files.noise_ceiling, n_voxels, key=files.noise_ceiling_key)


def _test_repeats(files: ArrayFiles, n_test: int, n_voxels: int) -> Float32Array | None:
    """Read single presentations of the test stimuli, where they are given."""
    if files.test_repeats is None:
        return None
    repeats = read_array(
        files.test_repeats,
        key=files.test_repeats_key,
        key_option="test_repeats_key in dataset.toml",
        axes=("n_repeats", "n_test", "n_voxels"),
    )
    expected, found = (n_test, n_voxels), repeats.shape
    if found[1:] != expected and sorted((*expected, _other_axis(found, expected))) == sorted(found):
        fix = "order its axes so (MATLAB's files have theirs reversed)"
        order = f"(n_repeats, {n_test}, {n_voxels})"
        raise InputError(printable(files.test_repeats.name), order, f"{found}, other order", fix)
    return repeats


def _other_axis(shape: tuple[int, ...], two: tuple[int, int]) -> int:
    """Return the length that is left of three when two are taken out, 0 where they are not in."""
    rest = list(shape)
    for length in two:
        if length not in rest:
            return 0
        rest.remove(length)
    return rest[0]
