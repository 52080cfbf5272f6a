"""Timing two things in turn, so that a drifting machine changes both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

Work = Callable[[], object]


def time_once(work: Work) -> float:
    """Return the seconds that one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch work in one thread, for none to wait for another on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def time_work(work: Work) -> float:
    """Return the processor's seconds of one call, which other programs change little."""
    start = time.process_time()
    work()
    return time.process_time() - start


def compare(
    first: Work,
    second: Work,
    *,
    rounds: int,
    before: Work = lambda: None,
    clock: Callable[[Work], float] = time_once,
) -> float:
    """Return the median over rounds of seconds(first) / seconds(second), run in turn.

    Both run once before anything is counted. ``before`` runs before each, and is not counted.
    """

    def time_after(work: Work) -> float:
        before()
        return clock(work)

    first()
    second()
    return statistics.median(time_after(first) / time_after(second) for _ in range(rounds))


def time_best(work: Work, *, rounds: int) -> float:
    """Return the least seconds of several calls, after one that is not counted."""
    work()
    return min(time_once(work) for _ in range(rounds))
