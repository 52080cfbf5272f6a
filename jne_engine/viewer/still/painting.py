"""Colours of a scene's pixels by the viewer's own rules: range, threshold, mask, bare cortex.

The formulas are those of ``assets/cortex_viewer/colours.js`` and ``shaders.js``; a browser test
compares the ranges, so that picture and viewer show a value in one colour.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from jne_engine.core import palettes
from jne_engine.core.arrays import BoolArray, Float32Array
from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere
from jne_engine.viewer.payload import ViewerMap
from jne_engine.viewer.still.rasteriser import Fragments

_GYRUS, _SULCUS = 0.80, 0.53
_LAMP = np.array([-0.35, 0.55, 0.76], dtype=np.float32)


def choose_range(viewer_map: ViewerMap) -> tuple[float, float]:
    """Return the ends of a map's colour range as the viewer begins with them.

    Parameters
    ----------
    viewer_map : ViewerMap
        Its own range where it has one; else the 1st to 99th percentile of what its mask shows,
        symmetrical about the centre where it diverges, from 0 where nearly all is positive.

    Returns
    -------
    tuple of float
        Lower and upper end, in the map's unit.
    """
    if viewer_map.value_range is not None:
        return viewer_map.value_range
    sides = [_shown_values(viewer_map, hemi) for hemi in HEMISPHERES]
    values = np.concatenate([v[np.isfinite(v)] for v in sides if v is not None])
    if not values.size:
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(values.astype(np.float64), (1, 99)))
    if viewer_map.kind == "diverging":
        centre = viewer_map.centre
        reach = max(abs(low - centre), abs(high - centre)) or 1.0
        return centre - reach, centre + reach
    start = 0.0 if 0 <= low < 0.5 * high else low
    return (start, high) if high > start else (start, start + (abs(start) or 1.0))


def paint(
    seen: Fragments,
    normals: Float32Array,
    *,
    depth: Float32Array,
    viewer_map: ViewerMap | None,
    hemi: Hemisphere,
) -> Float32Array:
    """Return the colour of every pixel.

    Parameters
    ----------
    seen : Fragments
        Pixels of one hemisphere.
    normals : numpy.ndarray of float32, shape (n_vertices, 3)
        Right, up and to the eye.
    depth : numpy.ndarray of float32, shape (n_vertices,)
        Sulcal depth as sent: about -1 (gyrus) to 1 (sulcus).
    viewer_map : ViewerMap, optional
        None leaves all cortex bare.
    hemi : {"left", "right"}
        Hemisphere.

    Returns
    -------
    numpy.ndarray of float32, shape (n_pixels, 3)
        Red, green, blue in 0..1.
    """
    bare = _GYRUS + (_SULCUS - _GYRUS) * _smooth_step(seen.interpolate(depth))
    colours = np.repeat(bare[:, None], 3, axis=1)
    light = _light(seen.interpolate(normals))
    strength = light * np.float32(1.03)
    values = None if viewer_map is None else _shown_values(viewer_map, hemi)
    if viewer_map is not None and values is not None:
        painter = _paint_categories if viewer_map.kind == "categorical" else _paint_values
        shown, paints = painter(seen, viewer_map, values)
        colours[shown] = paints
        strength[shown] = 0.16 + 0.86 * light[shown]
    return np.asarray(np.clip(colours * strength[:, None], 0, 1), dtype=np.float32)


def _paint_values(
    seen: Fragments, viewer_map: ViewerMap, values: Float32Array
) -> tuple[BoolArray, Float32Array]:
    """Return which pixels show a value, and their colours; a mean over painted corners only."""
    painted = np.isfinite(values)
    share = seen.interpolate(painted.astype(np.float32))
    mean = seen.interpolate(np.where(painted, values, np.float32(0))) / np.where(
        share > 0, share, 1
    )
    shown = share > 0.5
    if viewer_map.threshold is not None:
        two_sided = viewer_map.kind == "diverging"
        shown &= (np.abs(mean - viewer_map.centre) if two_sided else mean) >= viewer_map.threshold
    low, high = choose_range(viewer_map)
    row = np.clip(np.floor((mean[shown] - low) / (high - low) * 256), 0, 255).astype(np.int64)
    return shown, _shares(palettes.colour_map(viewer_map.colour_name)[row])


def _paint_categories(
    seen: Fragments, viewer_map: ViewerMap, values: Float32Array
) -> tuple[BoolArray, Float32Array]:
    """Return which pixels show a category, and their colours; the nearest vertex decides."""
    here = seen.nearest(np.nan_to_num(values, nan=-1).astype(np.int64))
    table = np.array([palettes.rgb(colour) for _, colour in viewer_map.categories])
    return here >= 0, _shares(table[here[here >= 0]])


def _shown_values(viewer_map: ViewerMap, hemi: Hemisphere) -> Float32Array | None:
    """Return a hemisphere's values, NaN where the mask hides them or they are infinite."""
    values, mask = viewer_map.values(hemi), viewer_map.mask(hemi)
    if values is None:
        return None
    shown = np.isfinite(values) if mask is None else np.isfinite(values) & mask
    return np.where(shown, values, np.float32(np.nan))


def _shares(colours: npt.NDArray[Any]) -> Float32Array:
    """Return colours of 0..255 in 0..1."""
    return colours.astype(np.float32) / np.float32(255)


def _smooth_step(depth: Float32Array) -> Float32Array:
    """Return 0 on gyri and 1 in sulci, smooth between -0.35 and 0.35."""
    t = np.clip((depth + 0.35) / 0.7, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _light(normals: npt.NDArray[Any]) -> Float32Array:
    """Return how bright a pixel is: half by facing the eye, half by a lamp from above left."""
    unit = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    facing = np.abs(unit[:, 2])
    turned = np.column_stack([unit[:, :2], facing])
    soft = 0.5 + 0.5 * turned @ (_LAMP / np.linalg.norm(_LAMP))
    return np.asarray(0.55 * (0.5 + 0.5 * facing) + 0.45 * soft, dtype=np.float32)
