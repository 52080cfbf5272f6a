"""A backup is a folder of runs itself: complete, checked, taken while the store is in use."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from click.testing import CliRunner

from jne_engine.cli.main import main
from jne_engine.core.errors import InputError, StoreError
from jne_engine.jobs.backup import back_up
from jne_engine.jobs.database import change
from jne_engine.jobs.queue import open_jobs
from jne_engine.jobs.records import JobSpec
from jne_engine.jobs.studies import add_to_study, list_studies
from jne_engine.runs.store import Run, find_runs, find_unfinished
from tests.synthetic_run import write_synthetic_run


@pytest.fixture
def root(tmp_path):
    """Hold a run, an unfinished one, a dataset, and a job in a study."""
    folder = tmp_path / "runs"
    write_synthetic_run(folder)
    shutil.copytree(find_runs(folder)[0].path, folder / "unfinished")
    (folder / "unfinished" / "run.json").unlink()
    (folder / "data" / "subj01").mkdir(parents=True)
    (folder / "data" / "subj01" / "responses.npy").write_bytes(b"1234")
    (folder / "data" / "subj01" / ".half.tmp").write_bytes(b"12")
    jobs = open_jobs(folder)
    record = jobs.submit(JobSpec("run", {"dataset": "x", "weights": {}, "spec": {}}, "mine"))
    add_to_study(jobs, "a study", job_ids=[record.id])
    return folder


def test_a_restored_backup_has_the_same_runs_numbers_jobs_and_data(root, tmp_path):
    done = back_up(root, tmp_path / "copy")
    assert (done.n_runs, done.n_kept, done.n_files) == (1, 0, 1)
    jobs, lost = open_jobs(root).list(), tmp_path / "lost"
    root.rename(lost)
    (tmp_path / "copy").rename(root)
    original, run = find_runs(lost)[0], find_runs(root)[0]
    assert run.manifest == original.manifest
    for name in ("jne", "gain"):
        values = (r.stage("dispersion").read_array(name) for r in (original, run))
        np.testing.assert_array_equal(*values)
    assert find_unfinished(root) == []
    assert open_jobs(root).list() == jobs
    assert list_studies(open_jobs(root)) == ("a study",)
    assert (root / "data/subj01/responses.npy").read_bytes() == b"1234"
    assert not list(root.rglob("*.tmp"))


def test_a_second_backup_copies_what_is_new_and_removes_nothing(root, tmp_path):
    back_up(root, tmp_path / "copy")
    done = back_up(root, tmp_path / "copy")
    assert (done.n_runs, done.n_kept, done.n_files) == (0, 1, 0)
    (root / "data/subj01/responses.npy").write_bytes(b"123456")
    shutil.rmtree(find_runs(root)[0].path)
    assert back_up(root, tmp_path / "copy").n_files == 1
    assert len(find_runs(tmp_path / "copy")) == 1
    assert (tmp_path / "copy/data/subj01/responses.npy").read_bytes() == b"123456"


def test_the_table_is_copied_while_somebody_writes(root, tmp_path):
    with change(open_jobs(root).files.table) as table:
        table.execute("UPDATE jobs SET label = 'not committed'")
        back_up(root, tmp_path / "copy")
        table.execute("UPDATE jobs SET label = 'later'")
    assert [r.spec.label for r in open_jobs(tmp_path / "copy").list()] == ["mine"]
    assert [r.spec.label for r in open_jobs(root).list()] == ["later"]


def test_an_interrupted_copy_is_made_again(root, tmp_path):
    run = find_runs(root)[0]
    (tmp_path / "copy" / f".{run.run_id}.partial" / "linear").mkdir(parents=True)
    back_up(root, tmp_path / "copy")
    assert Run(tmp_path / "copy" / run.run_id).manifest == run.manifest
    assert not list((tmp_path / "copy").glob("*.partial"))


def test_a_run_that_is_not_what_its_manifest_says_is_refused(root, tmp_path):
    damaged = next(find_runs(root)[0].path.glob("*/*.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"!")
    with pytest.raises(StoreError, match="files of its manifest"):
        back_up(root, tmp_path / "copy")
    assert not find_runs(tmp_path / "copy")


def test_a_copy_within_the_store_or_of_nothing_is_refused(root, tmp_path):
    with pytest.raises(InputError, match="outside"):
        back_up(root, root / "copy")
    with pytest.raises(InputError, match="a folder of runs"):
        back_up(tmp_path / "nowhere", tmp_path / "copy")


def test_the_command_says_what_it_copied(root, tmp_path):
    result = CliRunner().invoke(main, ["backup", str(tmp_path / "copy"), "--out", str(root)])
    assert result.exit_code == 0
    assert "1 runs copied, 0 runs were there, 1 other files copied" in result.output
