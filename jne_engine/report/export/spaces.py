"""The kind of space that an export's format can hold."""

from __future__ import annotations

from typing import TypeVar

from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import CorticalSpace, SurfaceSpace, VolumeSpace

Space = TypeVar("Space", SurfaceSpace, VolumeSpace)

WANTED = {SurfaceSpace: "a run on a surface", VolumeSpace: "a run in a volume"}
OTHERS = {SurfaceSpace: ("a volume", "nifti"), VolumeSpace: ("a surface", "gifti")}
"""What else a run can be, and the format to take then."""


def require_space(space: CorticalSpace | None, kind: type[Space], form: str) -> Space:
    """Return a space of the kind that a format holds, or name the format to take instead.

    Raises
    ------
    InputError
        If the columns lie in another kind of space, or nowhere known.
    """
    if isinstance(space, kind):
        return space
    found, other = OTHERS[kind] if space is not None else ("no known place", "csv or parquet")
    raise InputError(f"export to {form}", WANTED[kind], found, f"take --to {other}")
