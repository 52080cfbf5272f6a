"""An altered file is a valid result or one line, never a crash, a hang or a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.readers.mutants import FORMATS

N_MUTANTS = 200
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", FORMATS)
def test_mutants_are_refused_in_one_line_or_read(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.engine.readers.mutants"]
    finished = subprocess.run(
        [*command, name, str(N_MUTANTS), "0", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=250, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr[-2000:]
    counts = json.loads(finished.stdout)
    assert counts["refused"] + counts["same"] + counts["different"] == N_MUTANTS
    assert counts["refused"] > 0
