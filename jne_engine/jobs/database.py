"""The table of jobs on disk: one SQLite file beside the runs, opened for each question.

Write-ahead logging lets pages read while a worker writes; ``synchronous=FULL`` makes what is
committed outlive a crash of the machine. SQLite's locks need a local disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from jne_engine.core.errors import StoreError

FOLDER = ".jobs"
SCHEMA_VERSION = 1
BUSY_S = 10
"""Seconds to wait for somebody else's transaction."""

SCHEMA = """
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    label TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued' CHECK (
        state IN ('queued', 'running', 'cancelling', 'cancelled', 'failed', 'done')),
    stage TEXT NOT NULL DEFAULT '',
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    rate REAL,
    time_left_s REAL,
    memory_bytes INTEGER,
    created REAL NOT NULL,
    queued REAL NOT NULL,
    started REAL,
    finished REAL,
    heartbeat REAL,
    cancel_asked REAL,
    attempts INTEGER NOT NULL DEFAULT 0,
    lost INTEGER NOT NULL DEFAULT 0,
    pid INTEGER,
    pid_created REAL,
    message TEXT NOT NULL DEFAULT '',
    place TEXT,
    subject TEXT NOT NULL DEFAULT '',
    feature_set TEXT NOT NULL DEFAULT '',
    layer INTEGER
);
CREATE UNIQUE INDEX jobs_key ON jobs (key);
CREATE INDEX jobs_state ON jobs (state, queued);
CREATE TABLE losses (
    job INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
    stage TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    train_loss REAL NOT NULL,
    validation_loss REAL NOT NULL,
    PRIMARY KEY (job, stage, epoch)
) WITHOUT ROWID;
CREATE TABLE worker (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    pid INTEGER,
    pid_created REAL,
    beat REAL NOT NULL DEFAULT 0,
    called REAL NOT NULL DEFAULT 0
);
INSERT INTO worker (one) VALUES (1);
CREATE TABLE studies (name TEXT PRIMARY KEY, created REAL NOT NULL);
CREATE TABLE members (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    study TEXT NOT NULL REFERENCES studies ON DELETE CASCADE,
    job INTEGER REFERENCES jobs ON DELETE SET NULL,
    run TEXT
);
CREATE UNIQUE INDEX members_job ON members (study, job);
CREATE UNIQUE INDEX members_run ON members (study, run);
"""


@dataclass(frozen=True)
class JobFiles:
    """Where the table, its lock and the jobs' logs lie below a folder of runs."""

    root: Path

    @property
    def folder(self) -> Path:
        """The hidden folder that holds all of it."""
        return self.root / FOLDER

    @property
    def table(self) -> Path:
        """The SQLite file."""
        return self.folder / "jobs.sqlite"

    @property
    def worker_lock(self) -> Path:
        """The lock that the one worker holds; the system frees it when its owner dies."""
        return self.folder / "worker.lock"

    @property
    def trash(self) -> Path:
        """Where deleted folders go before they are gone."""
        return self.folder / "trash"

    def log(self, job_id: int) -> Path:
        """Return where a job's processes print."""
        return self.folder / "logs" / f"job-{job_id}.log"


def prepare_table(files: JobFiles) -> None:
    """Make the table where there is none yet.

    Raises
    ------
    StoreError
        If the folder cannot be written, or the table is another version's.
    """
    try:
        files.log(0).parent.mkdir(parents=True, exist_ok=True)
        with FileLock(files.folder / "table.lock"), connect(files.table) as connection:
            _make_table(files, connection)
    except OSError as error:
        fix = "choose a folder of runs that you may write"
        what, found = str(error.filename or files.folder), error.strerror or str(error)
        raise StoreError(what, "a writable folder of runs", found, fix) from error


def _make_table(files: JobFiles, connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        connection.execute("PRAGMA journal_mode=WAL")
        script = f"BEGIN; {SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;"
        connection.executescript(script)
    elif version != SCHEMA_VERSION:
        fix = f"move {files.folder} away; runs are not in it"
        expected = f"version {SCHEMA_VERSION}"
        raise StoreError(str(files.table), expected, f"version {version}", fix)


@contextmanager
def connect(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the table for one question; nothing is shared between threads or processes.

    Raises
    ------
    StoreError
        If it is damaged, locked for long, or the disk is full.
    """
    try:
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
        with closing(connection):
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            yield connection
    except sqlite3.Error as error:
        fix = "free disk space, or move the table away: runs are not in it"
        raise StoreError(str(path), "a table of jobs", str(error), fix) from error


@contextmanager
def change(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the table for one transaction: all of it is kept, or nothing."""
    with connect(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.commit()  # an error closes the connection before, which keeps nothing
