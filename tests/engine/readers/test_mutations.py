"""An altered file is a valid result or one line, never a crash, a hang or a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.amounts import N_ALTERED, choose_amount
from tests.engine.readers.mutants import FORMATS

N_MUTANTS = choose_amount(N_ALTERED, full=200)
LIMIT_S = choose_amount(280, full=1700)
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, int]]:
    """Read every altered file in one child process, which must live to its end."""
    folder = tmp_path_factory.mktemp("mutants")
    finished = subprocess.run(
        [sys.executable, "-m", "tests.engine.readers.mutants", str(N_MUTANTS), "0", str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr[-2000:]
    return dict(json.loads(line) for line in finished.stdout.splitlines())


@pytest.mark.parametrize("name", FORMATS)
def test_mutants_are_refused_in_one_line_or_read(
    name: str, outcomes: dict[str, dict[str, int]]
) -> None:
    assert sum(outcomes[name].values()) == N_MUTANTS
    assert outcomes[name]["refused"] > 0
