"""Scenes of several maps and runs hold each run's values on its own vertices."""

from __future__ import annotations

import numpy as np
import pytest

from jne_engine.analysis import across, estimates, maps
from jne_engine.analysis.masks import Masks, select_masked
from jne_engine.report.figures.comparisons import (
    N_POINTS,
    choose_points,
    plot_pair_grid,
    plot_pairs,
)
from jne_engine.report.figures.vertices import plot_jne_ss
from jne_engine.runs.store import Run
from jne_engine.viewer.payload import scene_header
from jne_engine.viewer.scenes import maps as scenes
from tests.synthetic_run import write_synthetic_run


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return tuple(
        Run(write_synthetic_run(root, subject=f"s{i}", seed=i, n_per_roi=n))
        for i, n in enumerate((24, 20))
    )


def find(scene, name):
    return next(m for m in scene.maps if m.name == name)


def check_values(shown, run, name):
    space, values = maps.read_surface(run), maps.read_map(run, name)
    for hemi in ("left", "right"):
        own, drawn = values[space.columns(hemi)], shown.values(hemi)
        np.testing.assert_array_equal(drawn[space.vertices(hemi)], own)
        assert np.isfinite(drawn).sum() == np.isfinite(own).sum()


def test_maps_beside_each_other_are_panes_of_one_scene(runs):
    panes = ("gain", "jne", "roi")
    scene = scenes.build_masked_scene(runs[0], panes, Masks())
    assert scene.panes == panes
    assert not scene.shared_range
    for name in ("gain", "jne", "delta_r2"):
        check_values(find(scene, name), runs[0], name)


def test_other_runs_have_their_own_vertices_mask_and_name(runs):
    masks = Masks(min_r2=0.3, rois=("V1", "FFA-2"))
    scene = scenes.build_masked_scene(runs[0], ("gain",), masks, (runs[1],))
    name = f"gain@{runs[1].run_id}"
    assert scene.panes == ("gain", name)
    assert scene.shared_range
    other = find(scene, name)
    check_values(other, runs[1], "gain")
    assert "s1" in other.label
    assert other.mask_label.startswith("significant voxels, R² nonlinear ≥ 0.3")
    shown = sum(int(other.mask(hemi).sum()) for hemi in ("left", "right"))
    assert shown == select_masked(runs[1], "gain", masks).sum()


def test_a_difference_stands_beside_both_runs(runs):
    made = across.subtract_runs(*runs, "gain")
    scene = scenes.build_difference_scene(*runs, "gain", Masks(), made)
    assert len(scene.panes) == 3
    a, b, d = (find(scene, name) for name in scene.panes)
    assert d.kind == "diverging"
    for hemi in ("left", "right"):
        np.testing.assert_allclose(d.values(hemi), a.values(hemi) - b.values(hemi), rtol=1e-5,
                                   atol=1e-6)  # fmt: skip


def test_four_maps_tell_of_several_subjects(runs):
    made = across.average_subjects(runs, "jne")
    scene = scenes.build_group_scene(runs, made)
    assert scene.panes == ("group_mean", "group_sd", "group_share", "group_n")
    left = maps.read_surface(runs[0]).left
    n = find(scene, "group_n").values("left")
    assert set(n[np.isfinite(n)]) == {1.0, 2.0}
    assert np.isfinite(n[left]).sum() > 0


def test_chosen_voxels_keep_their_colours_and_the_others_are_dimmed(runs, monkeypatch):
    scene = scenes.build_selection_scene(runs[0], "jne", (1, 2, 270))
    space, whole = maps.read_surface(runs[0]), scenes.build_selection_scene(runs[0], "jne", ())
    own, strength = find(scene, "jne"), find(scene, "drawn").values("left")
    assert own.dimmed_by == "drawn"
    assert np.array_equal(own.mask("left"), find(whole, "jne").mask("left"))
    assert np.array_equal(own.values("left"), find(whole, "jne").values("left"), equal_nan=True)
    chosen = {int(space.left[1]), int(space.left[2])}
    for vertex in space.left.tolist():
        assert strength[vertex] == (1.0 if vertex in chosen else scenes.DIM)
    assert scene.marked["left"].tolist() == sorted(chosen)
    header = scene_header(scene, key="x")
    assert [m["second"] for m in header["maps"]] == [1, None]
    assert find(scene, "drawn").wire_blob.hash in scene.start_hashes()
    monkeypatch.setattr(scenes, "MOST_OUTLINED", 2)
    assert not scenes.build_selection_scene(runs[0], "jne", (1, 2, 270)).marked


def test_a_selection_among_nonlinear_voxels_leaves_out_all_others(tmp_path):
    run = Run(write_synthetic_run(tmp_path, calibrated=True))
    space, q = maps.read_surface(run), run.stage("calibration").read_array("q_nonlinearity")
    scene = scenes.build_selection_scene(run, "nonlinear_share", (), nonlinear=True)
    own = find(scene, "nonlinear_share")
    known = np.isfinite(maps.read_map(run, "nonlinear_share"))
    expected = (q < 0.05) & maps.read_significant(run) & known
    assert 0 < expected.sum() < (maps.read_significant(run) & known).sum()
    for hemi in ("left", "right"):
        found = own.mask(hemi)[space.vertices(hemi)]
        np.testing.assert_array_equal(found, expected[space.columns(hemi)])
    assert own.mask_label == "significant voxels, nonlinear (q < 0.05)"


def test_marks_beyond_the_drawn_surface_are_left_out(runs):
    scene = scenes.build_masked_scene(runs[0], ("jne",), Masks())
    marked = {"left": np.array([3, 40_000])}
    out = scenes.mark_vertices(scene, marked, {"right": (5, 99_999)})
    header = scene_header(out, key="x")
    assert header["marked"] == [{"hemi": "left", "vertices": [3]}]
    assert header["selected"] == [{"hemi": "right", "vertices": [5]}]


def test_points_over_a_density_are_a_seeded_draw_that_names_its_voxels():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, N_POINTS + 500))
    columns = np.arange(len(x)) * 3
    found = estimates.correlate(x, y)
    figure = plot_pairs(x, y, found, labels=("a", "b"), columns=columns, slopes={"80 %": 0.8})
    density, points = figure.data
    rows = choose_points(len(x))
    assert len(points.x) == N_POINTS == len(set(points.customdata))
    np.testing.assert_array_equal(points.customdata, columns[rows])
    np.testing.assert_array_equal(points.x, x[rows])
    assert np.asarray(density.customdata).sum() == len(x)
    np.testing.assert_array_equal(choose_points(10), np.arange(10))


def test_every_area_has_a_panel_with_all_its_voxels(runs):
    panels = []
    for name in ("V1", "<b>x</b>", "none"):
        x, y = np.random.default_rng(2).random((2, 0 if name == "none" else 50))
        panels.append((name, x, y, estimates.correlate(x, y)))
    figure = plot_pair_grid(panels, labels=("a", "b"))
    assert [int(np.asarray(t.customdata).sum()) for t in figure.data] == [50, 50, 0]
    titles = [a.text for a in figure.layout.annotations]
    assert titles[1].startswith("<b>&lt;b&gt;x")
    assert "n = 50" in titles[0]
    assert "r undefined" in titles[2]


def test_a_histogram_holds_every_finite_stimulus():
    values = np.array([0.0, 1.0, 2.0, np.nan, 2.0])
    assert sum(plot_jne_ss(values).data[0].y) == 4
    assert len(plot_jne_ss(np.full(3, np.nan)).data[0].y) == 0


def test_a_simulated_run_beside_a_real_one_marks_the_scene(tmp_path):
    real, made_up = (
        Run(write_synthetic_run(tmp_path, subject=name, seed=seed, simulated=simulated))
        for name, seed, simulated in (("real", 0, False), ("made up", 1, True))
    )
    groups = across.average_subjects((real, made_up), "jne")
    difference = across.subtract_runs(real, made_up, "jne")
    assert not scenes.build_masked_scene(real, ("jne",), Masks()).simulated
    for scene in (
        scenes.build_masked_scene(real, ("jne",), Masks(), (made_up,)),
        scenes.build_group_scene((real, made_up), groups),
        scenes.build_difference_scene(real, made_up, "jne", Masks(), difference),
    ):
        assert scene.simulated
        assert made_up.run_id in scene.provenance
