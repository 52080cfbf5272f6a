"""The queue of jobs: what runs, what waits, what has ended; and the studies."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from jne_engine.jobs.kind import Shown
from jne_engine.jobs.kinds import find_kind
from jne_engine.jobs.queue import Jobs
from jne_engine.jobs.records import JobRecord
from jne_engine.jobs.studies import StudyRow
from jne_engine.report.figures.curves import plot_learning_curves
from pages.frame import jobs
from pages.frame.access import explain_read_only, may_change, tell_reader
from pages.frame.assets import is_dark
from pages.frame.figures import show_figure
from pages.frame.state import select
from pages.frame.widgets import format_bytes, format_number, format_seconds, one_line_errors, plain

POLL_S = 1.0
SHOWN = 15
CURVE_HEIGHT = 240
ENDS = {
    "done": ":green[:material/check_circle:]",
    "failed": ":red[:material/error:]",
    "cancelled": ":gray[:material/cancel:]",
}


def show_queue() -> None:
    """Show the queue, polled while something is active, then the studies."""
    tell_reader()
    records = jobs.list_jobs()
    active = tuple(r.id for r in records if r.is_active)
    st.fragment(_show_jobs, run_every=POLL_S if active else None)(active)
    _show_studies()


def _show_jobs(active: tuple[int, ...]) -> None:
    """Show all jobs; once others are active than before, run the whole page again."""
    records = jobs.list_jobs()
    if tuple(r.id for r in records if r.is_active) != active:
        st.rerun()
    if not records:
        closed = "The queue lies in the folder of runs, and cannot be read."
        none = "Nothing has been asked for yet. Import data, or start a run."
        st.caption(closed if explain_read_only() else none)
        return
    working = [r for r in records if r.is_active][::-1]
    with one_line_errors():
        for record in working:
            _show_active(record)
    ended = [r for r in records if not r.is_active]
    if ended:
        st.subheader("Ended", anchor=False)
    for record in ended[:SHOWN]:
        _show_ended(record)
    if len(ended) > SHOWN:
        with st.expander(f"{len(ended) - SHOWN} older ones"):
            for record in ended[SHOWN:]:
                _show_ended(record)


def show_progress(record: JobRecord) -> None:
    """Show how far an active job is: stage, fraction, rate, time left, memory."""
    if record.state == "queued":
        st.caption(":gray[:material/schedule: waiting for its turn]")
        return
    stage = plain(find_kind(record.spec.kind).stage(record.stage).label)
    share = record.fraction
    text = f"{'stopping' if record.state == 'cancelling' else stage}"
    st.progress(min(1.0, share or 0.0), text=text)
    st.caption(" · ".join(_tell_numbers(record)))


def _show_active(record: JobRecord) -> None:
    with st.container(border=True):
        about, stop = st.columns([6, 1], vertical_alignment="center")
        with about:
            st.markdown(_title(record))
        with stop:
            st.button("Cancel", key=f"cancel.{record.id}", icon=":material/stop_circle:",
                      disabled=record.state == "cancelling" or not may_change(),
                      on_click=jobs.change, args=(Jobs.cancel, record.id))  # fmt: skip
        show_progress(record)
        if record.state != "queued" and record.spec.kind == "run":
            _show_curves(record)


def _tell_numbers(record: JobRecord) -> list[str]:
    stage = find_kind(record.spec.kind).stage(record.stage)
    unit, most = stage.unit, "at most " if stage.at_most else ""
    parts = []
    if record.total > 1:
        parts.append(f"{record.done:,} of {most}{record.total:,} {unit}")
    if record.rate:
        parts.append(f"{format_number(record.rate)} {unit} / s")
    if record.time_left_s is not None:
        parts.append(f"{most}{format_seconds(record.time_left_s)} left of this stage")
    if record.memory_bytes:
        parts.append(f"{format_bytes(record.memory_bytes)} of memory")
    if record.started:
        parts.append(f"running for {format_seconds(time.time() - record.started)}")
    return parts


def _show_curves(record: JobRecord) -> None:
    losses = jobs.read_losses(record.id)
    if len(losses):
        show_figure(plot_learning_curves(losses, dark=is_dark(), height=CURVE_HEIGHT),
                    "job", str(record.id), alt="Losses so far over epochs",
                    can_pin=False)  # fmt: skip


def _show_ended(record: JobRecord) -> None:
    about, following, more = st.columns([6, 1.6, 1], vertical_alignment="center")
    with about:
        st.markdown(f"{ENDS[record.state]} {_title(record)}")
        if record.state == "failed":
            st.markdown(f":red[{plain(record.message)}]")
    with following:
        _offer_next(record)
    if may_change():
        with more, st.popover("", icon=":material/delete:", type="tertiary"):
            _confirm_delete(record)


def _title(record: JobRecord) -> str:
    """Return a job's name, kind, and how long ago and long it was."""
    kind = find_kind(record.spec.kind)
    words = [plain(kind.label)]
    if not record.is_active:
        words.append({"done": "finished", "failed": "failed"}.get(record.state, "cancelled"))
        if record.started and record.finished:
            words.append(f"in {format_seconds(record.finished - record.started)}")
        if record.finished:
            words.append(f"{format_seconds(time.time() - record.finished)} ago")
    return f"{kind.icon} **{plain(record.spec.label)}** :gray[{' · '.join(words)}]"


def _offer_next(record: JobRecord) -> None:
    """Show the one thing that follows a job's end."""
    if record.can_retry:
        label = "Resume" if record.state == "cancelled" else "Retry"
        st.button(label, key=f"retry.{record.id}", icon=":material/replay:",
                  disabled=not may_change(),
                  on_click=jobs.change, args=(Jobs.retry, record.id))  # fmt: skip
    elif record.state == "done":
        _offer_result(record)


def _offer_result(record: JobRecord) -> None:
    """Show where a finished job's result is shown, if that is a page of its own."""
    shown = find_kind(record.spec.kind).shown
    query = None if shown is None else shown.query(record)
    if shown is None or query is None:
        return
    if shown.page == "data":
        _offer_part(record, shown, query)
    else:
        st.page_link(f"pages/{shown.page}.py", label=shown.label, icon=shown.icon,
                     query_params=query)  # fmt: skip


def _offer_part(record: JobRecord, shown: Shown, query: Mapping[str, str]) -> None:
    """Show a button that leads to another part; the fragment alone would not change it."""
    if st.button(shown.label, key=f"next.{record.id}", icon=shown.icon):
        select(**query)
        st.rerun()


def _confirm_delete(record: JobRecord) -> None:
    """Ask before a job is forgotten, and whether its run goes too."""
    finished = record.spec.kind == "run" and record.state == "done"
    st.markdown("Delete this job?" if finished else "Delete this job and what it left unfinished?")
    with_result = finished and st.checkbox("Also delete the run", key=f"also.{record.id}")

    def delete(table: Jobs, job_id: int) -> None:
        table.delete(job_id, with_result=with_result)

    st.button("Delete", key=f"delete.{record.id}", type="primary", icon=":material/delete:",
              on_click=jobs.change, args=(delete, record.id))  # fmt: skip


def _show_studies() -> None:
    studies = jobs.read_studies()
    if not studies:
        return
    st.subheader("Studies", anchor=False)
    for name, rows in studies.items():
        done = sum(row.state == "done" for row in rows)
        with st.expander(f"{plain(name)}: {done} of {len(rows)} runs done", expanded=True):
            st.dataframe(_tabulate(rows), hide_index=True, key=f"study.{name}",
                         column_config={"open": st.column_config.LinkColumn(
                             "", display_text="Open", width="small")})  # fmt: skip
            with st.popover("Forget this study", icon=":material/playlist_remove:"):
                st.markdown("Forget the name and this list? Its runs and jobs stay.")
                st.button("Forget", key=f"forget.{name}", type="primary",
                          on_click=jobs.forget_study, args=(name,))  # fmt: skip


def _tabulate(rows: Sequence[StudyRow]) -> list[Mapping[str, Any]]:
    return [
        {
            "open": f"./maps?run={row.run_id}" if row.state == "done" else None,
            "run": row.label,
            "state": row.state,
            "subject": row.subject or "–",
            "features": row.feature_set or "–",
            "layer": row.layer,
            "activation": row.spec.get("activation", "–"),
            "hidden": row.spec.get("n_hidden"),
            "seed": row.spec.get("seed"),
        }
        for row in rows
    ]
