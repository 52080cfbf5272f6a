"""Features are attached to an imported folder by image id, never by position."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from jne_engine.datasets.attach import attach_features
from jne_engine.datasets.description import read_dataset
from jne_engine.datasets.nsd.importing import import_nsd
from jne_engine.datasets.nsd.plan import NsdRequest
from tests.engine.importers import nsd_tree
from tests.engine.importers.nsd_tree import session_and_run
from tests.engine.readers.files import refused

N_STATES, N_FEATURES = 3, 5


@pytest.fixture(scope="module")
def nsd(tmp_path_factory: pytest.TempPathFactory):
    nsd = nsd_tree.write_nsd(tmp_path_factory.mktemp("attach") / "nsd")
    nsd_tree.write_volume_betas(nsd, 1)
    nsd_tree.write_volume_rois(nsd, 1)
    return nsd


@pytest.fixture
def folder(nsd, tmp_path: Path) -> Path:
    return import_nsd(NsdRequest(root=nsd.root, subject=1), tmp_path / "out")


def write_features(path: Path, ids, *, seed: int = 0, **changes) -> np.ndarray:
    """Write features of some images in the order of the ids; return those of all images."""
    whole = np.random.default_rng(seed).normal(size=(nsd_tree.N_ALL, N_STATES, N_FEATURES))
    whole = whole.astype(np.float32)
    with h5py.File(path, "w") as file:
        file["features"] = changes.get("features", whole[ids])
        file["image_ids"] = changes.get("image_ids", np.asarray(ids))
        file.attrs["model"] = "clip-vit-b32"
    return whole


def test_rows_are_found_by_id_in_any_order(folder, tmp_path):
    order = np.random.default_rng(1).permutation(nsd_tree.N_ALL)
    whole = write_features(tmp_path / "features.h5", order)
    attach_features(folder, tmp_path / "features.h5", layer=2, standardisation="none")
    data = read_dataset(folder)
    ids = np.load(folder / "image_ids.npy")
    np.testing.assert_array_equal(data.features, whole[ids, 2])
    assert (data.feature_set, data.layer) == ("clip-vit-b32", 2)
    assert "features of clip-vit-b32, state 2, from features.h5" in data.provenance.notes
    assert "features.h5" in {record.name for record in data.provenance.inputs}


def test_within_run_features_depend_on_the_runs_of_their_images(nsd, folder, tmp_path):
    whole = write_features(tmp_path / "features.h5", np.arange(nsd_tree.N_ALL))
    attach_features(folder, tmp_path / "features.h5", layer=1)
    session, run, _ = session_and_run(nsd.n_sessions)
    images, collected = nsd.images[1], {}
    for key in sorted(set(zip(session.tolist(), run.tolist(), strict=True))):
        rows = np.flatnonzero((session == key[0]) & (run == key[1]))
        values = whole[images[rows], 1].astype(np.float64)
        scores = (values - values.mean(axis=0)) / values.std(axis=0)
        for row, score in zip(rows, scores, strict=True):
            collected.setdefault(int(images[row]), []).append(score)
    expected = [np.mean(collected[i], axis=0) for i in sorted(collected)]
    data = read_dataset(folder)
    np.testing.assert_allclose(data.features, expected, rtol=0, atol=1e-6)
    assert any("within each run" in note for note in data.provenance.notes)


def test_global_features_are_scored_by_the_training_images(folder, tmp_path):
    whole = write_features(tmp_path / "features.h5", np.arange(nsd_tree.N_ALL))
    attach_features(folder, tmp_path / "features.h5", layer=0, standardisation="global")
    data = read_dataset(folder)
    values = whole[np.load(folder / "image_ids.npy"), 0].astype(np.float64)
    fitted = values[data.splits.train]
    expected = (values - fitted.mean(axis=0)) / fitted.std(axis=0)
    np.testing.assert_allclose(data.features, expected, rtol=0, atol=1e-5)


def test_another_layer_may_be_taken_than_the_described_one(folder, tmp_path):
    whole = write_features(tmp_path / "features.h5", np.arange(nsd_tree.N_ALL))
    attach_features(folder, tmp_path / "features.h5", layer=0, standardisation="none")
    data = read_dataset(folder, layer=2)
    np.testing.assert_array_equal(data.features, whole[np.load(folder / "image_ids.npy"), 2])
    assert data.layer == 2
    with refused("features.h5", "layers 0 to 2, found layer 5: choose one of them with --layer"):
        read_dataset(folder, layer=5)
    plain = tmp_path / "plain"
    plain.mkdir()
    for name in ("features", "responses"):
        np.save(plain / f"{name}.npy", np.random.default_rng(0).normal(size=(20, 3)))
    with refused("plain", "several layers"):
        read_dataset(plain, layer=5)


def test_missing_images_are_refused_in_one_line(folder, tmp_path):
    ids = np.load(folder / "image_ids.npy")
    write_features(tmp_path / "features.h5", np.setdiff1d(np.arange(nsd_tree.N_ALL), ids[3:5]))
    with refused("features.h5", f"2 missing, the first image {ids[3]}"):
        attach_features(folder, tmp_path / "features.h5")
    assert "features" not in (folder / "dataset.toml").read_text()


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"image_ids": np.arange(7)}, "ids as features"),
        ({"image_ids": np.zeros(nsd_tree.N_ALL, int)}, "more than once"),
        ({"image_ids": np.linspace(0, 1, nsd_tree.N_ALL)}, "whole numbers"),
        ({"features": np.ones((nsd_tree.N_ALL, 4))}, "n_states"),
        ({"features": np.full((nsd_tree.N_ALL, 13, 2), np.nan)}, "finite"),
    ],
)
def test_other_files_are_refused(folder, tmp_path, changes, match):
    write_features(tmp_path / "features.h5", np.arange(nsd_tree.N_ALL), **changes)
    with refused("features.h5", match):
        attach_features(folder, tmp_path / "features.h5", layer=12)


def test_a_folder_without_features_says_how_to_get_them(folder):
    with refused("NSD", "import features"):
        read_dataset(folder)


def test_other_datasets_name_their_features_themselves(tmp_path):
    (tmp_path / "dataset.toml").write_text('kind = "scripts"\nfolder = "."\nsubject = 1\n')
    with refused(tmp_path.name, "an imported folder"):
        attach_features(tmp_path, tmp_path / "features.h5")


def test_a_spoilt_folder_is_one_line(folder, tmp_path):
    write_features(tmp_path / "features.h5", np.arange(nsd_tree.N_ALL))
    attach_features(folder, tmp_path / "features.h5", layer=0)
    (folder / "import.json").write_text("{}")
    with refused("import.json", "importer's record"):
        read_dataset(folder)
