"""Several people at one dashboard while the worker computes: how long they wait."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import click
import numpy as np

from jne_engine.bench.report import report
from jne_engine.bench.rows import Goal, Row, describe_machine
from jne_engine.bench.viewer.server import APPS, ROOT, serve
from jne_engine.core.errors import StoreError
from jne_engine.jobs.kinds.run import DEMO_HIDDEN, DEMO_SIZES, request_demo
from jne_engine.jobs.queue import Jobs, open_jobs
from jne_engine.jobs.records import JobSpec
from jne_engine.model.spec import RunSpec

LIMIT_S: Final = 600.0
POLL_S: Final = 1.0
"""How often the queue's page looks at the table."""
N_JOBS: Final = 2
ENDLESS: Final = 100_000
"""Epochs of a job that shall not end by itself."""
RERUN: Final = Goal(at_most=1.0)
PROGRESS: Final = Goal(at_most=2.0)


@dataclass(frozen=True)
class SessionSizes:
    """Sizes of the benchmark.

    Parameters
    ----------
    n_sessions : int
        People at once.
    seconds : float
        How long they work, without jobs and again with them.
    think_s : tuple of float
        Least and most seconds between one answer and the next change.
    demo : mapping
        Sizes of the SIMULATED subject that is looked at and fitted.
    n_hidden : int
        Hidden units of the encoders that the jobs fit.
    """

    n_sessions: int = 10
    seconds: float = 120.0
    think_s: tuple[float, float] = (4.0, 8.0)
    demo: Mapping[str, Any] = field(default_factory=lambda: DEMO_SIZES)
    n_hidden: int = DEMO_HIDDEN

    @classmethod
    def quick(cls) -> Self:
        """Return a shorter time of work."""
        return cls(seconds=40.0)

    def request(self, seed: int, **choices: Any) -> JobSpec:
        """Return a job that fits a simulated subject."""
        return request_demo(RunSpec(n_hidden=self.n_hidden, seed=seed, **choices), **self.demo)


@click.command()
@click.option("--quick", is_flag=True, help="Less time of work.")
@click.option("--json", "as_json", is_flag=True, help="Print machine and rows as JSON.")
def sessions(quick: bool, as_json: bool) -> None:
    """Time the dashboard for ten people, while the worker is idle and while it runs two jobs."""
    sizes = SessionSizes.quick() if quick else SessionSizes()
    report(describe_machine(), measure_sessions(sizes), as_json=as_json)


def measure_sessions(sizes: SessionSizes) -> Iterator[Row]:
    """Time reruns with and without jobs in one run, and how soon a job tells its progress.

    The run that people look at is computed first. They look at everything once before the clock
    starts, so that both sides find the same caches.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        jobs = open_jobs(folder / "runs")
        log, environment = folder / "server.log", {"JNE_RUNS": str(jobs.root)}
        with serve(ROOT / "app.py", log, environment) as app, run_worker(jobs):
            cold = start_job(jobs, sizes.request(0))
            wait_for(jobs, cold.id, "done")
            drive(app.url, sizes, think_s=(0.0, 0.1))
            alone = drive(app.url, sizes)
            yield _tell_reruns("sessions_rerun_p95_s", alone, sizes, goal=None, n_jobs=0)
            started = [start_job(jobs, sizes.request(k, **_ENDLESSLY)) for k in (1, 2)]
            beside = drive(app.url, sizes)
            _check_running(jobs, started)
            yield _tell_reruns("sessions_rerun_p95_s_jobs", beside, sizes, goal=RERUN, n_jobs=2)
            for job in started:
                jobs.cancel(job.id)
                wait_for(jobs, job.id, "cancelled")
    yield _tell_progress("job_progress_cold_s", cold, "with the worker's own start")
    yield _tell_progress("job_progress_s", started[0], "with the worker idle")
    yield _tell_progress("job_progress_s_beside", started[1], "beside another job")


_ENDLESSLY: Final = {"max_epochs": ENDLESS, "patience": ENDLESS}


@dataclass(frozen=True)
class StartedJob:
    """A job that runs, and the seconds from asking until its own code told what it does."""

    id: int
    seconds: float


@contextmanager
def run_worker(jobs: Jobs) -> Iterator[None]:
    """Have a worker for two jobs at once while the block lasts."""
    command = [sys.executable, "-m", "jne_engine", "jobs", "worker", "--slots", str(N_JOBS)]
    environment = {**os.environ, "JNE_RUNS": str(jobs.root), "PYTHONPATH": str(ROOT)}
    worker = subprocess.Popen(
        [*command, "--out", str(jobs.root)],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(timeout=30)


def start_job(jobs: Jobs, spec: JobSpec) -> StartedJob:
    """Ask for a job, and wait until it tells its first stage."""
    start = time.perf_counter()
    job = jobs.submit(spec)
    _wait_until(lambda: jobs.read(job.id).stage not in {"", "starting"}, step=0.02)
    return StartedJob(job.id, time.perf_counter() - start)


def wait_for(jobs: Jobs, job_id: int, state: str) -> None:
    """Wait until a job has ended, in this state and no other."""
    _wait_until(lambda: not jobs.read(job_id).is_active, step=0.1)
    found = jobs.read(job_id)
    if found.state != state:
        raise StoreError(f"job {job_id}", state, f"{found.state} {found.message}", "see its log")


def drive(
    url: str, sizes: SessionSizes, *, think_s: tuple[float, float] | None = None
) -> list[tuple[str, float]]:
    """Let people work at a dashboard; return the page and seconds of each rerun.

    With ``think_s`` they go through one round of changes each without thinking.
    """
    seconds, think = (sizes.seconds, sizes.think_s) if think_s is None else (10.0, think_s)
    numbers = [sizes.n_sessions, min(seconds, sizes.seconds), *think]
    client = [sys.executable, str(APPS / "session_client.py"), url, *map(str, numbers)]
    done = subprocess.run(client, capture_output=True, text=True, check=False)
    if done.returncode:
        found = done.stderr.strip().splitlines()[-1]
        raise StoreError("sessions", "pages that answer", found, "open them in a browser")
    return [(str(page), float(taken)) for page, taken in json.loads(done.stdout)]


def _wait_until(holds: Callable[[], bool], *, step: float) -> None:
    """Look at a job again and again until something holds, ten minutes at most."""
    end = time.monotonic() + LIMIT_S
    while not holds():
        if time.monotonic() > end:
            raise StoreError("a job", "progress", f"none for {LIMIT_S:g} s", "see its log")
        time.sleep(step)


def _check_running(jobs: Jobs, started: Sequence[StartedJob]) -> None:
    """Require that the jobs have run all the while."""
    states = [jobs.read(job.id).state for job in started]
    if set(states) != {"running"}:
        raise StoreError("jobs beside the sessions", "two that run", ", ".join(states), "see logs")


def _tell_reruns(
    name: str, reruns: Sequence[tuple[str, float]], sizes: SessionSizes, *,
    goal: Goal | None, n_jobs: int,
) -> Row:  # fmt: skip
    """Return the 95th percentile over all sessions, with each page's median."""
    pages: dict[str, list[float]] = {}
    for page, taken in reruns:
        pages.setdefault(page, []).append(taken)
    medians = ", ".join(f"{page} {np.median(found):.2f}" for page, found in pages.items())
    least, most = sizes.think_s
    how = (
        f"95th percentile of {len(reruns)} reruns, s; {sizes.n_sessions} sessions that think"
        f" {least:g} to {most:g} s, {n_jobs} jobs running; medians: {medians};"
        f" load {os.getloadavg()[0]:.1f} at the end"
    )
    return Row(name, float(np.quantile([taken for _, taken in reruns], 0.95)), goal, how)


def _tell_progress(name: str, job: StartedJob, when: str) -> Row:
    how = (
        f"s from asking for a job until it tells its first stage, {when}, and"
        f" {POLL_S:g} s more until the page looks, at worst"
    )
    return Row(name, job.seconds + POLL_S, PROGRESS, how)
