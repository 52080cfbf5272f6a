"""The table of jobs and the datasets for pages: what :mod:`pages.frame.cached` is for runs.

Nothing is kept between calls, so that everybody sees the same queue at every look.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st

from jne_engine.core.errors import JneError
from jne_engine.datasets import allowed, library
from jne_engine.datasets.library import DatasetEntry
from jne_engine.datasets.previewing import Previewer
from jne_engine.datasets.registry import recognise
from jne_engine.datasets.source import Found
from jne_engine.jobs.queue import Jobs, open_jobs
from jne_engine.jobs.records import JobRecord, JobSpec
from jne_engine.jobs.studies import (
    StudyRow,
    add_to_study,
    list_studies,
    remove_study,
    tabulate_study,
)
from jne_engine.report.figures.curves import tabulate_losses
from jne_engine.runs.folder import find_root
from pages.frame.access import explain_read_only, require_change
from pages.frame.plain import plain

Named = TypeVar("Named", int, str)
"""A job by its number, a study by its name."""
MAX_LOOKS = 64
"""Previews that are kept for the next look."""


def open_table() -> Jobs:
    """Open the table of jobs beside the runs."""
    return open_jobs(find_root())


def list_jobs() -> tuple[JobRecord, ...]:
    """Return all jobs, the newest first, and see to it that somebody works on them.

    Where the folder of runs cannot be written there are none.
    """
    if explain_read_only():
        return ()
    table = open_table()
    records = table.list()
    if any(record.is_active for record in records):
        table.ensure_worker()
    return records


def count_active() -> int:
    """Return how many jobs are waiting or running; no table is made for the question."""
    return sum(r.is_active for r in list_jobs()) if find_root().is_dir() else 0


def find_job(kind: str, **payload: Any) -> JobRecord | None:
    """Return the newest job of a kind whose payload has these values, None where none has."""
    matches = (
        record
        for record in list_jobs()
        if record.spec.kind == kind
        and all(record.spec.payload.get(name) == value for name, value in payload.items())
    )
    return next(matches, None)


def find_maker(place: Path) -> JobRecord | None:
    """Return the job that made a run, None where it was made without."""
    wanted = place.absolute()
    runs = (r for r in list_jobs() if r.spec.kind == "run" and r.state == "done")
    return next((r for r in runs if r.place == wanted), None)


def submit(specs: Sequence[JobSpec], *, study: str = "") -> tuple[JobRecord, ...]:
    """Ask for jobs, note them in a study where it has a name, and wake the worker.

    Raises
    ------
    AccessError
        If the visitor may not change anything.
    """
    require_change()
    table = open_table()
    records = tuple(table.submit(spec) for spec in specs)
    if study.strip():
        add_to_study(table, study.strip(), job_ids=[record.id for record in records])
    table.ensure_worker()
    return records


def change(action: Callable[[Jobs, Named], Any], which: Named) -> None:
    """Cancel, retry or delete a job, or forget a study; what cannot be done is told in one line."""
    try:
        require_change()
        table = open_table()
        action(table, which)
        table.ensure_worker()
    except JneError as error:
        st.toast(plain(error), icon=":material/error:")


def forget_study(name: str) -> None:
    """Forget a study's name and list; its runs and jobs stay."""
    change(remove_study, name)


def read_losses(job_id: int) -> Any:
    """Return a job's learning curves as far as they have grown, one row an epoch and split."""
    return tabulate_losses(open_table().read_losses(job_id))


def read_studies() -> Mapping[str, tuple[StudyRow, ...]]:
    """Return every study's runs, the newest study first."""
    if explain_read_only():
        return {}
    table = open_table()
    return {name: tabulate_study(table, name) for name in list_studies(table)}


def list_datasets() -> tuple[tuple[DatasetEntry, ...], tuple[str, ...]]:
    """Return the datasets beside the runs, and one line on each broken one."""
    return library.list_datasets(find_root())


def list_roots() -> tuple[Path, ...]:
    """Return the folders that the operator allows."""
    return allowed.allowed_roots()


def open_folder(path: str) -> tuple[Path, Path, allowed.Listing, Found]:
    """Return an allowed folder without links, its allowed root, what it holds and what it is.

    Raises
    ------
    AccessError
        If the visitor may not import anything: the server's folders are no reader's business.
    UnsafeFileError
        If it is not below an allowed folder.
    """
    require_change()
    roots = list_roots()
    folder = allowed.resolve_allowed(path, roots)
    root = next(root for root in roots if folder.is_relative_to(root))
    return folder, root, allowed.list_folder(folder, roots), recognise(folder)


def look(what: str, request: Mapping[str, Any]) -> Future[dict[str, Any]]:
    """Ask for a preview in a process of its own; the same question is asked once.

    A look that failed is told to whoever asked, and the next one begins anew: files get mended.
    """
    text = json.dumps(request, sort_keys=True)
    answer = _look(what, text)
    if answer.done() and (answer.cancelled() or answer.exception() is not None):
        _look.clear(what, text)
    return answer


@st.cache_resource(show_spinner=False, max_entries=MAX_LOOKS, ttl=600)
def _look(what: str, request: str) -> Future[dict[str, Any]]:
    """Keep the answer by the question's text."""
    return _previewer().submit(what, json.loads(request))


@st.cache_resource(show_spinner=False, on_release=Previewer.close)
def _previewer() -> Previewer:
    return Previewer()
