"""A newcomer's own images and responses: from files to a map, without a dead end."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from jne_engine.cli.main import main
from jne_engine.datasets.arrays.files import ArrayFiles, read_arrays_dataset
from jne_engine.datasets.description import read_dataset
from jne_engine.datasets.registry import preview_source, recognise
from jne_engine.runs.store import find_runs, open_run
from jne_engine.runs.store.contents import read_stimuli
from tests.engine.extraction.pictures import write_folder
from tests.engine.readers.files import refused, write_hdf5
from tests.newcomer import N, write_newcomer

FIT = ["--n-hidden", "8", "--max-epochs", "3", "--quiet", "--inline"]


def invoke(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert result.exit_code == code, result.output
    return result.output


def average(path: Path) -> np.ndarray:
    """Return a picture at 64 × 64 as Pillow's box filter reduces it."""
    image = Image.open(path).convert("RGB").resize((64, 64), Image.Resampling.BOX)
    return np.asarray(image)


def test_a_newcomers_folder_is_a_run_with_pictures(tmp_path):
    folder = write_newcomer(tmp_path / "study")
    assert "ok          order of images" in invoke("check", folder)
    invoke("run", folder, "--out", tmp_path / "runs", *FIT)
    run = open_run(tmp_path / "runs")
    stimuli = read_stimuli(run.stage("dataset"), pictures=True)
    names = [str(name) for name in stimuli.table.index]
    assert len(names) == 10  # of the test
    for name, small in zip(names, stimuli.thumbnails, strict=True):
        np.testing.assert_array_equal(small, average(folder / "pictures" / name))
    assert any("paired by position" in note for note in run.manifest.notes)


def test_features_are_extracted_beside_the_responses_and_the_run_takes_them(tmp_path):
    folder = write_newcomer(tmp_path / "study", features=False)
    told = invoke("run", folder, "--out", tmp_path / "runs", *FIT, code=2)
    assert f"features extract {folder / 'pictures'} --out {folder / 'features.h5'}" in told
    assert "cannot tell order of images" in invoke("check", folder)  # by Gabor features meanwhile
    invoke("features", "extract", folder / "pictures", "--model", "gabor", "--out",
           folder / "features.h5", "--quiet")  # fmt: skip
    invoke("run", folder, "--out", tmp_path / "runs", *FIT)
    run = open_run(tmp_path / "runs")
    assert (run.manifest.feature_set, run.manifest.layer) == ("gabor", 0)
    assert any("by file name" in note for note in run.manifest.notes)


def test_an_import_of_responses_and_pictures_takes_features_later(tmp_path):
    folder = write_newcomer(tmp_path / "study", features=False)
    named = ["--responses", folder / "lh.func.gii", "--pictures", folder / "pictures"]
    assert "no features yet" in invoke("import", "arrays", *named, "--preview")
    data = tmp_path / "data"
    invoke("import", "arrays", *named, "--out", data)
    file = invoke("features", "extract", folder / "pictures", "--model", "gabor", "--out",
                  tmp_path / "g.h5", "--quiet").split()[-1]  # fmt: skip
    invoke("import", "features", data, file)
    dataset = read_dataset(data)
    with h5py.File(file) as features:
        np.testing.assert_array_equal(dataset.features, features["features"][:, 0])
    assert dataset.feature_set == "gabor"


def write_layers(path: Path, n_layers: int = 3) -> np.ndarray:
    values = np.random.default_rng(1).normal(size=(N, n_layers, 4)).astype("f4")
    write_hdf5(path, data=values)
    return values


def test_a_layer_is_selected_in_an_h5_of_layers_by_every_command(tmp_path):
    folder = write_newcomer(tmp_path / "study", features=False)
    values = write_layers(folder / "features.h5")
    last = read_dataset(folder)
    np.testing.assert_array_equal(last.features, values[:, 2])
    assert any("the last of its 3, 2" in note for note in last.provenance.notes)
    np.testing.assert_array_equal(read_dataset(folder, layer=1).features, values[:, 1])
    assert "images × 1284 columns" in invoke("check", folder, "--layer", 1)
    assert "a layer from 0 to 2" in invoke("check", folder, "--layer", 3, code=2)
    invoke("run", folder, "--layer", 0, "--layer", 2, "--out", tmp_path / "runs", *FIT,
           "--study", "Layers")  # fmt: skip
    found = find_runs(tmp_path / "runs")
    assert sorted(run.manifest.layer for run in found) == [0, 2]
    listed = invoke("jobs", "study", "Layers", "--out", tmp_path / "runs")
    assert listed.count("layer") == 2
    named = ["--features", folder / "features.h5", "--responses", folder / "lh.func.gii"]
    invoke("import", "arrays", *named, "--layer", 1, "--out", tmp_path / "data")
    np.testing.assert_array_equal(read_dataset(tmp_path / "data").features, values[:, 1])
    assert "one matrix in features.csv" in invoke(
        "run", write_newcomer(tmp_path / "one"), "--layer", 0, *FIT, code=2
    )


def test_splits_tiers_pictures_and_notes_are_flags(tmp_path):
    folder = write_newcomer(tmp_path / "study")
    np.savez(folder / "areas.npz", V1=[0, 1, 2], PPA=[5, 6])
    rows = np.arange(N)
    np.savez(folder / "mine.npz", train=rows[:60], validation=rows[60:80], test=rows[80:])
    named = ["--features", folder / "features.csv", "--responses", folder / "lh.func.gii",
             "--rois", folder / "areas.npz", "--roi-tiers", "V1=primary,PPA=higher",
             "--pictures", folder / "pictures", "--notes", "Pilot of March"]  # fmt: skip
    invoke("import", "arrays", *named, "--splits", folder / "mine.npz", "--out", tmp_path / "a")
    dataset = read_dataset(tmp_path / "a")
    assert dataset.splits.test.tolist() == rows[80:].tolist()
    assert dataset.roi_sets["areas"].tiers == ("primary", "higher")
    assert dataset.stimuli.thumbnails.shape == (N, 64, 64, 3)
    assert "Pilot of March" in dataset.provenance.notes
    invoke("import", "arrays", *named, "--split-fractions", "0.5,0.25,0.25", "--out",
           tmp_path / "b")  # fmt: skip
    assert read_dataset(tmp_path / "b").splits.train.size == 50
    wrong = ["import", "arrays", *named, "--roi-tiers", "V1=first", "--preview"]
    assert "primary, intermediate, higher" in invoke(*wrong, code=2)
    wrong = ["import", "arrays", *named, "--split-fractions", "most", "--preview"]
    assert "0.8,0.1,0.1" in invoke(*wrong, code=2)


def test_a_table_names_each_stimulus_picture_and_position_does_not_decide(tmp_path):
    folder = write_newcomer(tmp_path / "study")
    order = np.random.default_rng(3).permutation(N)
    lines = "".join(f"s{i},{n + 1}.png\n" for i, n in enumerate(order))
    (folder / "stimuli.csv").write_text(f"id,picture\n{lines}")
    dataset = read_dataset(folder)
    for row in (0, 17, 99):
        expected = average(folder / "pictures" / f"{order[row] + 1}.png")
        np.testing.assert_array_equal(dataset.stimuli.thumbnails[row], expected)


def test_pictures_that_are_not_one_a_stimulus_are_refused(tmp_path):
    folder = write_newcomer(tmp_path / "study")
    (folder / "pictures" / "7.png").unlink()
    with refused("pictures", "100 pictures, one a stimulus, found 99.*stimuli.csv"):
        read_dataset(folder)


def test_the_pictures_of_a_folder_may_not_lead_out_of_it(tmp_path):
    folder = write_newcomer(tmp_path / "study")
    outside = write_folder(tmp_path / "outside", ["secret.png"])
    (folder / "pictures" / "7.png").unlink()
    (folder / "pictures" / "7.png").symlink_to(outside / "secret.png")
    with refused("7.png"):
        read_dataset(folder, allowed_root=folder)


def test_the_page_recognises_responses_beside_pictures_alone(tmp_path):
    folder = write_newcomer(tmp_path / "study", features=False)
    found = recognise(folder)
    assert (found.kind, found.folders) == ("arrays", ("pictures",))
    source = {"kind": "arrays", "folder": str(folder), "allowed_root": str(tmp_path)}
    chosen = {"responses": "lh.func.gii", "pictures": "pictures"}
    preview = preview_source({**source, "choices": chosen})
    assert any(note.startswith("no features yet") for note in preview.notes)
    files = ArrayFiles(responses=folder / "lh.func.gii")
    with refused("features", "file of features, or the folder of pictures"):
        read_arrays_dataset(files, stand_in=True)


@pytest.mark.parametrize("features", [True, False])
def test_a_newcomers_folder_is_told_from_a_folder_of_pictures(tmp_path, features):
    folder = write_newcomer(tmp_path / "study", features=features)
    assert recognise(folder).kind == ("described" if features else "arrays")
    assert recognise(folder / "pictures").kind == "images"
