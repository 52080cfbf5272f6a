"""The recipes of the README run as they are printed there, from files to a finished run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from jne_engine.analysis.listing import list_runs
from jne_engine.datasets.description import read_dataset
from jne_engine.jobs.queue import open_jobs
from jne_engine.report.export.html import offline_html
from jne_engine.runs.store import open_run
from jne_engine.viewer.scenes.run import build_run_scene
from tests.engine.importers import nsd_tree
from tests.engine.importers.algonauts_tree import write_subject
from tests.job_helpers import stop_worker, write_folder
from tests.newcomer import N_VERTICES, write_newcomer

ROOT = Path(__file__).parents[2]


def walk(folder: Path, *arguments: object) -> str:
    """Run ``python -m jne_engine`` in a folder as a user does; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "jne_engine", *map(str, arguments)],
        cwd=folder, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def read_recipes() -> list[list[list[str]]]:
    """Return the words of each command of the recipes."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.split("## Your own data")[1].split("\n## ")[0]
    recipes = []
    for block in re.findall(r"```\n(.*?)```", section, re.DOTALL):
        lines = [part for line in block.splitlines() for part in line.split("&&")]
        recipes.append([shlex.split(line, comments=True) for line in lines])
    return recipes


def write_nsd(folder: Path) -> dict[str, Path]:
    nsd = nsd_tree.write_nsd(folder / "nsd")
    nsd_tree.write_volume_betas(nsd, 1)
    nsd_tree.write_volume_rois(nsd, 1)
    nsd_tree.write_transforms(nsd, 1)
    nsd_tree.write_images(nsd)
    return {"/data/nsd": folder / "nsd"}


def write_algonauts(folder: Path) -> dict[str, Path]:
    write_subject(folder)
    return {"/data/algonauts/subj01": folder / "subj03"}


def write_arrays(folder: Path) -> dict[str, Path]:
    """Write two folders, the second with other names and a description."""
    plain = write_folder(folder / "plain", n_stimuli=60, n_voxels=8)
    described = write_folder(folder / "described", n_stimuli=70, n_voxels=8)
    (described / "features.npy").rename(described / "clip.npy")
    text = 'kind = "arrays"\nfeatures = "clip.npy"\nresponses = "responses.npy"\n'
    (described / "dataset.toml").write_text(text)
    return {"path/to/folder": plain, "path/to/dataset.toml": described / "dataset.toml"}


def write_own(folder: Path) -> dict[str, Path]:
    write_newcomer(folder / "study", signal=0)
    write_newcomer(folder / "scanned", features=False, signal=0)
    return {}


@pytest.mark.parametrize(
    ("number", "write", "n_runs"),
    [
        (0, write_nsd, 1),
        (1, write_algonauts, 1),
        (2, write_arrays, 2),
        (4, write_own, 1),
    ],
)
def test_a_recipe_of_the_readme_runs_as_printed(tmp_path, number, write, n_runs):
    places = write(tmp_path)
    root = tmp_path / "runs"
    try:
        for words in read_recipes()[number]:
            assert words[:3] == ["python", "-m", "jne_engine"]
            for printed, place in places.items():
                words = [word.replace(printed, str(place)) for word in words]
            walk(tmp_path, *words[3:])
    finally:
        if root.exists():
            stop_worker(open_jobs(root))
    runs = list_runs(root).runs
    assert len(runs) == n_runs
    assert all(np.isfinite(run.stage("dispersion").read_array("jne")).any() for run in runs)


def test_a_newcomer_comes_from_a_table_pictures_and_a_surface_pair_to_a_map(tmp_path):
    study = write_newcomer(tmp_path / "study")
    printed = {}
    try:
        for words in read_recipes()[3]:
            told = walk(tmp_path, *words[3:])
            printed[words[3]] = " ".join(told.split())
    finally:
        stop_worker(open_jobs(tmp_path / "runs"))
    assert list(printed) == ["import", "check", "run", "info", "export"]
    for fact in ("fsaverage3", "1284 columns", "100", "pictures"):
        assert fact in printed["import"]
    assert not (tmp_path / "look").exists()
    run = open_run(tmp_path / "runs")
    assert run.run_id in printed["info"]
    scene = build_run_scene(run, significant=False)
    assert (tmp_path / "map.html").read_text() == offline_html(scene)
    jne = run.stage("dispersion").read_array("jne").astype(np.float32)
    (shown,) = [m for m in scene.maps if m.name == "jne"]
    np.testing.assert_array_equal(np.concatenate([shown.left, shown.right]), jne)
    assert jne.size == 2 * N_VERTICES == 1284
    responses = [nib.load(study / f"{side}.func.gii") for side in ("lh", "rh")]
    expected = [fit_least_squares(study, np.stack(pair.agg_data())) for pair in responses]
    linear = run.stage("scores").read_array("r2_linear")
    assert np.median(linear) > 0.5
    assert np.corrcoef(linear, np.concatenate(expected))[0, 1] > 0.9


def fit_least_squares(study: Path, responses: np.ndarray) -> np.ndarray:
    """Return the R² that least squares with an intercept has on test pictures, by vertex."""
    x = np.loadtxt(study / "features.csv", delimiter=",")
    x, splits = np.column_stack([x, np.ones(len(x))]), read_dataset(study).splits
    weights = np.linalg.lstsq(x[splits.train], responses[splits.train], rcond=None)[0]
    expected = responses[splits.test]
    squares = np.square(expected - x[splits.test] @ weights).sum(axis=0)
    return 1 - squares / np.square(expected - expected.mean(axis=0)).sum(axis=0)


def test_there_are_five_recipes_and_they_name_what_they_need():
    assert len(read_recipes()) == 5
    extract = [c for recipe in read_recipes() for c in recipe if "extract" in c]
    assert [c[c.index("--model") + 1] for c in extract] == ["gabor"] * 3
