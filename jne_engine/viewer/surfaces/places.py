"""Where surfaces that are not packaged lie on disk, and how fsaverage gets there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError, JneError
from jne_engine.cortex.icosahedron import FSAVERAGE
from jne_engine.cortex.names import OWN_SURFACES, canonical_name
from jne_engine.formats.guard import printable
from jne_engine.viewer.surfaces.descriptions import read_surface_description
from jne_engine.viewer.surfaces.files import ShapeFiles, SurfaceFiles

FETCHABLE = ("fsaverage6", "fsaverage")

_FREESURFER_SHAPES = ("white", "pial", "inflated")
_NILEARN_SHAPES = {"white": "white", "pial": "pial", "inflated": "infl", "flat": "flat"}


def find_surface_files(
    surface: str, environment: Mapping[str, str] = os.environ
) -> SurfaceFiles | None:
    """Look for a surface on disk; nothing is downloaded.

    Parameters
    ----------
    surface : str
        Name of a surface.
    environment : mapping
        A description in ``$JNE_SURFACES`` (the folder ``surfaces`` by default) comes first; then,
        for fsaverage's meshes, a subject in ``$SUBJECTS_DIR`` or ``$FREESURFER_HOME/subjects``,
        then nilearn's data folders.

    Returns
    -------
    SurfaceFiles or None
        None where it is nowhere.
    """
    described = find_described(surface, environment)
    if described is not None:
        return described
    if canonical_name(surface) not in FSAVERAGE:
        return None
    name = canonical_name(surface)
    places = [*_freesurfer_places(name, environment), *_nilearn_places(name, environment)]
    return next(iter(places), None)


def find_described(
    surface: str, environment: Mapping[str, str] = os.environ
) -> SurfaceFiles | None:
    """Return the user's own surface of a name, in whichever spelling, None without."""
    described = list_descriptions(environment)
    named = {canonical_name(name): files for name, files in described.items()}
    return described.get(surface) or named.get(canonical_name(surface))


def list_descriptions(environment: Mapping[str, str] = os.environ) -> dict[str, SurfaceFiles]:
    """Return the user's surfaces by name.

    Raises
    ------
    InputError
        If a description cannot be read, or two have one name.
    """
    folder = Path(environment.get(OWN_SURFACES, "surfaces"))
    found: dict[str, SurfaceFiles] = {}
    for path in sorted(folder.glob("*.toml")):
        files = read_surface_description(path)
        if files.name in found:
            fix = "rename one of the surfaces"
            raise InputError(printable(path.name), "a name of its own", files.name, fix)
        found[files.name] = files
    return found


def fetch_fsaverage(surface: str, folder: Path | None = None) -> SurfaceFiles:
    """Download fsaverage6 or fsaverage with nilearn into its data folder.

    Parameters
    ----------
    surface : {"fsaverage6", "fsaverage"}
        Which mesh.
    folder : pathlib.Path, optional
        Data folder; nilearn's own by default.

    Returns
    -------
    SurfaceFiles
        Where it lies now.

    Raises
    ------
    InputError
        If it cannot be downloaded; nilearn gives up a server that does not answer.
    """
    name = canonical_name(surface)
    check_choice("surface to fetch", name, FETCHABLE)
    from nilearn.datasets import fetch_surf_fsaverage

    fix = f"connect to a network, or copy FreeSurfer's {name} into $SUBJECTS_DIR"
    try:
        parts = fetch_surf_fsaverage(name, data_dir=folder)
    except (OSError, ValueError, RuntimeError) as error:
        reason = printable(str(error)) or type(error).__name__
        raise InputError(name, "a download by nilearn", reason, fix) from error
    files = _nilearn_files(name, Path(parts["pial_left"]).parent)
    if files is None:
        raise JneError(name, "the files that nilearn names", "some missing", fix)
    return files


def _freesurfer_places(name: str, environment: Mapping[str, str]) -> Iterator[SurfaceFiles]:
    subjects = [Path(environment[v]) for v in ("SUBJECTS_DIR",) if environment.get(v)]
    if environment.get("FREESURFER_HOME"):
        subjects.append(Path(environment["FREESURFER_HOME"]) / "subjects")
    for root in subjects:
        folder = root / name / "surf"
        shapes = tuple(
            ShapeFiles(s, folder / f"lh.{s}", folder / f"rh.{s}") for s in _FREESURFER_SHAPES
        )
        there = tuple(s for s in shapes if _is_there(s))
        depth = ShapeFiles("depth", folder / "lh.sulc", folder / "rh.sulc")
        if there:
            yield SurfaceFiles(name, there, depth if _is_there(depth) else None)


def _nilearn_places(name: str, environment: Mapping[str, str]) -> Iterator[SurfaceFiles]:
    shared = environment.get("NILEARN_SHARED_DATA", "").split(os.pathsep)
    own = environment.get("NILEARN_DATA", "").split(os.pathsep)
    roots = [Path(root) for root in (*shared, *own) if root]
    if environment.get("HOME"):
        roots.append(Path(environment["HOME"]) / "nilearn_data")
    for root in roots:
        files = _nilearn_files(name, root / name)
        if files is not None:
            yield files


def _nilearn_files(name: str, folder: Path) -> SurfaceFiles | None:
    pairs = tuple(
        ShapeFiles(shape, *(folder / f"{part}_{side}.gii.gz" for side in ("left", "right")))
        for shape, part in {**_NILEARN_SHAPES, "depth": "sulc"}.items()
    )
    if not all(_is_there(pair) for pair in pairs):
        return None
    return SurfaceFiles(name, pairs[:-1], pairs[-1])


def _is_there(pair: ShapeFiles) -> bool:
    return pair.left.is_file() and pair.right.is_file()
