"""How an import tells what it has done."""

from __future__ import annotations

from collections.abc import Callable

ImportProgress = Callable[[str, int, int], None]
"""Called as ``report(stage, done, total)``; stages are ``betas``, ``pictures`` and ``rows``."""


def report_nothing(stage: str, done: int, total: int) -> None:
    """Take a progress report and do nothing with it."""
