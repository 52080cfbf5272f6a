"""Simulations for a page: one worker process at its side, the newest request first.

The page's process never imports torch; the worker does, before the first request comes.
"""

from __future__ import annotations

import json
import pickle
import threading
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from jne_engine.core.child import Child, ChildEndedError
from jne_engine.core.errors import InputError, JneError
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
        self._worker: Child | None = None
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
        return None if self._worker is None else self._worker.process_id

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
        self._worker = worker = _start_worker()  # at once: importing torch takes seconds
        while (request := self._take()) is not None:
            self._answer(request)
            worker = self._worker
        worker.close()

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
        asked = pickle.dumps((request.name, dict(request.settings)))
        for _ in range(ATTEMPTS):
            worker = self._worker or _start_worker()
            try:
                found: SimulationResult = pickle.loads(worker.ask(asked))  # noqa: S301 - our child
            except ChildEndedError:
                worker.close()
                self._worker = _start_worker()
            else:
                return found
        raise JneError("live simulation", "an answer", "a worker that ended", "choose less")


def _start_worker() -> Child:
    return Child("jne_engine.simulations.live_worker:answer")


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
