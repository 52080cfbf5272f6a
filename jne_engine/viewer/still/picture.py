"""Both hemispheres from both sides, with colour bar, title and stamp, as one picture file."""

from __future__ import annotations

import io
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colorbar import Colorbar
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from PIL import Image

from jne_engine.core import palettes
from jne_engine.core.arrays import IntArray
from jne_engine.cortex.spaces import Hemisphere
from jne_engine.viewer.payload import Blob, ViewerLabels, ViewerMap, ViewerScene, still_hash
from jne_engine.viewer.still.painting import choose_range
from jne_engine.viewer.still.tiles import Side, Tile, draw_tile

SIDES: Mapping[Hemisphere, tuple[Side, ...]] = MappingProxyType(
    {"left": ("lateral", "medial"), "right": ("medial", "lateral")}
)
"""Views from left to right: the outer ones are lateral."""
_DPI = 100
_WIDTH, _HEIGHT = 1600, 560
_TOP, _TILE_HEIGHT = 84, 300
_QUIET = "#5f6b76"
_QUALITY = 85
_MOST_NAMES = 24
_LEAST_NAMED = 150
"""Pixels that a region must show before its name is written."""
_NAME_WIDTH, _NAME_HEIGHT = 56, 22
"""Pixels around a name that stay free of others."""


def draw_still(scene: ViewerScene) -> bytes:
    """Draw the first map of a scene, from both sides of both hemispheres.

    Parameters
    ----------
    scene : ViewerScene
        Its first map is drawn on the shape it begins with (the last folded one where that is
        flat), in the colours, range, threshold and mask that the viewer begins with.

    Returns
    -------
    bytes
        A WebP file of 1600 x 560 pixels on white, about 0.1 MB. NaN and hidden vertices are bare
        cortex.
    """
    figure = Figure(figsize=(_WIDTH / _DPI, _HEIGHT / _DPI), dpi=_DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    _write_texts(figure, scene)
    views = [(hemi, side) for hemi in scene.surface.hemispheres for side in SIDES[hemi]]
    width = _WIDTH // len(views)
    for column, (hemi, side) in enumerate(views):
        tile = draw_tile(scene, hemi, side, height=_TILE_HEIGHT, width=width)
        axes = _add_axes(figure, column * width, _TOP, width, _TILE_HEIGHT)
        axes.imshow(tile.colours, interpolation="nearest", aspect="auto")
        axes.set_title(f"{hemi}, {side}", fontsize=13, color=_QUIET, pad=2)
        for labels in scene.labels[: scene.region_style != "off"]:
            _write_names(axes, tile, labels)
    for viewer_map in scene.start_maps[:1]:
        _draw_key(figure, viewer_map)
    return _encode(canvas)


def _encode(canvas: Any) -> bytes:
    canvas.draw()
    out = io.BytesIO()
    Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]).save(out, "WEBP", quality=_QUALITY)
    return out.getvalue()


def pack_still(scene: ViewerScene, picture: bytes) -> Blob:
    """Return a scene's picture in the form in which it travels, under the name in its header."""
    arrays = {"picture": np.frombuffer(picture, dtype=np.uint8)}
    return Blob(still_hash(scene), "still", arrays, {})


def _add_axes(figure: Figure, left: int, top: int, width: int, height: int) -> Any:
    """Add an area in pixels from the top left, without frame."""
    bottom = _HEIGHT - top - height
    box = (left / _WIDTH, bottom / _HEIGHT, width / _WIDTH, height / _HEIGHT)
    axes = figure.add_axes(box)
    axes.set_axis_off()
    return axes


def _write_texts(figure: Figure, scene: ViewerScene) -> None:
    """Write the title above, what it was made from below, and the stamp."""
    middle = 1 - 32 / _HEIGHT
    figure.text(0.02, middle, _shorten(scene.title, 70), fontsize=19, va="center", color="#1f2933")
    figure.text(0.02, 12 / _HEIGHT, _shorten(scene.provenance, 170), fontsize=11.5, color=_QUIET)
    if scene.simulated:
        box = {"boxstyle": "round,pad=0.35", "facecolor": palettes.SIMULATED_COLOUR, "lw": 0}
        figure.text(
            0.98, middle, "SIMULATED", ha="right", va="center", fontsize=16, color="white",
            weight="bold", bbox=box,
        )  # fmt: skip


def _shorten(text: str, letters: int) -> str:
    """Cut a text to a line; a dollar sign would begin mathematics."""
    line = " ".join(text.split()).replace("$", r"\$")
    return line if len(line) <= letters else f"{line[: letters - 1]}…"


def _write_names(axes: Any, tile: Tile, labels: ViewerLabels) -> None:
    """Write the names of the regions that show enough of themselves, where few are there."""
    if len(labels.names) > _MOST_NAMES:
        return
    outline = [withStroke(linewidth=3, foreground="black", alpha=0.75)]
    for number, (x, y) in _place_names(tile.labels, len(labels.names)).items():
        name = labels.names[number - 1].replace("$", r"\$")
        text = axes.text(x, y, name, fontsize=11.5, color="white", ha="center", va="center")
        text.set_path_effects(outline)


def _place_names(regions: IntArray, n_names: int) -> dict[int, tuple[int, int]]:
    """Return (column, row) of the names that fit, those of large regions first."""
    counts = np.bincount(np.maximum(regions, 0).ravel(), minlength=n_names + 1)
    placed: dict[int, tuple[int, int]] = {}
    for number in (int(n) for n in np.argsort(-counts[1:], kind="stable") + 1):
        if counts[number] < _LEAST_NAMED:
            break
        rows, columns = np.nonzero(regions == number)
        middle = np.hypot(rows - rows.mean(), columns - columns.mean()).argmin()
        x, y = int(columns[middle]), int(rows[middle])
        if not any(
            abs(x - a) < _NAME_WIDTH and abs(y - b) < _NAME_HEIGHT for a, b in placed.values()
        ):
            placed[number] = x, y
    return placed


def _draw_key(figure: Figure, viewer_map: ViewerMap) -> None:
    unit = f" ({viewer_map.unit})" if viewer_map.unit else ""
    label = f"{viewer_map.label}{unit}".replace("$", r"\$")
    axes = _add_axes(figure, _WIDTH // 2 - 270, _HEIGHT - 146, 540, 20)
    if viewer_map.kind == "categorical":
        keys = [Patch(color=c, label=n.replace("$", r"\$")) for n, c in viewer_map.categories]
        axes.legend(
            handles=keys, loc="upper center", ncols=6, fontsize=13, frameon=False,
            title=label, title_fontsize=14, bbox_to_anchor=(0.5, 1.8),
        )  # fmt: skip
        return
    axes.set_axis_on()
    colours = ListedColormap(palettes.colour_map(viewer_map.colour_name) / 255)
    ends = Normalize(*choose_range(viewer_map))
    bar = Colorbar(axes, cmap=colours, norm=ends, orientation="horizontal")
    bar.set_label(label, fontsize=15, color="#1f2933")
    bar.ax.tick_params(labelsize=13, color=_QUIET, labelcolor="#1f2933")
    bar.outline.set_visible(False)
    _mark_threshold(bar.ax, viewer_map)


def _mark_threshold(axes: Any, viewer_map: ViewerMap) -> None:
    if viewer_map.threshold is None:
        return
    cut = viewer_map.threshold
    two_sided = viewer_map.kind == "diverging"
    places = (viewer_map.centre - cut, viewer_map.centre + cut) if two_sided else (cut,)
    for place in places:
        axes.axvline(place, color="black", linewidth=2.5)
