"""A pinned brain keeps the maps that are shown, and says how many vertices have values."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from jne_engine.core.errors import InputError
from jne_engine.report.decks import draw_thumbnail
from jne_engine.report.figures.pinned import describe_scene, keep_figure, keep_maps
from jne_engine.report.figures.template import style_figure
from tests.story_samples import build_scene, draw_png


@pytest.fixture(scope="module")
def scene():
    one = build_scene()
    (numbers,) = one.maps
    left = numbers.left.copy()
    left[:10] = np.nan
    mask = np.zeros(left.shape, dtype=np.bool_)
    mask[5:25] = True
    masked = replace(
        numbers, name="masked", label="Masked", left=left, right=None, mask_left=mask,
        mask_label="significant voxels",
    )  # fmt: skip
    third = replace(numbers, name="third")
    return replace(one, maps=(numbers, masked, third), panes=("masked", "third"))


def test_only_the_maps_that_are_named_stay_in_the_scenes_order(scene):
    kept = keep_maps(scene, ["third", "numbers"])
    assert [m.name for m in kept.maps] == ["numbers", "third"]
    assert kept.panes == ("third",)
    with pytest.raises(InputError, match="nowhere"):
        keep_maps(scene, ["nowhere"])


def test_the_caption_counts_values_and_the_mask(scene):
    title, caption = describe_scene(replace(scene, panes=("masked",)))
    assert title == "Masked: Numbers"
    n = scene.maps[1].left.size
    wanted = f"Masked (count): n = {n - 10:,} of {n:,} vertices have a value, 15 of them"
    assert caption.startswith(f"{wanted} significant voxels.")
    assert caption.endswith("Made by a test.")


def test_a_figure_is_kept_in_light_as_it_was_zoomed():
    dark, light = (style_figure(go.Figure(go.Bar(y=[2, 1])), dark=d) for d in (True, False))
    assert json.loads(keep_figure(dark)) == json.loads(light.to_json())
    kept = json.loads(keep_figure(dark, ranges={"xaxis": [0.5, 1]}, hidden=[0]))
    assert kept["layout"]["xaxis"] == {"range": [0.5, 1], "autorange": False}
    assert kept["data"][0]["visible"] == "legendonly"


def test_a_small_picture_keeps_its_proportions():
    small = Image.open(io.BytesIO(draw_thumbnail(draw_png(size=(1600, 900)), 320)))
    assert small.size == (320, 180)
