"""Real workers for tests: small data, waiting with a limit, and an end for every process."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

from jne_engine.jobs.database import change, connect
from jne_engine.jobs.queue import Jobs, open_jobs
from jne_engine.jobs.records import JobRecord
from jne_engine.jobs.rows import read_worker
from tests.engine.datasets import make_dataset

START_S = 180
"""What begins may take this long where much else runs: no promise, but an end of waiting."""


def write_folder(path: Path, *, n_stimuli: int = 400, n_voxels: int = 40) -> Path:
    """Write a small dataset as a folder of plain arrays."""
    dataset = make_dataset(n_stimuli, n_voxels)
    path.mkdir(parents=True)
    np.save(path / "features.npy", dataset.features)
    np.save(path / "responses.npy", dataset.responses)
    splits = dataset.splits
    np.savez(
        path / "splits.npz", train=splits.train, validation=splits.validation, test=splits.test
    )
    return path


def set_state(root: Path, job_id: int, **values: object) -> None:
    """Write a job's row as its worker would."""
    names = ", ".join(f"{name} = ?" for name in values)
    with change(open_jobs(root).files.table) as table:
        table.execute(f"UPDATE jobs SET {names} WHERE id = ?", (*values.values(), job_id))


def wait_until(holds: Callable[[], bool], *, seconds: float, step: float = 0.03) -> float:
    """Wait for a condition and return the seconds that it took; fail at the limit."""
    start = time.monotonic()
    while not holds():
        if time.monotonic() - start > seconds:
            pytest.fail(f"not within {seconds} s")
        time.sleep(step)
    return time.monotonic() - start


def wait_at_rest(jobs: Jobs, job_id: int, *, seconds: float = 120) -> JobRecord:
    """Wait until a job is at rest, seeing to the worker as a page would."""

    def at_rest() -> bool:
        jobs.ensure_worker()
        return not jobs.read(job_id).is_active

    wait_until(at_rest, seconds=seconds)
    return jobs.read(job_id)


def worker_process(jobs: Jobs) -> psutil.Process | None:
    """Return the process of the present worker."""
    with connect(jobs.files.table) as connection:
        worker = read_worker(connection)
    with suppress(psutil.NoSuchProcess):
        return None if worker is None else psutil.Process(worker.pid)
    return None


def job_process(jobs: Jobs, job_id: int) -> psutil.Process | None:
    """Return the process of a job's present attempt."""
    with connect(jobs.files.table) as connection:
        (pid,) = connection.execute("SELECT pid FROM jobs WHERE id = ?", (job_id,)).fetchone()
    with suppress(psutil.NoSuchProcess):
        return None if pid is None else psutil.Process(pid)
    return None


def is_gone(process: psutil.Process) -> bool:
    """Tell whether a process has ended, reaped or not."""
    with suppress(psutil.NoSuchProcess):
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    return True


@contextmanager
def opened(root: Path) -> Iterator[Jobs]:
    """Open a table of jobs whose worker ends with the context."""
    jobs = open_jobs(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")  # sums depend on the number of threads
        try:
            yield jobs
        finally:
            stop_worker(jobs)


def stop_worker(jobs: Jobs) -> None:
    """Ask the worker to end, and wait for it."""
    process = worker_process(jobs)
    if process is None:
        return
    with suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: is_gone(process), seconds=30)
