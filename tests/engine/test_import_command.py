"""From published files to a run by the command line alone."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import nibabel as nib
import numpy as np
import pytest
from click.testing import CliRunner

from jne_engine.cli.main import main
from jne_engine.datasets.description import read_dataset
from jne_engine.datasets.registry import preview_source
from jne_engine.runs.store import open_run
from jne_engine.runs.store.contents import read_space
from tests.engine.importers import nsd_tree

FIT = ["--n-hidden", "8", "--max-epochs", "2", "--quiet", "--inline"]


def invoke(*arguments: object):
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def nsd(tmp_path_factory: pytest.TempPathFactory):
    nsd = nsd_tree.write_nsd(tmp_path_factory.mktemp("command") / "nsd")
    for subject in (1, 2):
        nsd_tree.write_volume_betas(nsd, subject)
        nsd_tree.write_volume_rois(nsd, subject)
    nsd_tree.write_surface_betas(nsd, 1, "fsaverage")
    nsd_tree.write_surface_rois(nsd, "fsaverage")
    nsd_tree.write_images(nsd)
    with h5py.File(nsd.root / "features.h5", "w") as file:
        file["features"] = np.random.default_rng(0).normal(size=(nsd_tree.N_ALL, 13, 6))
        file["image_ids"] = np.arange(nsd_tree.N_ALL)
    return nsd


@pytest.mark.parametrize("space", ["func1pt8mm", "fsaverage"])
def test_import_then_run(nsd, tmp_path, space):
    out, features = tmp_path / "data", nsd.root / "features.h5"
    result = invoke("import", "nsd", nsd.root, "--space", space, "--out", out,
                    "--features", features, "--layer", 3, "--quiet")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(out)
    result = invoke("run", out, "--out", tmp_path / "runs", *FIT)
    assert result.exit_code == 0, result.output
    run = open_run(tmp_path / "runs")
    assert (run.manifest.subject, run.manifest.layer) == ("subj01", 3)
    assert run.manifest.simulated is False
    assert any("z-scored per voxel within each run" in note for note in run.manifest.notes)
    jne = run.stage("dispersion").read_array("jne")
    assert jne.shape == (np.load(out / "responses.npy").shape[1],)
    assert np.isfinite(jne).all()


def test_several_subjects_go_into_folders_of_their_own(nsd, tmp_path):
    result = invoke("import", "nsd", nsd.root, "--subject", 1, "--subject", 2, "--out",
                    tmp_path / "nsd", "--no-pictures", "--quiet")  # fmt: skip
    assert result.exit_code == 0, result.output
    names = [Path(line).name for line in result.stdout.split()]
    assert names == ["subj01", "subj02"]
    assert all((tmp_path / "nsd" / name / "dataset.toml").exists() for name in names)


def test_a_preview_as_text_and_as_json(nsd, tmp_path):
    text = invoke("import", "nsd", nsd.root, "--preview")
    assert text.exit_code == 0, text.output
    assert "54 trials of 24 images" in text.stdout
    printed = json.loads(invoke("import", "nsd", nsd.root, "--preview", "--json").stdout)
    assert (printed["n_images"], printed["subject"]) == (24, "subj01")
    assert not list(tmp_path.iterdir())


def test_check_answers_with_pictures_alone(nsd, tmp_path):
    out = tmp_path / "data"
    invoke("import", "nsd", nsd.root, "--out", out, "--quiet")
    verdicts = json.loads(invoke("check", out, "--json").stdout)
    assert [v["name"] for v in verdicts][-2:] == ["left and right", "order of images"]
    by_name = {v["name"]: v["ok"] for v in verdicts}
    assert by_name["responses"] is True
    assert by_name["left and right"] is True
    assert by_name["order of images"] is None  # 24 random images say nothing
    assert "cannot tell order of images" in invoke("check", out).stdout


def test_arrays_are_checked_and_described(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "in").mkdir()
    np.save(tmp_path / "in/x.npy", rng.normal(size=(40, 4)))
    with h5py.File(tmp_path / "in/y.h5", "w") as file:
        file["betas"], file["other"] = rng.normal(size=(40, 3)), np.ones(2)
    arguments = ["import", "arrays", "--features", tmp_path / "in/x.npy", "--responses",
                 tmp_path / "in/y.h5", "--name", 'My "study"', "--layer", 4, "--out",
                 tmp_path / "out"]  # fmt: skip
    told = invoke(*arguments[:-2], "--responses-key", "betas", "--preview")
    assert told.exit_code == 0, told.output
    assert "train 32, validation 4, test 4" in told.stdout
    assert "LOOK AT: no place on a surface" in told.stdout
    printed = invoke(*arguments[:-2], "--responses-key", "betas", "--preview", "--json")
    source = {"kind": "arrays", "folder": str(tmp_path / "in"), "allowed_root": str(tmp_path)}
    choices = {"features": "x.npy", "responses": "y.h5", "responses_key": "betas",
               "name": 'My "study"', "layer": 4}  # fmt: skip
    on_page = preview_source({**source, "choices": choices})
    assert json.loads(printed.stdout) == json.loads(json.dumps(on_page.to_dict()))
    refused = invoke(*arguments)
    assert refused.exit_code == 2
    assert "pass --responses-key" in refused.stderr
    assert not (tmp_path / "out").exists()
    result = invoke(*arguments, "--responses-key", "betas")
    assert result.exit_code == 0, result.output
    data = read_dataset(tmp_path / "out")
    assert (data.name, data.layer, data.n_voxels) == ('My "study"', 4, 3)
    again = invoke(*arguments, "--responses-key", "betas")
    assert "there already" in again.stderr


def test_the_authors_files_are_checked_and_described(tmp_path):
    rng = np.random.default_rng(0)
    for name, shape in (("Stan_clip_vit_Sub2.h5", (30, 13, 5)), ("Stan_fmri_Sub2.h5", (30, 4))):
        with h5py.File(tmp_path / name, "w") as file:
            file["data"] = rng.normal(size=shape).astype(np.float32)
    np.save(tmp_path / "Sub_info_uniqueFig.npy", np.tile(np.arange(5), (4, 1)))
    out = tmp_path / "out"
    missing = invoke("import", "scripts", tmp_path, "--subject", 1, "--out", out)
    assert missing.exit_code == 2
    told = invoke("import", "scripts", tmp_path, "--subject", 2, "--preview")
    assert "S2" in told.stdout
    assert not out.exists()
    result = invoke("import", "scripts", tmp_path, "--subject", 2, "--layer", 7, "--out", out)
    assert result.exit_code == 0, result.output
    data = read_dataset(out)
    assert (data.subject, data.layer, data.splits.test.size) == ("S2", 7, 5)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["nsd", "{root}"], "--out FOLDER"),
        (["nsd", "{root}", "--subject", "7", "--preview"], "NSD betas"),
        (["nsd", "{root}", "--test", "common", "--common", "1,x", "--preview"], "1,2,5,7"),
        (["algonauts", "{root}", "--preview"], "training_split"),
        (["scripts", "{root}", "--subject", "1"], "--out FOLDER"),
        (["features", "{root}", "nothing.h5"], "dataset.toml"),
    ],
)
def test_mistakes_are_one_line(nsd, arguments, match):
    result = invoke("import", *[a.format(root=nsd.root) for a in arguments])
    assert result.exit_code == 2, result.output
    assert match in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_pair_of_images_becomes_a_run_on_a_surface(tmp_path):
    """Features, a pair of .func.gii and an atlas without names are enough."""
    rng = np.random.default_rng(0)
    features, n = rng.normal(size=(60, 5)).astype("f4"), 642
    np.save(tmp_path / "features.npy", features)
    (tmp_path / "names.csv").write_text("index,name\n1,V1\n2,V2\n")
    for side in "lr":
        rows = features @ rng.normal(size=(5, n)).astype("f4")
        arrays = [nib.gifti.GiftiDataArray(row, intent="NIFTI_INTENT_NONE") for row in rows]
        image = nib.gifti.GiftiImage(darrays=arrays)
        nib.save(image, tmp_path / f"{side}h.study.func.gii")
        codes = np.repeat([0, 1, 2], 214).astype("i4")
        nib.save(nib.MGHImage(codes[:, None, None], np.eye(4)), tmp_path / f"{side}h.areas.mgz")
    told = ["--features", tmp_path / "features.npy", "--responses",
            tmp_path / "lh.study.func.gii", "--rois", tmp_path / "rh.areas.mgz",
            "--roi-names", tmp_path / "names.csv"]  # fmt: skip
    shown = invoke("import", "arrays", *told, "--preview")
    assert shown.exit_code == 0, shown.output
    assert "1,284 vertices of fsaverage3, 642 left and then 642 right" in shown.output
    assert "V1 428, V2 428" in shown.output
    result = invoke("import", "arrays", *told, "--out", tmp_path / "data")
    assert result.exit_code == 0, result.output
    result = invoke("run", tmp_path / "data", "--out", tmp_path / "runs", *FIT)
    assert result.exit_code == 0, result.output
    run = open_run(tmp_path / "runs")
    space = read_space(run.stage("dataset"))
    assert space.surface == "fsaverage3"
    assert any("lh.study.func.gii, rh.study.func.gii" in note for note in run.manifest.notes)
    np.testing.assert_array_equal(space.right, np.arange(n))


@pytest.mark.parametrize("command", ["import", "check", "run"])
def test_no_door_takes_an_unknown_surface_or_vertex(tmp_path, command):
    np.save(tmp_path / "features.npy", np.random.default_rng(0).normal(size=(60, 5)))
    np.save(tmp_path / "responses.npy", np.random.default_rng(1).normal(size=(60, 2)))
    for surface, right, match in (("fsaverage5x", 0, "did you mean 'fsaverage5'"),
                                  ("fsLR32k", 32492, "subtract 32492")):  # fmt: skip
        np.savez(tmp_path / "v.npz", left=[0], right=[right])
        (tmp_path / "dataset.toml").write_text(
            'features = "features.npy"\nresponses = "responses.npy"\n'
            f'surface = "{surface}"\nvertices = "v.npz"\n'
        )
        named = [
            f"--{name}={tmp_path / file}"
            for name, file in (
                ("features", "features.npy"),
                ("responses", "responses.npy"),
                ("vertices", "v.npz"),
            )
        ]
        arguments = {
            "import": ("import", "arrays", *named, "--surface", surface, "--preview"),
            "check": ("check", tmp_path),
            "run": ("run", tmp_path, "--out", tmp_path / "runs", *FIT),
        }
        result = invoke(*arguments[command])
        assert result.exit_code != 0
        assert match in result.output
