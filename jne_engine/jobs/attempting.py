"""One attempt at a job, in a process and a session of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil

from jne_engine.core.errors import CancelledError, JneError
from jne_engine.jobs.database import JobFiles, connect
from jne_engine.jobs.kind import JobFunction
from jne_engine.jobs.ledger import Attempt, Ledger, Lost
from jne_engine.jobs.reports import JobReport
from jne_engine.jobs.rows import read_job

NICENESS = 5
"""Pages and shells of the same machine go first."""


def attempt_job(root: str, job_id: int, number: int, do: JobFunction) -> None:
    """Do a job and write down how it ended; called in a new process.

    An error that is no :class:`~jne_engine.core.errors.JneError` leaves this function: the process
    ends with its traceback in the job's log, and the worker notes an internal error.

    Parameters
    ----------
    root : str
        Folder of runs.
    job_id, number : int
        The job, and the number of the attempt.
    do : callable
        Does jobs of this kind.
    """
    files, attempt = JobFiles(Path(root)), Attempt(job_id, number)
    _detach(files.log(job_id))
    ledger = Ledger(files)
    created = psutil.Process().create_time()
    if not ledger.begin(attempt, Lost(os.getpid(), created)):
        return
    with connect(files.table) as connection:
        payload = dict(read_job(connection, files, job_id).spec.payload)
    try:
        with JobReport(ledger, attempt) as report:
            place = do(payload, report, report.cancelled)
    except CancelledError:
        ledger.finish(attempt, "cancelled")
    except JneError as error:
        ledger.finish(attempt, "failed", message=str(error))
    else:
        ledger.finish(attempt, "done", place=place)


def _detach(log: Path) -> None:
    """Leave the worker's group, go behind other processes, and print into the job's log."""
    os.setsid()
    os.nice(NICENESS)
    with log.open("ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
