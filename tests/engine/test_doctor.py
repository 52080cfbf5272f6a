"""``doctor`` finds what was planted, says what to do, and changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import namedtuple
from importlib import metadata

import psutil
import pytest
from click.testing import CliRunner

from jne_engine.cli.main import main
from jne_engine.jobs import doctor
from jne_engine.jobs.database import SCHEMA_VERSION, change
from jne_engine.jobs.queue import open_jobs
from jne_engine.jobs.records import JobSpec
from jne_engine.runs.store import find_runs
from tests.synthetic_run import write_synthetic_run

Usage = namedtuple("Usage", "total used free")
Partition = namedtuple("Partition", "mountpoint fstype")


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "runs"
    write_synthetic_run(folder)
    return folder


@pytest.fixture
def jobs(root):
    made = open_jobs(root)
    made.submit(JobSpec("run", {"dataset": "x", "weights": {}, "spec": {}}, "mine"))
    return made


def faults(root):
    return {f.check: f for f in doctor.examine(root) if f.state == "fault"}


def set_job(jobs, **columns):
    with change(jobs.files.table) as connection:
        for name, value in columns.items():
            connection.execute(f"UPDATE jobs SET {name} = ?", (value,))


def set_worker(jobs, process, beat):
    with change(jobs.files.table) as connection:
        connection.execute(
            "UPDATE worker SET pid = ?, pid_created = ?, beat = ?",
            (process.pid, process.create_time(), beat),
        )


def test_a_healthy_folder_has_no_fault_and_is_left_as_it_was(root):
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    findings = doctor.examine(root)
    assert [f for f in findings if f.state == "fault"] == []
    assert [f.check for f in findings if f.state == "ok"] == list(doctor.CHECKS)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()} == before


def test_a_folder_that_is_not_there_is_no_fault(tmp_path):
    assert faults(tmp_path / "none") == {}
    assert "not there yet" in doctor.examine(tmp_path / "none")[0].found


def test_a_folder_that_cannot_be_written_is_a_fault(root, monkeypatch):
    def refuse(path, content):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(doctor, "write_atomically", refuse)
    assert "Permission denied" in faults(root)["folder"].found


def test_locks_that_do_not_hold_are_a_fault(root, monkeypatch):
    class Open:
        def __init__(self, *_args, **_more): ...
        def __enter__(self): ...
        def __exit__(self, *_args): ...

    monkeypatch.setattr(doctor, "FileLock", Open)
    assert "a second time" in faults(root)["folder"].found


def test_a_full_disk_is_a_fault(root, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(100e9, 99e9, 1.04e9))
    assert faults(root)["disk"].found == "1.0 GB of 100 GB are free"


@pytest.mark.parametrize(
    ("kind", "bad"), [("nfs4", True), ("fuse.sshfs", True), ("ext4", False), ("fuse.ntfs", False)]
)
def test_a_network_disk_is_a_fault(root, monkeypatch, kind, bad):
    disks = [Partition("/", "ext4"), Partition(str(root.parent), kind), Partition("/else", "nfs")]
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: disks)
    assert ("disk" in faults(root)) == bad


def test_another_version_and_a_missing_package_are_faults(root, monkeypatch):
    wanted = ["numpy==0.0.1", "no-such-package==1.0", "click; extra == 'dev'", "torch==2.13.0"]
    real = metadata.version
    monkeypatch.setattr(metadata, "requires", lambda _name: wanted)
    monkeypatch.setattr(metadata, "version", lambda n: "2.13.0+cpu" if n == "torch" else real(n))
    found = [f.found for f in doctor.examine(root) if f.check == "versions"]
    assert found == [
        f"numpy is {real('numpy')} (0.0.1 was tried)",
        "no-such-package is missing (1.0 was tried)",
    ]


def test_a_job_that_waits_for_no_worker_is_a_fault(root, jobs):
    assert faults(root)["jobs"].found == "1 jobs wait and no worker lives"


def test_a_job_whose_worker_died_is_a_fault(root, jobs):
    set_job(jobs, state="running", started=time.time() - 900, heartbeat=time.time() - 800)
    assert "left when its worker died" in faults(root)["jobs"].found


def test_a_job_that_failed_lately_is_a_note_with_its_log(root, jobs):
    set_job(jobs, state="failed", finished=time.time() - 60, message="no such file")
    (note,) = [f for f in doctor.examine(root) if f.check == "jobs" and f.state == "note"]
    assert "no such file" in note.found
    assert str(jobs.list()[0].log) in note.fix
    set_job(jobs, finished=time.time() - 30 * 86_400)
    assert [f for f in doctor.examine(root) if f.check == "jobs" and f.state == "note"] == []


def test_a_worker_that_shows_no_life_is_a_fault(root, jobs):
    me = psutil.Process(os.getpid())
    set_worker(jobs, me, time.monotonic())
    assert faults(root) == {}
    set_worker(jobs, me, time.monotonic() - 60)
    assert faults(root)["worker"].fix.startswith(f"kill {me.pid}")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda table: table.write_bytes(b"no table" * 2000), "not a database"),
        (lambda table: None, f"of version 9, this program's is {SCHEMA_VERSION}"),
    ],
)
def test_a_table_that_cannot_serve_is_a_fault(root, jobs, spoil, said):
    with change(jobs.files.table) as connection:
        connection.execute("PRAGMA user_version=9")
    spoil(jobs.files.table)
    assert said in faults(root)["jobs"].found


def test_a_run_that_does_not_open_is_a_fault_and_the_others_are_counted(root):
    path = find_runs(root)[0].path
    for name in ("spoilt", "half"):
        shutil.copytree(path, root / name)
    (root / "spoilt" / "run.json").write_text("{")
    (root / "half" / "run.json").unlink()
    found = [f for f in doctor.examine(root) if f.check == "runs"]
    assert [f.state for f in found] == ["fault", "note", "ok"]
    assert "spoilt" in found[0].found
    assert found[1].found == "half is unfinished"
    assert found[2].found == "1 complete runs"


def test_the_command_tells_all_and_leaves_with_1(root, jobs):
    told = CliRunner().invoke(main, ["doctor", "--out", str(root)])
    assert told.exit_code == 1
    assert "fault jobs       1 jobs wait and no worker lives\n" in told.output
    assert "jne-engine jobs worker" in told.output
    answer = CliRunner().invoke(main, ["doctor", "--out", str(root), "--json"])
    assert {f["check"] for f in json.loads(answer.output)} == set(doctor.CHECKS)
    jobs.cancel(1)
    assert CliRunner().invoke(main, ["doctor", "--out", str(root)]).exit_code == 0


def test_every_command_that_is_advised_exists(root):
    help_of = [sys.executable, "-m", "jne_engine", "jobs", "--help"]
    said = subprocess.run(help_of, capture_output=True, text=True, check=True).stdout
    assert {"worker", "retry"} <= set(said.split())
