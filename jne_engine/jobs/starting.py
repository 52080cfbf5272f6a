"""Starting the worker, and telling whether it lives."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import psutil

from jne_engine.core.errors import InputError
from jne_engine.core.resources import find_dashboard
from jne_engine.jobs.database import JobFiles, change, connect
from jne_engine.jobs.records import WorkerRecord
from jne_engine.jobs.rows import read_worker

IDLE_S = 120.0
"""Seconds without a job after which a worker that was started for somebody ends."""

SILENT_S = 10.0
"""Seconds without a sign of life after which a worker counts as stuck."""

CALL_S = 5.0
"""Seconds that a worker that was called has to take the table, before another is called."""


def find_process(pid: int | None, created: float | None) -> psutil.Process | None:
    """Return the living process of this number and age, None where it has ended."""
    if pid is None or created is None:
        return None
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - created) < 1
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def worker_is_alive(files: JobFiles) -> bool:
    """Tell whether a worker lives and has shown it within :data:`SILENT_S`."""
    with connect(files.table) as connection:
        worker = read_worker(connection)
    return _is_fresh(worker) and worker is not None and _process_of(worker) is not None


def ensure_worker(files: JobFiles, *, idle_s: float) -> None:
    """Start a worker where none lives; kill one that has shown no life for long."""
    with connect(files.table) as connection:
        worker = read_worker(connection)
    process = None if worker is None else _process_of(worker)
    if process is not None:
        if _is_fresh(worker):
            return
        process.kill()
    if _call(files):
        start_worker(files, idle_s=idle_s)


def start_worker(files: JobFiles, *, idle_s: float) -> None:
    """Start a worker that outlives this process: a session of its own, and no terminal."""
    choices = [str(files.root), str(idle_s), str(read_slots())]
    command = [sys.executable, "-m", "jne_engine.jobs.worker", *choices]
    with (files.folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=find_dashboard(),
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    # Nobody needs its status; waiting leaves no dead entry in the table of processes.
    threading.Thread(target=process.wait, name="worker-end", daemon=True).start()


def read_slots() -> int:
    """Return how many jobs may run at once: ``$JNE_JOBS``, else one.

    Raises
    ------
    InputError
        If it is no number above 0.
    """
    text = os.environ.get("JNE_JOBS", "1")
    if not text.isdecimal() or int(text) < 1:
        raise InputError("JNE_JOBS", "a number of jobs above 0", repr(text), "set it to 1")
    return int(text)


def _call(files: JobFiles) -> bool:
    """Note that a worker is being called; False where somebody has just done so."""
    now = time.monotonic()
    with change(files.table) as connection:
        called = connection.execute(
            "UPDATE worker SET called = :now WHERE called < :now - :wait OR called > :now",
            {"now": now, "wait": CALL_S},
        )
        return called.rowcount == 1


def _process_of(worker: WorkerRecord) -> psutil.Process | None:
    """Return a worker's process while it lives."""
    return find_process(worker.pid, worker.created)


def _is_fresh(worker: WorkerRecord | None) -> bool:
    return worker is not None and abs(time.monotonic() - worker.beat) < SILENT_S
