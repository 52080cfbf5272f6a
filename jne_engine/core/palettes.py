"""Every colour of the project: tiers, ROIs, and maps of numbers to colours.

The viewer, Plotly figures and exports all read this file, so that an area looks the same
everywhere. The sets are safe for the common kinds of colour blindness (P. Tol, *Colour
schemes*, technical note SRON/EPS/TN/09-002, "muted"; Okabe and Ito 2008); the sequential maps are
matplotlib's perceptually uniform ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from jne_engine.core.areas import AREAS
from jne_engine.core.arrays import UInt8Array
from jne_engine.core.checks import check_choice

ACCENT = "#0b6e99"
SIMULATED_COLOUR = "#b3261e"
NEUTRAL = "#8a8f98"

TIER_COLOURS: Mapping[str, str] = MappingProxyType(
    {"primary": "#0072b2", "intermediate": "#009e73", "higher": "#d55e00"}
)

ROI_COLOURS: Mapping[str, str] = MappingProxyType({area.name: area.colour for area in AREAS})

# Name in this project -> (matplotlib's name, what people read).
SEQUENTIAL: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "viridis": ("viridis", "Viridis"),
        "magma": ("magma", "Magma"),
        "inferno": ("inferno", "Inferno"),
        "cividis": ("cividis", "Cividis"),
    }
)
DIVERGING: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "difference": ("RdBu_r", "Blue to red"),
        "berlin": ("berlin", "Berlin (dark centre)"),
        "orange-purple": ("PuOr_r", "Purple to orange"),
    }
)
MAP_NAMES: tuple[str, ...] = (*SEQUENTIAL, *DIVERGING)

# Corners of the two-dimensional map: neither, first high, second high, both high.
_PLANE_CORNERS = ("#dcdcdc", "#1f78b4", "#f0a33a", "#4a1030")
_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)


@cache
def colour_map(name: str) -> UInt8Array:
    """Return a map of numbers to colours as 256 RGB rows, lowest first.

    Parameters
    ----------
    name : str
        One of :data:`MAP_NAMES`.

    Returns
    -------
    numpy.ndarray of uint8, shape (256, 3)

    Raises
    ------
    InputError
        If there is no map of that name.
    """
    check_choice("colour map", name, MAP_NAMES)
    source = {**SEQUENTIAL, **DIVERGING}[name][0]
    rgba = mpl.colormaps[source](np.linspace(0, 1, 256))
    table: UInt8Array = np.round(np.asarray(rgba)[:, :3] * 255).astype(np.uint8)
    table.setflags(write=False)
    return table


@cache
def colour_plane(size: int = 64) -> UInt8Array:
    """Return a two-dimensional colour map: the first value to the right, the second upwards.

    The four corners are mixed in Oklab (Ottosson 2020), where equal steps look about equal.

    Returns
    -------
    numpy.ndarray of uint8, shape (size, size, 3)
        Row 0 holds the lowest second value.
    """
    x, y = np.meshgrid(np.linspace(0, 1, size), np.linspace(0, 1, size))
    weights = np.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], axis=-1)
    corners = np.cbrt(_linear(np.array([rgb(c) for c in _PLANE_CORNERS]) / 255) @ _TO_LMS.T)
    linear = (weights @ corners) ** 3 @ np.linalg.inv(_TO_LMS).T
    return np.asarray(np.round(_gamma(np.clip(linear, 0, 1)) * 255), dtype=np.uint8)


def rgb(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue (0 to 255) of ``"#rrggbb"``."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def hex_colour(red: int, green: int, blue: int) -> str:
    """Return ``"#rrggbb"`` of red, green and blue (0 to 255)."""
    return f"#{red:02x}{green:02x}{blue:02x}"


def plotly_scale(name: str, steps: int = 33) -> list[list[Any]]:
    """Return a colour map as Plotly's list of [position, colour]."""
    table = colour_map(name)
    rows = np.round(np.linspace(0, 255, steps)).astype(int)
    return [[float(r / 255), hex_colour(*map(int, table[r]))] for r in rows]


def region_colours(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return one colour a region: the fixed one of a known ROI, else one of a repeating set.

    Hues of unknown names step by the golden angle, so that neighbours in a list differ.
    """
    return tuple(ROI_COLOURS.get(name) or _spread_colour(i) for i, name in enumerate(names))


def _spread_colour(index: int) -> str:
    """Return the index-th of an endless row of colours of similar lightness."""
    hue = (0.11 + index * 0.61803398875) % 1.0
    value = (0.78, 0.62, 0.90)[index % 3]
    sector, part = divmod(hue * 6, 1.0)
    low = value * (1 - 0.55)
    up, down = low + (value - low) * part, value - (value - low) * part
    triples = (
        (value, up, low),
        (down, value, low),
        (low, value, up),
        (low, down, value),
        (up, low, value),
        (value, low, down),
    )
    red, green, blue = (round(255 * x) for x in triples[int(sector)])
    return hex_colour(red, green, blue)


def _linear(srgb: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return linear light of sRGB values (0 to 1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _gamma(linear: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return sRGB values (0 to 1) of linear light."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
