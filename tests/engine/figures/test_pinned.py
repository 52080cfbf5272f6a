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
from jne_engine.report.figures.pinned import (
    LEAST_VERTICES,
    describe_scene,
    keep_figure,
    keep_maps,
    tell_extremes,
)
from jne_engine.report.figures.template import style_figure
from jne_engine.viewer.payload import ViewerLabels
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


def test_the_message_names_the_regions_of_the_highest_and_the_lowest_mean(scene):
    numbers, rng = scene.maps[0], np.random.default_rng(3)
    n = numbers.left.size
    sides = {side: rng.normal(size=n).astype(np.float32) for side in ("left", "right")}
    sides["left"][::7] = np.nan
    mask = rng.random(n) < 0.6
    names = ("A", "B", "C", "few")
    labels = {side: rng.integers(0, 4, n) for side in ("left", "right")}
    labels["left"][rng.choice(n, LEAST_VERTICES - 1, replace=False)] = 4
    sides["left"][labels["left"] == 4] = 99
    shown = replace(numbers, label="JNE", **sides, mask_left=mask, mask_right=mask, mask_label="x")
    one = replace(scene, maps=(shown,), panes=(shown.name,))
    told = tell_extremes(replace(one, labels=(ViewerLabels("Regions", names, **labels),)))
    means = {}
    for i, name in enumerate(names[:3]):
        kept = [
            float(value)
            for side in ("left", "right")
            for value, label, inside in zip(sides[side], labels[side], mask, strict=True)
            if label == i + 1 and inside and value == value
        ]
        means[name] = sum(kept) / len(kept)
    high, low = max(means, key=means.get), min(means, key=means.get)
    ends = f"highest in {high} ({means[high]:.3g}) and lowest in {low} ({means[low]:.3g})"
    assert told == f"JNE is {ends}"


def test_there_is_no_message_where_no_two_regions_can_be_compared(scene):
    shown = scene.maps[0]
    one = replace(scene, maps=(shown,), panes=(shown.name,))
    n = shown.left.size
    lonely = ViewerLabels("Regions", ("A", "B"), np.ones(n, dtype=int), None)
    assert tell_extremes(replace(one, labels=())) == ""
    assert tell_extremes(replace(one, labels=(lonely,))) == ""
    both = ViewerLabels("Regions", ("A", "B"), 1 + np.arange(n) % 2, None)
    assert tell_extremes(replace(one, labels=(both,))) != ""
    signed = replace(shown, kind="diverging")
    assert tell_extremes(replace(one, maps=(signed,), labels=(both,))) == ""
    two = replace(scene, labels=(both,), panes=("numbers", "third"))
    assert tell_extremes(two) == ""


def test_a_figure_is_kept_in_light_as_it_was_zoomed():
    dark, light = (style_figure(go.Figure(go.Bar(y=[2, 1])), dark=d) for d in (True, False))
    assert json.loads(keep_figure(dark)) == json.loads(light.to_json())
    kept = json.loads(keep_figure(dark, ranges={"xaxis": [0.5, 1]}, hidden=[0]))
    assert kept["layout"]["xaxis"] == {"range": [0.5, 1], "autorange": False}
    assert kept["data"][0]["visible"] == "legendonly"


def test_a_small_picture_keeps_its_proportions():
    small = Image.open(io.BytesIO(draw_thumbnail(draw_png(size=(1600, 900)), 320)))
    assert small.size == (320, 180)
