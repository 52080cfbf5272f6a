"""A user's surface described by a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

from jne_engine.core.errors import InputError
from jne_engine.formats.guard import check_inside, printable, read_text, reading
from jne_engine.viewer.surfaces.files import ShapeFiles, SurfaceFiles

SURFACE_EXAMPLE: Final = """\
# my-subject.toml: paths are relative to this file
name = "my-subject"                        # as the dataset's surface says it
depth = ["lh.sulc", "rh.sulc"]             # optional: left, right; else curvature is computed
gyri_positive = false                      # true where depth counts gyri as positive

[shapes]                                   # left, right; .surf.gii or FreeSurfer geometry
white = ["lh.white", "rh.white"]
inflated = ["lh.inflated", "rh.inflated"]
flat = ["lh.flat.surf.gii", "rh.flat.surf.gii"]
"""
"""A description of a surface with every key."""

_KEYS: Final = ("name", "depth", "gyri_positive", "shapes")
_SEE: Final = "write it as the example in docs/datasets.md does"


def read_surface_description(path: Path, *, allowed_root: Path | None = None) -> SurfaceFiles:
    """Read where a user's surface lies.

    Parameters
    ----------
    path : pathlib.Path
        A TOML file as :data:`SURFACE_EXAMPLE`.
    allowed_root : pathlib.Path, optional
        Folder that no file of the surface may leave, links followed.

    Raises
    ------
    InputError
        If keys are unknown, missing or of a wrong kind.
    UnsafeFileError
        If a file lies outside ``allowed_root``.
    """
    text = read_text(path, max_bytes=2**20)
    with reading(path, expected="a TOML file", fix=_SEE):
        found = tomllib.loads(text)
    what = printable(path.name)
    unknown = [key for key in found if key not in _KEYS]
    if unknown:
        raise InputError(what, f"keys among {', '.join(_KEYS)}", printable(unknown[0]), _SEE)
    shapes = found.get("shapes")
    if not isinstance(shapes, dict) or not isinstance(found.get("name"), str):
        raise InputError(what, "a name and a table of shapes", "one of them missing", _SEE)
    if not isinstance(found.get("gyri_positive", False), bool):
        raise InputError(f"{what}, gyri_positive", "true or false", "something else", _SEE)
    files = SurfaceFiles(
        found["name"],
        tuple(_pair(path, name, pair) for name, pair in shapes.items()),
        _pair(path, "depth", found["depth"]) if "depth" in found else None,
        found.get("gyri_positive", False),
    )
    if allowed_root is not None:
        for pair in (*files.shapes, *filter(None, [files.depth])):
            check_inside(pair.left, allowed_root)
            check_inside(pair.right, allowed_root)
    return files


def _pair(path: Path, name: str, pair: Any) -> ShapeFiles:
    if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(p, str) for p in pair)):
        what = f"{printable(path.name)}, {printable(name)}"
        raise InputError(what, "two files: left and right", printable(repr(pair)), _SEE)
    return ShapeFiles(name, path.parent / pair[0], path.parent / pair[1])
