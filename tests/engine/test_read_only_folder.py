"""A folder of runs that belongs to somebody else, asked by a process of another user."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
import os, sys
sys.path[:0] = {path!r}
from pathlib import Path
from jne_engine.core.errors import StoreError
from jne_engine.jobs.queue import open_jobs
os.setgid(65534), os.setuid(65534)
try:
    open_jobs(Path({root!r}))
except StoreError as error:
    print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("there", [False, True], ids=["no table yet", "somebody else's lock"])
def test_a_table_that_may_not_be_written_is_told_in_one_line(tmp_path: Path, there: bool) -> None:
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(folder.stat().st_mode | 0o055)
    if there:
        (tmp_path / ".jobs" / "logs").mkdir(parents=True)
        (tmp_path / ".jobs" / "table.lock").touch(mode=0o600)
    code = ASK.format(path=sys.path, root=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "expected a writable folder" in done.stdout
    assert "choose a folder of runs that you may write" in done.stdout
