"""What a kind of job is: who does it, how its stages are told, and where its result is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jne_engine.jobs.records import JobRecord

if TYPE_CHECKING:  # a report opens the table, which a kind's description does not need
    from jne_engine.jobs.reports import JobReport

JobFunction = Callable[[Mapping[str, Any], "JobReport", Callable[[], bool]], Path]
"""Called as ``do(payload, report, cancelled)`` in a process of its own; returns the result's path.

payload
    The :class:`~jne_engine.jobs.records.JobSpec`'s mapping.
report
    A :class:`~jne_engine.jobs.reports.JobReport`: ``report(stage, done, total)`` at every
    block, which raises :class:`~jne_engine.core.errors.CancelledError` once the job is cancelled;
    ``report.epoch(stage, epoch, train_loss, validation_loss)``; ``report.identify(place, …)``
    as soon as it knows where the result will be; ``report.root``, the folder of runs.
cancelled
    ``cancelled()`` is True once the job is cancelled, for loops that report nothing.

What is complete when the function is cut off must be found again when it is called once more
with the same payload. It imports torch, pandas and the like itself: pages know kinds too.
"""


@dataclass(frozen=True)
class Stage:
    """How a stage of a job is told.

    Parameters
    ----------
    label : str
        What is being done.
    unit : str
        What its steps are, in the plural.
    at_most : bool
        Whether the number of steps is an upper bound.
    """

    label: str
    unit: str = "steps"
    at_most: bool = False


@dataclass(frozen=True)
class Shown:
    """Where a finished job's result is shown.

    Parameters
    ----------
    page : str
        Name of a page's script.
    query : callable
        Returns that page's choices for a finished job, None where the result has gone.
    label, icon : str
        Of the link.
    """

    page: str
    query: Callable[[JobRecord], Mapping[str, str] | None]
    label: str = "Open"
    icon: str = ":material/open_in_new:"


@dataclass(frozen=True)
class JobKind:
    """One kind of job.

    Parameters
    ----------
    name : str
        As the table holds it.
    label, icon : str
        What a page calls it, and the Material icon beside that.
    do : callable
        Does a job of this kind, see :data:`JobFunction`.
    stages : mapping of str to Stage
        By the names under which ``do`` reports them.
    shown : Shown, optional
        Where the result is shown; None where whoever asked shows it.
    """

    name: str
    label: str
    icon: str
    do: JobFunction
    stages: Mapping[str, Stage] = field(default_factory=dict)
    shown: Shown | None = None

    def stage(self, name: str) -> Stage:
        """Return how a stage is told; by its name where the kind does not describe it."""
        return self.stages.get(name, Stage(name))

    def unit_of(self, name: str) -> str:
        """Return the unit in which a stage counts."""
        return self.stage(name).unit
