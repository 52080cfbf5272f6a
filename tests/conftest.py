"""Fixtures that tests of several folders share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.synthetic_run import write_synthetic_run


@pytest.fixture(scope="session", autouse=True)
def _leave_the_disk_alone() -> Iterator[None]:
    """Let ``os.fsync`` return at once: a hundred times a run, and no test outlives a power cut.

    Tests of what is forced to the disk put their own in its place.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


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
