"""From published files to maps by the command line alone, each command a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from jne_engine import queries
from jne_engine.export.html import offline_html
from jne_engine.figures.cortex import build_run_scene
from jne_engine.readers.imported import read_image_ids
from jne_engine.spaces import HEMISPHERES
from jne_engine.store import open_run
from tests.engine.importers import nsd_tree
from tests.engine.importers.algonauts_tree import write_subject

ROOT = Path(__file__).parents[2]
BRICK = "nsd/nsddata_stimuli/stimuli/nsd/nsd_stimuli.hdf5"
FIT = ["--n-hidden", "8", "--max-epochs", "2", "--quiet", "--inline"]


def walk(folder: Path, *arguments: object) -> str:
    """Run ``python -m jne_engine`` in a folder as a user does."""
    done = subprocess.run(
        [sys.executable, "-m", "jne_engine", *map(str, arguments)],
        cwd=folder, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a miniature NSD and Algonauts subject."""
    folder = tmp_path_factory.mktemp("walk")
    nsd = nsd_tree.write_nsd(folder / "nsd")
    nsd_tree.write_volume_betas(nsd, 1)
    nsd_tree.write_volume_rois(nsd, 1)
    nsd_tree.write_transforms(nsd, 1)
    nsd_tree.write_surface_betas(nsd, 1, "fsaverage")
    nsd_tree.write_surface_rois(nsd, "fsaverage")
    nsd_tree.write_images(nsd)
    write_subject(folder)
    return folder


@pytest.mark.parametrize(
    ("source", "pictures"),
    [
        (["nsd", "nsd"], BRICK),
        (["nsd", "nsd", "--space", "fsaverage"], BRICK),
        (["algonauts", "subj03"], "subj03/training_split/training_images"),
    ],
    ids=["nsd-volume", "nsd-fsaverage", "algonauts"],
)  # fmt: skip
def test_from_an_empty_folder_to_a_brain(data, tmp_path, source, pictures):
    kind, name, *choices = source
    walk(tmp_path, "import", kind, data / name, *choices, "--out", "in", "--quiet")
    ids = ["--ids", "in/image_ids.npy"] if kind == "nsd" else []
    walk(tmp_path, "features", "extract", data / pictures, *ids, "--model", "gabor", "--quiet")
    walk(tmp_path, "import", "features", "in", "features.h5", "--layer", 0)
    walk(tmp_path, "run", "in", *FIT)
    walk(tmp_path, "export", "runs", "--to", "html", "--all-voxels", "--file", "brain.html")
    run = open_run(tmp_path / "runs")
    scene = build_run_scene(run, significant=False)
    assert (tmp_path / "brain.html").read_text() == offline_html(scene)
    check_shown(run, next(m for m in scene.maps if m.name == "jne"))
    assert read_image_ids(tmp_path / "in").size == np.load(tmp_path / "in/responses.npy").shape[0]
    projected = "Hovering reads the projected value" in scene.note
    assert projected == (queries.read_surface(run) is None)


def check_shown(run, shown) -> None:
    """Hold a scene's map against the run's own numbers, vertex by vertex in float64."""
    jne = run.stage("dispersion").read_array("jne")
    space, made = queries.read_surface(run), queries.read_run_projection(run)
    for hemi in HEMISPHERES:
        values = shown.left if hemi == "left" else shown.right
        expected = np.full(len(values), np.nan)
        if space is not None:
            seen = space.vertices(hemi) < len(values)
            expected[space.vertices(hemi)[seen]] = jne[space.columns(hemi)][seen]
        else:
            first = made.space.columns(hemi).start
            for i, vertex in enumerate(made.space.vertices(hemi), start=first):
                entries = slice(made.starts[i], made.starts[i + 1])
                weights = made.weights[entries].astype(np.float64)
                parts = jne[made.columns[entries]].astype(np.float64)
                expected[vertex] = (weights * parts).sum() / weights.sum()
        np.testing.assert_allclose(values, expected, rtol=2e-7)
        assert np.isfinite(expected).any()
