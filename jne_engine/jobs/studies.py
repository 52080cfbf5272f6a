"""Studies: several layers and subjects under one name, as one table of runs.

A study is a list of jobs and of finished runs, kept beside the jobs. A job that is deleted
while its run stays is remembered as that run.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from jne_engine.core.errors import InputError, StoreError
from jne_engine.jobs.database import change, connect
from jne_engine.jobs.queue import Jobs
from jne_engine.jobs.records import JobRecord, State
from jne_engine.jobs.rows import record_from_row
from jne_engine.runs.folder import MANIFEST

RowState = State | Literal["missing"]


@dataclass(frozen=True)
class StudyRow:
    """One run of a study, finished or not.

    Parameters
    ----------
    job_id : int, optional
        The job that makes it; None for a run that was made without, or whose job is forgotten.
    run_id : str, optional
        Folder of the run; None until the job knows it.
    state : str
        The job's state, ``"done"`` for a finished run, ``"missing"`` where its folder is gone.
    subject, feature_set : str
        Of what the run is, ``""`` until known.
    layer : int, optional
        Feature layer, None until known.
    spec : mapping
        The RunSpec's values, empty where no run is made or its folder is gone.
    label : str
        What a person calls it.
    """

    job_id: int | None
    run_id: str | None
    state: RowState
    subject: str = ""
    feature_set: str = ""
    layer: int | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""


def list_studies(jobs: Jobs) -> tuple[str, ...]:
    """Return the names of all studies, the newest first."""
    with connect(jobs.files.table) as connection:
        rows = connection.execute("SELECT name FROM studies ORDER BY created DESC, name")
        return tuple(row["name"] for row in rows)


def add_to_study(
    jobs: Jobs, name: str, *, job_ids: Sequence[int] = (), run_ids: Sequence[str] = ()
) -> None:
    """Add jobs and finished runs to a study, which is made where there is none.

    What is in it already stays where it is.

    Raises
    ------
    InputError
        If the study has no name, or a run is no folder below the folder of runs.
    StoreError
        If a job is not in the table.
    """
    if not name.strip():
        raise InputError("study", "a name", repr(name), "give it one")
    for run_id in run_ids:
        if Path(run_id).name != run_id or not (jobs.root / run_id).is_dir():
            fix = "see them with: python -m jne_engine list"
            raise InputError(repr(run_id), f"a run of {jobs.root}", "no such folder", fix)
    for job_id in job_ids:
        jobs.read(job_id)
    with change(jobs.files.table) as connection:
        connection.execute("INSERT OR IGNORE INTO studies VALUES (?, ?)", (name, time.time()))
        members: list[tuple[str, int | None, str | None]] = []
        members += [(name, job_id, None) for job_id in job_ids]
        members += [(name, None, run_id) for run_id in run_ids]
        connection.executemany(
            "INSERT OR IGNORE INTO members (study, job, run) VALUES (?, ?, ?)", members
        )


def remove_study(jobs: Jobs, name: str) -> None:
    """Forget a study; its jobs and runs stay.

    Raises
    ------
    StoreError
        If there is no such study.
    """
    with change(jobs.files.table) as connection:
        if connection.execute("DELETE FROM studies WHERE name = ?", (name,)).rowcount == 0:
            raise _no_study(name)


def tabulate_study(jobs: Jobs, name: str) -> tuple[StudyRow, ...]:
    """Return a study's runs in the order in which they were added.

    Raises
    ------
    StoreError
        If there is no such study.
    """
    with connect(jobs.files.table) as connection:
        if not connection.execute("SELECT 1 FROM studies WHERE name = ?", (name,)).fetchone():
            raise _no_study(name)
        members = connection.execute(
            "SELECT members.run, jobs.* FROM members LEFT JOIN jobs ON jobs.id = members.job"
            " WHERE members.study = ? ORDER BY members.position",
            (name,),
        ).fetchall()
    return tuple(_tabulate(jobs, member) for member in members)


def _tabulate(jobs: Jobs, member: sqlite3.Row) -> StudyRow:
    """Return the row of a job, or of a run without one."""
    if member["id"] is None:
        return _row_of_run(jobs.root / member["run"])
    record = record_from_row(jobs.files, member)
    if record.state == "done" and record.place is not None and not record.place.exists():
        return StudyRow(record.id, record.place.name, "missing", label=record.spec.label)
    return _row_of_job(record)


def _row_of_job(record: JobRecord) -> StudyRow:
    return StudyRow(
        job_id=record.id,
        run_id=None if record.place is None else record.place.name,
        state=record.state,
        subject=record.subject,
        feature_set=record.feature_set,
        layer=record.layer,
        spec=record.spec.payload.get("spec", {}),
        label=record.spec.label,
    )


def _row_of_run(path: Path) -> StudyRow:
    from jne_engine.runs.store import Manifest  # zarr comes with it: a second

    if not (path / MANIFEST).exists():
        return StudyRow(None, path.name, "missing")
    manifest = Manifest.from_json(path / MANIFEST)
    return StudyRow(
        job_id=None,
        run_id=manifest.run_id,
        state="done",
        subject=manifest.subject,
        feature_set=manifest.feature_set,
        layer=manifest.layer,
        spec=manifest.spec,
        label=manifest.name,
    )


def _no_study(name: str) -> StoreError:
    return StoreError(repr(name), "a study", "none of that name", "add a job to make it")
