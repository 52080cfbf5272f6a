"""What keeps a folder of runs from working, and what to do about it: ``jne-engine doctor``."""

from __future__ import annotations

import platform
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

import psutil
from filelock import FileLock, Timeout

from jne_engine.core.disk import write_atomically
from jne_engine.core.errors import JneError
from jne_engine.core.resources import find_dashboard
from jne_engine.jobs.database import SCHEMA_VERSION, JobFiles, connect
from jne_engine.jobs.queue import Jobs
from jne_engine.jobs.rows import read_worker
from jne_engine.jobs.starting import SILENT_S, find_process, worker_is_alive
from jne_engine.runs.folder import MANIFEST
from jne_engine.runs.store import Run, find_unfinished

PACKAGE = "jne-explorer"
LEAST_FREE_BYTES = 2_000_000_000
LEAST_MEMORY_BYTES = 4_000_000_000
RECENT_S = 7 * 86_400
NETWORK_DISKS = re.compile(
    r"nfs\d?|cifs|smb\w*|lustre|beegfs\w*|gpfs|ceph|glusterfs|afs|9p"
    r"|fuse\.(sshfs|s3fs|rclone|glusterfs|ceph)"
)


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Parameters
    ----------
    check : str
        Name of the check.
    state : {'ok', 'note', 'fault'}
        A note asks for nothing but attention; with a fault something does not work.
    found : str
        What is there, in one line.
    fix : str
        What to do; empty where nothing need be done.
    """

    check: str
    state: Literal["ok", "note", "fault"]
    found: str
    fix: str = ""


def examine(root: Path) -> list[Finding]:
    """Examine a folder of runs and what works on it; nothing is changed.

    Parameters
    ----------
    root : pathlib.Path
        The folder of runs, which need not be there yet.

    Returns
    -------
    list of Finding
        In the order of :data:`CHECKS`, at least one of each.
    """
    findings = []
    for name, check in CHECKS.items():
        try:
            findings += [Finding(name, *found) for found in check(root)]
        except (JneError, OSError) as error:
            findings.append(Finding(name, "fault", str(error)))
    return findings


Found = tuple[Literal["ok", "note", "fault"], str, str]


def _check_folder(root: Path) -> Iterator[Found]:
    if not root.exists():
        yield "note", f"{root} is not there yet", "the first run makes it; or name another by --out"
        return
    probe = root / ".doctor"
    try:
        write_atomically(probe, b"")
        with FileLock(probe):
            yield _try_second_lock(probe, root)
    finally:
        probe.unlink(missing_ok=True)


def _try_second_lock(probe: Path, root: Path) -> Found:
    """Try to take a lock that is held: it must not be given."""
    try:
        with FileLock(probe, timeout=0):
            fix = "move the folder of runs to a local disk: two workers would write one run"
            return "fault", f"{root}: a lock that is held was given a second time", fix
    except Timeout:
        return "ok", f"{root}: can be written, locks hold", ""


def _check_disk(root: Path) -> Iterator[Found]:
    there = _nearest(root)
    usage = shutil.disk_usage(there)
    told = f"{usage.free / 1e9:.1f} GB of {usage.total / 1e9:.0f} GB are free"
    if usage.free < LEAST_FREE_BYTES:
        yield "fault", told, "free disk space: a run stops where none is left, and resumes after"
    else:
        yield "ok", told, ""
    kind = _disk_kind(there)
    if NETWORK_DISKS.fullmatch(kind):
        fix = "put the folder of runs on a local disk: SQLite's locks do not hold on this one"
        yield "fault", f"{there} lies on a network disk ({kind})", fix


def _nearest(path: Path) -> Path:
    """Return a folder, or the nearest one above that is there."""
    whole = path.resolve()
    return next(folder for folder in (whole, *whole.parents) if folder.exists())


def _disk_kind(folder: Path) -> str:
    """Return the kind of file system that holds a folder, "" where nobody says."""
    holding = [p for p in psutil.disk_partitions(all=True) if folder.is_relative_to(p.mountpoint)]
    return max(holding, key=lambda p: len(p.mountpoint)).fstype if holding else ""


def _check_versions(_root: Path) -> Iterator[Found]:
    try:
        wanted = metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:
        yield "note", f"{PACKAGE} is not installed as a package", "run make app, or pip install it"
        return
    pins = [pin.groups() for line in wanted if (pin := re.fullmatch(r"([\w.-]+)==([\w.]+)", line))]
    wrong = [told for name, version in pins if (told := _differs(name, version))]
    for told in wrong:
        yield "fault", told, "install requirements.txt again: only these were tried together"
    if not wrong:
        yield "ok", f"Python {platform.python_version()}, {len(pins)} packages as tried", ""


def _differs(name: str, version: str) -> str:
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return f"{name} is missing ({version} was tried)"
    own = found.split("+")[0]  # torch says which build it is behind a plus
    return "" if own == version else f"{name} is {found} ({version} was tried)"


def _check_dashboard(_root: Path) -> Iterator[Found]:
    try:
        yield "ok", f"pages and viewer in {find_dashboard()}", ""
    except FileNotFoundError as error:
        yield "fault", str(error), "install the package again"


def _check_jobs(root: Path) -> Iterator[Found]:
    files = JobFiles(root)
    if not files.table.is_file():
        yield "ok", "nobody has asked for a job yet", ""
        return
    if told := _damage_of(files):
        yield "fault", told, f"move {files.folder} away: the queue is lost, runs are not in it"
        return
    records, now = Jobs(files).list(), time.time()
    alive = worker_is_alive(files)
    waiting = [r for r in records if r.state == "queued"]
    if waiting and not alive:
        fix = "open the dashboard, which starts a worker, or run: jne-engine jobs worker"
        yield "fault", f"{len(waiting)} jobs wait and no worker lives", fix
    for record in records:
        silent = now - (record.heartbeat or record.started or now)
        if record.state in ("running", "cancelling") and silent > 6 * SILENT_S and not alive:
            fix = "the next worker takes it up where it stopped: jne-engine jobs worker"
            yield "fault", f"job {record.id} was left when its worker died", fix
        if record.state == "failed" and now - (record.finished or 0) < RECENT_S:
            told = f"job {record.id} ({record.spec.label}) failed: {record.message}"
            yield "note", told, f"read {record.log}, then: jne-engine jobs retry {record.id}"
    yield "ok", f"the table of {len(records)} jobs is whole", ""


def _damage_of(files: JobFiles) -> str:
    """Return what is wrong with the table as a whole, "" for nothing."""
    with connect(files.table) as connection:
        try:
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.DatabaseError as error:
            said, version = str(error), SCHEMA_VERSION
    if said != "ok":
        return f"{files.table} is damaged: {said}"
    if version != SCHEMA_VERSION:
        return f"{files.table} is of version {version}, this program's is {SCHEMA_VERSION}"
    return ""


def _check_worker(root: Path) -> Iterator[Found]:
    files = JobFiles(root)
    worker = None
    if files.table.is_file() and not _damage_of(files):
        with connect(files.table) as connection:
            worker = read_worker(connection)
    process = find_process(worker.pid, worker.created) if worker else None
    if worker is None or process is None:
        yield "ok", "no worker runs; one starts with the next job", ""
    elif worker_is_alive(files):
        memory = process.memory_info().rss / 1e6
        yield "ok", f"worker {worker.pid} lives ({memory:.0f} MB)", ""
    else:
        fix = f"kill {worker.pid}: the next worker goes on where it stopped"
        yield "fault", f"worker {worker.pid} runs but shows no sign of life", fix


def _check_runs(root: Path) -> Iterator[Found]:
    complete = 0
    for manifest in sorted(root.glob(f"*/{MANIFEST}")):
        try:
            _ = Run(manifest.parent).manifest
            complete += 1
        except JneError as error:
            fix = f"restore {manifest.parent} from a backup, or move it away"
            yield "fault", str(error), fix
    for path in find_unfinished(root):
        fix = "run the same command to resume it, or delete it on Data & runs"
        yield "note", f"{path.name} is unfinished", fix
    yield "ok", f"{complete} complete runs", ""


def _check_machine(_root: Path) -> Iterator[Found]:
    free = psutil.virtual_memory().available
    told = f"{psutil.cpu_count()} processors, {free / 1e9:.1f} GB of memory free"
    if free < LEAST_MEMORY_BYTES:
        yield "note", told, "the page New run says how much a run needs"
    else:
        yield "ok", told, ""
    said = "the brain is drawn by the reader's browser, which needs WebGL 2"
    yield "note", said, "where no brain shows, open chrome://gpu or about:support and look for it"


CHECKS: dict[str, Callable[[Path], Iterator[Found]]] = {
    "folder": _check_folder,
    "disk": _check_disk,
    "versions": _check_versions,
    "dashboard": _check_dashboard,
    "jobs": _check_jobs,
    "worker": _check_worker,
    "runs": _check_runs,
    "machine": _check_machine,
}
"""Every check, in the order in which they are told."""
