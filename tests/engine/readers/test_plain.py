"""Plain arrays become a dataset that says what was decided on the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jne_engine.datasets.arrays.files import ArrayFiles, read_arrays_dataset
from jne_engine.formats.guard import hash_file
from tests.engine.readers.files import refused, write_hdf5

N_STIMULI, N_FEATURES, N_VOXELS = 20, 4, 6


@pytest.fixture
def files(tmp_path: Path) -> ArrayFiles:
    rng = np.random.default_rng(0)
    np.save(tmp_path / "features.npy", rng.normal(size=(N_STIMULI, N_FEATURES)).astype("f4"))
    write_hdf5(tmp_path / "responses.h5", betas=rng.normal(size=(N_STIMULI, N_VOXELS)).astype("f4"))
    return ArrayFiles(features=tmp_path / "features.npy", responses=tmp_path / "responses.h5")


def change(path: Path, change_values: object) -> None:
    values = np.load(path)
    change_values(values)
    np.save(path, values)


def with_responses(files: ArrayFiles, **cells: float) -> ArrayFiles:
    values = np.random.default_rng(1).normal(size=(N_STIMULI, N_VOXELS)).astype("f4")
    for column, value in cells.items():
        values[:, int(column[1:])] = value
    path = files.features.parent / "responses.npy"
    np.save(path, values)
    return replace(files, responses=path)


def test_two_arrays_are_enough(files: ArrayFiles) -> None:
    dataset = read_arrays_dataset(files)
    np.testing.assert_array_equal(dataset.features, np.load(files.features))
    assert (dataset.n_stimuli, dataset.n_voxels) == (N_STIMULI, N_VOXELS)
    assert dataset.name == files.features.parent.name
    assert dataset.valid_voxels.all()
    assert not dataset.provenance.simulated
    [note] = dataset.provenance.notes
    assert note == (
        "no splits given: 16, 2 and 2 stimuli for train, validation and test drawn with seed 0"
    )
    hashes = [(i.name, i.sha256) for i in dataset.provenance.inputs]
    paths = (files.features, files.responses)
    assert hashes == [(path.name, hash_file(path)) for path in paths]


def test_everything_together(files: ArrayFiles, tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("id,scene\n" + "".join(f"i{i},x\n" for i in range(N_STIMULI)))
    np.savez(tmp_path / "splits.npz", train=np.arange(9), validation=[9], test=[10, 11, 12])
    np.savez(tmp_path / "v.npz", left=[0, 3, 5], right=[1, 2, 3])
    np.savez(tmp_path / "areas.npz", V1=[0, 1])
    np.save(tmp_path / "nc.npy", np.full(N_VOXELS, 0.5))
    np.savez(tmp_path / "r.npz", z=np.ones((2, 3, N_VOXELS)))
    dataset = read_arrays_dataset(replace(
        files, stimuli=tmp_path / "s.csv", splits=tmp_path / "splits.npz", surface="fsLR32k",
        vertices=tmp_path / "v.npz", rois=tmp_path / "areas.npz", roi_tiers={"V1": "primary"},
        noise_ceiling=tmp_path / "nc.npy", test_repeats=tmp_path / "r.npz", subject="S9",
        name="Study", feature_set="gabor", layer=3,
    ))  # fmt: skip
    assert list(dataset.stimuli.table.index[:2]) == ["i0", "i1"]
    assert dataset.splits.test.tolist() == [10, 11, 12]
    assert dataset.space.right.tolist() == [1, 2, 3]
    assert dataset.roi_sets["areas"].tier_mask("primary").tolist() == [True] * 2 + [False] * 4
    assert dataset.noise_ceiling.dtype == np.float32
    assert dataset.test_repeats.shape == (2, 3, N_VOXELS)
    identity = (dataset.name, dataset.subject, dataset.feature_set, dataset.layer)
    assert identity == ("Study", "S9", "gabor", 3)
    assert dataset.provenance.notes == ()
    assert len(dataset.provenance.inputs) == 8


def test_an_index_file_for_each_split(files: ArrayFiles, tmp_path: Path) -> None:
    rows = {"train": [1, 2, 3], "validation": [4], "test": [5, 6]}
    for name, values in rows.items():
        np.save(tmp_path / f"{name}.npy", values)
    paths = {name: tmp_path / f"{name}.npy" for name in rows}
    dataset = read_arrays_dataset(replace(files, splits=paths))
    assert dataset.splits.validation.tolist() == [4]
    del paths["test"]
    with refused("splits", "train, validation and test"):
        read_arrays_dataset(replace(files, splits=paths))
    np.save(tmp_path / "t.npy", [1, 2])
    with refused("train and test splits", "2 shared"):
        read_arrays_dataset(replace(files, splits={**paths, "test": tmp_path / "t.npy"}))


def test_columns_without_use_are_kept_masked_and_counted(files: ArrayFiles) -> None:
    dataset = read_arrays_dataset(with_responses(files, c1=np.nan, c2=np.inf, c4=7.0))
    assert dataset.n_voxels == N_VOXELS
    assert dataset.valid_voxels.tolist() == [True, False, False, True, False, True]
    assert dataset.provenance.notes[1:] == (
        "2 of 6 response columns hold NaN or Inf and are masked",
        "1 of 6 response columns do not vary over train or test and are masked",
    )


def test_a_single_nan_masks_its_column_alone(files: ArrayFiles) -> None:
    files = with_responses(files)
    change(files.responses, lambda values: values.__setitem__((3, 2), np.nan))
    dataset = read_arrays_dataset(files)
    assert dataset.valid_voxels.tolist() == [True, True, False, True, True, True]
    assert "1 of 6" in dataset.provenance.notes[1]


def test_no_usable_column_is_an_error(files: ArrayFiles) -> None:
    with refused("responses", "at least one usable voxel"):
        read_arrays_dataset(with_responses(files, **{f"c{i}": 0.0 for i in range(N_VOXELS)}))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_must_be_finite(files: ArrayFiles, value: float) -> None:
    change(files.features, lambda values: values.__setitem__((3, 2), value))
    with refused("features.npy", r"1 NaN or Inf, the first at \(3, 2\)"):
        read_arrays_dataset(files)


def test_casts_are_told(files: ArrayFiles) -> None:
    np.save(files.features, np.load(files.features).astype("f8"))
    write_hdf5(files.responses, betas=np.arange(120).reshape(20, 6) % 17)
    notes = read_arrays_dataset(files).provenance.notes
    assert notes[:2] == (
        "features.npy: float64 cast to float32",
        "responses.h5: int64 cast to float32",
    )


def test_counts_must_match_and_both_files_are_named(files: ArrayFiles) -> None:
    np.save(files.features, np.ones((N_STIMULI + 1, 3), "f4"))
    with refused("responses.h5", "21 stimuli as features, found 20.*features.npy"):
        read_arrays_dataset(files)


def test_several_arrays_name_the_option(files: ArrayFiles) -> None:
    write_hdf5(files.responses, betas=np.ones((20, 6)), other=np.ones(3))
    with refused("responses.h5", "betas, other: pass --responses-key"):
        read_arrays_dataset(files)
    with refused("responses.h5", r"\(n_stimuli, n_voxels\), found \(3,\).*--responses-key"):
        read_arrays_dataset(replace(files, responses_key="other"))


@pytest.mark.parametrize("given", [{"surface": "fsLR32k"}, {"vertices": Path("v.npz")}])
def test_surface_and_vertices_come_together(
    files: ArrayFiles, tmp_path: Path, given: dict[str, object]
) -> None:
    np.savez(tmp_path / "v.npz", left=[0], right=[1])
    given = {k: tmp_path / v if isinstance(v, Path) else v for k, v in given.items()}
    with refused("surface", "together"):
        read_arrays_dataset(replace(files, **given))


def test_missing_files_are_named_before_anything_is_read(files: ArrayFiles) -> None:
    files.features.write_bytes(b"broken")
    with refused("none.csv", "nothing at"):
        read_arrays_dataset(replace(files, stimuli=files.features.parent / "none.csv"))
