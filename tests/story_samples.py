"""Stories for tests: figures, a table, a brain with known values, hostile words."""

from __future__ import annotations

import io
import json

import numpy as np
import plotly.graph_objects as go
from PIL import Image, ImageDraw

from jne_engine import stories
from jne_engine.export.html import pack_scene
from jne_engine.figures.template import style_figure
from jne_engine.stories import Pin, PinContents
from jne_engine.viewer_payload import ViewerMap, ViewerScene
from jne_engine.viewer_surfaces import load_viewer_surface

HOSTILE = "<script>alert(1)</script></script><!-- =1+1 \x07"


def draw_png(text: str = "", size: tuple[int, int] = (1600, 900)) -> bytes:
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).text((40, 40), text, fill="black")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def build_scene() -> ViewerScene:
    """Return fsaverage3 with a map of every vertex's number."""
    surface = load_viewer_surface("fsaverage3")
    left, right = (
        np.arange(surface.n_vertices(hemi), dtype=np.float32) / 7 for hemi in ("left", "right")
    )
    numbers = ViewerMap("numbers", "Numbers", "count", left, right)
    return ViewerScene(surface, (numbers,), "Numbers", "Made by a test.", simulated=True)


def build_figure() -> go.Figure:
    figure = go.Figure(go.Scatter(x=[1, 2, 3], y=[2.5, 3.5, 1.5], line={"width": 1}))
    figure.update_xaxes(title="ROI")
    return style_figure(figure)


FIGURE = PinContents(
    picture=draw_png("figure"),
    vector="<svg/>",
    table="roi,mean\nV1,0.25\n'=2+2,0.5\n",
    figure=json.dumps(json.loads(build_figure().to_json())),
)


def brain_contents() -> PinContents:
    view = {"link": "v=dorsal&h=both&s=0&o=0&m=numbers", "looks": {"numbers": {"colours": "magma"}}}
    return PinContents(
        picture=draw_png("brain"), brain=pack_scene(build_scene()), view=json.dumps(view)
    )


def a_pin(title: str, **more) -> Pin:
    words = {"caption": "Mean over 10 voxels, 95 % interval.", "notes": "Say this.", **more}
    return Pin(kind="figure", title=title, runs=("run-1",), simulated=True, page="maps", **words)


def tell_story(root, n_slides: int = 3, *, n_brains: int = 1) -> stories.Story:
    """Write a story: brains first, then figures; the last has hostile words."""
    story = stories.create_story(root, f"Lab meeting {HOSTILE}")
    for number in range(n_slides):
        contents = brain_contents() if number < n_brains else FIGURE
        last = number == n_slides - 1
        words = {"caption": HOSTILE, "notes": HOSTILE} if last else {}
        title = HOSTILE if last else f"Slide {number + 1}"
        story = stories.add_pin(root, story.id, a_pin(title, **words), contents)
    return story
