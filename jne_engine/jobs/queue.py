"""What pages and the command line may ask of the table of jobs.

Everything here answers in milliseconds, keeps nothing between calls, may be called from any
thread or process, and imports neither torch nor zarr.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout

from jne_engine.core.checks import check_choice
from jne_engine.core.errors import StoreError
from jne_engine.jobs.database import JobFiles, change, connect, prepare_table
from jne_engine.jobs.keys import compute_job_key
from jne_engine.jobs.kinds import KINDS
from jne_engine.jobs.records import EpochLoss, JobRecord, JobSpec
from jne_engine.jobs.rows import read_job, read_losses, record_from_row
from jne_engine.jobs.starting import IDLE_S, ensure_worker, worker_is_alive
from jne_engine.runs.folder import MANIFEST, locate_means, lock_run

REQUEUE = """
UPDATE jobs SET state = 'queued', queued = :now, stage = '', done = 0, total = 0, rate = NULL,
    time_left_s = NULL, memory_bytes = NULL, started = NULL, finished = NULL, heartbeat = NULL,
    cancel_asked = NULL, lost = 0, pid = NULL, pid_created = NULL, message = ''
WHERE id = :id
"""


def open_jobs(root: Path) -> Jobs:
    """Open the table of jobs of a folder of runs, and make it where there is none.

    Parameters
    ----------
    root : pathlib.Path
        Folder of runs, on a local disk.

    Raises
    ------
    StoreError
        If the folder cannot be written, or the table is another version's.
    """
    files = JobFiles(root.absolute())
    prepare_table(files)
    return Jobs(files)


@dataclass(frozen=True)
class Jobs:
    """The table of jobs of one folder of runs; made by :func:`open_jobs`."""

    files: JobFiles

    @property
    def root(self) -> Path:
        """The folder of runs."""
        return self.files.root

    def submit(self, spec: JobSpec) -> JobRecord:
        """Ask for a job, and return the one that does it.

        Many who ask for the same get the same job. One that was cancelled or has failed goes
        back to the queue and on from where it stopped; one that is done is returned as it is
        while its result is there.

        Raises
        ------
        InputError
            If the kind is unknown.
        """
        check_choice("job kind", spec.kind, tuple(KINDS))
        key = compute_job_key(spec)
        with change(self.files.table) as connection:
            known = connection.execute("SELECT id FROM jobs WHERE key = ?", (key.text,)).fetchone()
            job_id = _insert(connection, spec, key.text) if known is None else int(known["id"])
            record = read_job(connection, self.files, job_id)
            there = key.complete and record.place is not None and record.place.exists()
            if record.can_retry or (record.state == "done" and not there):
                connection.execute(REQUEUE, {"id": job_id, "now": time.time()})
            return read_job(connection, self.files, job_id)

    def list(self) -> tuple[JobRecord, ...]:
        """Return all jobs, the newest first."""
        with connect(self.files.table) as connection:
            rows = connection.execute("SELECT * FROM jobs ORDER BY id DESC").fetchall()
        return tuple(record_from_row(self.files, row) for row in rows)

    def read(self, job_id: int) -> JobRecord:
        """Return one job.

        Raises
        ------
        StoreError
            If there is no such job.
        """
        with connect(self.files.table) as connection:
            return read_job(connection, self.files, job_id)

    def read_losses(self, job_id: int) -> tuple[EpochLoss, ...]:
        """Return the learning curves of a job as far as they have grown."""
        with connect(self.files.table) as connection:
            return read_losses(connection, job_id)

    def cancel(self, job_id: int) -> JobRecord:
        """Ask that a job be stopped; what is complete of it stays. A finished job stays so.

        A job of the queue is cancelled at once. A running one is asked to stop at its next
        block, told so by signal after 2 s, and killed 2 s later.
        """
        now = time.time()
        with change(self.files.table) as connection:
            connection.execute(
                "UPDATE jobs SET state = 'cancelled', finished = ?"
                " WHERE id = ? AND state = 'queued'",
                (now, job_id),
            )
            connection.execute(
                "UPDATE jobs SET state = 'cancelling', cancel_asked = ?"
                " WHERE id = ? AND state = 'running'",
                (now, job_id),
            )
            return read_job(connection, self.files, job_id)

    def retry(self, job_id: int) -> JobRecord:
        """Put a cancelled or failed job back into the queue; it goes on where it stopped.

        Raises
        ------
        StoreError
            If the job is neither cancelled nor failed.
        """
        with change(self.files.table) as connection:
            record = read_job(connection, self.files, job_id)
            if not record.can_retry:
                fix = "cancel it first" if record.is_active else "delete it to compute it again"
                raise StoreError(f"job {job_id}", "cancelled or failed", record.state, fix)
            connection.execute(REQUEUE, {"id": job_id, "now": time.time()})
            return read_job(connection, self.files, job_id)

    def delete(self, job_id: int, *, with_result: bool = False) -> None:
        """Forget a job, with its log and whatever unfinished it left behind.

        Parameters
        ----------
        job_id : int
            A job that is cancelled, failed or done.
        with_result : bool
            Whether a finished result goes too; otherwise it stays, and its studies with it.

        Raises
        ------
        StoreError
            If the job is active, or somebody else computes in its folder.
        """
        with change(self.files.table) as connection:
            record = read_job(connection, self.files, job_id)
            if record.is_active:
                raise StoreError(f"job {job_id}", "a job at rest", record.state, "cancel it first")
            finished = _holds_result(record)
            if finished and not with_result:
                _keep_in_studies(connection, record)
            elif self._may_remove(connection, record):
                self._trash(record)
            connection.execute("DELETE FROM members WHERE job = ? AND run IS NULL", (job_id,))
            connection.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
        record.log.unlink(missing_ok=True)
        shutil.rmtree(self.files.trash, ignore_errors=True)

    def ensure_worker(self, *, idle_s: float = IDLE_S) -> None:
        """See to it that a worker is there: start one where none lives, replace a stuck one.

        Call it after :meth:`submit` and at every look at the table. Jobs whose worker died are
        taken up again by the next one.

        Parameters
        ----------
        idle_s : float
            Seconds without a job after which a worker that is started now ends.
        """
        ensure_worker(self.files, idle_s=idle_s)

    def worker_is_alive(self) -> bool:
        """Tell whether a worker lives and has shown it within ten seconds."""
        return worker_is_alive(self.files)

    def _may_remove(self, connection: sqlite3.Connection, record: JobRecord) -> bool:
        """Tell whether a job's place is below the folder of runs and nobody else's."""
        place = record.place
        if place is None or not place.is_dir() or place.parent != self.root:
            return False
        others = connection.execute(
            "SELECT count(*) FROM jobs WHERE place = ? AND id != ?", (str(place), record.id)
        )
        return bool(others.fetchone()[0] == 0)

    def _trash(self, record: JobRecord) -> None:
        """Move a job's place out of sight; removing it may take longer than a transaction may."""
        if record.place is None:
            return
        lock = lock_run(record.place)
        try:
            with lock.acquire(blocking=False):
                self.files.trash.mkdir(exist_ok=True)
                record.place.rename(self.files.trash / f"{record.id}-{time.time_ns()}")
                shutil.rmtree(locate_means(record.place), ignore_errors=True)
        except Timeout as error:
            found = "another process that computes in it"
            fix = "wait for it to end"
            raise StoreError(str(record.place), "a folder at rest", found, fix) from error
        except OSError as error:
            fix = "make the folder of runs writable"
            raise StoreError(str(record.place), "a folder to delete", str(error), fix) from error


def _insert(connection: sqlite3.Connection, spec: JobSpec, key: str) -> int:
    now = time.time()
    columns = "key, kind, payload, label, created, queued"
    cursor = connection.execute(
        f"INSERT INTO jobs ({columns}) VALUES (?, ?, ?, ?, ?, ?)",
        (key, spec.kind, spec.payload_json(), spec.label, now, now),
    )
    if cursor.lastrowid is None:
        raise StoreError("the table of jobs", "a number for a new job", "none", "try again")
    return cursor.lastrowid


def _holds_result(record: JobRecord) -> bool:
    """Tell whether a job's place holds a finished result, its own or somebody else's."""
    return record.state == "done" or (
        record.place is not None and (record.place / MANIFEST).exists()
    )


def _keep_in_studies(connection: sqlite3.Connection, record: JobRecord) -> None:
    if record.place is not None:
        connection.execute(
            "UPDATE OR IGNORE members SET run = ? WHERE job = ?", (record.place.name, record.id)
        )
