"""What a reader does with a brain that is there: drag, point, and turn; what that sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from statistics import median

from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.viewer.brain_page import BrainPage, Studio
from jne_engine.bench.viewer.sizes import MIDDLE, SMALL, ViewerSizes
from jne_engine.bench.viewer.watch import STAGE

FRAME_GOALS: Mapping[int, Goal] = {SMALL: Goal(at_most=25), MIDDLE: Goal(at_most=64)}
HOVER_GOAL = Goal(at_most=5)
NOTHING, LITTLE = Goal(at_most=0), Goal(at_most=3000)

Action = Callable[[BrainPage], object]

ACTIONS: Mapping[str, tuple[Action, Goal, str]] = {
    "threshold": (lambda page: page.drag_threshold(10), NOTHING, "dragging the threshold"),
    "colours": (lambda page: page.choose_colours(), NOTHING, "choosing a colour map"),
    "view": (lambda page: page.choose_view(), NOTHING, "choosing the dorsal view"),
    "morph": (lambda page: page.choose_shape(), NOTHING, "morphing from inflated to pial"),
    "hover": (lambda page: page.hover(page.find_places(5)), NOTHING, "reading out values"),
    "rerun": (lambda page: page.press("rerun"), LITTLE, "a rerun that changes nothing"),
    "selection": (lambda page: page.click_brain(), LITTLE, "selecting a vertex"),
}


def measure_threshold(studio: Studio, sizes: ViewerSizes) -> Iterator[Row]:
    """Drag the threshold on the colour bar with the mouse."""
    for n_vertices in sizes.dragged:
        with studio.open(n_vertices) as page:
            frames = page.drag_threshold(sizes.n_frames)
        made = "" if n_vertices == SMALL else " subdivided, new vertices at the middle of edges"
        how = (
            f"mouse move → state changed, drawn and rasterised (a pixel read back), "
            f"{STAGE[0]} × {STAGE[1]}, both hemispheres of fsaverage5{made}, ten outlined regions, "
            f"median of {len(frames)} frames"
        )
        goal = FRAME_GOALS.get(n_vertices)
        yield Row(f"viewer_threshold_ms_{n_vertices}", median(frames), goal, how)


def measure_hover(studio: Studio, sizes: ViewerSizes) -> Iterator[Row]:
    """Point at visible vertices all over both hemispheres."""
    with studio.open(SMALL) as page:
        times = page.hover(page.find_places(sizes.n_places))
    how = (
        f"mouse move → vertex found, readout written and laid out, {SMALL} vertices, "
        f"median of {len(times)} places on the brain"
    )
    yield Row(f"viewer_hover_ms_{SMALL}", median(times), HOVER_GOAL, how)


def measure_sent(studio: Studio, _sizes: ViewerSizes) -> Iterator[Row]:
    """Count what everything but a new map sends, each done once."""
    with studio.open(SMALL) as page:
        for name, (act, goal, what) in ACTIONS.items():
            how = f"bytes over the web socket, both ways, for {what}; a scene of 10 maps"
            yield Row(f"viewer_sent_{name}_bytes", float(page.sent_by(act)), goal, how)
