"""A miniature Algonauts subject is imported to exactly what its arrays say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jne_engine.datasets.algonauts import layout as reader
from jne_engine.datasets.algonauts.importing import import_algonauts, preview_algonauts
from jne_engine.datasets.algonauts.plan import AlgonautsRequest
from jne_engine.datasets.feature_files import FeatureFile
from jne_engine.datasets.imported import ImportedFiles, build_imported_dataset
from jne_engine.formats.label_tables import LABEL_NAMES
from tests.engine.importers.algonauts_tree import (
    N_CHALLENGE,
    N_FSAVERAGE,
    N_IMAGES,
    Subject,
    write_subject,
)
from tests.engine.readers.files import refused


@pytest.fixture
def subject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    monkeypatch.setattr(reader, "N_FSAVERAGE", N_FSAVERAGE)
    monkeypatch.setattr("jne_engine.datasets.algonauts.plan.N_FSAVERAGE", N_FSAVERAGE)
    return write_subject(tmp_path, n_fsaverage=N_FSAVERAGE)


def notes(out: Path) -> str:
    return "\n".join(json.loads((out / "import.json").read_text())["notes"])


def dataset(out: Path):
    features = np.random.default_rng(0).normal(size=(N_IMAGES, 3)).astype(np.float32)
    n_images = len(np.load(out / "image_ids.npy"))
    features = np.resize(features, (n_images, 3))
    files = ImportedFiles(folder=out, name="A", subject="3", standardisation="none")
    return build_imported_dataset(files, FeatureFile(features, "drawn"))


def test_challenge_vertices_lie_on_fsaverage(subject, tmp_path):
    out = import_algonauts(AlgonautsRequest(root=subject.root), tmp_path / "out")
    data = dataset(out)
    both = np.concatenate([subject.responses["lh"], subject.responses["rh"]], axis=1)
    np.testing.assert_array_equal(data.responses, both)
    np.testing.assert_array_equal(np.load(out / "image_ids.npy"), subject.ids)
    assert data.space.surface == "fsaverage"
    np.testing.assert_array_equal(data.space.left, subject.vertices["lh"])
    np.testing.assert_array_equal(data.space.right, subject.vertices["rh"])
    assert data.stimuli.table.index[0] == f"nsd-{subject.ids[0]:05d}"
    large = np.repeat(np.repeat(subject.pictures, 8, axis=1), 8, axis=2)
    np.testing.assert_array_equal(data.stimuli.thumbnails, large)
    assert not (tmp_path / "exploded").exists()


def test_all_of_fsaverage_leaves_other_vertices_nan(subject, tmp_path):
    request = AlgonautsRequest(root=subject.root, space="fsaverage")
    data = dataset(import_algonauts(request, tmp_path / "out"))
    expected = np.full((N_IMAGES, 2 * N_FSAVERAGE), np.nan, np.float32)
    expected[:, subject.vertices["lh"]] = subject.responses["lh"]
    expected[:, N_FSAVERAGE + subject.vertices["rh"]] = subject.responses["rh"]
    np.testing.assert_array_equal(data.responses, expected)
    assert data.valid_voxels.sum() == sum(N_CHALLENGE.values())
    assert "50 of 80 vertices have NaN or no response and are masked" in notes(tmp_path / "out")
    ppa = np.zeros(2 * N_FSAVERAGE, bool)
    for offset, hemi in ((0, "lh"), (N_FSAVERAGE, "rh")):
        ppa[offset + subject.vertices[hemi]] = subject.labels[hemi, "floc-places"] == 2
    np.testing.assert_array_equal(data.roi_sets["floc-places"].mask("PPA"), ppa)


@pytest.mark.parametrize("removed", ["fsaverage", "challenge"])
def test_rois_have_built_in_names_from_either_space(subject, tmp_path, removed):
    for path in (subject.root / "roi_masks").glob(f"*_{removed}_space.npy"):
        if "all-vertices" not in path.name:
            path.unlink()
    data = dataset(import_algonauts(AlgonautsRequest(root=subject.root), tmp_path / "out"))
    for name, names in LABEL_NAMES.items():
        if name not in reader.ROI_CLASSES:
            continue
        labels = np.concatenate([subject.labels[hemi, name] for hemi in ("lh", "rh")])
        rois = data.roi_sets[name]
        assert rois.names == tuple(n for i, n in enumerate(names, 1) if (labels == i).any())
        for label in rois.names:
            np.testing.assert_array_equal(rois.mask(label), labels == names.index(label) + 1)
    assert "FFA-1" not in data.roi_sets["floc-faces"].names
    assert "floc-faces: no column in FFA-1, kept out" in notes(tmp_path / "out")
    assert "nsd-floc+prf" in data.roi_sets


def test_the_test_split_is_drawn_by_a_seed_and_told(subject, tmp_path):
    outs = [
        import_algonauts(AlgonautsRequest(root=subject.root, seed=seed), tmp_path / f"{i}")
        for i, seed in enumerate((4, 4, 5))
    ]
    splits = [np.load(out / "splits.npz")["test"].tolist() for out in outs]
    assert splits[0] == splits[1] != splits[2]
    assert len(splits[0]) == 3
    assert "no test responses: 3 test and 3 validation images drawn" in notes(outs[0])
    assert "with seed 4" in notes(outs[0])


def test_test_responses_are_the_test_set_where_a_copy_has_them(subject, tmp_path):
    rng = np.random.default_rng(1)
    (subject.root / "test_split/test_fmri").mkdir()
    (subject.root / "test_split/noise_ceiling").mkdir()
    tests, ceilings = [], []
    for hemi, n in N_CHALLENGE.items():
        tests.append(rng.normal(size=(5, n)).astype(np.float32))
        ceilings.append(rng.uniform(0, 90, n).astype(np.float32))
        np.save(subject.root / f"test_split/test_fmri/{hemi}_test_fmri.npy", tests[-1])
        path = subject.root / f"test_split/noise_ceiling/{hemi}_noise_ceiling.npy"
        np.save(path, ceilings[-1])
    for row in range(1, 6):
        picture = Image.fromarray(subject.pictures[0])
        name = f"test-{row:04d}_nsd-{800 + row:05d}.png"
        picture.save(subject.root / "test_split/test_images" / name)
    data = dataset(import_algonauts(AlgonautsRequest(root=subject.root), tmp_path / "out"))
    np.testing.assert_array_equal(data.splits.test, np.arange(N_IMAGES, N_IMAGES + 5))
    np.testing.assert_array_equal(data.responses[N_IMAGES:], np.concatenate(tests, axis=1))
    np.testing.assert_allclose(data.noise_ceiling, np.concatenate(ceilings) / 100, rtol=1e-6)
    assert "taken as percent" in notes(tmp_path / "out")


def test_the_preview_says_what_an_import_would_do(subject):
    preview = preview_algonauts(AlgonautsRequest(root=subject.root))
    assert (preview.n_images, preview.n_voxels, preview.n_test) == (N_IMAGES, 30, 3)
    assert preview.roi_counts["floc-places"]["PPA"] == sum(
        int((subject.labels[h, "floc-places"] == 2).sum()) for h in ("lh", "rh")
    )
    assert preview.found["lh_training_fmri.npy"] == "(30, 13), float32"
    assert preview.seconds > 0


def rename(subject, old: str, new: str) -> None:
    folder = subject.root / "training_split/training_images"
    path = next(folder.glob(old))
    path.rename(folder / new)


def drop_a_row(subject) -> None:
    path = subject.root / "training_split/training_fmri/rh_training_fmri.npy"
    np.save(path, subject.responses["rh"][:-1])


MISTAKES = {
    "gap": (lambda s: rename(s, "train-0004*", "train-0099_nsd-00001.png"), "", "no number 4"),
    "same image": (lambda s: rename(s, "train-0004*", f"train-0004_nsd-{s.ids[0]:05d}.png"),
                   "training_images", "more than once"),
    "rows": (drop_a_row, "training_fmri", "30 and 29 images"),
    "mask": (lambda s: np.save(s.root / "roi_masks/lh.all-vertices_fsaverage_space.npy",
                               np.ones(12, int)), "lh_training_fmri.npy", "12 vertices"),
    "labels": (lambda s: np.save(s.root / "roi_masks/lh.streams_challenge_space.npy",
                                 np.full(13, 0.5)), "streams", "whole-number"),
    "pickle": (lambda s: np.save(s.root / "roi_masks/lh.streams_challenge_space.npy",
                                 np.array([{}] * 13), allow_pickle=True), "streams", "run code"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_one_line_and_leave_nothing(subject, tmp_path, mistake):
    spoil, name, match = MISTAKES[mistake]
    spoil(subject)
    with refused(name, match):
        import_algonauts(AlgonautsRequest(root=subject.root), tmp_path / "out")
    assert not list(tmp_path.glob("*out*"))


def test_another_folder_is_refused(tmp_path):
    with refused(tmp_path.name, "training_split"):
        preview_algonauts(AlgonautsRequest(root=tmp_path))
