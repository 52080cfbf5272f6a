"""A dataset.toml says what a dataset is; a mistake in it is one line."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from jne_engine.core.errors import UnsafeFileError
from jne_engine.cortex.projection_weights import build_projection, sample_sheets
from jne_engine.cortex.spaces import VolumeSpace
from jne_engine.datasets.arrays.files import ArrayFiles
from jne_engine.datasets.description import (
    DESCRIPTION_EXAMPLE,
    SCRIPTS_EXAMPLE,
    VOLUME_EXAMPLE,
    read_dataset,
)
from tests.engine.extraction.pictures import write_folder
from tests.engine.readers.files import refused, write_hdf5
from tests.engine.readers.test_sheets import write_sheets
from tests.engine.test_projection import AFFINE, SHAPE, SHEETS, grid, millimetres

FILES = 'features = "features.npy"\nresponses = "responses.npy"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    folder = tmp_path / "study"
    folder.mkdir()
    np.save(folder / "features.npy", rng.normal(size=(20, 4)).astype("f4"))
    np.save(folder / "responses.npy", rng.normal(size=(20, 3)).astype("f4"))
    return folder


def describe(folder: Path, text: str) -> Path:
    path = folder / "dataset.toml"
    path.write_text(text)
    return path


def test_paths_are_relative_to_the_description(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    path = describe(folder, FILES + 'name = "Study"\nsplit_fractions = [0.5, 0.25, 0.25]\n')
    for given in (path, folder, str(folder)):
        dataset = read_dataset(given)
        assert (dataset.name, dataset.splits.train.size) == ("Study", 10)


def test_absolute_paths_and_splits_as_a_table(folder: Path, tmp_path: Path) -> None:
    for name, rows in (("train", [0, 1]), ("validation", [2]), ("test", [3, 4])):
        np.save(tmp_path / f"{name}.npy", rows)
    lines = "".join(f'{n} = "{tmp_path}/{n}.npy"\n' for n in ("train", "validation", "test"))
    dataset = read_dataset(describe(folder, f"{FILES}[splits]\n{lines}"))
    assert dataset.splits.test.tolist() == [3, 4]


def test_the_example_names_every_key_and_reads(folder: Path) -> None:
    keys = set(tomllib.loads(DESCRIPTION_EXAMPLE))
    optional = {"features_key", "noise_ceiling_key", "test_repeats_key"}
    optional |= {"voxels", "surface_folder", "anatomy"}  # of volumes: see below
    optional |= {"responses_other", "cifti_part", "rois_other", "roi_names"}  # of images
    assert keys == {"kind", *(f.name for f in fields(ArrayFiles))} - optional
    (folder / "responses.npy").unlink()
    rng = np.random.default_rng(0)
    write_hdf5(folder / "responses.h5", betas=rng.normal(size=(20, 4)), other=np.ones(3))
    ids = "".join(f"i{i},x\n" for i in range(20))
    write_folder(folder / "pictures", [f"i{i}.png" for i in range(20)])
    (folder / "stimuli.csv").write_text(f"id,scene\n{ids}")
    np.savez(folder / "splits.npz", train=np.arange(9), validation=[9], test=[10, 11])
    np.savez(folder / "vertices.npz", left=[0, 1], right=[0, 1])
    np.savez(folder / "rois.npz", V1=[0], V4=[1], PPA=[2])
    np.save(folder / "noise_ceiling.npy", np.full(4, 0.5))
    np.save(folder / "test_repeats.npy", np.ones((3, 2, 4)))
    dataset = read_dataset(describe(folder, DESCRIPTION_EXAMPLE))
    assert dataset.roi_sets["rois"].tiers == ("primary", "intermediate", "higher")


def test_the_volume_example_reads_and_is_drawn_on_the_subjects_surfaces(folder: Path) -> None:
    assert {"voxels", "surface_folder", "anatomy"} <= set(tomllib.loads(VOLUME_EXAMPLE))
    inside = np.linalg.norm(millimetres(grid()) - [-18, -2, 1], axis=1) < 14
    mask = np.zeros(SHAPE, np.int16)
    mask[tuple(grid().voxels[inside].T)] = 1
    nib.save(nib.Nifti1Image(mask, AFFINE), folder / "mask.nii.gz")
    nib.save(nib.Nifti1Image(mask, AFFINE), folder / "T1w.nii.gz")
    responses = np.random.default_rng(0).normal(size=(20, mask.sum()))
    np.save(folder / "responses.npy", responses)
    path = describe(folder, VOLUME_EXAMPLE)
    with refused("surf/lh.white", "own surfaces"):
        read_dataset(path, allowed_root=folder)
    write_sheets(folder / "sub-01/surf")
    dataset = read_dataset(path, allowed_root=folder)
    np.testing.assert_array_equal(dataset.space.voxels, np.argwhere(mask))
    space = VolumeSpace(SHAPE, AFFINE, np.argwhere(mask))
    points = sample_sheets(space, SHEETS)
    expected = build_projection(space, points, surface="balls", source="balls")
    assert dataset.projection.own.name == "subject-own"
    assert dataset.projection.space.right.size == 0
    shown, wanted = (p.project(responses[0]) for p in (dataset.projection, expected))
    np.testing.assert_allclose(shown, wanted, atol=1e-4)  # NIfTI keeps affines in float32
    assert dataset.projection.note in dataset.provenance.notes
    assert dataset.anatomy.name == "T1w.nii.gz"
    (folder / "sub-01/surf/lh.inflated").symlink_to("/etc/hostname")
    with refused("lh.inflated", error=UnsafeFileError):
        read_dataset(path, allowed_root=folder)


def test_listed_voxels_go_to_a_template_or_say_what_is_missing(folder: Path) -> None:
    voxels = np.array([[14, 4, 13], [14, 4, 14], [13, 4, 13]])  # occipital pole, left
    affine = np.diag([3.0, 3, 3, 1])
    affine[:3, 3] = [-60, -110, -40]
    np.save(folder / "responses.npy", np.random.default_rng(0).normal(size=(20, 3)))
    np.savez(folder / "voxels.npz", voxels=voxels, shape=[40, 40, 40], affine=affine)
    text = FILES + 'voxels = "voxels.npz"\n'
    bare = read_dataset(describe(folder, text))
    assert bare.projection is None
    assert any("no map of the brain" in note for note in bare.provenance.notes)
    drawn = read_dataset(describe(folder, text + 'surface = "fsaverage5"\n')).projection
    assert (drawn.own, drawn.space.surface) == (None, "fsaverage5")
    np.savez(folder / "v.npz", left=[0, 1], right=[0])
    for more, match in (
        ('surface = "fsaverage9"', "surface of a volume"),
        ('vertices = "v.npz"', "one place"),
        ('surface = "fsaverage5"\nsurface_folder = "."', "one surface"),
    ):
        with refused("", match):
            read_dataset(describe(folder, f"{text}{more}\n"))
    np.savez(folder / "voxels.npz", voxels=voxels, shape=[40, 40, 40], affine=np.zeros((4, 4)))
    with refused("voxels.npz", "an affine"):
        read_dataset(describe(folder, text))


def test_the_scripts_example_reads(folder: Path) -> None:
    rng = np.random.default_rng(0)
    write_hdf5(folder / "Stan_clip_vit_Sub1.h5", data=rng.normal(size=(30, 13, 7)))
    write_hdf5(folder / "Stan_fmri_Sub1.h5", data=rng.normal(size=(30, 3)))
    np.save(folder / "Sub_info_uniqueFig.npy", np.tile(np.arange(5), (4, 1)))
    dataset = read_dataset(describe(folder, SCRIPTS_EXAMPLE), allowed_root=folder)
    assert (dataset.subject, dataset.layer, dataset.n_features) == ("S1", 12, 7)


@pytest.mark.parametrize(("text", "match"), [
    (FILES + 'respones_key = "a"\n', "'respones_key'.*did you mean 'responses_key'"),
    (FILES + "zzz = 1\n", "did you mean"), ('features = "features.npy"\n', "no responses"),
    ("", "0 bytes"), ("# nothing\n", "no responses"),
    (FILES + 'kind = "nsd2"\n', "arrays, scripts"),
    (FILES + "kind = 3\n", "kind"), (FILES + 'layer = "12"\n', "whole number"),
    (FILES + "layer = true\n", "whole number"), (FILES + "name = 3\n", "name: expected text"),
    (FILES + "split_fractions = [1, 2]\n", "three numbers"), (FILES + "stimuli = 1\n", "text"),
    (FILES + 'split_fractions = "a"\n', "three numbers"), (FILES + 'rois = ""\n', "text"),
    (FILES + "splits = [1]\n", "splits: expected text"), (FILES + "roi_tiers = 1\n", "a table"),
    (FILES + "[roi_tiers]\nV1 = 'first'\n", "roi_tiers.V1.*primary"), ("a = = 1", "TOML"),
    (FILES + "[splits]\ntrain = 1\n", "splits.train"), ("a = " + "[" * 5000, "TOML"),
    (FILES + 'kind = "scripts"\n', "'features'"), ('kind = "scripts"\nfolder = "."\n', "subject"),
    (FILES + 'stimuli = "a\\u0000b"\n', "text"), (FILES + "name = 2020-01-01\n", "text"),
])  # fmt: skip
def test_mistakes_are_one_line(folder: Path, text: str, match: str) -> None:
    with refused("dataset.toml", match):
        read_dataset(describe(folder, text))


def test_descriptions_that_are_no_text(folder: Path) -> None:
    path = folder / "dataset.toml"
    path.write_bytes(b"\xff\xfe" * 50)
    with refused("dataset.toml", "UTF-8"):
        read_dataset(path)
    path.write_bytes(b"#" * (2**20 + 1))
    with refused("dataset.toml", "at most", error=UnsafeFileError):
        read_dataset(path)


def test_a_folder_without_description(folder: Path) -> None:
    np.savez(folder / "splits.npz", train=np.arange(9), validation=[9], test=[10, 11])
    dataset = read_dataset(folder)
    assert (dataset.name, dataset.splits.test.tolist()) == ("study", [10, 11])


def test_folders_that_do_not_say_enough(folder: Path) -> None:
    np.savez(folder / "features.npz", a=np.ones((20, 3)))
    with refused("study", "features.npy and features.npz: remove one"):
        read_dataset(folder)
    (folder / "features.npz").unlink()
    (folder / "responses.npy").unlink()
    with refused("study", "no responses.*add responses.npy"):
        read_dataset(folder)
    with refused("none", "nothing at"):
        read_dataset(folder / "none")


@pytest.mark.parametrize("text", [
    'features = "../outside.npy"\nresponses = "responses.npy"\n',
    'features = "{outside}"\nresponses = "responses.npy"\n',
    'features = "link.npy"\nresponses = "responses.npy"\n',
    FILES + '[splits]\ntrain = "../outside.npy"\nvalidation = "a"\ntest = "b"\n',
    'kind = "scripts"\nfolder = ".."\nsubject = 1\n',
    'kind = "scripts"\nfolder = "."\nsubject = 1\n',
])  # fmt: skip
def test_nothing_is_read_outside_an_allowed_folder(folder: Path, text: str) -> None:
    outside = folder.parent / "outside.npy"
    np.save(outside, np.ones((20, 4)))
    for name in ("link.npy", "Stan_clip_vit_Sub1.h5"):
        (folder / name).symlink_to(outside)
    path = describe(folder, text.replace("{outside}", str(outside)))
    with refused("", "one outside", error=UnsafeFileError):
        read_dataset(path, allowed_root=folder)


def test_linked_files_of_a_folder_without_description_stay_inside(folder: Path) -> None:
    (folder / "features.npy").rename(folder.parent / "outside.npy")
    (folder / "features.npy").symlink_to(folder.parent / "outside.npy")
    assert read_dataset(folder).n_stimuli == 20
    with refused("features.npy", "one outside", error=UnsafeFileError):
        read_dataset(folder, allowed_root=folder)
