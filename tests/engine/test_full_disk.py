"""A disk that fills up at any moment of a run: one line, no debris, and it goes on afterwards."""

from __future__ import annotations

import errno
import os
import random
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jne_engine.core.errors import StoreError
from jne_engine.model.spec import RunSpec
from jne_engine.runs.pipeline import compute_run
from jne_engine.runs.store import Run, find_runs
from tests.amounts import N_DISTURBED, choose_amount
from tests.engine.datasets import make_dataset
from tests.engine.test_pipeline import assert_same_arrays

POINTS = choose_amount(N_DISTURBED, full=50)
SPEC = RunSpec(n_hidden=8, batch_size=100, max_epochs=2, n_resamples=10)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class FullDisk:
    """Lets a number of changes below a folder pass, then refuses every one as a full disk does.

    Opening a file for writing, making a folder and forcing content to the disk count; what is
    removed or renamed does not, as on a real disk.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.left, self.seen = root, None, 0
        sys.addaudithook(self._see)  # never removed; without a limit it does nothing

    def change(self) -> None:
        self.seen += 1
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _see(self, event: str, arguments: tuple) -> None:
        if event not in {"open", "os.mkdir"} or not str(arguments[0]).startswith(str(self.root)):
            return
        if event == "os.mkdir" or (arguments[2] or 0) & WRITING:
            self.change()


@pytest.fixture
def disk(tmp_path, monkeypatch):
    disk = FullDisk(tmp_path / "runs")
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (disk.change(), fsync(descriptor)))
    yield disk
    disk.left = None


def assert_no_debris(path: Path) -> None:
    """Hold that nothing hidden is left but whole blocks to resume from, and no run is claimed."""
    assert not (path / "run.json").exists()
    hidden = {p.name for p in path.rglob(".*")} if path.exists() else set()
    assert hidden <= {".calibration.blocks", ".dispersion.blocks"}
    assert {p.name for p in path.glob("[!.]*")} <= set(Run.STAGES)


def test_a_disk_that_is_full_at_random_points_harms_nothing(disk, tmp_path):
    root, dataset = disk.root, make_dataset()
    earlier = compute_run(dataset, replace(SPEC, seed=1), root)
    disk.seen = 0
    wanted = compute_run(dataset, SPEC, root)
    moments = sorted(random.Random(0).sample(range(disk.seen), POINTS))
    for number, moment in enumerate(moments):
        shutil.rmtree(wanted.path, ignore_errors=True)
        disk.left = moment
        with pytest.raises(StoreError, match=r"No space left on device.*free disk space") as caught:
            compute_run(dataset, SPEC, root)
        disk.left = None
        assert "\n" not in str(caught.value)
        assert_no_debris(wanted.path)
        assert [run.run_id for run in find_runs(root)] == [earlier.run_id]
        assert np.isfinite(earlier.stage("dispersion").read_array("jne")).any()
        if number % (POINTS // 5) == 0:
            again = compute_run(dataset, SPEC, root)
            assert_same_arrays(again, compute_run(dataset, SPEC, tmp_path / "undisturbed"))
