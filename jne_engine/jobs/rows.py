"""Rows of the table as typed records."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from jne_engine.core.errors import StoreError
from jne_engine.jobs.database import JobFiles
from jne_engine.jobs.records import EpochLoss, JobRecord, JobSpec, WorkerRecord

PLAIN = (
    "id", "key", "state", "stage", "done", "total", "created", "queued", "attempts", "message",
    "rate", "time_left_s", "memory_bytes", "started", "finished", "heartbeat", "subject",
    "feature_set", "layer",
)  # fmt: skip
"""Columns that a record takes as they are."""


def read_job(connection: sqlite3.Connection, files: JobFiles, job_id: int) -> JobRecord:
    """Read one job.

    Raises
    ------
    StoreError
        If there is no such job.
    """
    row = connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        fix = "see them with: python -m jne_engine jobs list"
        raise StoreError(f"job {job_id}", "a job of the table", "no such job", fix)
    return record_from_row(files, row)


def record_from_row(files: JobFiles, row: sqlite3.Row) -> JobRecord:
    """Return a row of ``jobs`` as a record."""
    return JobRecord(
        **{name: row[name] for name in PLAIN},
        spec=JobSpec(row["kind"], json.loads(row["payload"]), row["label"]),
        log=files.log(row["id"]),
        place=None if row["place"] is None else Path(row["place"]),
    )


def read_losses(connection: sqlite3.Connection, job_id: int) -> tuple[EpochLoss, ...]:
    """Read the learning curves of a job as far as they go, by stage and epoch."""
    columns = "stage, epoch, train_loss, validation_loss"
    order = "ORDER BY stage, epoch"
    rows = connection.execute(f"SELECT {columns} FROM losses WHERE job = ? {order}", (job_id,))
    return tuple(EpochLoss(*row) for row in rows)


def read_worker(connection: sqlite3.Connection) -> WorkerRecord | None:
    """Read which worker holds, or last held, the table; None before the first."""
    row = connection.execute("SELECT pid, pid_created, beat FROM worker").fetchone()
    return None if row["pid"] is None else WorkerRecord(*row)
