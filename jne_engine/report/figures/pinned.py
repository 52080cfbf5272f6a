"""What a story keeps of a view: a brain's maps and what a slide says of them, a figure in light."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import HEMISPHERES
from jne_engine.report.figures.template import lighten_figure
from jne_engine.viewer.payload import ViewerLabels, ViewerMap, ViewerScene

LEAST_VERTICES = 20


def keep_maps(scene: ViewerScene, names: Collection[str]) -> ViewerScene:
    """Return a scene with some of its maps only, in its own order.

    Raises
    ------
    InputError
        If the scene lacks one of them.
    """
    there = {m.name for m in scene.maps}
    missing = sorted(set(names) - there)
    if missing:
        fix = "pin the view again"
        raise InputError("maps of the view", "maps of the page", ", ".join(missing), fix)
    kept = tuple(m for m in scene.maps if m.name in set(names))
    panes = tuple(name for name in scene.panes if name in set(names))
    return replace(scene, maps=kept, panes=panes)


def keep_figure(
    figure: Any, *, ranges: Mapping[str, list[Any]] | None = None, hidden: Collection[int] = ()
) -> str:
    """Return Plotly's JSON of a figure as it is on a light page, zoomed as the reader left it.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Of a light or a dark page.
    ranges : mapping of str to list, optional
        Both ends of each axis that the reader zoomed, by its name in the layout: ``"xaxis2"``.
    hidden : collection of int
        Traces that the legend hides.
    """
    kept = json.loads(lighten_figure(figure.to_json()))
    for name, ends in (ranges or {}).items():
        axis = kept["layout"].setdefault(name, {})
        axis |= {"range": ends, "autorange": False}
    for number, trace in enumerate(kept["data"]):
        if number in hidden:
            trace["visible"] = "legendonly"
    return json.dumps(kept)


def describe_scene(scene: ViewerScene) -> tuple[str, str]:
    """Return a slide's title and caption for the maps that a scene begins with."""
    shown = scene.start_maps
    title = ", ".join(m.label for m in shown) or "Cortex"
    counts = " ".join(_count(m) for m in shown)
    return f"{title}: {scene.title}", f"{counts} {scene.provenance}".strip()


def tell_extremes(scene: ViewerScene) -> str:
    """Say in which region the one map that a scene begins with is highest, and in which lowest.

    Means are over the vertices of a region that are painted: finite and in the mask; regions with
    fewer than :data:`LEAST_VERTICES` of them are left out.

    Returns
    -------
    str
        A slide's title; "" for several maps, for one of categories or signs, and where fewer than
        two regions can be compared.
    """
    if len(scene.start_maps) != 1 or not scene.labels or scene.start_maps[0].kind != "sequential":
        return ""
    (shown,), regions = scene.start_maps, scene.labels[0]
    n_labels = len(regions.names) + 1
    sums, counts = np.zeros(n_labels), np.zeros(n_labels)
    for numbers, mask, labels in _sides(shown, regions):
        painted = np.isfinite(numbers) if mask is None else np.isfinite(numbers) & mask
        there = labels[painted]
        sums += np.bincount(there, numbers[painted].astype(np.float64), n_labels)
        counts += np.bincount(there, minlength=n_labels)
    enough = [i for i in range(1, n_labels) if counts[i] >= LEAST_VERTICES]
    if len(enough) < 2:
        return ""
    ends = (max(enough, key=lambda i: sums[i] / counts[i]),
            min(enough, key=lambda i: sums[i] / counts[i]))  # fmt: skip
    high, low = (f"in {regions.names[i - 1]} ({sums[i] / counts[i]:.3g})" for i in ends)
    return f"{shown.label} is highest {high} and lowest {low}"


def _sides(shown: ViewerMap, regions: ViewerLabels) -> Iterator[tuple[Any, Any, Any]]:
    """Give each hemisphere's values, mask and labels."""
    sides = zip(HEMISPHERES, (regions.left, regions.right), strict=True)
    for hemi, labels in sides:
        numbers = shown.values(hemi)
        if numbers is not None and labels is not None:
            yield numbers, shown.mask(hemi), labels


def _count(shown: ViewerMap) -> str:
    values, masked, total = 0, 0, 0
    for hemi in HEMISPHERES:
        numbers, mask = shown.values(hemi), shown.mask(hemi)
        if numbers is None:
            continue
        finite = np.isfinite(numbers)
        total += finite.size
        values += int(finite.sum())
        masked += int((finite if mask is None else finite & mask).sum())
    unit = f" ({shown.unit})" if shown.unit else ""
    mask_words = f", {masked:,} of them {shown.mask_label}" if shown.has_mask else ""
    return f"{shown.label}{unit}: n = {values:,} of {total:,} vertices have a value{mask_words}."
