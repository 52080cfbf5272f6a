"""An altered neuroimaging file is a valid result or one line; a compressed one never differs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.amounts import N_ALTERED, choose_amount
from tests.engine.readers.image_mutants import FORMATS, GZIPPED

N_MUTANTS = choose_amount(N_ALTERED, full=1000)
LIMIT_S = choose_amount(280, full=1700)
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Read every altered file in one child process, which must live to its end."""
    folder = tmp_path_factory.mktemp("mutants")
    finished = subprocess.run(
        [sys.executable, "-m", "tests.engine.readers.image_mutants",
         str(N_MUTANTS), "0", str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr[-2000:]
    counted: dict[str, Any] = json.loads(finished.stdout)
    return counted


@pytest.mark.parametrize("name", FORMATS)
def test_mutants_are_refused_in_one_line_or_read(name: str, outcomes: dict[str, Any]) -> None:
    counts = outcomes["mutants"][name]
    assert sum(counts.values()) == N_MUTANTS
    assert counts["refused"] > 0


@pytest.mark.parametrize("name", [*GZIPPED, "gifti"])
def test_no_bit_flip_in_a_compressed_format_passes_silently(
    name: str, outcomes: dict[str, Any]
) -> None:
    counts = outcomes["flips"][name]
    assert counts["different"] == 0
    assert counts["refused"] + counts["same"] == N_MUTANTS
    assert counts["refused"] > N_MUTANTS // 2
