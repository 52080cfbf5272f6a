"""A run's columns on the whole mesh of their surface, and the colours that viewers give them."""

from __future__ import annotations

from typing import NamedTuple
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from jne_engine.analysis.maps import scatter_to_surface
from jne_engine.core.arrays import Float32Array
from jne_engine.core.errors import InputError
from jne_engine.cortex.icosahedron import FSAVERAGE
from jne_engine.cortex.names import canonical_name
from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere, SurfaceSpace
from jne_engine.cortex.surfaces import N_VERTICES
from jne_engine.formats.guard import printable
from jne_engine.report.export.content import ExportMap, RunContent
from jne_engine.viewer.surfaces import choose_display

LETTERS: dict[Hemisphere, str] = {"left": "L", "right": "R"}
STRUCTURES: dict[Hemisphere, str] = {"left": "CortexLeft", "right": "CortexRight"}


class ColourRange(NamedTuple):
    """Values at which a viewer's colours begin and end."""

    low: float
    high: float


def count_vertices(space: SurfaceSpace, hemi: Hemisphere) -> int:
    """Return how many vertices one hemisphere of a surface has.

    Raises
    ------
    InputError
        If the surface is not known here.
    """
    known = {**FSAVERAGE, **N_VERTICES}
    name = canonical_name(space.surface)
    if name in known:
        return known[name]
    display = choose_display(space)
    if display is None:
        fix = "describe it as docs/datasets.md says under “Surfaces”, or take --to csv"
        raise InputError("surface", "one whose size is known", printable(space.surface), fix)
    return display.n_vertices[hemi]


def hemispheres_of(space: SurfaceSpace) -> tuple[Hemisphere, ...]:
    """Return the hemispheres that have columns."""
    return tuple(hemi for hemi in HEMISPHERES if space.vertices(hemi).size)


def spread_values(space: SurfaceSpace, values: Float32Array, hemi: Hemisphere) -> Float32Array:
    """Return a map over all vertices of a hemisphere, NaN where the run has no column."""
    return scatter_to_surface(values, space, hemi, n_vertices=count_vertices(space, hemi))


def spread_codes(
    space: SurfaceSpace, codes: npt.NDArray[np.int32], hemi: Hemisphere
) -> npt.NDArray[np.int32]:
    """Return labels over all vertices of a hemisphere, 0 where there is none."""
    spread = np.zeros(count_vertices(space, hemi), dtype=np.int32)
    spread[space.vertices(hemi)] = codes[space.columns(hemi)]
    return spread


def choose_range(item: ExportMap, content: RunContent) -> ColourRange:
    """Return the range of colours: the middle 96 % of the significant voxels' values.

    In a diverging map it is symmetric around 0.
    """
    mask = content.maps[-1].values == 1
    values = item.values[mask & np.isfinite(item.values)]
    if not values.size:
        values = item.values[np.isfinite(item.values)]
    if item.info.kind == "mask" or not values.size:
        return ColourRange(0.0, 1.0)
    low, high = (float(x) for x in np.percentile(values, [2, 98]))
    if item.info.kind == "diverging":
        high = max(abs(low), abs(high))
        return ColourRange(-high, high)
    return ColourRange(max(low, 0.0), high)


def describe_palette(item: ExportMap, content: RunContent) -> str:
    """Return the ``PaletteColorMapping`` by which Connectome Workbench colours a map.

    Workbench has no viridis; its magma and cool-warm are the nearest to this project's colours.
    """
    low, high = choose_range(item, content)
    diverging = item.info.kind == "diverging"
    first = 0.0 if diverging else low
    scale = f"{-high:.6f} {-first:.6f} {first:.6f} {high:.6f}"
    entries = {
        "ScaleMode": "MODE_USER_SCALE",
        "AutoScalePercentageValues": "98.000000 2.000000 2.000000 98.000000",
        "AutoScaleAbsolutePercentageValues": "2.000000 98.000000",
        "UserScaleValues": scale,
        "PaletteName": "cool-warm" if diverging else "magma",
        "InterpolatePalette": "true",
        "DisplayPositiveData": "true",
        "DisplayZeroData": "true",
        "DisplayNegativeData": "true",
        "ThresholdTest": "THRESHOLD_TEST_SHOW_OUTSIDE",
        "ThresholdType": "THRESHOLD_TYPE_OFF",
        "ThresholdFailureInGreen": "false",
        "ThresholdNormalValues": "-1.000000 1.000000",
        "ThresholdMappedValues": "-1.000000 1.000000",
        "ThresholdMappedAvgAreaValues": "-1.000000 1.000000",
    }
    lines = "".join(f"<{key}>{escape(text)}</{key}>" for key, text in entries.items())
    return f'<PaletteColorMapping Version="1">{lines}</PaletteColorMapping>'
