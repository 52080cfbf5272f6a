"""At a vertex of a projected run stands its nearest voxel; the way back finds every such vertex."""

from __future__ import annotations

import pytest

from jne_engine.analysis import map_tables, maps, places
from jne_engine.analysis.masks import Masks
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import HEMISPHERES
from jne_engine.runs.store import Run
from tests.synthetic_run import Recipe, plant, project_synthetic, write_synthetic_run

N_VOXELS = plant(Recipe()).invalid.size


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    choices = project_synthetic(N_VOXELS)
    return Run(write_synthetic_run(tmp_path_factory.mktemp("runs"), **choices))


def nearest_by_loop(run):
    """Return the column with the largest weight at each drawn vertex, entry by entry."""
    made, found = maps.read_run_projection(run), {}
    vertices = [(h, int(v)) for h in HEMISPHERES for v in made.space.vertices(h)]
    for i, place in enumerate(vertices):
        entries = range(made.starts[i], made.starts[i + 1])
        found[place] = int(made.columns[max(entries, key=lambda k: made.weights[k])])
    return found


def test_each_vertex_names_its_nearest_voxel(run):
    nearest = nearest_by_loop(run)
    assert len(nearest) == N_VOXELS
    for (hemi, vertex), column in list(nearest.items())[::7]:
        assert places.find_selected(run, {hemi: (vertex,)}) == (column,)


def test_vertices_of_one_voxel_count_it_once(run):
    vertices = {"left": tuple(range(0, 60)), "right": (3, 4)}
    nearest = nearest_by_loop(run)
    wanted = {c for (h, v), c in nearest.items() if v in vertices[h]}
    assert places.find_selected(run, vertices) == tuple(sorted(wanted))
    assert len(wanted) < 21
    assert places.find_columns(run, {"left": (1, 2)}).size == 0


def test_the_way_back_finds_all_vertices_of_a_voxel(run):
    nearest, columns = nearest_by_loop(run), (3, 4, 200, 201)
    back = places.find_marked(run, columns)
    for hemi in HEMISPHERES:
        expected = sorted(v for (h, v), c in nearest.items() if h == hemi and c in columns)
        assert back[hemi].tolist() == expected
    assert back["left"].tolist() == [9, 12]


def test_voxels_are_named_by_their_place_in_the_volume(run):
    assert places.find_voxels(run, (0, 41)) == ((0, 0, 0), (0, 1, 1))


def test_the_table_of_a_map_names_each_voxel(run):
    table = map_tables.tabulate_maps(run, ("jne",), Masks())
    assert list(table.columns) == ["x", "y", "z", "jne", "jne_shown"]
    assert table.loc[41, ["x", "y", "z"]].tolist() == [0, 1, 1]


def test_a_run_on_a_surface_has_no_voxels_of_a_volume_and_one_nowhere_no_vertices(tmp_path):
    assert places.find_voxels(Run(write_synthetic_run(tmp_path)), (0,)) == ()
    bare = Run(write_synthetic_run(tmp_path / "bare", with_space=False))
    assert places.find_selected(bare, {"left": (0,)}) == ()
    assert places.find_marked(bare, (0,)) == {}
    with pytest.raises(InputError, match="a run on a surface"):
        places.find_columns(bare, {"left": (0,)})
