"""The command ``bench viewer``: one browser, one server, all figures in turn."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click

from jne_engine.bench.report import report
from jne_engine.bench.rows import Row, describe_machine
from jne_engine.bench.viewer.brain_page import Studio
from jne_engine.bench.viewer.changes import measure_first, measure_swaps
from jne_engine.bench.viewer.chromium import describe_chromium, open_chromium
from jne_engine.bench.viewer.files import measure_files
from jne_engine.bench.viewer.handling import measure_hover, measure_sent, measure_threshold
from jne_engine.bench.viewer.keeping import measure_kept, measure_memory, measure_panes
from jne_engine.bench.viewer.server import APPS, serve
from jne_engine.bench.viewer.sizes import ViewerSizes
from jne_engine.bench.viewer.talks import measure_first_slide, measure_pins

GROUPS: Mapping[str, Callable[[Studio, ViewerSizes], Iterator[Row]]] = {
    "viewer_threshold": measure_threshold,
    "viewer_map_swap": measure_swaps,
    "viewer_kept_map": measure_kept,
    "viewer_panes": measure_panes,
    "viewer_tab": measure_memory,
    "viewer_sent": measure_sent,
    "viewer_first_brain": measure_first,
    "viewer_hover": measure_hover,
    "viewer_html": measure_files,
    "pin": measure_pins,
    "deck_first_slide": measure_first_slide,
}
"""Figures by what the names of their rows begin with, in the order in which they are printed."""


@click.command()
@click.option("--quick", is_flag=True, help="Fewer repetitions, and no 327,684 vertices.")
@click.option("--json", "as_json", is_flag=True, help="Print machine and rows as JSON.")
@click.option("--only", type=click.Choice(list(GROUPS)), help="Rows that begin with this.")
def viewer(quick: bool, as_json: bool, only: str | None) -> None:
    """Time the cortical viewer in a headless Chromium, beside Plotly's mesh."""
    sizes = ViewerSizes.quick() if quick else ViewerSizes()
    machine = describe_machine()
    with (
        tempfile.TemporaryDirectory() as folder,
        open_chromium() as browser,
        serve(APPS / "bench_app.py", Path(folder) / "server.log") as app,
    ):
        studio = Studio(browser, app.url)
        rows = (
            row
            for name, measure in GROUPS.items()
            if only in {None, name}
            for row in measure(studio, sizes)
        )
        report(machine | describe_chromium(browser), rows, as_json=as_json)
