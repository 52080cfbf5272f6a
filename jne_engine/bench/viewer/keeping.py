"""What a tab keeps: changes among maps that it has, several panes, and its memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median

import psutil

from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.viewer.brain_page import BrainPage, Studio
from jne_engine.bench.viewer.scenes import N_MAPS
from jne_engine.bench.viewer.sizes import LARGE, SMALL, ViewerSizes

CHANGE_GOALS: Mapping[int, Goal] = {SMALL: Goal(at_most=60), LARGE: Goal(at_most=120)}
PANES = 4
PANES_GOAL = Goal(at_most=1.3)
MEMORY_GOAL = Goal(at_most=400)


def measure_kept(studio: Studio, sizes: ViewerSizes) -> Iterator[Row]:
    """Choose maps in the viewer's own list once the browser has them."""
    for n_vertices in sizes.swapped:
        with studio.open(n_vertices) as page:
            _bring_all(page)
            numbers = [(1 + n) % N_MAPS for n in range(sizes.n_swaps)]  # the first one is shown
            times = [1000 * page.choose_map(number).done_s for number in numbers]
        how = (
            f"choice in the viewer → painted and rasterised (a pixel read back), {n_vertices} "
            f"vertices, a map that the browser has, median of {len(times)}"
        )
        goal = CHANGE_GOALS[n_vertices]
        yield Row(f"viewer_kept_map_ms_{n_vertices}", median(times), goal, how)


def measure_panes(studio: Studio, sizes: ViewerSizes) -> Iterator[Row]:
    """Open pages with one brain and with four, in turn."""
    times: dict[int, list[float]] = {1: [], PANES: []}
    for _ in range(1 + sizes.n_visits):
        for n_panes, taken in times.items():
            with studio.open(SMALL, n_panes=n_panes) as page:
                taken.append(page.first.done_s)
    one, four = (median(taken[1:]) for taken in times.values())  # the first visit warms the server
    how = (
        f"navigation → {PANES} brains painted, {four:.2f} s, ÷ one, {one:.2f} s; {SMALL} vertices, "
        f"warm server, fresh browser profiles, in turn, medians of {sizes.n_visits}"
    )
    yield Row(f"viewer_panes_of_one_{SMALL}", four / one, PANES_GOAL, how)


def measure_memory(studio: Studio, sizes: ViewerSizes) -> Iterator[Row]:
    """Change among kept maps many times, and read what the tab's process holds for itself."""
    for n_vertices in sizes.swapped:
        with studio.open(n_vertices) as page:
            _bring_all(page)
            for change in range(sizes.n_changes):
                page.show_map(change % N_MAPS)
            held = max(read_tabs())
        how = (
            f"private memory of the tab's process after {sizes.n_changes} changes among {N_MAPS} "
            f"maps of {n_vertices} vertices; WebGL's own lies in Chromium's GPU process"
        )
        yield Row(f"viewer_tab_mb_{n_vertices}", held / 1e6, MEMORY_GOAL, how)


def _bring_all(page: BrainPage) -> None:
    for _ in range(N_MAPS):
        page.change_map()


def read_tabs() -> Iterator[int]:
    """Return the private bytes of each tab of the browsers that this process drives."""
    for process in psutil.Process().children(recursive=True):
        if "--type=renderer" in process.cmdline():
            yield process.memory_full_info().uss
