"""Stages are whole or absent, runs complete or refused, and alteration is noticed."""

from __future__ import annotations

import errno
import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from jne_engine.core.disk import write_atomically
from jne_engine.core.errors import StoreError
from jne_engine.cortex.spaces import SurfaceSpace, VolumeSpace
from jne_engine.model.dispersion import MemorySink, summarise_deviations
from jne_engine.model.spec import RunSpec
from jne_engine.runs.pipeline import compute_run
from jne_engine.runs.sink import DiskSink
from jne_engine.runs.store import (
    Run,
    RunFolder,
    find_runs,
    find_unfinished,
    open_run,
    read_roi_sets,
    read_space,
    read_stimuli,
    read_truth,
    write_dataset,
)
from tests.engine.datasets import make_dataset


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Run:
    spec = RunSpec(n_hidden=8, max_epochs=2)
    return compute_run(make_dataset(), spec, tmp_path_factory.mktemp("runs"))


@pytest.fixture
def copied(finished, tmp_path) -> Run:
    return Run(shutil.copytree(finished.path, tmp_path / finished.run_id))


def test_what_goes_in_comes_out(tmp_path):
    values = np.random.default_rng(0).standard_normal((70, 9000)).astype(np.float32)
    table = pd.DataFrame({"name": ["a", "é"]}, index=pd.Index(["x", "y"], name="id"))
    folder = RunFolder(tmp_path)
    with folder.write_stage("scores") as stage:
        stage.write_array("matrix", values)
        stage.write_array("flags", np.array([True, False]))
        stage.write_table("table", table)
        stage.write_weights("encoder", {"w": values[:, ::2]})
        stage.write_json("notes", {"text": "é", "list": [1, None]})
    reader = folder.read_stage("scores")
    np.testing.assert_array_equal(reader.read_array("matrix"), values)
    np.testing.assert_array_equal(reader.read_array("matrix", (slice(3, 5), 7)), values[3:5, 7])
    np.testing.assert_array_equal(reader.read_array("flags"), [True, False])
    pd.testing.assert_frame_equal(reader.read_table("table"), table)
    np.testing.assert_array_equal(reader.read_weights("encoder")["w"], values[:, ::2])
    assert reader.read_json("notes") == {"text": "é", "list": [1, None]}


def test_what_was_not_written_reads_as_nan(tmp_path):
    folder = RunFolder(tmp_path)
    with folder.write_stage("dispersion") as stage:
        stage.create_array("jne_ss", (40, 5000), np.float32)[:32, :4096] = 1
    values = folder.read_stage("dispersion").read_array("jne_ss")
    assert np.isnan(values[32:]).all()
    assert np.isnan(values[:, 4096:]).all()
    assert (values[:32, :4096] == 1).all()


def test_a_stage_that_fails_leaves_nothing(tmp_path):
    folder = RunFolder(tmp_path / "run")
    with pytest.raises(ZeroDivisionError), folder.write_stage("scores") as stage:
        stage.write_array("x", np.zeros(3) / (1 // 0))
    assert not folder.has_stage("scores")
    assert list((tmp_path / "run").iterdir()) == []


def test_a_full_disk_is_told_in_one_line_and_leaves_nothing(tmp_path):
    folder = RunFolder(tmp_path / "run")
    with pytest.raises(StoreError, match="free disk space"), folder.write_stage("scores"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert list((tmp_path / "run").iterdir()) == []


def test_replacing_a_file_leaves_the_old_one_when_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_dataset_parts_survive(tmp_path):
    voxels = np.argwhere(np.ones((2, 3, 5), dtype=bool))
    spaces = [
        make_dataset().space,
        VolumeSpace((2, 3, 5), np.diag([1.8, 1.8, 1.8, 1]), voxels, "func1pt8mm"),
        None,
    ]
    for index, space in enumerate(spaces):
        dataset = make_dataset(space=space)
        folder = RunFolder(tmp_path / str(index))
        with folder.write_stage("dataset") as stage:
            write_dataset(stage, dataset)
        reader = folder.read_stage("dataset")
        read = read_space(reader)
        assert type(read) is type(space)
        if isinstance(space, SurfaceSpace):
            np.testing.assert_array_equal(read.right, space.right)
        if isinstance(space, VolumeSpace):
            np.testing.assert_array_equal(read.voxels, space.voxels)
            assert (read.shape, read.name) == (space.shape, space.name)
        rois = read_roi_sets(reader)["halves"]
        assert rois.tiers == ("primary", "higher")
        np.testing.assert_array_equal(rois.masks, dataset.roi_sets["halves"].masks)
        stimuli = read_stimuli(reader, pictures=True)
        expected = dataset.stimuli.take(dataset.splits.test)
        pd.testing.assert_frame_equal(stimuli.table, expected.table)
        np.testing.assert_array_equal(stimuli.thumbnails, expected.thumbnails)
        truth = read_truth(reader)
        np.testing.assert_array_equal(truth.nonlinear_share, dataset.ground_truth.nonlinear_share)


def test_runs_are_listed_newest_first_and_unfinished_ones_apart(tmp_path, finished):
    for name, created in (("old", "2026-01-01"), ("new", "2026-02-01")):
        path = shutil.copytree(finished.path, tmp_path / name)
        manifest = replace(finished.manifest, created=created)
        (path / "run.json").write_text(manifest.to_json())
    (shutil.copytree(finished.path, tmp_path / "cut") / "run.json").unlink()
    (tmp_path / "other").mkdir()
    assert [run.run_id for run in find_runs(tmp_path)] == ["new", "old"]
    assert find_unfinished(tmp_path) == [tmp_path / "cut"]
    with pytest.raises(StoreError, match="found 2 runs: name one of new, old"):
        open_run(tmp_path)


def test_the_only_run_of_a_folder_is_opened_by_the_folder(finished):
    assert open_run(finished.path.parent).path == finished.path
    assert open_run(finished.path).path == finished.path


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_no_run_says_how_to_make_one(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreError, match="python -m jne_engine demo"):
        open_run(tmp_path / name)


def test_a_missing_stage_is_refused(copied):
    (copied.path / "scores").rename(copied.path / "scorez")
    with pytest.raises(StoreError, match="the stage scores"):
        Run(copied.path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format_version": 99}'])
def test_a_broken_manifest_is_refused(copied, content):
    (copied.path / "run.json").write_text(content)
    with pytest.raises(StoreError, match=r"run\.json"):
        Run(copied.path)


def test_a_manifest_without_an_entry_is_refused(copied):
    values = json.loads((copied.path / "run.json").read_text())
    del values["counts"]
    (copied.path / "run.json").write_text(json.dumps(values))
    with pytest.raises(StoreError, match="no counts"):
        Run(copied.path)


def test_an_altered_file_is_noticed(copied):
    path = copied.path / "nonlinear" / "curve.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreError, match="SHA-256"):
        copied.stage("nonlinear").read_table("curve")


def test_every_flipped_bit_of_a_stored_array_is_noticed(copied):
    stage = copied.stage("dispersion")
    reference = stage.read_array("jne_ss")
    (chunk,) = [
        p for p in (stage.folder / "arrays.zarr" / "jne_ss" / "c").rglob("*") if p.is_file()
    ]
    content = chunk.read_bytes()
    rng = np.random.default_rng(0)
    for position in rng.integers(0, len(content) * 8, size=200):
        altered = bytearray(content)
        altered[position // 8] ^= 1 << (position % 8)
        chunk.write_bytes(altered)
        with pytest.raises(StoreError, match="delete the folder and compute the run again"):
            stage.read_array("jne_ss")
    chunk.write_bytes(content)
    np.testing.assert_array_equal(stage.read_array("jne_ss"), reference)


@pytest.mark.parametrize(
    "columns", [np.arange(50), np.array([0, 3, 4, 9, 40])], ids=["all", "some"]
)
def test_both_sinks_hold_the_same(tmp_path, columns):
    deviations = torch.rand(70, columns.size, generator=torch.Generator().manual_seed(0))
    folder = RunFolder(tmp_path)
    with folder.write_stage("dispersion") as stage:
        array = stage.create_array("jne_ss", (70, 50), np.float32)
        disk = DiskSink(folder.scratch("dispersion"), array, columns)
        memory = MemorySink(70, columns.size)
        for sink in (disk, memory):
            for rows in (slice(0, 32), slice(32, 64), slice(64, 70)):
                assert not sink.has(rows)
                sink.write(rows, deviations[rows])
            torch.testing.assert_close(sink.read_voxels(slice(1, 4)), deviations[:, 1:4])
            sink.write_jne_ss(
                slice(0, columns.size), summarise_deviations(deviations).jne_ss.float()
            )
        assert disk.has(slice(32, 64))
    stored = folder.read_stage("dispersion").read_array("jne_ss")
    np.testing.assert_array_equal(stored[:, columns], memory.values)
    assert np.isnan(np.delete(stored, columns, axis=1)).all()
