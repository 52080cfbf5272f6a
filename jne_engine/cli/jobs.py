"""``jobs``, and how ``run`` and ``demo`` follow the job that they ask for."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from jne_engine.core.bars import StageBars
from jne_engine.core.errors import StoreError
from jne_engine.jobs.kinds import find_kind
from jne_engine.jobs.queue import Jobs, open_jobs
from jne_engine.jobs.records import INTERNAL, JobRecord, JobSpec
from jne_engine.jobs.studies import add_to_study, list_studies, tabulate_study
from jne_engine.jobs.units import compute_unit
from jne_engine.runs.folder import find_root

LOOK_S = 0.1
IDLE_S = 10.0
"""Seconds that a worker which the command line started stays for more."""


out_option = click.option(
    "--out",
    "root",
    type=click.Path(path_type=Path, file_okay=False),
    default=find_root,
    show_default="$JNE_RUNS or ./runs",
    help="Folder of runs.",
)
quiet_option = click.option("--quiet", is_flag=True, help="No progress bars.")


@dataclass(frozen=True)
class Following:
    """How a command waits for the job that it asks for."""

    root: Path
    quiet: bool
    inline: bool
    study: str | None


def follow(specs: Sequence[JobSpec], following: Following) -> None:
    """Have runs computed one after another, show their progress, and print where they are.

    Ctrl-C cancels the jobs. A command that is killed leaves them running; the same command
    finds them again.
    """
    paths = (
        [_compute_here(spec, following) for spec in specs]
        if following.inline
        else _have_computed(specs, following)
    )
    for path in paths:
        for warning in _read_warnings(path):
            click.echo(f"warning: {warning}", err=True)
        click.echo(str(path))


def _compute_here(spec: JobSpec, following: Following) -> Path:
    with StageBars(find_kind(spec.kind).unit_of, quiet=following.quiet) as bars:
        path = compute_unit(spec, following.root, bars)
    if following.study is not None:
        add_to_study(open_jobs(following.root), following.study, run_ids=[path.name])
    return path


def _have_computed(specs: Sequence[JobSpec], following: Following) -> list[Path]:
    """Ask for jobs, follow them to their end, and return the runs or leave with what went wrong."""
    ended = follow_jobs(specs, following)
    messages = [tell_end(record) for record in ended if record.state != "done"]
    for message in messages:
        click.echo(f"error: {message}", err=True)
    leave_with(messages)
    return [record.place for record in ended if record.place is not None]


def leave_with(messages: Sequence[str]) -> None:
    """Leave with 1 where one of the messages is of an internal error, else 2; stay without any."""
    if messages:
        raise click.exceptions.Exit(1 if any(m.startswith(INTERNAL) for m in messages) else 2)


def follow_jobs(specs: Sequence[JobSpec], following: Following) -> list[JobRecord]:
    """Ask the worker for jobs and follow them to their end; Ctrl-C cancels them."""
    table = open_jobs(following.root)
    records = [table.submit(spec) for spec in specs]
    if following.study is not None:
        add_to_study(table, following.study, job_ids=[record.id for record in records])
    try:
        return [_follow_one(table, record, following, len(specs)) for record in records]
    except KeyboardInterrupt:
        _cancel_all(table, records)
        raise


def _follow_one(jobs: Jobs, record: JobRecord, following: Following, n_jobs: int) -> JobRecord:
    """Show one job's progress, under its name where there are several."""
    if n_jobs > 1 and not following.quiet:
        click.echo(record.spec.label, err=True)
    return _watch(jobs, record, quiet=following.quiet)


def _cancel_all(jobs: Jobs, records: Sequence[JobRecord]) -> None:
    """Cancel what is not finished, the last ones first, so that none of them begins."""
    for record in reversed(records):
        jobs.cancel(record.id)
    for record in records:
        _watch(jobs, record, quiet=True)


def tell_end(record: JobRecord) -> str:
    """Say in one line why a job is not done."""
    return record.message or f"job {record.id} was cancelled; the same command goes on with it"


def _watch(jobs: Jobs, record: JobRecord, *, quiet: bool) -> JobRecord:
    """Show a job's progress until it is at rest."""
    with StageBars(find_kind(record.spec.kind).unit_of, quiet=quiet) as bars:
        while (record := jobs.read(record.id)).is_active:
            jobs.ensure_worker(idle_s=IDLE_S)
            if record.stage and record.total:
                bars(record.stage, record.done, record.total)
            time.sleep(LOOK_S)
    return record


def _read_warnings(path: Path) -> tuple[str, ...]:
    from jne_engine.runs.store import Run

    return Run(path).manifest.warnings


@click.group()
def jobs() -> None:
    """List, follow and change the jobs of a folder of runs."""


JobCommand = Callable[..., None]


def _job_command(command: JobCommand) -> JobCommand:
    number = click.argument("job_id", metavar="JOB", type=int)
    return number(out_option(command))


@jobs.command(name="list")
@out_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_jobs(root: Path, as_json: bool) -> None:
    """List all jobs, the newest first."""
    records = open_jobs(root).list()
    if as_json:
        click.echo(json.dumps([_to_json(record) for record in records], indent=1))
        return
    for record in records:
        click.echo(_describe(record))


@jobs.command()
@_job_command
def show(job_id: int, root: Path) -> None:
    """Print all that is known of JOB, its learning curves included, as JSON."""
    table = open_jobs(root)
    record = table.read(job_id)
    losses = [vars(loss) for loss in table.read_losses(job_id)]
    click.echo(json.dumps({**_to_json(record), "losses": losses}, indent=1))


@jobs.command()
@_job_command
def cancel(job_id: int, root: Path) -> None:
    """Stop JOB; what is complete of it stays."""
    table = open_jobs(root)
    if table.cancel(job_id).is_active:
        table.ensure_worker(idle_s=IDLE_S)
    click.echo(_describe(_watch(table, table.read(job_id), quiet=True)))


@jobs.command()
@_job_command
def retry(job_id: int, root: Path) -> None:
    """Take JOB, cancelled or failed, up again where it stopped."""
    table = open_jobs(root)
    click.echo(_describe(table.retry(job_id)))
    table.ensure_worker(idle_s=IDLE_S)


@jobs.command()
@_job_command
@click.option("--with-result", is_flag=True, help="Also delete the finished run.")
@click.confirmation_option(prompt="Delete this job and what it left unfinished?")
def delete(job_id: int, root: Path, with_result: bool) -> None:
    """Forget JOB, with its log and whatever unfinished it left behind."""
    open_jobs(root).delete(job_id, with_result=with_result)


@jobs.command()
@out_option
@click.option("--slots", type=click.IntRange(1), default=1, show_default=True, help="At once.")
def worker(root: Path, slots: int) -> None:
    """Work on the queue in this process until Ctrl-C; otherwise a worker starts by itself."""
    from jne_engine.jobs.worker import main

    if not main(root, idle_s=None, slots=slots):
        fix = "end that one first, or leave the work to it"
        raise StoreError(str(root), "no other worker", "one that works already", fix)


@jobs.command()
@out_option
@click.argument("name", required=False)
def study(root: Path, name: str | None) -> None:
    """List the studies, or the runs of the study NAME."""
    table = open_jobs(root)
    if name is None:
        for known in list_studies(table):
            click.echo(known)
        return
    for row in tabulate_study(table, name):
        layer = "?" if row.layer is None else str(row.layer)
        about = f"{row.subject or '?'}  {row.feature_set or '?'}  layer {layer}"
        click.echo(f"{row.state:<11}{about}  {row.run_id or row.label}")


def _describe(record: JobRecord) -> str:
    parts = [f"{record.id:>4}", f"{record.state:<11}", record.spec.label]
    if record.is_active and record.stage:
        share = "" if record.fraction is None else f" {record.fraction:.0%}"
        parts.append(record.stage + share)
    if record.time_left_s is not None and record.is_active:
        parts.append(f"at most {record.time_left_s:.0f} s left in it")
    if record.message:
        parts.append(record.message)
    if record.place is not None and record.state == "done":
        parts.append(record.place.name)
    return "  ".join(parts)


def _to_json(record: JobRecord) -> dict[str, Any]:
    """Return a job as plain values; times are ISO, local."""
    values = dict(vars(record))
    spec = values.pop("spec")
    values |= {"kind": spec.kind, "label": spec.label, "payload": dict(spec.payload)}
    for name in ("created", "queued", "started", "finished", "heartbeat"):
        moment = values[name]
        values[name] = None if moment is None else datetime.fromtimestamp(moment).isoformat()
    return {k: str(v) if isinstance(v, Path) else v for k, v in values.items()}
