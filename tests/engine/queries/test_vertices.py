"""A vertex's card holds the stored floats, and the stimuli in the stored order of JNE-SS."""

from __future__ import annotations

import numpy as np
import pytest

from jne_engine.analysis import comparisons, maps, places, vertices
from jne_engine.runs.store import Run
from tests.synthetic_run import Recipe, plant, write_synthetic_run

N_PER_ROI = 400  # columns of several chunks


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return Run(write_synthetic_run(root, n_per_roi=N_PER_ROI))


@pytest.fixture(scope="module")
def planted():
    return plant(Recipe(n_per_roi=N_PER_ROI))


def test_vertices_and_columns_name_each_other(run):
    space = maps.read_surface(run)
    picked = {"left": (0, 7, 8, 700), "right": (14, 6)}
    columns = places.find_selected(run, picked)
    left, right = space.left.tolist(), space.right.tolist()
    assert columns == (left.index(0), left.index(7), left.index(700), len(left) + right.index(14))
    back = places.find_marked(run, columns)
    assert {hemi: v.tolist() for hemi, v in back.items()} == {"left": [0, 7, 700], "right": [14]}


def test_one_voxels_values_are_the_stored_floats(run):
    table = vertices.tabulate_vertices(run, (41,))
    for info in maps.list_maps(run):
        if info.kind in ("sequential", "diverging"):
            stored = maps.read_map(run, info.name)[41]
            assert np.float32(table.loc[info.name, "value"]) == stored
            assert np.float32(table.loc[info.name, "text"]).tobytes() == stored.tobytes()
    assert (table["n"] == 1).all()


def test_several_voxels_have_mean_sd_and_n_of_the_finite_ones(run, planted):
    columns = (0, 1, 2, 4000)  # 0 and 4000 are invalid
    row = vertices.tabulate_vertices(run, columns).loc["jne"]
    kept = [float(np.float32(planted.dispersion["jne"][c])) for c in (1, 2)]
    assert row["n"] == 2
    assert row["value"] == pytest.approx(sum(kept) / 2, rel=1e-12)
    assert row["sd"] == pytest.approx(abs(kept[0] - kept[1]) / 2**0.5, rel=1e-9)


@pytest.mark.parametrize("columns", [(41,), (1, 2, 3), (5, 4100, 4700), (4700, 5)])
def test_jne_ss_of_voxels_is_the_mean_of_their_columns(run, planted, columns):
    stored = planted.jne_ss.astype(np.float32)
    expected = [sum(float(stored[s, c]) for c in columns) / len(columns) for s in range(64)]
    np.testing.assert_allclose(vertices.read_vertex_jne_ss(run, columns), expected, rtol=1e-12)
    ranking = vertices.rank_vertex_stimuli(run, columns)
    assert ranking["row"].tolist() == sorted(range(64), key=lambda s: -expected[s])
    assert ranking["category"].tolist() == [planted.categories[r] for r in ranking["row"]]


def test_invalid_voxels_have_no_stimuli(run):
    assert np.isnan(vertices.read_vertex_jne_ss(run, (0,))).all()


def test_regions_of_voxels_are_counted(run, planted):
    columns = (1, 2, N_PER_ROI + 1, 11 * N_PER_ROI + 5)
    table = vertices.name_regions(run, columns)
    assert dict(zip(table["name"], table["n"], strict=True)) == {"V1": 2, "V2": 1, "In no ROI": 1}


def inside(point, corners):
    """Tell whether a ray to the right of a point crosses the outline an odd number of times."""
    crossings = 0
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (y0 > point[1]) != (y1 > point[1]):
            crossings += point[0] < x0 + (point[1] - y0) / (y1 - y0) * (x1 - x0)
    return crossings % 2 == 1


def test_a_drawn_area_takes_the_voxels_inside(run):
    pairs = comparisons.tabulate_pairs(run, "r2_linear", "r2_nonlinear", "RSC")
    areas = [
        [(0.1, 0.2), (0.4, 0.25), (0.3, 0.5), (0.25, 0.3), (0.15, 0.5)],
        [(0.35, 0.3), (0.45, 0.3), (0.45, 0.6), (0.35, 0.6)],
    ]
    rows = pairs.to_numpy().tolist()
    expected = [int(c) for c, *point in rows if any(inside(point, a) for a in areas)]
    assert comparisons.select_inside(pairs, areas) == tuple(expected)
    assert 0 < len(expected) < len(rows)
    assert comparisons.select_inside(pairs, [[(0, 0), (1, 1)]]) == ()
