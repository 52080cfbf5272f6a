"""Drawn pictures depend on their seed alone and do not give their category away cheaply."""

from __future__ import annotations

import numpy as np
import pytest

from jne_engine.core.errors import InputError
from jne_engine.simulations.pictures import CATEGORIES, IMAGE_SIZE, draw_stimuli, draw_stimulus
from jne_engine.simulations.pictures.canvas import Canvas

RED, BLUE = (200, 30, 30), (30, 30, 200)


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_draws_varied_pictures(category):
    images = [draw_stimulus(category, np.random.default_rng(i)) for i in range(12)]
    for image in images:
        assert image.shape == (IMAGE_SIZE, IMAGE_SIZE, 3)
        assert image.dtype == np.uint8
        assert image.std() > 5
    assert len({image.tobytes() for image in images}) == len(images)


def test_same_seed_same_pictures():
    first, categories = draw_stimuli(20, 3)
    second, again = draw_stimuli(20, 3)
    other, _ = draw_stimuli(20, 4)
    assert categories == again
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_categories_are_equally_frequent_and_shuffled():
    _, categories = draw_stimuli(40, 0)
    assert all(categories.count(category) == 4 for category in CATEGORIES)
    assert categories[:10] != CATEGORIES


def test_mean_colour_hardly_tells_the_category():
    """A nearest-centroid guess from the mean colour stays far below the ten categories' all."""
    images, categories = draw_stimuli(400, 1)
    colour, labels = images.mean(axis=(1, 2)), np.array(categories)
    fit, rest = slice(0, 200), slice(200, 400)
    centroids = np.stack([colour[fit][labels[fit] == c].mean(axis=0) for c in CATEGORIES])
    guesses = ((colour[rest, None] - centroids) ** 2).sum(axis=2).argmin(axis=1)
    assert (np.array(CATEGORIES)[guesses] == labels[rest]).mean() < 0.4


def test_progress_reaches_the_total():
    calls = []
    draw_stimuli(60, 0, progress=lambda *counts: calls.append(counts))
    assert calls == [(50, 60), (60, 60)]


def test_unknown_categories_and_sizes_are_told():
    with pytest.raises(InputError, match="category"):
        draw_stimulus("dragon", np.random.default_rng(0))
    with pytest.raises(InputError, match="n_stimuli"):
        draw_stimuli(0, 0)


def test_pens_place_turn_and_mirror():
    canvas = Canvas()
    canvas.page().box((0, 0), (1, 1), BLUE)
    canvas.pen(0.5, 0.5, 0.25, angle=np.pi / 2, mirror=True).box((0.5, -0.2), (1.5, 0.2), RED)
    red = np.argwhere(canvas.finish()[..., 0] > 150).mean(axis=0) / IMAGE_SIZE
    # The local x axis points up after a mirror and a quarter turn.
    np.testing.assert_allclose(red, [0.25, 0.5], atol=0.02)


def test_translucent_paint_blends():
    canvas = Canvas()
    canvas.page().box((0, 0), (1, 1), BLUE)
    canvas.page().box((0, 0), (1, 1), RED, alpha=0.5)
    np.testing.assert_allclose(canvas.finish()[5, 5], [115, 30, 115], atol=2)
