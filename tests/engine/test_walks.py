"""From published files to maps by the command line alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from jne_engine.analysis import maps
from jne_engine.cli.main import main
from jne_engine.cortex.spaces import HEMISPHERES
from jne_engine.datasets.imported import read_image_ids
from jne_engine.report.export.html import offline_html
from jne_engine.runs.store import open_run
from jne_engine.viewer.scenes.run import build_run_scene
from tests.engine.importers import nsd_tree
from tests.engine.importers.algonauts_tree import write_subject

BRICK = "nsd/nsddata_stimuli/stimuli/nsd/nsd_stimuli.hdf5"
FIT = ["--n-hidden", "8", "--max-epochs", "2", "--quiet", "--inline"]


def command(*arguments: object) -> None:
    """Give a command in the present folder; test_readme.py gives them as processes of their own."""
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.stderr


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
def test_from_an_empty_folder_to_a_brain(data, tmp_path, monkeypatch, source, pictures):
    monkeypatch.chdir(tmp_path)
    kind, name, *choices = source
    command("import", kind, data / name, *choices, "--out", "in", "--quiet")
    ids = ["--ids", "in/image_ids.npy"] if kind == "nsd" else []
    command("features", "extract", data / pictures, *ids, "--model", "gabor", "--quiet")
    command("import", "features", "in", "features.h5", "--layer", 0)
    command("run", "in", *FIT)
    command("export", "runs", "--to", "html", "--all-voxels", "--file", "brain.html")
    run = open_run(tmp_path / "runs")
    scene = build_run_scene(run, significant=False)
    assert (tmp_path / "brain.html").read_text() == offline_html(scene)
    check_shown(run, next(m for m in scene.maps if m.name == "jne"))
    assert read_image_ids(tmp_path / "in").size == np.load(tmp_path / "in/responses.npy").shape[0]
    projected = "Hovering reads the projected value" in scene.note
    assert projected == (maps.read_surface(run) is None)


def check_shown(run, shown) -> None:
    """Hold a scene's map against the run's own numbers, vertex by vertex in float64."""
    jne = run.stage("dispersion").read_array("jne")
    space, made = maps.read_surface(run), maps.read_run_projection(run)
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
