"""The worker: takes jobs from the table, one process each, and watches over them.

It holds the worker's lock for as long as it lives, computes nothing itself, and answers
within a fraction of a second whatever its jobs do. Jobs start from a process that has torch
imported already (``multiprocessing``'s fork server), so that only the first waits for it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from jne_engine.jobs.attempting import attempt_job
from jne_engine.jobs.database import JobFiles, prepare_table
from jne_engine.jobs.kinds import find_kind
from jne_engine.jobs.ledger import Attempt, Ledger, Lost, describe_end, describe_refusal
from jne_engine.jobs.records import JobRecord, WorkerRecord
from jne_engine.jobs.starting import find_process

PRELOADED = "jne_engine.jobs.preloaded"
LOOK_S = 0.1
BEAT_S = 1.0
TERMINATE_S = 2.0
"""Seconds after a request to stop at which the job's processes are told by signal."""
KILL_S = 3.0
"""Seconds after it at which they are killed."""
LOCK_S = 2.0
"""Seconds in which another worker's lock must come free."""
START_ERRORS = (OSError, EOFError)
"""A process does not start: the system refuses it, or the fork server has ended."""


def work(
    root: Path,
    *,
    idle_s: float | None = None,
    slots: int = 1,
    told_to_end: Callable[[], bool] = lambda: False,
) -> bool:
    """Be the worker of a folder of runs until nothing was to do for a while, or until told to end.

    Parameters
    ----------
    root : pathlib.Path
        Folder of runs.
    idle_s : float, optional
        Seconds without a job after which to end; never, where None.
    slots : int
        Jobs that run at once.
    told_to_end : callable, optional
        Asked before each look at the table; once it says so, the worker ends in order.

    Returns
    -------
    bool
        False where another worker is there already.
    """
    files = JobFiles(root.absolute())
    prepare_table(files)
    if slots > 1:  # jobs side by side share the cores, unless somebody has chosen
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // slots)))
    try:
        with FileLock(files.worker_lock).acquire(timeout=LOCK_S):
            _Worker(files, slots, told_to_end).run(idle_s)
    except Timeout:
        return False
    return True


class _Nursery:
    """Where processes of jobs come from: the fork server, once it has torch imported."""

    def __init__(self) -> None:
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload([PRELOADED])
        self.ready = threading.Event()
        threading.Thread(target=self._warm, name="nursery", daemon=True).start()

    def start(self, *arguments: Any) -> ForkServerProcess:
        """Start a process that attempts a job."""
        process = self._context.Process(target=attempt_job, args=arguments)
        process.start()
        return process

    def _warm(self) -> None:
        """Wait for a first process, which waits for the imports.

        Where it cannot start, jobs are not kept waiting: each tries for itself, and says why not.
        """
        process = self._context.Process(target=os.getpid)
        try:
            process.start()
            process.join()
        except START_ERRORS as error:
            sys.stderr.write(f"the first process did not start: {error!r}\n")
        finally:
            self.ready.set()


class _Running:
    """A job that was taken, and its process once there is one."""

    def __init__(self, record: JobRecord) -> None:
        self.record = record
        self.attempt = Attempt(record.id, record.attempts)
        self.process: ForkServerProcess | None = None

    def start(self, nursery: _Nursery, root: Path) -> None:
        """Start the process."""
        do = find_kind(self.record.spec.kind).do
        self.process = nursery.start(str(root), self.attempt.job_id, self.attempt.number, do)

    def has_ended(self) -> bool:
        """Tell whether there was a process and it has ended."""
        return self.process is not None and not self.process.is_alive()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all of the job's processes."""
        if self.process is not None and self.process.pid is not None:
            signal_group(self.process.pid, number)

    def measure_memory(self) -> int | None:
        """Return the resident bytes of the job's processes."""
        if self.process is None or self.process.pid is None:
            return None
        try:
            first = psutil.Process(self.process.pid)
            family = [first, *first.children(recursive=True)]
            return sum(process.memory_info().rss for process in family)
        except psutil.NoSuchProcess:
            return None


class _Worker:
    """The worker's loop."""

    def __init__(self, files: JobFiles, slots: int, told_to_end: Callable[[], bool]) -> None:
        self._files, self._slots, self._told_to_end = files, slots, told_to_end
        self._ledger = Ledger(files)
        self._running: list[_Running] = []
        self._beat = 0.0

    def run(self, idle_s: float | None) -> None:
        """Take over what the last worker left, then work; put back what runs when told to end."""
        own = WorkerRecord(os.getpid(), psutil.Process().create_time(), time.monotonic())
        for lost in self._ledger.take_over(own):
            _end_lost(lost)
        nursery = _Nursery()
        try:
            self._loop(nursery, idle_s)
        finally:
            for running in self._running:
                running.signal(signal.SIGKILL)
            self._ledger.put_back(running.attempt for running in self._running)
            self._ledger.leave(own)

    def _loop(self, nursery: _Nursery, idle_s: float | None) -> None:
        """Look at the table and at the processes until idle for long, or until told to end."""
        busy = time.monotonic()
        while not self._told_to_end() and (idle_s is None or time.monotonic() - busy < idle_s):
            self._take()
            self._watch(nursery)
            self._show_life()
            if self._running:
                busy = time.monotonic()
            time.sleep(LOOK_S)

    def _take(self) -> None:
        """Take jobs while there are free slots."""
        while len(self._running) < self._slots:
            record = self._ledger.claim()
            if record is None:
                return
            self._running.append(_Running(record))

    def _watch(self, nursery: _Nursery) -> None:
        cancelled = self._ledger.read_cancelled() if self._running else {}
        for running in list(self._running):
            asked = cancelled.get(running.attempt.job_id)
            if running.process is None:
                if asked is not None:
                    self._close(running)
                elif nursery.ready.is_set():
                    self._start(running, nursery)
            elif running.has_ended():
                self._close(running)
            elif asked is not None:
                _escalate(running, time.time() - asked)

    def _start(self, running: _Running, nursery: _Nursery) -> None:
        """Start a job's process; where that fails, whatever the reason, the job has failed."""
        try:
            running.start(nursery, self._files.root)
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody does the job
            traceback.print_exc()  # into the worker's log
            self._ledger.settle(running.attempt, describe_refusal(error))
            self._running.remove(running)

    def _close(self, running: _Running) -> None:
        """Note the end of an attempt that may not have done so itself."""
        status = None if running.process is None else running.process.exitcode
        message = describe_end(status, self._files.log(running.attempt.job_id))
        self._ledger.settle(running.attempt, message)
        running.signal(signal.SIGKILL)  # what it may have started itself
        self._running.remove(running)

    def _show_life(self) -> None:
        if time.monotonic() - self._beat < BEAT_S:
            return
        self._beat = time.monotonic()
        self._ledger.beat({r.attempt.job_id: r.measure_memory() for r in self._running})


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to a job's process group, or to itself before it leads one."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        with suppress(psutil.NoSuchProcess):  # it may end at any time
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE:
                process.send_signal(number)


def _escalate(running: _Running, waited_s: float) -> None:
    """Escalate a cancellation: SIGTERM, then SIGKILL."""
    if waited_s > KILL_S:
        running.signal(signal.SIGKILL)
    elif waited_s > TERMINATE_S:
        running.signal(signal.SIGTERM)


def _end_lost(lost: Lost) -> None:
    """Kill the job that a dead worker left running."""
    process = find_process(lost.pid, lost.created)
    if process is not None:
        signal_group(process.pid, signal.SIGKILL)


def main(root: Path, *, idle_s: float | None, slots: int) -> bool:
    """Be the worker as a process's only work: SIGTERM ends it in order, as Ctrl-C does.

    The signal only leaves word. An exception raised by its handler would be lost where it arrives
    while Python runs a finaliser, and the worker would stay.
    """
    told: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: told.append(number))
    try:
        return work(root, idle_s=idle_s, slots=slots, told_to_end=lambda: bool(told))
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    main(Path(sys.argv[1]), idle_s=float(sys.argv[2]), slots=int(sys.argv[3]))
