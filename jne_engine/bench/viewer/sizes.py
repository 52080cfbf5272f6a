"""How often each thing is done and at which sizes."""

from __future__ import annotations

from dataclasses import dataclass

SMALL, MIDDLE, LARGE = 20_484, 81_924, 327_684
"""Vertices of both hemispheres: fsaverage5, subdivided once, twice."""


@dataclass(frozen=True)
class ViewerSizes:
    """Repetitions and sizes of a benchmark of the viewer.

    Parameters
    ----------
    n_frames : int
        Frames of a threshold drag.
    n_swaps : int
        Maps taken one after another, each for the first time in its session.
    n_places : int
        Pointer positions on the brain.
    n_visits : int
        First visits, each in a fresh browser profile.
    n_changes : int
        Changes among kept maps before a tab's memory is read.
    large : bool
        Whether 327,684 vertices are measured too.
    """

    n_frames: int = 40
    n_swaps: int = 8
    n_places: int = 200
    n_visits: int = 5
    n_changes: int = 200
    large: bool = True

    @classmethod
    def quick(cls) -> ViewerSizes:
        """Return fewer repetitions, and no large brain."""
        return cls(n_frames=30, n_swaps=4, n_places=50, n_visits=3, large=False)

    @property
    def swapped(self) -> tuple[int, ...]:
        """Sizes at which maps are swapped and first brains painted."""
        return (SMALL, LARGE) if self.large else (SMALL,)

    @property
    def dragged(self) -> tuple[int, ...]:
        """Sizes at which the threshold is dragged."""
        return (SMALL, MIDDLE, LARGE) if self.large else (SMALL, MIDDLE)
