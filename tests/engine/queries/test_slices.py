"""Slices of a volume and ranked voxels against plain loops over the stored arrays."""

from __future__ import annotations

import numpy as np
import pytest

from jne_engine.analysis.maps import read_map
from jne_engine.analysis.masks import Masks, select_masked
from jne_engine.analysis.slices import PLANE_NAMES, find_peak, rank_voxels, read_slices
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import VolumeSpace
from jne_engine.report.figures.slices import plot_ranked, plot_slices
from jne_engine.runs.store import Run
from tests.synthetic_run import write_synthetic_run

N_VOXELS = 288
# x runs from right to left in 2 mm steps, y and z swap their places: what NIfTI files may hold.
TURNED = np.array([[-2.0, 0, 0, 50], [0, 0, 3, -60], [0, 2.5, 0, -40], [0, 0, 0, 1]])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    voxels = np.stack(np.unravel_index(np.arange(N_VOXELS) * 3, (12, 10, 8)), axis=1)
    space = VolumeSpace((12, 10, 8), TURNED, voxels, "native")
    return Run(write_synthetic_run(tmp_path_factory.mktemp("volume"), space=space))


def test_planes_hold_the_stored_values_at_their_voxels(run):
    masks, at = Masks(), (5, 4, 3)
    slices = read_slices(run, "jne", masks, at)
    values, shown = read_map(run, "jne"), select_masked(run, "jne", masks)
    assert [p.name for p in slices.planes] == list(PLANE_NAMES)
    assert [p.across for p in slices.planes] == [0, 2, 1]
    found = 0
    for plane in slices.planes:
        for row in range(plane.columns.shape[0]):
            for place in range(plane.columns.shape[1]):
                index = [0, 0, 0]
                index[plane.across], index[plane.right] = plane.index, place
                index[plane.up] = row
                flat = np.ravel_multi_index(index, (12, 10, 8))
                expected = flat // 3 if flat % 3 == 0 and flat // 3 < N_VOXELS else -1
                assert plane.columns[row, place] == expected
                here = plane.values[row, place]
                if expected >= 0 and shown[expected]:
                    assert here == values[expected]
                    found += 1
                else:
                    assert np.isnan(here)
    assert found > 20


def test_left_is_left_up_is_up_and_millimetres_follow_the_affine(run):
    slices = read_slices(run, "jne", Masks(), (5, 4, 3))
    sagittal, coronal, axial = slices.planes
    assert not sagittal.right_flipped
    assert coronal.right_flipped
    assert axial.right_flipped
    assert coronal.sides == ("left", "right", "inferior", "superior")
    expected = tuple(float(sum(TURNED[i, j] * (5, 4, 3, 1)[j] for j in range(4))) for i in range(3))
    assert slices.millimetres == expected
    assert slices.sizes == (2.0, 2.5, 3.0)


def test_it_begins_at_the_largest_value_shown_and_keeps_inside_the_grid(run):
    masks = Masks()
    values, shown = read_map(run, "jne"), select_masked(run, "jne", masks)
    best = max((v, -i) for i, v in enumerate(values.tolist()) if shown[i])
    peak = read_slices(run, "jne", masks)
    assert find_peak(run, "jne", masks) == -best[1] == peak.column
    assert peak.value == best[0]
    assert peak.n_shown == int(shown.sum())
    assert read_slices(run, "jne", masks, (99, 99, 99)).at == (11, 9, 7)


def test_ranks_are_a_sort_of_the_stored_values(run):
    table = rank_voxels(run, "jne", Masks())
    values, shown = read_map(run, "jne"), select_masked(run, "jne", Masks())
    expected = sorted((-v, i) for i, v in enumerate(values.tolist()) if v == v)
    assert table["column"].tolist() == [i for _, i in expected]
    assert table["value"].tolist() == [-v for v, _ in expected]
    assert table["shown"].tolist() == [bool(shown[i]) for _, i in expected]
    flat = np.ravel_multi_index(table[["x", "y", "z"]].to_numpy().T, (12, 10, 8))
    assert (flat == 3 * table["column"]).all()
    assert {"V1", "FFA-2"} <= set(table["roi"])


def test_a_click_names_the_voxel_and_a_range_spans_what_is_shown(run):
    slices = read_slices(run, "jne", Masks(), (5, 4, 3))
    figure = plot_slices(slices)
    targets = [trace for trace in figure.data if trace.type == "scatter"]
    for plane, trace in zip(slices.planes, targets, strict=True):
        for x, y, at in zip(trace.x, trace.y, trace.customdata, strict=True):
            index = list(map(int, at.split(",")))
            assert (index[plane.right], index[plane.up]) == (x, y)
            assert index[plane.across] == plane.index
    values = read_map(run, "jne")[select_masked(run, "jne", Masks())].astype(float)
    low, high = np.percentile(values, 1), np.percentile(values, 99)
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (low, high)


def test_labels_have_their_own_colours_and_an_empty_map_a_range(run):
    slices = read_slices(run, "roi", Masks(significant=False))
    bar = plot_slices(slices).layout.coloraxis.colorbar
    assert bar.ticktext[0] == "V1"
    nothing = read_slices(run, "jne", Masks(min_r2=1e9))
    assert nothing.n_shown == 0
    assert (nothing.low, nothing.high) == (0, 1)
    assert np.isnan(nothing.value)


def test_ranked_points_carry_their_columns(run):
    table = rank_voxels(run, "jne", Masks())
    slices = read_slices(run, "jne", Masks())
    figure = plot_ranked(table, slices.info)
    drawn = [int(c) for trace in figure.data for c in trace.customdata]
    assert sorted(drawn) == sorted(table["column"])


def test_a_run_that_lies_nowhere_has_ranks_and_no_slices(tmp_path):
    run = Run(write_synthetic_run(tmp_path, with_space=False, with_rois=False))
    with pytest.raises(InputError, match="a run of a volume"):
        read_slices(run, "jne", Masks())
    table = rank_voxels(run, "jne", Masks())
    assert "x" not in table.columns
    assert set(table["roi"]) == {""}
