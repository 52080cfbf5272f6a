"""A look at data in a process of its own: the same answer as here, and one line for each end."""

import os

import pytest

from jne_engine.core import child
from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.datasets import previewing
from jne_engine.datasets.previewing import Previewer, ask_child, expect_run
from jne_engine.datasets.registry import preview_source
from tests.job_helpers import write_folder

SIZES = {"n_train": 100, "n_test": 20, "n_images": 130, "n_features": 30, "n_voxels": 50,
         "n_hidden": 16, "n_blocks": 2, "max_epochs": 10}  # fmt: skip


def source(folder, root=None):
    return {"kind": "described", "folder": str(folder), "allowed_root": str(root or folder),
            "choices": {}}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("preview") / "mine")


def test_the_child_answers_as_this_process_does(folder):
    previewer = Previewer()
    found = previewer.submit("source", source(folder)).result(timeout=60)
    previewer.close()
    here = preview_source(source(folder)).to_dict()
    assert found == {**here, "notes": list(here["notes"]), "problems": list(here["problems"]),
                     "sessions_present": [], "sessions_missing": []}  # fmt: skip
    assert found["n_images"] == 400
    assert found["n_voxels"] == 40


def test_what_lies_outside_the_allowed_folder_is_refused_as_such(folder, tmp_path):
    with pytest.raises(UnsafeFileError) as caught:
        ask_child("source", source(folder, tmp_path))
    assert "\n" not in str(caught.value)


def test_a_look_that_takes_too_long_ends_in_one_line(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "dataset.toml")
    with pytest.raises(InputError):
        ask_child("source", source(tmp_path), seconds=3)


def test_a_child_that_dies_is_one_line(monkeypatch):
    monkeypatch.setattr(child.sys, "executable", "/bin/false")
    with pytest.raises(InputError, match="one that ends its reader"):
        ask_child("run", SIZES)


def test_expectations_follow_the_sizes(monkeypatch):
    monkeypatch.setattr(previewing, "_measure_speed", lambda: 1e6)
    found = expect_run(SIZES)
    weights = 30 * 16 + 2 * 16 * 16 + 16 * 50
    assert found["seconds_epoch"] == pytest.approx(6 * weights * 100 / 1e6)
    jacobians = 2 * 20 * (2 * 16 * 30 * 50 + 2 * 16 * 16 * 30 * 2) / 1e6
    assert found["seconds_jacobians"] == pytest.approx(jacobians)
    assert found["seconds_most"] == pytest.approx(20 * found["seconds_epoch"] + jacobians)
    assert expect_run({**SIZES, "n_voxels": 10**6})["memory_bytes"] > found["memory_bytes"]
