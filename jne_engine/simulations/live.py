"""Simulations for a page: one worker process at its side, the newest request first.

The page's process never imports torch. A worker is a plain child process that reads requests
from its standard input: ``multiprocessing`` would run the page's own script again in the
child, for under Streamlit that script is ``__main__``.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from jne_engine.core.errors import InputError, JneError
from jne_engine.core.resources import find_dashboard
from jne_engine.runs.results import SimulationResult
from jne_engine.simulations.catalogue import LIVE, SIMULATIONS

KEPT_ANSWERS = 128
ATTEMPTS = 2
"""Workers that may die over one request before it fails."""


@dataclass(frozen=True, eq=False)
class _Request:
    """One simulation that somebody waits for."""

    name: str
    settings: Mapping[str, Any]
    answer: Future[SimulationResult] = field(default_factory=Future)

    @property
    def key(self) -> str:
        """What tells one answer from another."""
        return json.dumps([self.name, dict(self.settings)], sort_keys=True)


class LiveSimulator:
    """Runs simulations at reduced size in a worker process, one at a time.

    Each owner (a reader's session) has at most one request that waits: a newer one cancels it.
    A worker that dies is replaced and its request tried once more. Answers are kept by name
    and settings.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, _Request] = OrderedDict()
        self._answers: OrderedDict[str, SimulationResult] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False
        self._worker: subprocess.Popen[bytes] | None = None
        threading.Thread(target=self._work, name="live-simulator", daemon=True).start()

    def submit(
        self, name: str, settings: Mapping[str, Any], *, owner: str = ""
    ) -> Future[SimulationResult]:
        """Ask for a simulation; the owner's older request is cancelled where it still waits.

        Parameters
        ----------
        name : str
            One of :data:`~jne_engine.simulations.catalogue.LIVE`.
        settings : mapping
            What differs from the reduced settings.
        owner : str
            Who asks.

        Returns
        -------
        concurrent.futures.Future
            Of a SimulationResult; it raises :class:`JneError` where the simulation does.
        """
        request = _Request(name, settings)
        with self._changed:
            older = self._waiting.pop(owner, None)
            if older is not None:
                older.answer.cancel()
            if request.key in self._answers:
                self._answers.move_to_end(request.key)
                request.answer.set_result(self._answers[request.key])
            else:
                self._waiting[owner] = request
                self._changed.notify()
        return request.answer

    @property
    def worker_id(self) -> int | None:
        """Process id of the worker, None before there is one."""
        return None if self._worker is None else self._worker.pid

    def close(self) -> None:
        """Cancel what waits and let the worker end after what it does now."""
        with self._changed:
            self._closed = True
            for request in self._waiting.values():
                request.answer.cancel()
            self._waiting.clear()
            self._changed.notify()

    def _work(self) -> None:
        """Answer requests until closed; the only thread that speaks to the worker."""
        self._worker = _start_worker()  # at once: importing torch takes seconds
        while (request := self._take()) is not None:
            self._answer(request)
        _end(self._worker)

    def _take(self) -> _Request | None:
        """Wait for the request that has waited longest; None once closed."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._closed or self._waiting)
                if self._closed:
                    return None
                _, request = self._waiting.popitem(last=False)
                if request.answer.set_running_or_notify_cancel():
                    return request

    def _answer(self, request: _Request) -> None:
        try:
            result = self._compute(request)
        except JneError as error:
            request.answer.set_exception(error)
            return
        with self._changed:
            self._answers[request.key] = result
            while len(self._answers) > KEPT_ANSWERS:
                self._answers.popitem(last=False)
        request.answer.set_result(result)

    def _compute(self, request: _Request) -> SimulationResult:
        for _ in range(ATTEMPTS):
            try:
                return _ask(self._worker, request)
            except (OSError, EOFError, pickle.UnpicklingError):
                _end(self._worker)
                self._worker = _start_worker()
        raise JneError("live simulation", "an answer", "a worker that ended", "choose less")


def _start_worker() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "jne_engine.simulations.live"],
        cwd=find_dashboard(),
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def _ask(worker: subprocess.Popen[bytes] | None, request: _Request) -> SimulationResult:
    """Send a request and wait for its answer; the worker's own JneError is raised here."""
    if worker is None or worker.stdin is None or worker.stdout is None:
        raise EOFError
    pickle.dump((request.name, dict(request.settings)), worker.stdin)
    worker.stdin.flush()
    answer = pickle.load(worker.stdout)  # noqa: S301 - written by our own child
    if isinstance(answer, JneError):
        raise answer
    result: SimulationResult = answer
    return result


def _end(worker: subprocess.Popen[bytes] | None) -> None:
    if worker is None:
        return
    worker.kill()
    worker.wait()
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            _close(pipe)


def _close(pipe: Any) -> None:
    """Close a pipe; what its dead reader has not taken is of no use."""
    with contextlib.suppress(BrokenPipeError):
        pipe.close()


def simulate_live(name: str, settings: Mapping[str, Any]) -> SimulationResult:
    """Compute one simulation here and now; imports torch.

    Raises
    ------
    InputError
        If the name or a setting is unknown or out of range.
    """
    if name not in LIVE:
        raise InputError("live simulation", " or ".join(LIVE), repr(name), "choose one")
    simulation = SIMULATIONS[name]
    kind = simulation.settings
    return simulation.find()(kind.from_dict({**kind.reduced().to_dict(), **settings}))


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer pickled requests until there are no more."""
    import torch

    torch.set_num_threads(1)
    for live in LIVE:
        SIMULATIONS[live].find()
    while True:
        try:
            name, settings = pickle.load(requests)  # noqa: S301 - written by our own parent
        except EOFError:
            return
        try:
            answer: SimulationResult | JneError = simulate_live(name, settings)
        except JneError as error:
            answer = error
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not write between the answers
    serve(sys.stdin.buffer, replies)
