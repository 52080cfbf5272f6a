"""Fixtures that tests of several folders share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.synthetic_run import write_synthetic_run


@pytest.fixture(scope="session")
def synthetic_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a folder with one synthetic run, for tests that only read it."""
    root = tmp_path_factory.mktemp("synthetic")
    write_synthetic_run(root)
    return root


@pytest.fixture
def make_root(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes one synthetic run into a folder of its own."""

    def make(**choices: Any) -> Path:
        write_synthetic_run(tmp_path, **choices)
        return tmp_path

    return make
