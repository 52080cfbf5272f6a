"""A run's maps as one interactive HTML file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jne_engine.analysis import maps
from jne_engine.core.errors import InputError
from jne_engine.report.export.content import RunContent
from jne_engine.report.export.html import export_html
from jne_engine.runs.store import Run, has_projection
from jne_engine.viewer.scenes.run import build_run_scene
from jne_engine.viewer.surfaces import choose_display


def export_run_html(
    run: Run,
    path: Path,
    *,
    chosen: str = "jne",
    significant: bool = True,
    threshold: float | None = None,
) -> Path:
    """Write a run's maps as one interactive HTML file that needs no network.

    Parameters
    ----------
    run : Run
    path : pathlib.Path
        File to write; its folder must exist.
    chosen : str
        Map that the file shows first; it holds all.
    significant : bool
        Begin with significant voxels only.
    threshold : float, optional
        Begin with values of the chosen map from this one on.

    Returns
    -------
    pathlib.Path
        The written file.

    Raises
    ------
    InputError
        If the run's surface cannot be drawn, or it has no such map.
    """
    scene = build_run_scene(run, chosen, significant=significant, threshold=threshold)
    if scene is None:
        raise refuse_bare(run)
    return export_html(scene, path)


def check_html(run: Run) -> None:
    """Require a surface that can be drawn: the run's own, or one that it is projected onto.

    Raises
    ------
    InputError
        If the run has none.
    """
    space = maps.read_surface(run)
    projected = has_projection(run.stage("dataset"))
    if not projected and (space is None or choose_display(space) is None):
        raise refuse_bare(run)


def refuse_bare(run: Run) -> InputError:
    """Return the error of a run whose brain cannot be drawn, with what to do about it."""
    expected = "a surface that can be drawn"
    return InputError(run.run_id, expected, "none", maps.tell_why_bare(run))


def write_html(content: RunContent, folder: Path) -> Iterator[None]:
    """Write ``brain.html``, which holds every map and lets the reader choose.

    Yields
    ------
    None
        After the file.
    """
    path = folder / f"{content.stem('brain')}.html"
    first = "jne" if content.maps[0].info.kind == "mask" else content.maps[0].name
    export_run_html(content.run, path, chosen=first, significant=content.significant_only)
    yield
