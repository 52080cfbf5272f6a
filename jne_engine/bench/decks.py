"""A story of twelve slides, four of them brains, written as HTML and as PowerPoint."""

from __future__ import annotations

import io
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.sizes import Sizes
from jne_engine.report.decks import Deck, Slide, write_deck
from jne_engine.report.export.html import pack_scene
from jne_engine.report.figures.template import style_figure
from jne_engine.report.stories import Pin, PinContents
from jne_engine.viewer.payload import ViewerMap, ViewerScene
from jne_engine.viewer.surfaces import load_viewer_surface

N_SLIDES, N_BRAINS = 12, 4
PICTURE_SIZE = (2400, 1350)
SPACE = "fsLR32k"


def measure_deck(name: str, sizes: Sizes, form: str, goal: Goal) -> Row:
    """Time the writing of a story's file, once its pins are there."""
    del sizes
    deck = build_deck()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        path = write_deck(deck, Path(folder) / f"deck.{form}", form)
        seconds, megabytes = time.perf_counter() - start, path.stat().st_size / 1e6
    how = f"seconds for {N_SLIDES} slides, {N_BRAINS} of them brains on {SPACE}: {megabytes:.1f} MB"
    return Row(name, seconds, goal, how)


def measure_deck_size(name: str, sizes: Sizes, goal: Goal) -> Row:
    """Measure the HTML file of the same story."""
    del sizes
    with tempfile.TemporaryDirectory() as folder:
        path = write_deck(build_deck(), Path(folder) / "deck.html", "html")
        megabytes = path.stat().st_size / 1e6
    how = f"megabytes of HTML, {N_SLIDES} slides, {N_BRAINS} of them brains on {SPACE}"
    return Row(name, megabytes, goal, how)


def build_deck() -> Deck:
    """Return a story of seeded numbers; noise is the hardest to compress."""
    rng = np.random.default_rng(0)
    slides = [
        Slide(
            Pin(kind="brain" if i < N_BRAINS else "figure", title=f"Slide {i + 1}"),
            _draw_brain(rng) if i < N_BRAINS else _draw_figure(rng),
        )
        for i in range(N_SLIDES)
    ]
    return Deck("Benchmark", "", tuple(slides))


def _draw_brain(rng: np.random.Generator) -> PinContents:
    surface = load_viewer_surface(SPACE)
    left, right = (
        rng.standard_normal(surface.n_vertices(hemi), dtype=np.float32)
        for hemi in ("left", "right")
    )
    scene = ViewerScene(surface, (ViewerMap("noise", "Noise", "", left, right),), "Noise", "Seeded")
    return PinContents(picture=_draw_picture(rng), brain=pack_scene(scene), view="{}")


def _draw_figure(rng: np.random.Generator) -> PinContents:
    """Return a pinned scatter of 5,000 points."""
    x, y = rng.standard_normal((2, 5000))
    figure = style_figure(go.Figure(go.Scattergl(x=x, y=y, mode="markers")))
    return PinContents(
        picture=_draw_picture(rng),
        table="measure,value\nmean,0\n",
        figure=json.dumps(json.loads(figure.to_json())),
    )


def _draw_picture(rng: np.random.Generator) -> bytes:
    coarse = rng.integers(0, 256, (90, 160, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(coarse).resize(PICTURE_SIZE, Image.Resampling.NEAREST).save(out, "PNG")
    return out.getvalue()
