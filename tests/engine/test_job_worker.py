"""Jobs in a real worker: killed, cancelled, left alone, asked for by many; the runs stay right."""

from __future__ import annotations

import functools
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from jne_engine.datasets.description import read_dataset
from jne_engine.jobs import starting
from jne_engine.jobs.database import connect
from jne_engine.jobs.kinds import KINDS
from jne_engine.jobs.kinds.run import request_run
from jne_engine.jobs.queue import Jobs, open_jobs
from jne_engine.jobs.records import JobSpec
from jne_engine.jobs.worker import signal_group
from jne_engine.model.spec import RunSpec
from jne_engine.runs.pipeline import compute_run
from jne_engine.runs.store import Run, find_runs, find_unfinished
from tests.amounts import N_DISTURBED, choose_amount
from tests.engine.job_kinds import ODD_KINDS
from tests.job_helpers import (
    START_S,
    is_gone,
    job_process,
    opened,
    stop_worker,
    wait_at_rest,
    wait_until,
    worker_process,
    write_folder,
)

HERE = Path(__file__).parents[2]
POINTS = choose_amount(N_DISTURBED, full=20)
MOMENT_S = 0.6
"""A job is left alone for at most this long; undisturbed it takes about a second."""


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_folder(tmp_path_factory.mktemp("data") / "small")


FORKING_WORKERS = """
import os, signal, sys
from multiprocessing import get_context
from pathlib import Path

import jne_engine.jobs.preloaded
from jne_engine.jobs import worker

worker.get_context = lambda method: get_context("fork")
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a worker ended
for line in sys.stdin:
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        worker.main(Path(sys.argv[1]), idle_s=60, slots=1)
        os._exit(0)
"""
"""Starts a worker a line. Its jobs are forked from itself, so that none waits for torch again."""


ASKERS = """
import sys, threading
from pathlib import Path
from jne_engine.jobs.kinds.run import request_run
from jne_engine.jobs.queue import open_jobs
from jne_engine.model.spec import RunSpec

def ask():
    jobs = open_jobs(Path(sys.argv[1]))
    spec = RunSpec(n_hidden=16, batch_size=16, max_epochs=12, seed=1)
    numbers.append(jobs.submit(request_run(Path(sys.argv[2]), spec)).id)
    jobs.ensure_worker()

numbers = []
threads = [threading.Thread(target=ask) for _ in range(30)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(*numbers)
"""


@pytest.fixture(scope="module")
def asked(tmp_path_factory, data):
    """Let thirty threads in each of two processes ask for one run, and end."""
    with opened(tmp_path_factory.mktemp("runs")) as table:
        command = [sys.executable, "-c", ASKERS, str(table.root), str(data)]
        askers = [
            subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True) for _ in range(2)
        ]
        yield table, [asker.communicate(timeout=60)[0].split() for asker in askers]


@pytest.fixture(scope="module")
def jobs(asked) -> Jobs:
    """Return a table whose worker was started by processes that have ended."""
    return asked[0]


def spec_of(seed: int) -> RunSpec:
    return RunSpec(n_hidden=16, batch_size=16, max_epochs=12, seed=seed)


def long_of(seed: int) -> RunSpec:
    """Return a run that takes long enough to be disturbed, and never stops early."""
    return replace(spec_of(seed), max_epochs=60, patience=60)


def arrays_of(run: Run) -> dict[str, np.ndarray]:
    return {
        f"{name}/{array}": run.stage(name).read_array(array)
        for name in Run.STAGES
        for array in run.stage(name).array_names()
    }


def assert_undisturbed(place: Path, data: Path, spec: RunSpec, tmp_path: Path) -> None:
    """Compare a run with one that this process computes in one go."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        expected = compute_run(read_dataset(data), spec, tmp_path / "undisturbed")
    finally:
        torch.set_num_threads(threads)
    found, wanted = arrays_of(Run(place)), arrays_of(expected)
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)
    assert not list(place.glob(".*"))


def submit(jobs: Jobs, data: Path, spec: RunSpec) -> int:
    job_id = jobs.submit(request_run(data, spec)).id
    jobs.ensure_worker()
    return job_id


def disturb_often(
    jobs: Jobs, data: Path, first_seed: int, disturb, *, is_due=None
) -> list[tuple[int, int]]:
    """Disturb jobs at :data:`POINTS` random moments; return the finished jobs and their seeds.

    A job is disturbed and taken up again until it was faster; then comes the next. The moments
    count from when the job has a process, or from when ``is_due(job_id)`` says so.
    """
    is_due = is_due or functools.partial(is_running, jobs)
    moments = random.Random(first_seed)
    finished, n_disturbed = [], 0
    while n_disturbed < POINTS:
        seed = first_seed + len(finished)
        job_id = submit(jobs, data, long_of(seed))
        while n_disturbed < POINTS and is_due(job_id):
            time.sleep(moments.uniform(0, MOMENT_S))
            n_disturbed += disturb(job_id)
            if jobs.read(job_id).can_retry:
                jobs.retry(job_id)
        assert wait_at_rest(jobs, job_id).state == "done"
        finished.append((job_id, seed))
    return finished


def is_running(jobs: Jobs, job_id: int) -> bool:
    """Wait until a job has a process; False where it is done already."""

    def has_process() -> bool:
        jobs.ensure_worker()
        return not jobs.read(job_id).is_active or job_process(jobs, job_id) is not None

    wait_until(has_process, seconds=START_S)
    return jobs.read(job_id).is_active


def test_a_job_killed_at_random_points_resumes_to_the_same_run(jobs, data, tmp_path):
    def kill(job_id: int) -> bool:
        process = job_process(jobs, job_id)
        if process is not None:
            process.kill()
        wait_until(lambda: not jobs.read(job_id).is_active, seconds=5)
        record = jobs.read(job_id)
        assert record.state == "done" or "signal 9" in record.message
        for run in find_runs(jobs.root):
            assert set(run.STAGES) <= {path.name for path in run.path.iterdir()}
        return record.state == "failed"

    for job_id, seed in disturb_often(jobs, data, 100, kill):
        assert_undisturbed(jobs.read(job_id).place, data, long_of(seed), tmp_path)


def test_a_job_cancelled_at_random_points_stops_in_time_and_resumes(jobs, data, tmp_path):
    def cancel(job_id: int) -> bool:
        process = job_process(jobs, job_id)
        jobs.cancel(job_id)
        wait_until(lambda: not jobs.read(job_id).is_active, seconds=5)
        if process is not None:
            wait_until(lambda: is_gone(process), seconds=5)
        return jobs.read(job_id).state == "cancelled"

    for job_id, seed in disturb_often(jobs, data, 200, cancel):
        assert_undisturbed(jobs.read(job_id).place, data, long_of(seed), tmp_path)


def test_sixty_askers_get_one_computation_which_outlives_them(asked, data, tmp_path):
    jobs, numbers = asked
    assert [len(n) for n in numbers] == [30, 30]
    assert len(set(numbers[0] + numbers[1])) == 1
    # The askers are gone, and nobody calls ensure_worker here.
    job_id = int(numbers[0][0])
    wait_until(lambda: jobs.read(job_id).state == "done", seconds=START_S)
    assert jobs.read(job_id).attempts == 1
    asked_for = [r for r in jobs.list() if r.spec.payload["spec"]["seed"] == 1]
    assert [record.id for record in asked_for] == [job_id]
    workers = [p for p in psutil.process_iter(["cmdline"]) if is_worker_of(p, jobs.root)]
    assert len(workers) == 1
    assert workers[0].pid not in {p.pid for p in psutil.Process().children(recursive=True)}
    assert_undisturbed(jobs.read(job_id).place, data, spec_of(1), tmp_path)


def is_worker_of(process: psutil.Process, root: Path) -> bool:
    command = process.info["cmdline"] or []
    return "jne_engine.jobs.worker" in command and str(root) in command


def test_a_killed_worker_frees_its_job_and_the_next_one_goes_on(jobs, data, tmp_path):
    spec = replace(long_of(400), max_epochs=600, patience=600)
    job_id = submit(jobs, data, spec)
    wait_until(
        lambda: jobs.read(job_id).stage in ("linear", "nonlinear"), seconds=START_S, step=0.01
    )
    kill_worker(jobs, job_id)
    record = wait_at_rest(jobs, job_id)
    assert (record.state, record.attempts) == ("done", 2)
    assert_undisturbed(record.place, data, spec, tmp_path)


@pytest.fixture
def forking(tmp_path, monkeypatch):
    """Open a table whose workers, and their jobs, start within milliseconds."""
    with opened(tmp_path / "forking") as jobs:
        command = [sys.executable, "-c", FORKING_WORKERS, str(jobs.root)]
        with subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, text=True) as parent:

            def start(files, *, idle_s):
                print(file=parent.stdin, flush=True)

            monkeypatch.setattr(starting, "start_worker", start)
            jobs.ensure_worker()
            wait_until(jobs.worker_is_alive, seconds=START_S)
            yield jobs
            stop_worker(jobs)
            parent.stdin.close()


def kill_worker(jobs: Jobs, job_id: int) -> None:
    """Kill the worker now: its job ends too, and another worker has the table within 10 s."""
    worker, process = worker_process(jobs), job_process(jobs, job_id)
    worker.kill()
    assert_whole(jobs, job_id)

    def is_replaced() -> bool:
        jobs.ensure_worker()
        new = worker_process(jobs)
        return new is not None and new.pid != worker.pid and jobs.worker_is_alive()

    wait_until(is_replaced, seconds=10)
    if process is not None:
        wait_until(lambda: is_gone(process), seconds=5)


def assert_whole(jobs: Jobs, job_id: int) -> None:
    """Read the table and every result as they are at this moment."""
    with connect(jobs.files.table) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert jobs.read(job_id).state in {"queued", "running", "failed", "done"}
    for run in find_runs(jobs.root):
        arrays_of(run)


def test_a_worker_killed_at_random_points_leaves_its_job_whole(forking, data, tmp_path):
    def kill(job_id: int) -> bool:
        was_active = forking.read(job_id).is_active
        kill_worker(forking, job_id)
        return was_active

    finished = disturb_often(forking, data, 500, kill, is_due=lambda n: forking.read(n).is_active)
    for job_id, seed in finished:
        assert_undisturbed(forking.read(job_id).place, data, long_of(seed), tmp_path)


def test_the_same_content_elsewhere_is_another_job_but_the_same_run(jobs, data, tmp_path):
    first = wait_at_rest(jobs, submit(jobs, data, spec_of(600)))
    manifest = (first.place / "run.json").stat().st_mtime_ns
    copy = write_folder(tmp_path / data.name)
    second = wait_at_rest(jobs, submit(jobs, copy, spec_of(600)))
    assert second.id != first.id
    assert second.place == first.place
    assert (first.place / "run.json").stat().st_mtime_ns == manifest


def test_progress_and_learning_curves_are_in_the_table(jobs, data):
    record = wait_at_rest(jobs, submit(jobs, data, spec_of(700)))
    assert (record.state, record.stage, record.fraction) == ("done", "calibration", 1.0)
    assert record.feature_set == read_dataset(data).feature_set
    assert record.place.parent == jobs.root
    assert record.heartbeat >= record.started
    for name in ("linear", "nonlinear"):
        curve = Run(record.place).stage(name).read_table("curve")
        losses = [loss for loss in jobs.read_losses(record.id) if loss.stage == name]
        assert [loss.epoch for loss in losses] == list(curve["epoch"])
        assert [loss.train_loss for loss in losses] == list(curve["train_loss"])
        assert [loss.validation_loss for loss in losses] == list(curve["validation_loss"])


def test_a_mistake_is_kept_as_its_one_line(jobs, tmp_path):
    folder = write_folder(tmp_path / "broken")
    np.save(folder / "responses.npy", np.ones(7))
    record = wait_at_rest(jobs, submit(jobs, folder, spec_of(800)))
    assert record.state == "failed"
    assert record.message.startswith("responses.npy: expected")
    assert "\n" not in record.message
    assert not find_unfinished(jobs.root)


def test_deleting_takes_what_is_unfinished_and_leaves_what_is_finished(jobs, data):
    long = replace(spec_of(900), max_epochs=5000, patience=5000)
    job_id = jobs.submit(request_run(data, long)).id
    jobs.ensure_worker()
    wait_until(lambda: jobs.read(job_id).stage == "linear", seconds=START_S, step=0.01)
    jobs.cancel(job_id)
    cut = wait_at_rest(jobs, job_id)
    assert cut.state == "cancelled"
    assert cut.place.is_dir()
    jobs.delete(job_id)
    assert not cut.place.exists()
    assert not cut.log.exists()
    kept = wait_at_rest(jobs, submit(jobs, data, spec_of(901)))
    jobs.delete(kept.id)
    assert Run(kept.place).run_id == kept.place.name
    again = wait_at_rest(jobs, submit(jobs, data, spec_of(901)))
    assert again.id != kept.id
    jobs.delete(again.id, with_result=True)
    assert not again.place.exists()


STUBBORN_WORKER = """
import sys
from pathlib import Path
from jne_engine.jobs import worker
from jne_engine.jobs.kinds import KINDS
from tests.engine.job_kinds import ODD_KINDS

if __name__ == "__main__":
    worker.PRELOADED = "tests.engine.job_kinds"  # these need no torch
    KINDS.update(ODD_KINDS)
    worker.main(Path(sys.argv[1]), idle_s=30, slots=2)
"""


@pytest.fixture(scope="module")
def odd_jobs(tmp_path_factory):
    """Start a worker of two slots that knows kinds which misbehave."""
    with opened(tmp_path_factory.mktemp("odd")) as jobs, pytest.MonkeyPatch.context() as patch:
        for name, kind in ODD_KINDS.items():
            patch.setitem(KINDS, name, kind)
        process = subprocess.Popen([sys.executable, "-c", STUBBORN_WORKER, jobs.root], cwd=HERE)
        yield jobs
        process.terminate()
        process.wait(timeout=30)


def test_what_ignores_flag_and_signal_is_killed_with_its_children(odd_jobs, tmp_path):
    job_id = odd_jobs.submit(JobSpec("stubborn", {"pid_file": str(tmp_path / "pid")})).id
    wait_until((tmp_path / "pid").exists, seconds=START_S)
    process = job_process(odd_jobs, job_id)
    grandchild = psutil.Process(int((tmp_path / "pid").read_text()))
    odd_jobs.cancel(job_id)
    assert odd_jobs.read(job_id).state == "cancelling"
    wait_until(lambda: odd_jobs.read(job_id).state == "cancelled", seconds=5)
    wait_until(lambda: is_gone(process) and is_gone(grandchild), seconds=5)


def test_an_unexpected_error_is_internal_and_its_traceback_is_in_the_log(odd_jobs):
    job_id = odd_jobs.submit(JobSpec("broken", {})).id
    wait_until(lambda: odd_jobs.read(job_id).state == "failed", seconds=START_S)
    record = odd_jobs.read(job_id)
    assert record.message == f"internal error: its traceback is at the end of {record.log}"
    assert "ZeroDivisionError: integer division" in record.log.read_text()


REFUSED = """
import pickle, sys
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from jne_engine.jobs import worker

def refuse(process):
    raise {error}

ForkServerProcess.start = refuse
worker.main(Path(sys.argv[1]), idle_s=0.5, slots=1)
"""


@pytest.mark.parametrize(
    ("error", "found"),
    [('OSError(12, "Cannot allocate memory")', r"[Errno 12] Cannot allocate memory"),
     ('RuntimeError("can\'t start new thread")', "can't start new thread"),
     ('pickle.PicklingError("not\\nfound")', "not found"), ("ValueError", "ValueError")],
)  # fmt: skip
def test_a_job_whose_process_cannot_start_fails_in_one_line(tmp_path, data, error, found):
    jobs = open_jobs(tmp_path / "runs")
    job_id = jobs.submit(request_run(data, spec_of(1))).id
    subprocess.run(
        [sys.executable, "-c", REFUSED.format(error=error), jobs.root],
        cwd=HERE,
        check=True,
        timeout=60,
    )
    record = jobs.read(job_id)
    assert record.state == "failed"
    assert record.message == (
        f"job: expected a process of its own, found {found}:"
        " free memory or end other processes, then retry"
    )
    assert not jobs.worker_is_alive()


def test_two_slots_run_two_jobs_and_a_third_waits(odd_jobs):
    numbers = [odd_jobs.submit(JobSpec("sleep", {"number": n})).id for n in range(3)]

    def states():
        return [odd_jobs.read(number).state for number in numbers]

    wait_until(lambda: states() == ["running", "running", "queued"], seconds=START_S)
    wait_until(lambda: odd_jobs.read(numbers[0]).memory_bytes is not None, seconds=10)
    odd_jobs.cancel(numbers[0])
    wait_until(lambda: states() == ["cancelled", "running", "running"], seconds=5)
    for number in numbers[1:]:
        odd_jobs.cancel(number)
    wait_until(lambda: states() == ["cancelled"] * 3, seconds=5)


def test_a_signal_to_a_process_that_ends_meanwhile_does_no_harm(monkeypatch):
    ended = subprocess.Popen(["true"])
    ended.wait()
    monkeypatch.setattr(psutil, "pid_exists", lambda pid: True)
    signal_group(ended.pid, signal.SIGTERM)


TOLD_IN_A_FINALISER = """
import os, signal, sys
from pathlib import Path
from jne_engine.jobs import worker
from jne_engine.jobs.ledger import Ledger

class Dropped:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)

claim = Ledger.claim
Ledger.claim = lambda ledger: (Dropped(), claim(ledger))[1]
worker.PRELOADED = "json"
worker.main(Path(sys.argv[1]), idle_s=None, slots=1)
"""


def test_a_worker_told_to_end_while_python_drops_an_object_ends(tmp_path):
    with opened(tmp_path / "runs") as jobs:
        told = subprocess.run(
            [sys.executable, "-c", TOLD_IN_A_FINALISER, jobs.root],
            cwd=HERE,
            timeout=60,
            capture_output=True,
        )
    assert (told.returncode, told.stderr) == (0, b"")
