"""What the worker and its jobs write into the table.

Every attempt at a job has a number. Whoever writes names it, and a write of an attempt that
is no longer the present one changes nothing: a process that was thought dead cannot spoil the
row of its successor.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from jne_engine.jobs.database import JobFiles, change, connect
from jne_engine.jobs.records import INTERNAL, STARTING, EpochLoss, JobRecord, State, WorkerRecord
from jne_engine.jobs.rows import read_job

LOST_TIMES = 3
"""Times that a job is taken up again by itself after its worker died."""

MINE = "WHERE id = :id AND attempts = :attempt AND state IN ('running', 'cancelling')"


@dataclass(frozen=True)
class Attempt:
    """One attempt at one job."""

    job_id: int
    number: int

    @property
    def names(self) -> dict[str, int]:
        """The attempt as parameters of :data:`MINE`."""
        return {"id": self.job_id, "attempt": self.number}


@dataclass(frozen=True)
class Lost:
    """A process that an ended worker left behind, perhaps."""

    pid: int | None
    created: float | None


@dataclass(frozen=True)
class Advance:
    """How far an attempt is."""

    stage: str
    done: int
    total: int
    rate: float | None
    time_left_s: float | None


@dataclass(frozen=True)
class Ledger:
    """The writing side of the table."""

    files: JobFiles

    def take_over(self, worker: WorkerRecord) -> tuple[Lost, ...]:
        """Become the worker, and put back into the queue what the last one left running.

        A job whose worker died :data:`LOST_TIMES` times in a row has failed.
        """
        now = time.time()
        with change(self.files.table) as connection:
            connection.execute(
                "UPDATE worker SET pid = ?, pid_created = ?, beat = ?, called = 0",
                (worker.pid, worker.created, worker.beat),
            )
            left = connection.execute(
                "SELECT pid, pid_created FROM jobs WHERE state IN ('running', 'cancelling')"
            ).fetchall()
            connection.execute(
                "UPDATE jobs SET state = 'cancelled', finished = ? WHERE state = 'cancelling'",
                (now,),
            )
            connection.execute(
                "UPDATE jobs SET state = 'failed', finished = ?, message = ?"
                " WHERE state = 'running' AND lost >= ?",
                (now, _describe_lost(), LOST_TIMES - 1),
            )
            connection.execute(
                "UPDATE jobs SET state = 'queued', stage = '', lost = lost + 1, pid = NULL"
                " WHERE state = 'running'"
            )
        return tuple(Lost(row["pid"], row["pid_created"]) for row in left)

    def claim(self) -> JobRecord | None:
        """Take the job that has waited longest; None where none waits."""
        first = "SELECT id FROM jobs WHERE state = 'queued' ORDER BY queued, id LIMIT 1"
        with connect(self.files.table) as connection:
            if connection.execute(first).fetchone() is None:
                return None
        with change(self.files.table) as connection:
            row = connection.execute(first).fetchone()
            if row is None:
                return None
            connection.execute(
                "UPDATE jobs SET state = 'running', stage = :stage, done = 0, total = 0,"
                " started = :now, heartbeat = :now, finished = NULL, pid = NULL,"
                " attempts = attempts + 1 WHERE id = :id",
                {"id": row["id"], "now": time.time(), "stage": STARTING},
            )
            return read_job(connection, self.files, row["id"])

    def begin(self, attempt: Attempt, process: Lost) -> bool:
        """Note the process of an attempt; False where it is no longer the present one."""
        return self._update(
            attempt,
            "pid = :pid, pid_created = :created",
            {"pid": process.pid, "created": process.created},
        )

    def advance(self, attempt: Attempt, advance: Advance | None, losses: list[EpochLoss]) -> bool:
        """Note how far an attempt is; False where it is no longer the present one."""
        with change(self.files.table) as connection:
            if advance is not None:
                connection.execute(
                    "UPDATE jobs SET stage = :stage, done = :done, total = :total,"
                    f" rate = :rate, time_left_s = :time_left_s {MINE}",
                    {**attempt.names, **vars(advance)},
                )
            mine = connection.execute(f"SELECT 1 FROM jobs {MINE}", attempt.names).fetchone()
            if mine is None:
                return False
            for loss in losses:
                if loss.epoch == 1:  # a fit that begins again takes its old curve with it
                    connection.execute(
                        "DELETE FROM losses WHERE job = ? AND stage = ?",
                        (attempt.job_id, loss.stage),
                    )
                connection.execute(
                    "INSERT INTO losses VALUES (?, ?, ?, ?, ?)",
                    (attempt.job_id, *vars(loss).values()),
                )
        return True

    def identify(self, attempt: Attempt, place: Path, about: Mapping[str, object]) -> None:
        """Note where the result will be, and of what it is."""
        values = {"subject": "", "feature_set": "", "layer": None, **about, "place": str(place)}
        self._update(
            attempt,
            "place = :place, subject = :subject, feature_set = :feature_set, layer = :layer",
            values,
        )

    def finish(
        self, attempt: Attempt, state: State, *, message: str = "", place: Path | None = None
    ) -> None:
        """Note how an attempt ended."""
        self._update(
            attempt,
            "state = :state, message = :message, finished = :now, time_left_s = NULL,"
            " place = coalesce(:place, place)",
            {
                "state": state,
                "message": message,
                "now": time.time(),
                "place": None if place is None else str(place),
            },
        )

    def settle(self, attempt: Attempt, message: str) -> None:
        """Note the end of an attempt that did not do so itself: cancelled, else failed."""
        self._update(
            attempt,
            "message = CASE state WHEN 'cancelling' THEN '' ELSE :message END,"
            " state = CASE state WHEN 'cancelling' THEN 'cancelled' ELSE 'failed' END,"
            " finished = :now, time_left_s = NULL",
            {"message": message, "now": time.time()},
        )

    def read_cancelled(self) -> dict[int, float]:
        """Return when each job that is being cancelled was told so."""
        with connect(self.files.table) as connection:
            rows = connection.execute(
                "SELECT id, cancel_asked FROM jobs WHERE state = 'cancelling'"
            ).fetchall()
        return {row["id"]: row["cancel_asked"] for row in rows}

    def beat(self, memory: Mapping[int, int | None]) -> None:
        """Give a sign of life: the worker's, and each running job's with its memory in bytes."""
        now = time.time()
        with change(self.files.table) as connection:
            connection.execute("UPDATE worker SET beat = ?", (time.monotonic(),))
            connection.executemany(
                "UPDATE jobs SET heartbeat = ?, memory_bytes = coalesce(?, memory_bytes)"
                " WHERE id = ? AND state IN ('running', 'cancelling')",
                [(now, n_bytes, job_id) for job_id, n_bytes in memory.items()],
            )

    def put_back(self, attempts: Iterable[Attempt]) -> None:
        """Put attempts back into the queue: their worker was told to end."""
        for attempt in attempts:
            self._update(
                attempt,
                "finished = CASE state WHEN 'cancelling' THEN :now END, pid = NULL, stage = '',"
                " state = CASE state WHEN 'cancelling' THEN 'cancelled' ELSE 'queued' END",
                {"now": time.time()},
            )

    def leave(self, worker: WorkerRecord) -> None:
        """Say that this worker ends."""
        with change(self.files.table) as connection:
            connection.execute("UPDATE worker SET pid = NULL WHERE pid = ?", (worker.pid,))

    def _update(self, attempt: Attempt, columns: str, values: Mapping[str, object]) -> bool:
        """Change the row of an attempt that is still the present one."""
        with change(self.files.table) as connection:
            cursor = connection.execute(
                f"UPDATE jobs SET {columns} {MINE}", {**values, **attempt.names}
            )
            return cursor.rowcount == 1


def describe_end(exit_status: int | None, log: Path) -> str:
    """Return one line on a process that ended without saying how."""
    if exit_status is not None and exit_status < 0:
        how = f"signal {-exit_status} ended it (9 is often a lack of memory)"
        return f"job: expected it to finish, found that {how}: retry, it goes on where it stopped"
    return f"{INTERNAL}: its traceback is at the end of {log}"


def describe_refusal(error: Exception) -> str:
    """Return one line on a process that the system did not start."""
    found = " ".join(str(error).split()) or type(error).__name__
    fix = "free memory or end other processes, then retry"
    return f"job: expected a process of its own, found {found}: {fix}"


def _describe_lost() -> str:
    times = f"its worker died {LOST_TIMES} times"
    return f"job: expected it to finish, found that {times}: free memory, then retry"
