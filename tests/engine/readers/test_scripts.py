"""The authors' files, written here in exactly their layouts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from jne_engine.core.errors import UnsafeFileError
from jne_engine.datasets.scripts.files import ScriptFiles, read_scripts_dataset, script_splits
from tests.engine.readers.files import refused, write_hdf5

N_IMAGES, N_FEATURES, N_VOXELS, N_SHARED = 60, 768, 5, 8


@pytest.fixture
def files(tmp_path: Path) -> ScriptFiles:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(N_IMAGES, 13, N_FEATURES)).astype("f4")
    write_hdf5(tmp_path / "Stan_clip_vit_Sub2.h5", data=features)
    write_hdf5(tmp_path / "Stan_fmri_Sub2.h5", data=rng.normal(size=(N_IMAGES, N_VOXELS)))
    shared = [rng.permutation(N_IMAGES)[:N_SHARED] for _ in range(4)]
    np.save(tmp_path / "Sub_info_uniqueFig.npy", shared, allow_pickle=True)
    return ScriptFiles(folder=tmp_path, subject=2)


def features_of(files: ScriptFiles) -> np.ndarray:
    with h5py.File(files.features) as file:
        return file["data"][:]


@pytest.mark.parametrize("layer", [0, 5, 12])
def test_one_subject_and_one_layer(files: ScriptFiles, layer: int) -> None:
    dataset = read_scripts_dataset(replace(files, layer=layer))
    np.testing.assert_array_equal(dataset.features, features_of(files)[:, layer])
    assert (dataset.subject, dataset.feature_set, dataset.layer) == ("S2", "clip_vit", layer)
    shared = np.load(files.shared)[1]
    assert dataset.splits.test.tolist() == sorted(shared)
    assert dataset.provenance.notes == (
        "Stan_fmri_Sub2.h5: float64 cast to float32",
        "shared images from row 1 of Sub_info_uniqueFig.npy",
        "test: the 8 shared images; 6 of the other 52 to validation with seed 0",
    )
    assert len(dataset.provenance.inputs) == 3


@pytest.mark.parametrize("n_images", [40, 1234, 10_000])
def test_splits_are_those_of_the_scripts(n_images: int) -> None:
    shared = np.random.default_rng(1).permutation(n_images)[: n_images // 10]
    rest = np.array(sorted(set(range(n_images)) - set(shared.tolist())))
    train, validation = train_test_split(rest, test_size=1000 / 9000, random_state=0)
    splits = script_splits(n_images, shared, seed=0)
    np.testing.assert_array_equal(splits.train, np.sort(train))
    np.testing.assert_array_equal(splits.validation, np.sort(validation))
    np.testing.assert_array_equal(splits.test, np.sort(shared))
    splits.check(n_images)


def test_ten_thousand_images_split_as_the_paper_says() -> None:
    splits = script_splits(10_000, np.arange(1000), seed=0)
    assert (splits.train.size, splits.validation.size, splits.test.size) == (8000, 1000, 1000)


def test_the_other_layers_stay_on_disk(files: ScriptFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[int, ...]] = []
    whole = h5py.Dataset.__getitem__

    def watched(dataset: h5py.Dataset, *arguments: object) -> object:
        values = whole(dataset, *arguments)
        read.append(np.shape(values))
        return values

    monkeypatch.setattr(h5py.Dataset, "__getitem__", watched)
    read_scripts_dataset(files)
    assert read == [(N_IMAGES, N_FEATURES), (N_IMAGES, N_VOXELS)]


def test_the_scripts_own_subfolders_are_found(files: ScriptFiles) -> None:
    for path, name in ((files.features, "ANN"), (files.shared, "ANN"), (files.responses, "fMRI")):
        folder = files.folder / f"Dataset_{name}"
        folder.mkdir(exist_ok=True)
        path.rename(folder / path.name)
    assert read_scripts_dataset(files).n_stimuli == N_IMAGES


def test_the_plain_vit_is_the_other_extractor(files: ScriptFiles) -> None:
    files.features.rename(files.folder / "Stan_vit_Sub2.h5")
    assert read_scripts_dataset(replace(files, extractor="vit")).feature_set == "vit"
    with refused("extractor", "clip_vit, vit"):
        read_scripts_dataset(replace(files, extractor="../x"))


def test_a_stimulus_table_names_the_images(files: ScriptFiles) -> None:
    path = files.folder / "s.csv"
    path.write_text("id,scene\n" + "".join(f"i{i},x\n" for i in range(N_IMAGES)))
    dataset = read_scripts_dataset(replace(files, stimuli=path))
    assert dataset.stimuli.category_columns == ("scene",)
    assert len(dataset.provenance.inputs) == 4


@pytest.mark.parametrize("layer", [-1, 13])
def test_layers_that_are_not_there(files: ScriptFiles, layer: int) -> None:
    with refused("Stan_clip_vit_Sub2.h5", f"a layer from 0 to 12, found layer {layer}"):
        read_scripts_dataset(replace(files, layer=layer))


@pytest.mark.parametrize("missing", ["features", "responses", "shared"])
def test_missing_files_are_named(files: ScriptFiles, missing: str) -> None:
    path = getattr(files, missing)
    path.unlink()
    with refused(path.name, "nothing at"):
        read_scripts_dataset(files)


def test_wrong_keys_axes_and_counts(files: ScriptFiles) -> None:
    write_hdf5(files.responses, data=np.ones((N_IMAGES - 1, N_VOXELS)))
    with refused("Stan_fmri_Sub2.h5", "60 stimuli as features, found 59"):
        read_scripts_dataset(files)
    write_hdf5(files.responses, betas=np.ones((N_IMAGES, N_VOXELS)))
    with refused("Stan_fmri_Sub2.h5", "no such key.*betas"):
        read_scripts_dataset(files)
    write_hdf5(files.features, data=np.ones((N_IMAGES, N_FEATURES)))
    with refused("Stan_clip_vit_Sub2.h5", "n_layers"):
        read_scripts_dataset(files)


@pytest.mark.parametrize(("positions", "match"), [
    ([[0, 1]] * 3, "3 rows.*shared_row"), ([[0, N_IMAGES]] * 4, "0..59.*from 0"),
    ([[0, 0]] * 4, "each index once"), ([[0.5, 1]] * 4, "whole"), ([0, 1], "n_subjects"),
])  # fmt: skip
def test_wrong_shared_positions(files: ScriptFiles, positions: object, match: str) -> None:
    np.save(files.shared, positions)
    with refused("Sub_info_uniqueFig.npy", match):
        read_scripts_dataset(files)


def test_the_row_can_be_told(files: ScriptFiles) -> None:
    dataset = read_scripts_dataset(replace(files, shared_row=3))
    assert dataset.splits.test.tolist() == sorted(np.load(files.shared)[3])


def test_whole_numbers_kept_as_floats_are_taken(files: ScriptFiles) -> None:
    shared = np.load(files.shared)
    np.save(files.shared, shared.astype(float))
    assert read_scripts_dataset(files).splits.test.tolist() == sorted(shared[1])


def test_positions_of_unequal_length_are_a_pickle_and_refused(files: ScriptFiles) -> None:
    ragged = np.array([np.arange(3), np.arange(4), np.arange(3), np.arange(3)], dtype=object)
    np.save(files.shared, ragged, allow_pickle=True)
    with refused("Sub_info_uniqueFig.npy", "numpy.save", error=UnsafeFileError):
        read_scripts_dataset(files)


def test_all_images_shared_leaves_nothing_to_train(files: ScriptFiles) -> None:
    np.save(files.shared, np.tile(np.arange(N_IMAGES), (4, 1)))
    with refused("shared images", "two or more other"):
        read_scripts_dataset(files)
