"""Kinds of jobs that misbehave, for tests of the worker."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

from jne_engine.jobs.kind import JobKind


def ignore_signals(payload, report, cancelled):
    """Start a child, ignore SIGTERM as it does, and never look at the flag."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen(["sleep", "300"])
    written = Path(payload["pid_file"] + ".part")
    written.write_text(str(child.pid))
    written.rename(payload["pid_file"])
    while True:
        time.sleep(60)


def break_down(payload, report, cancelled):
    """Meet an error that nobody expected."""
    return Path(str(1 // 0))


def sleep(payload, report, cancelled):
    """Do nothing until told to stop."""
    while not cancelled():
        time.sleep(0.05)
    report("sleep", 1, 1)
    raise AssertionError("a cancelled job's report raises")


ODD_KINDS = {
    name: JobKind(name, name, "", do)
    for name, do in (("stubborn", ignore_signals), ("broken", break_down), ("sleep", sleep))
}
