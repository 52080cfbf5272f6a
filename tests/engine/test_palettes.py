"""Colours are fixed, distinct and taken from where the module says."""

import matplotlib as mpl
import numpy as np
import pytest

from jne_engine.core import palettes
from jne_engine.core.errors import InputError


@pytest.mark.parametrize("name", palettes.MAP_NAMES)
def test_colour_maps_are_matplotlibs(name):
    source = {**palettes.SEQUENTIAL, **palettes.DIVERGING}[name][0]
    expected = [mpl.colormaps[source](i / 255, bytes=True)[:3] for i in (0, 100, 255)]
    np.testing.assert_allclose(palettes.colour_map(name)[[0, 100, 255]], expected, atol=1)


@pytest.mark.parametrize("name", palettes.SEQUENTIAL)
def test_sequential_maps_get_lighter_all_the_way(name):
    lightness = palettes.colour_map(name) @ np.array([0.2126, 0.7152, 0.0722])
    assert np.diff(lightness[::8]).min() > 0


def test_unknown_colour_map_names_the_known_ones():
    with pytest.raises(InputError, match="viridis"):
        palettes.colour_map("jet")


def test_plane_has_its_corners_where_it_says():
    plane = palettes.colour_plane(16)
    corners = [plane[0, 0], plane[0, -1], plane[-1, 0], plane[-1, -1]]
    expected = [palettes.rgb(c) for c in palettes._PLANE_CORNERS]
    np.testing.assert_allclose(np.array(corners, int), expected, atol=1)


def test_the_ten_regions_and_the_tiers_have_colours_of_their_own():
    assert len(set(palettes.ROI_COLOURS.values())) == 10
    assert set(palettes.TIER_COLOURS) == {"primary", "intermediate", "higher"}


def test_known_regions_keep_their_colour_in_any_list():
    colours = palettes.region_colours(("x", "PPA", "y"))
    assert colours[1] == palettes.ROI_COLOURS["PPA"]
    assert len(set(colours)) == 3


def test_plotly_scale_runs_from_0_to_1():
    scale = palettes.plotly_scale("magma", 5)
    assert (scale[0][0], scale[-1][0]) == (0.0, 1.0)
    assert scale[0][1] == palettes.hex_colour(*map(int, palettes.colour_map("magma")[0]))
