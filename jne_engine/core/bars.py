"""Progress on a terminal or in a notebook: one bar a stage, with rate and time left."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from tqdm.auto import tqdm


class StageBars:
    """A context whose calls ``bars(stage, done, total)`` draw one bar a stage.

    Fits stop when validation no longer improves, so their total is an upper bound.

    Parameters
    ----------
    unit_of : callable
        Returns the unit in which a stage counts.
    quiet : bool
        Draw none.
    """

    def __init__(self, unit_of: Callable[[str], str], *, quiet: bool = False) -> None:
        self._unit_of = unit_of
        self._quiet = quiet
        self._stage = ""
        self._bar: Any = None

    def __enter__(self) -> Self:
        """Return the bars themselves."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last bar as it is."""
        self._close()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` steps of a stage are finished."""
        if stage != self._stage:
            self._open(stage, total)
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def _open(self, stage: str, total: int) -> None:
        self._close()
        self._stage = stage
        self._bar = tqdm(
            total=total,
            desc=f"{stage:<11}",
            unit=f" {self._unit_of(stage)}",
            file=sys.stderr,
            disable=self._quiet,
            mininterval=0.2,
        )

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
