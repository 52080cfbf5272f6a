"""LAION-fMRI: fixed splits, out-of-distribution images, shipped ceilings, ROIs and embeddings."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest

from jne_engine.core.errors import InputError
from jne_engine.datasets.attach import attach_features
from jne_engine.datasets.description import read_dataset
from jne_engine.datasets.imported import CEILING_NAME, read_record
from jne_engine.datasets.laion.plan import LaionRequest, plan_laion
from jne_engine.datasets.registry import recognise
from tests.engine.importers.test_trial_layouts import bring, names_of
from tests.engine.importers.trial_layouts import write_laion
from tests.engine.importers.trial_study import Study


def small():
    return Study(n_images=60, n_repeated=10)


def test_out_of_distribution_images_test_with_the_ceiling_of_their_repeats(tmp_path):
    study = small()
    out = bring("laion", study, tmp_path, pictures=False)
    names = names_of(out)
    test = {names[i] for i in np.load(out / "splits.npz")["test"]}
    assert test == set(study.names[:10])
    np.testing.assert_allclose(np.load(out / CEILING_NAME), 0.4)
    record = read_record(out)
    assert record.roi_sets[0].names == ("V1",)
    np.testing.assert_array_equal(np.load(out / "rois.npz")["laion-rois"], [np.arange(12) < 5])
    table = dict(line.split("\t") for line in (out / "stimuli.tsv").read_text().splitlines()[1:])
    assert table["shared_4rep_OOD_gabor_x1.png"] == "gabor"
    assert sum("noise ceiling" in note for note in record.notes) == 1
    assert any("task-images_desc-CLIP_embeddings.h5 --layer 0" in note for note in record.notes)


def test_a_fixed_split_is_kept_and_what_is_in_neither_part_is_told(tmp_path):
    study = small()
    root = write_laion(study, tmp_path / "data")
    split = {"name": "tau", "variants": [{"variant_id": 0, "train_ids": study.names[10:50],
             "test_ids": [*study.names[50:58], "unique_unseen.jpg"]}]}  # fmt: skip
    path = tmp_path / "data" / "tau.json"
    path.write_text(json.dumps(split))
    plan = plan_laion(LaionRequest(root=root, subject="05", splits=path))
    names = list(plan.stimuli.index)
    assert {names[i] for i in plan.splits.test} == set(study.names[50:58])
    rest = np.concatenate([plan.splits.train, plan.splits.validation])
    assert {names[i] for i in rest} == set(study.names[10:50])
    (told,) = [note for note in plan.notes if "tau.json" in note]
    assert "8 test images" in told
    assert "1 of its images were not shown" in told
    assert "12 shown images are in neither" in told
    split["variants"][0]["train_ids"].append(study.names[50])
    path.write_text(json.dumps(split))
    with pytest.raises(InputError, match="each image in one part"):
        plan_laion(LaionRequest(root=root, subject="05", splits=path))


def test_shipped_embeddings_are_features_by_name(tmp_path):
    study = small()
    out = bring("laion", study, tmp_path, pictures=False)
    path = tmp_path / "data" / "sub-01" / "stimuli" / "task-images_desc-CLIP_embeddings.h5"
    with pytest.raises(InputError, match="layer 0 alone, found layer 1: choose --layer 0"):
        attach_features(out, path, layer=1)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["clip"], file["image_ids"] = study.features, np.arange(study.n_images)
    with pytest.raises(InputError, match="embedding and image_ids, found clip, image_ids"):
        attach_features(out, tmp_path / "other.h5")
    attach_features(out, path, standardisation="none")
    dataset = read_dataset(out)
    assert dataset.layer == 0
    at = [study.names.index(name) for name in names_of(out)]
    expected = study.features[at].astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(dataset.features, expected)
    assert dataset.feature_set == "CLIP"


def test_shipped_embeddings_go_with_plain_arrays_too(tmp_path):
    study = small()
    write_laion(study, tmp_path / "data")
    path = tmp_path / "data" / "stimuli" / "task-images_desc-CLIP_embeddings.h5"
    folder = tmp_path / "own"
    folder.mkdir()
    order = np.random.default_rng(3).permutation(study.n_images)[:40]
    np.save(folder / "responses.npy", np.random.default_rng(4).normal(size=(40, 5)))
    rows = [study.names[i] for i in order]
    (folder / "stimuli.csv").write_text("\n".join(["id", *rows]) + "\n")
    text = 'responses = "responses.npy"\nstimuli = "stimuli.csv"\n'
    (folder / "dataset.toml").write_text(text + f'features = "{path}"\n')
    attach_features(folder, path)
    dataset = read_dataset(folder)
    expected = study.features[order].astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(dataset.features, expected)
    assert (dataset.layer, dataset.feature_set) == (0, "CLIP")


def test_subjects_are_found_and_what_is_missing_is_named(tmp_path):
    root = write_laion(small(), tmp_path / "data")
    assert (recognise(root).kind, recognise(root).subjects) == ("laion", ("05",))
    next(root.rglob("*mask_mask.nii.gz")).unlink()
    with pytest.raises(InputError, match="1 series of single-trial betas and 0 masks"):
        plan_laion(LaionRequest(root=root, subject="05"))
