"""Stories for tests: figures, a table, a brain with known values, hostile words."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from urllib.parse import urlencode

import numpy as np
import plotly.graph_objects as go
from PIL import Image, ImageDraw

from jne_engine.cortex.spaces import HEMISPHERES
from jne_engine.report import stories
from jne_engine.report.export.html import pack_scene
from jne_engine.report.figures.template import style_figure
from jne_engine.report.stories import Pin, PinContents
from jne_engine.viewer.payload import ViewerLabels, ViewerMap, ViewerScene
from jne_engine.viewer.surfaces import load_viewer_surface

N_SLABS = 8
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


def build_panes() -> ViewerScene:
    """Return a scene with regions and one map of every kind."""
    scene = build_scene()
    (numbers,) = scene.maps
    sides = (numbers.left, numbers.right)
    signed = ViewerMap("signed", "Signed", "a.u.", *(np.sin(v) for v in sides), kind="diverging")
    parities = (np.floor(v) % 2 for v in sides)
    categories = (("even", "#0072b2"), ("odd", "#d55e00"))
    parity = ViewerMap("parity", "Parity", "", *parities, kind="categorical", categories=categories)
    slabs = {}
    for hemi in HEMISPHERES:
        depth = scene.surface.shapes[0].points[hemi][:, 1]
        edges = np.quantile(depth, np.linspace(0, 1, N_SLABS + 1)[1:-1])
        slabs[hemi] = np.searchsorted(edges, depth) + 1
    names = tuple(f"slab {i + 1}" for i in range(N_SLABS))
    labels = (ViewerLabels("Slabs", names, slabs["left"], slabs["right"]),)
    return replace(scene, maps=(numbers, signed, parity), labels=labels)


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


DIFFERENCE = {"colours": "berlin", "range": [-40, 40]}


def panes_contents() -> PinContents:
    """Return three panes and their difference: a threshold, two maps in one pane, a hidden slab."""
    given = {"v": "lateral", "m": "numbers~signed~parity", "d": "1", "x": '{"Slabs": ["slab 1"]}'}
    cut = {"mode": "value", "amount": 20, "twoSided": False}
    first = {"threshold": cut, "second": "plane", "secondMap": 1}
    view = {
        "link": urlencode(given),
        "looks": {"numbers": first, "numbers - signed": DIFFERENCE},
        "maps": ["numbers", "signed", "parity"],
    }
    brain = pack_scene(build_panes())
    return PinContents(picture=draw_png("panes"), brain=brain, view=json.dumps(view))


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
