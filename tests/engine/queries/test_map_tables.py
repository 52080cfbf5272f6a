"""Tables of maps hold each vertex's stored float and whether it is shown."""

from __future__ import annotations

import numpy as np

from jne_engine.analysis import across, map_tables, maps
from jne_engine.analysis.masks import Masks, select_masked
from jne_engine.runs.store import Run
from tests.synthetic_run import write_synthetic_run


def test_each_row_is_a_vertex_with_the_stored_values(tmp_path):
    run = Run(write_synthetic_run(tmp_path))
    masks, space = Masks(threshold=0.5), maps.read_surface(run)
    table = map_tables.tabulate_maps(run, ("jne", "gain"), masks)
    places = [("left", v) for v in space.left] + [("right", v) for v in space.right]
    assert list(zip(table["hemisphere"], table["vertex"], strict=True)) == places
    for name, own in (("jne", masks), ("gain", Masks())):
        np.testing.assert_array_equal(table[name], maps.read_map(run, name))
        np.testing.assert_array_equal(table[f"{name}_shown"], select_masked(run, name, own))


def test_a_run_nowhere_has_values_without_places(tmp_path):
    run = Run(write_synthetic_run(tmp_path, with_space=False))
    table = map_tables.tabulate_maps(run, ("jne",), Masks())
    assert list(table.columns) == ["jne", "jne_shown"]


def test_maps_of_several_runs_lie_at_their_common_vertices(tmp_path):
    runs = [
        Run(write_synthetic_run(tmp_path, subject=f"s{i}", seed=i, n_per_roi=24 - i))
        for i in (0, 1)
    ]
    made = across.average_subjects(runs, "jne")
    table = map_tables.tabulate_groups(made)
    assert len(table) == made[0].space.n_voxels
    np.testing.assert_array_equal(table["group_sd"], made[1].values)
    assert table["group_n_shown"].tolist() == made[3].shown.tolist()
