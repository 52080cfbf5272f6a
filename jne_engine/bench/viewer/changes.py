"""New maps and first brains: seconds and bytes, ours and Plotly's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.viewer.brain_page import By, Studio
from jne_engine.bench.viewer.sizes import LARGE, SMALL, ViewerSizes
from jne_engine.bench.viewer.watch import Change
from jne_engine.viewer.payload import Wire

READY_GOALS: Mapping[int, Goal] = {SMALL: Goal(at_most=0.13), LARGE: Goal(at_most=0.20)}
BYTES_GOALS: Mapping[Wire, Goal] = {"float32": Goal(at_most=90e3), "float16": Goal(at_most=45e3)}
FIRST_GOAL = Goal(at_most=1.5)


def measure_swaps(studio: Studio, sizes: ViewerSizes) -> Iterator[Row]:
    """Click in Streamlit for maps that the session has not seen, and compare with Plotly."""
    for n_vertices in sizes.swapped:
        ours = _swap(studio, n_vertices, sizes.n_swaps)
        yield from _swap_rows(ours, n_vertices)
        theirs = _swap(studio, n_vertices, sizes.n_swaps, by="plotly")
        yield from compare_changes("viewer_map_swap", ours, theirs, n_vertices)
    half = _swap(studio, SMALL, sizes.n_swaps, wire="float16")
    yield _bytes_row(half, SMALL, "float16")


def measure_first(studio: Studio, sizes: ViewerSizes) -> Iterator[Row]:
    """Visit the warm server with an empty browser cache, and compare with Plotly."""
    for n_vertices in sizes.swapped:
        ours, shell = _visit(studio, n_vertices, sizes.n_visits)
        how = (
            f"navigation → first brain of {n_vertices} vertices rasterised, warm server, fresh "
            f"browser profile, median of {len(ours)}; Streamlit's own page stood after "
            f"{shell:.2f} s; {median_of(ours).n_bytes / 1e6:.2f} MB over the web socket"
        )
        goal = FIRST_GOAL if n_vertices == SMALL else None
        yield Row(f"viewer_first_brain_s_{n_vertices}", median_of(ours).done_s, goal, how)
        theirs, _ = _visit(studio, n_vertices, sizes.n_visits, by="plotly")
        yield from compare_changes("viewer_first_brain", ours, theirs, n_vertices)


def _swap(
    studio: Studio, n_vertices: int, count: int, *, by: By = "viewer", wire: Wire = "float32"
) -> list[Change]:
    with studio.open(n_vertices, by=by, wire=wire) as page:
        return [page.change_map() for _ in range(count)]


def _visit(
    studio: Studio, n_vertices: int, count: int, *, by: By = "viewer"
) -> tuple[list[Change], float]:
    """Return first brains, and the median seconds until Streamlit's own page stood."""
    with studio.open(n_vertices, by=by):
        pass  # warms the server
    visits, shells = [], []
    for _ in range(count):
        with studio.open(n_vertices, by=by) as page:
            visits.append(page.first)
            shells.append(page.shell_s)
    return visits, median(shells)


def median_of(changes: Sequence[Change]) -> Change:
    """Return the median of each number by itself."""
    ready, done, n_bytes = zip(*changes, strict=True)
    return Change(median(ready), median(done), round(median(n_bytes)))


def compare_changes(
    what: str, ours: Sequence[Change], theirs: Sequence[Change], n_vertices: int
) -> Iterator[Row]:
    """Return the rows of Plotly's medians over the viewer's."""
    numbers = zip(Change._fields, median_of(theirs), median_of(ours), strict=True)
    for field, plotly, viewer in numbers:
        name = field.removesuffix("_s").removeprefix("n_")
        unit = "bytes" if name == "bytes" else "s"
        how = (
            f"st.plotly_chart with Mesh3d, {plotly:,.4g} {unit}, ÷ the viewer, {viewer:,.4g} "
            f"{unit}; {n_vertices} vertices, the same surface, maps and run"
        )
        yield Row(f"{what}_{name}_plotly_ratio_{n_vertices}", plotly / viewer, None, how)


def _swap_rows(changes: Sequence[Change], n_vertices: int) -> Iterator[Row]:
    middle = median_of(changes)
    how = (
        f"click in Streamlit → values uploaded and the frame issued, {n_vertices} vertices, a map "
        f"new to the session, median of {len(changes)}"
    )
    goal = READY_GOALS.get(n_vertices)
    yield Row(f"viewer_map_swap_ready_s_{n_vertices}", middle.ready_s, goal, how)
    how = "the same until that frame is rasterised (a pixel read back)"
    yield Row(f"viewer_map_swap_done_s_{n_vertices}", middle.done_s, None, how)
    yield _bytes_row(changes, n_vertices, "float32")


def _bytes_row(changes: Sequence[Change], n_vertices: int, wire: Wire) -> Row:
    suffix = "" if wire == "float32" else f"_{wire}"
    how = (
        f"bytes over the web socket, both ways, for a map of {n_vertices} vertices in {wire}, "
        f"its rerun included; a scene of 10 maps"
    )
    goal = BYTES_GOALS[wire] if n_vertices == SMALL else None
    name = f"viewer_map_swap_bytes{suffix}_{n_vertices}"
    return Row(name, float(median_of(changes).n_bytes), goal, how)
