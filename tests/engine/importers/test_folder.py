"""What a killed import left behind goes with the next one; what is alive stays."""

from __future__ import annotations

import os
import subprocess
import sys

import h5py
import numpy as np
import pytest

from jne_engine.datasets.feature_files import read_image_features
from jne_engine.datasets.folder import create_folder
from jne_engine.datasets.nsd.importing import import_nsd
from jne_engine.datasets.nsd.plan import NsdRequest
from tests.engine.importers import nsd_tree
from tests.engine.readers.files import refused


def test_leftovers_of_dead_processes_are_removed(tmp_path):
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                          capture_output=True, text=True, check=True).stdout.strip()  # fmt: skip
    left = tmp_path / f".s1.{dead}.partial"
    alive = tmp_path / f".s1.{os.getppid()}.partial"
    other = tmp_path / f".s12.{dead}.partial"
    for folder in (left, alive, other):
        folder.mkdir()
        (folder / "responses.npy").touch()
    with create_folder(tmp_path / "s1") as folder:
        (folder.path / "whole").touch()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["s1", alive.name, other.name])


def test_broken_annotations_are_known_before_betas_are_read(tmp_path, monkeypatch):
    nsd = nsd_tree.write_nsd(tmp_path / "nsd")
    nsd_tree.write_volume_betas(nsd, 1)
    nsd_tree.write_volume_rois(nsd, 1)
    nsd_tree.write_annotations(nsd)
    path = nsd.root / "nsddata_stimuli/stimuli/nsd/annotations/instances_val2017.json"
    path.write_text(path.read_text()[:-20])
    read = []
    monkeypatch.setattr(
        "jne_engine.datasets.nsd.importing.stream_responses", lambda *a, **k: read.append(a)
    )
    with refused("instances_val2017.json"):
        import_nsd(NsdRequest(root=nsd.root, subject=1), tmp_path / "out")
    assert read == []
    assert [p.name for p in tmp_path.iterdir()] == ["nsd"]


@pytest.mark.parametrize("complete", [True, False])
def test_features_that_say_they_are_not_complete_are_refused(tmp_path, complete):
    path = tmp_path / "features.h5"
    with h5py.File(path, "w") as file:
        file["features"], file["image_ids"] = np.ones((3, 2, 4)), np.arange(3)
        file.attrs["complete"] = complete
    if complete:
        assert read_image_features(path, np.arange(3), layer=1).values.shape == (3, 4)
        return
    with refused("features.h5", "not finished"):
        read_image_features(path, np.arange(3), layer=1)
