"""What a job is, and what the table knows of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from jne_engine.core.errors import InputError

State = Literal["queued", "running", "cancelling", "cancelled", "failed", "done"]

STATES: tuple[State, ...] = get_args(State)
ACTIVE: frozenset[State] = frozenset({"queued", "running", "cancelling"})
"""States that a worker still has to do with; the others are final until somebody asks again."""

STARTING = "starting"
"""Stage of a job that a worker has taken and whose own code does not run yet."""

INTERNAL = "internal error"
"""How the message of a failure begins that is nobody's input."""


@dataclass(frozen=True)
class JobSpec:
    """What shall be done, in plain values that JSON can hold.

    Parameters
    ----------
    kind : str
        One of :data:`~jne_engine.jobs.kinds.KINDS`.
    payload : mapping
        What the kind's function needs; paths are absolute.
    label : str
        What a person calls it.

    Raises
    ------
    InputError
        If the payload is not JSON.
    """

    kind: str
    payload: Mapping[str, Any]
    label: str = ""

    def __post_init__(self) -> None:
        """Keep a copy of the payload that nobody can alter."""
        try:
            text = json.dumps(dict(self.payload), allow_nan=False)
        except (TypeError, ValueError) as error:
            fix = "pass numbers, text, lists and mappings only"
            raise InputError("job payload", "plain values", str(error), fix) from error
        object.__setattr__(self, "payload", MappingProxyType(json.loads(text)))

    def payload_json(self) -> str:
        """Return the payload as one line of JSON, keys in order."""
        return json.dumps(dict(self.payload), sort_keys=True)


@dataclass(frozen=True)
class JobRecord:
    """One row of the table: a job, how far it is, and what became of it.

    Parameters
    ----------
    id : int
        Number of the job; never given twice in one table.
    key : str
        SHA-256 by which two askers mean the same job, see :mod:`jne_engine.jobs.keys`.
    spec : JobSpec
        What shall be done.
    state : str
        One of :data:`STATES`.
    stage : str
        What is being done; ``"starting"`` before the job's own code runs, ``""`` in the queue.
    done, total : int
        Steps of the stage. Fits stop when validation no longer improves: their total, and
        the time left with it, is an upper bound.
    rate : float, optional
        Steps a second, over the last ten seconds.
    time_left_s : float, optional
        Seconds to the end of the stage at that rate.
    memory_bytes : int, optional
        Resident memory of the job's processes.
    created, queued : float
        Seconds since 1970, when first and last asked for.
    started, finished, heartbeat : float, optional
        Seconds since 1970: of the last attempt, and the last sign of its life.
    attempts : int
        How often a worker has begun it.
    message : str
        One line on why it failed.
    log : pathlib.Path
        What its processes printed; tracebacks are there.
    place : pathlib.Path, optional
        Where the result is being made, or is when the job is done.
    subject, feature_set : str
        Of what is computed, ``""`` until known.
    layer : int, optional
        Feature layer, once known.
    """

    id: int
    key: str
    spec: JobSpec
    state: State
    stage: str
    done: int
    total: int
    created: float
    queued: float
    attempts: int
    log: Path
    message: str = ""
    rate: float | None = None
    time_left_s: float | None = None
    memory_bytes: int | None = None
    started: float | None = None
    finished: float | None = None
    heartbeat: float | None = None
    place: Path | None = None
    subject: str = ""
    feature_set: str = ""
    layer: int | None = None

    @property
    def is_active(self) -> bool:
        """Whether a worker still has to do with it."""
        return self.state in ACTIVE

    @property
    def can_retry(self) -> bool:
        """Whether :meth:`~jne_engine.jobs.queue.Jobs.retry` takes it up where it stopped."""
        return self.state in {"cancelled", "failed"}

    @property
    def fraction(self) -> float | None:
        """Share of the stage that is done, None where the stage counts nothing."""
        return self.done / self.total if self.total else None


@dataclass(frozen=True)
class EpochLoss:
    """One point of a learning curve; losses are mean squared errors, epochs count from 1."""

    stage: str
    epoch: int
    train_loss: float
    validation_loss: float


@dataclass(frozen=True)
class WorkerRecord:
    """The worker that holds the table.

    Parameters
    ----------
    pid : int
        Its process.
    created : float
        When the system started that process; tells it from a later one of the same number.
    beat : float
        Its last sign of life on the machine's monotonic clock, which sleep does not advance.
    """

    pid: int
    created: float
    beat: float = field(default=0.0)
