"""Both hemispheres from both sides, with colour bar, title and stamp, as one picture file."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colorbar import Colorbar
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from PIL import Image

from jne_engine import palettes
from jne_engine.viewer_payload import Blob, ViewerLabels, ViewerMap, ViewerScene, still_hash
from jne_engine.viewer_still.painting import choose_range
from jne_engine.viewer_still.tiles import Side, Tile, draw_tile

SIDES: tuple[Side, ...] = ("lateral", "medial")
_DPI = 100
_WIDTH, _HEIGHT = 1100, 780
_TOP, _TILE_HEIGHT = 70, 300
_QUIET = "#5f6b76"
_QUALITY = 85
_MOST_NAMES = 24
_LEAST_NAMED = 150
"""Pixels that a region must show before its name is written."""


def draw_still(scene: ViewerScene) -> bytes:
    """Draw the first map of a scene, left and right, lateral above medial.

    Parameters
    ----------
    scene : ViewerScene
        Its first map is drawn on the shape it begins with (the last folded one where that is
        flat), in the colours, range, threshold and mask that the viewer begins with.

    Returns
    -------
    bytes
        A WebP file of 1100 x 780 pixels on white, about 0.1 MB. NaN and hidden vertices are bare
        cortex.
    """
    figure = Figure(figsize=(_WIDTH / _DPI, _HEIGHT / _DPI), dpi=_DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    _write_texts(figure, scene)
    hemispheres = scene.surface.hemispheres
    width = _WIDTH // len(hemispheres)
    for column, hemi in enumerate(hemispheres):
        for row, side in enumerate(SIDES):
            tile = draw_tile(scene, hemi, side, height=_TILE_HEIGHT, width=width)
            axes = _add_axes(figure, column * width, _TOP + row * _TILE_HEIGHT, width, _TILE_HEIGHT)
            axes.imshow(tile.colours, interpolation="nearest", aspect="auto")
            axes.text(8, 14, f"{hemi}, {side}", fontsize=9, color=_QUIET)
            for labels in scene.labels[: scene.region_style != "off"]:
                _write_names(axes, tile, labels)
    for viewer_map in scene.start_maps[:1]:
        _draw_key(figure, viewer_map)
    return _encode(canvas)


def _encode(canvas: Any) -> bytes:
    """Return a drawn figure as a WebP file."""
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
    middle = 1 - 34 / _HEIGHT
    figure.text(0.02, middle, _shorten(scene.title, 80), fontsize=15, va="center", color="#1f2933")
    figure.text(0.02, 12 / _HEIGHT, _shorten(scene.provenance, 190), fontsize=7.5, color=_QUIET)
    if scene.simulated:
        box = {"boxstyle": "round,pad=0.35", "facecolor": palettes.SIMULATED_COLOUR, "lw": 0}
        figure.text(
            0.98, middle, "SIMULATED", ha="right", va="center", fontsize=12, color="white",
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
    outline = [withStroke(linewidth=2.2, foreground="black", alpha=0.75)]
    for number, name in enumerate(labels.names, start=1):
        rows, columns = np.nonzero(tile.labels == number)
        if rows.size >= _LEAST_NAMED:
            middle = np.hypot(rows - rows.mean(), columns - columns.mean()).argmin()
            x, y = columns[middle], rows[middle]
            text = axes.text(x, y, name, fontsize=8, color="white", ha="center", va="center")
            text.set_path_effects(outline)


def _draw_key(figure: Figure, viewer_map: ViewerMap) -> None:
    """Draw the colour bar with label and unit, or the names of the categories."""
    unit = f" ({viewer_map.unit})" if viewer_map.unit else ""
    label = f"{viewer_map.label}{unit}".replace("$", r"\$")
    axes = _add_axes(figure, _WIDTH // 2 - 190, _HEIGHT - 88, 380, 14)
    if viewer_map.kind == "categorical":
        keys = [Patch(color=c, label=n.replace("$", r"\$")) for n, c in viewer_map.categories]
        axes.legend(
            handles=keys, loc="upper center", ncols=6, fontsize=8, frameon=False, title=label,
            bbox_to_anchor=(0.5, 2.2),
        )  # fmt: skip
        return
    axes.set_axis_on()
    colours = ListedColormap(palettes.colour_map(viewer_map.colour_name) / 255)
    ends = Normalize(*choose_range(viewer_map))
    bar = Colorbar(axes, cmap=colours, norm=ends, orientation="horizontal")
    bar.set_label(label, fontsize=10, color="#1f2933")
    bar.ax.tick_params(labelsize=8.5, color=_QUIET, labelcolor="#1f2933")
    bar.outline.set_visible(False)
    _mark_threshold(bar.ax, viewer_map)


def _mark_threshold(axes: Any, viewer_map: ViewerMap) -> None:
    """Mark on the colour bar what is left out."""
    if viewer_map.threshold is None:
        return
    cut = viewer_map.threshold
    two_sided = viewer_map.kind == "diverging"
    places = (viewer_map.centre - cut, viewer_map.centre + cut) if two_sided else (cut,)
    for place in places:
        axes.axvline(place, color="black", linewidth=1.5)
