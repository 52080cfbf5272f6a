"""On which surface a run's vertices are shown, and which of them are not."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from jne_engine.core.errors import InputError
from jne_engine.cortex.icosahedron import FSAVERAGE
from jne_engine.cortex.names import VERTICES, canonical_name
from jne_engine.cortex.projection import SubjectSurface
from jne_engine.cortex.spaces import HEMISPHERES, SurfaceSpace
from jne_engine.cortex.surfaces import GEOMETRIES
from jne_engine.viewer.payload import ViewerSurface
from jne_engine.viewer.surfaces.files import SurfaceFiles, build_subject_surface, read_surface_files
from jne_engine.viewer.surfaces.packaged import load_viewer_surface
from jne_engine.viewer.surfaces.places import (
    find_described,
    find_surface_files,
    list_descriptions,
)

STAND_IN = "fsaverage5"
"""The packaged mesh that finer ones of fsaverage are shown on where they are not on disk."""


@dataclass(frozen=True, eq=False)
class Display:
    """The surface that is drawn for a run.

    Parameters
    ----------
    surface : ViewerSurface
        What is drawn; its vertices are the first of the run's surface.
    n_vertices : mapping of hemisphere to int
        Vertices of the run's own surface.
    note : str
        What a reader must know of it: vertices not shown, shading that was computed.
    """

    surface: ViewerSurface
    n_vertices: Mapping[str, int]
    note: str = ""


def choose_display(
    space: SurfaceSpace, environment: Mapping[str, str] = os.environ
) -> Display | None:
    """Choose the surface on which to draw a run: described, packaged, on disk, or a coarser one.

    Parameters
    ----------
    space : SurfaceSpace
        Where the run's columns lie.
    environment : mapping
        Says where to look, as for :func:`find_surface_files`.

    Returns
    -------
    Display or None
        None where the surface is unknown.

    Raises
    ------
    InputError
        If the surface's files cannot be read, or are not of the size that its name has.
    """
    name = canonical_name(space.surface)
    described = find_described(space.surface, environment)
    if described is not None:
        return _whole(_check_size(name, _read_once(described)))
    if name in GEOMETRIES:
        return _whole(load_viewer_surface(name))
    files = find_surface_files(space.surface, environment)
    if files is not None:
        return _whole(_read_once(files))
    if name in FSAVERAGE:
        return _stand_in(space, name)
    return None


def show_subject_surface(own: SubjectSurface) -> Display:
    """Show the surface that a run carries with it, every vertex."""
    return _whole(build_subject_surface(own))


def list_drawable(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the surfaces that can be drawn, each with where it comes from."""
    found = dict.fromkeys(GEOMETRIES, "packaged")
    for name in FSAVERAGE:
        if name not in found:
            files = find_surface_files(name, environment)
            place = None if files is None else str(files.shapes[0].left.parent)
            missing = f"not on disk: shown on {STAND_IN}; python -m jne_engine surfaces --fetch"
            found[name] = place or f"{missing} {name}"
    described = list_descriptions(environment)
    return found | {canonical_name(n): str(f.shapes[0].left.parent) for n, f in described.items()}


def _check_size(name: str, surface: ViewerSurface) -> ViewerSurface:
    """Require the vertices that a surface of a usual name has."""
    for hemi in HEMISPHERES:
        found, expected = surface.n_vertices(hemi), VERTICES.get(name)
        if expected not in (None, found):
            fix = "give the described surface a name of its own, or the files of this mesh"
            what = f"surface {name}, {hemi}"
            raise InputError(what, f"{expected} vertices", f"{found}", fix)
    return surface


@lru_cache(maxsize=4)
def _read_once(files: SurfaceFiles) -> ViewerSurface:
    """Read a surface from disk; kept, for a large one takes seconds."""
    return read_surface_files(files)


def _whole(surface: ViewerSurface) -> Display:
    return Display(surface, {h: surface.n_vertices(h) for h in HEMISPHERES}, surface.note)


def _stand_in(space: SurfaceSpace, name: str) -> Display:
    """Show the first vertices of a finer fsaverage on fsaverage5, and say what that leaves out."""
    shown, n = FSAVERAGE[STAND_IN], FSAVERAGE[name]
    hidden = sum(int((space.vertices(hemi) >= shown).sum()) for hemi in HEMISPHERES)
    note = (
        f"Drawn on {STAND_IN}, whose {shown:,} vertices a hemisphere are the first of {name}'s"
        f" {n:,}: {hidden:,} of the run's {space.n_voxels:,} vertices are not shown."
        f" For all of them: python -m jne_engine surfaces --fetch {name}."
    )
    return Display(load_viewer_surface(STAND_IN), dict.fromkeys(HEMISPHERES, n), note)
