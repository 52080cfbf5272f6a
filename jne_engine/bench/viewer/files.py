"""The size of the offline HTML file."""

from __future__ import annotations

from collections.abc import Iterator

from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.viewer.brain_page import Studio
from jne_engine.bench.viewer.scenes import (
    N_MAPS,
    build_fslr_scene,
    build_scene,
    draw_regions,
    load_bench_surface,
)
from jne_engine.bench.viewer.sizes import SMALL, ViewerSizes
from jne_engine.report.export.html import offline_html
from jne_engine.viewer.payload import ViewerScene


def measure_files(_studio: Studio, _sizes: ViewerSizes) -> Iterator[Row]:
    """Write scenes of ten noisy maps with values everywhere, which compress worst."""
    yield _file_row("fslr32k", build_fslr_scene(), Goal(at_most=4))
    surface = load_bench_surface(SMALL)
    yield _file_row("fsaverage5", build_scene(surface, draw_regions(surface)), Goal(at_most=2))


def _file_row(name: str, scene: ViewerScene, goal: Goal) -> Row:
    n_vertices = sum(scene.surface.n_vertices(h) for h in scene.surface.hemispheres)
    how = (
        f"MB of one HTML file with {N_MAPS} exact float32 maps of {n_vertices} vertices, "
        f"smooth field plus noise, pial, inflated and flat shapes, regions"
    )
    megabytes = len(offline_html(scene).encode()) / 1e6
    return Row(f"viewer_html_mb_{name}", megabytes, goal, how)
