"""How long work tells what it has done: a callback of counts, no more."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called as ``progress(done, total)`` in the unit of the work at hand."""

StageProgress = Callable[[str, int, int], None]
"""Called as ``report(stage, done, total)`` by work of several stages."""


def ignore_progress(done: int, total: int) -> None:
    """Take a progress report and do nothing with it."""


def ignore_stages(stage: str, done: int, total: int) -> None:
    """Take a progress report of a stage and do nothing with it."""
