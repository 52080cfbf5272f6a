"""How a job's own process tells the table where it is, and hears that it is cancelled.

The work only sets values in memory; a thread carries them to the disk four times a second,
so that no block of work waits for an fsync.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Self

from jne_engine.core.errors import CancelledError, StoreError
from jne_engine.jobs.ledger import Advance, Attempt, Ledger
from jne_engine.jobs.records import EpochLoss

CARRY_S = 0.25
RATE_S = 10.0
"""Seconds over which a rate is taken."""


class JobReport:
    """A context that carries an attempt's progress to the table.

    Parameters
    ----------
    ledger : Ledger
        The table.
    attempt : Attempt
        Whose progress it is.
    """

    def __init__(self, ledger: Ledger, attempt: Attempt) -> None:
        self._ledger, self._attempt = ledger, attempt
        self._parent = os.getppid()
        self._lock = threading.Lock()
        self._advance: Advance | None = None
        self._losses: list[EpochLoss] = []
        self._stage = ""
        self._seen: deque[tuple[float, int]] = deque()
        self._cancelled = threading.Event()
        self._ended = threading.Event()
        self._carrier = threading.Thread(target=self._carry_on, name="report", daemon=True)

    @property
    def root(self) -> Path:
        """The folder of runs."""
        return self._ledger.files.root

    def __enter__(self) -> Self:
        """Begin to carry."""
        self._carrier.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Carry the last of it."""
        self._ended.set()
        self._carrier.join()
        self._carry()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Note that ``done`` of ``total`` steps of a stage are finished.

        Raises
        ------
        CancelledError
            If the job is cancelled.
        """
        with self._lock:
            self._advance = self._measure(stage, done, total)
        if self.cancelled():
            raise CancelledError("job", "to go on", "a request to stop", "retry it to go on")

    def epoch(self, stage: str, epoch: int, train_loss: float, validation_loss: float) -> None:
        """Note the losses of an epoch of a fit, counted from 1."""
        with self._lock:
            self._losses.append(EpochLoss(stage, epoch, train_loss, validation_loss))

    def identify(
        self, place: Path, *, subject: str = "", feature_set: str = "", layer: int | None = None
    ) -> None:
        """Note where the result will be and of what it is, as soon as that is known."""
        about = {"subject": subject, "feature_set": feature_set, "layer": layer}
        self._ledger.identify(self._attempt, place, about)

    def cancelled(self) -> bool:
        """Tell whether somebody has cancelled the job."""
        return self._cancelled.is_set()

    def _measure(self, stage: str, done: int, total: int) -> Advance:
        now = time.monotonic()
        if stage != self._stage:
            self._stage = stage
            self._seen.clear()
        while len(self._seen) > 2 and now - self._seen[0][0] > RATE_S:
            self._seen.popleft()
        self._seen.append((now, done))
        (start, first) = self._seen[0]
        rate = (done - first) / (now - start) if done > first and now > start else None
        left = None if rate is None else (total - done) / rate
        return Advance(stage, done, total, rate, left)

    def _carry_on(self) -> None:
        """Carry until the work has ended; end the process when nobody is there to watch it."""
        while not self._ended.wait(CARRY_S):
            if os.getppid() != self._parent:
                _end_own_group()
            try:
                self._carry()
                if self._attempt.job_id in self._ledger.read_cancelled():
                    self._cancelled.set()
            except StoreError as error:  # progress is no result: the work goes on without it
                sys.stderr.write(f"progress was not written: {error}\n")

    def _carry(self) -> None:
        """Write what is new; end the process when its attempt is no longer the present one."""
        with self._lock:
            advance, losses = self._advance, self._losses
            self._advance, self._losses = None, []
        if advance is None and not losses:
            return
        if not self._ledger.advance(self._attempt, advance, losses):
            _end_own_group()


def _end_own_group() -> None:
    """Kill this process and all that it has started; the store survives that at any point."""
    os.killpg(os.getpgrp(), signal.SIGKILL)
