"""Where the columns of plain arrays lie, and how a volume's are shown on a surface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import CorticalSpace
from jne_engine.datasets.locations import (
    know_surface,
    place_columns,
    read_surface_space,
    read_volume_space,
    suggest_surface,
)

if TYPE_CHECKING:
    from jne_engine.datasets.arrays.files import ArrayFiles


def place_plain(files: ArrayFiles, n_voxels: int) -> tuple[CorticalSpace | None, tuple[str, ...]]:
    """Return where the columns of a plain array lie, and what is to be told of it.

    Raises
    ------
    InputError
        If places are named twice or by half, or do not fit the columns.
    """
    if files.voxels is not None:
        if files.vertices is not None:
            fix = "give vertices of a surface, or voxels of a volume"
            raise InputError("columns", "one place", "vertices and voxels", fix)
        return read_volume_space(files.voxels, n_voxels), ()
    if files.surface_folder is not None:
        fix = "give the voxels of the columns, or leave the folder out"
        raise InputError("surface_folder", "voxels beside it", "none", fix)
    if files.vertices is not None and files.surface is not None:
        return read_surface_space(files.vertices, files.surface, n_voxels), ()
    if files.surface is not None:
        return _usual_space(know_surface(files.surface), n_voxels)
    if files.vertices is not None:
        fix = "name the surface of the vertices"
        raise InputError("surface", "surface and vertices together", "vertices alone", fix)
    likely = suggest_surface(n_voxels)
    usual = f"{n_voxels:,} columns are a usual layout of {likely}: name surface to place them"
    return None, (usual,) if likely else ()


def _usual_space(surface: str, n_voxels: int) -> tuple[CorticalSpace, tuple[str, ...]]:
    space = place_columns(surface, n_voxels)
    if space is None:
        found = f"surface {surface!r} alone, with {n_voxels:,} columns"
        fix = "give the vertices of the columns and the name of their surface, or neither"
        raise InputError("surface", "surface and vertices together", found, fix)
    left_out = n_voxels - space.n_voxels
    below = f"; {left_out:,} grayordinates below the cortex are left out" if left_out else ""
    return space, (f"{n_voxels:,} columns taken as {surface}'s, left and then right{below}",)
