"""How often the tests that repeat themselves do so: often enough by default, fully when asked."""

from __future__ import annotations

import os

FULL = os.environ.get("JNE_TEST_FULL") == "1"
"""Set by ``make test-full``."""

N_DISTURBED = 5
"""Moments by default at which a process is killed, a job cancelled or a disk full."""

N_ALTERED = 100
"""Altered copies by default that a reader gets of each file."""


def choose_amount(default: int, *, full: int) -> int:
    """Return how often a test repeats itself.

    Parameters
    ----------
    default : int
        The amount of ``make test``.
    full : int
        The amount of ``make test-full``.

    Returns
    -------
    int
        One of the two.
    """
    return full if FULL else default
