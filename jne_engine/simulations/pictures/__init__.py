"""Made-up pictures of ten everyday categories, drawn from a seed with Pillow alone.

Every category comes in many kinds, places, sizes, colours, backgrounds and lights, so that
a person names it at a glance while neither its colours nor its background give it away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from jne_engine.core.arrays import UInt8Array
from jne_engine.core.checks import check_choice, check_positive
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.simulations.pictures.animals import draw_animal
from jne_engine.simulations.pictures.backdrops import light_scene
from jne_engine.simulations.pictures.bodies import draw_body
from jne_engine.simulations.pictures.canvas import IMAGE_SIZE, Canvas
from jne_engine.simulations.pictures.city import draw_city
from jne_engine.simulations.pictures.faces import draw_face
from jne_engine.simulations.pictures.food import draw_food
from jne_engine.simulations.pictures.indoor import draw_indoor
from jne_engine.simulations.pictures.objects import draw_object
from jne_engine.simulations.pictures.outdoor import draw_outdoor
from jne_engine.simulations.pictures.text import draw_text
from jne_engine.simulations.pictures.vehicles import draw_vehicle

__all__ = ["CATEGORIES", "IMAGE_SIZE", "draw_stimuli", "draw_stimulus"]


_PAINTERS: Mapping[str, Callable[[Canvas, np.random.Generator], None]] = MappingProxyType(
    {
        "face": draw_face,
        "body": draw_body,
        "animal": draw_animal,
        "food": draw_food,
        "vehicle": draw_vehicle,
        "object": draw_object,
        "indoor": draw_indoor,
        "outdoor": draw_outdoor,
        "city": draw_city,
        "text": draw_text,
    }
)

CATEGORIES: tuple[str, ...] = tuple(_PAINTERS)
"""Names of the categories, in the order that figures use."""


def draw_stimulus(category: str, rng: np.random.Generator) -> UInt8Array:
    """Draw one picture.

    Parameters
    ----------
    category : str
        One of :data:`CATEGORIES`.
    rng : numpy.random.Generator
        Source of every choice in the picture.

    Returns
    -------
    numpy.ndarray of uint8, shape (IMAGE_SIZE, IMAGE_SIZE, 3)
        RGB, 0 to 255.

    Raises
    ------
    InputError
        If the category is unknown.
    """
    check_choice("category", category, CATEGORIES)
    canvas = Canvas()
    _PAINTERS[category](canvas, rng)
    return light_scene(canvas.finish(), rng)


def draw_stimuli(
    n_stimuli: int, seed: int, *, progress: Progress = ignore_progress
) -> tuple[UInt8Array, tuple[str, ...]]:
    """Draw pictures of all categories, equally many of each, in a shuffled order.

    Stimulus i depends on ``seed`` and i alone, given its category.

    Parameters
    ----------
    n_stimuli : int
        Number of pictures; about 3 ms each.
    seed : int
        Same seed, same pictures.
    progress : callable, optional
        Called as ``progress(pictures done, n_stimuli)`` now and then.

    Returns
    -------
    images : numpy.ndarray of uint8, shape (n_stimuli, IMAGE_SIZE, IMAGE_SIZE, 3)
        49 kB a picture.
    categories : tuple of str
        Category of each picture.

    Raises
    ------
    InputError
        If ``n_stimuli`` is not positive.
    """
    check_positive("n_stimuli", n_stimuli)
    order = np.random.default_rng(seed).permutation(np.arange(n_stimuli) % len(CATEGORIES))
    categories = tuple(CATEGORIES[i] for i in order)
    images = np.empty((n_stimuli, IMAGE_SIZE, IMAGE_SIZE, 3), dtype=np.uint8)
    for i, category in enumerate(categories):
        images[i] = draw_stimulus(category, np.random.default_rng((seed, i)))
        if (i + 1) % 50 == 0 or i + 1 == n_stimuli:
            progress(i + 1, n_stimuli)
    return images, categories
