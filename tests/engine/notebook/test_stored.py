"""A run from Python: what it returns is what the store holds."""

from __future__ import annotations

import subprocess
import sys

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.surface import SurfaceImage, load_surf_mesh

import jne_engine as jne
from jne_engine.cortex.spaces import VolumeSpace
from jne_engine.runs.store import Run, read_roi_sets, read_space
from tests.synthetic_run import ROI_NAMES, project_synthetic, write_synthetic_run


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_synthetic_run(tmp_path_factory.mktemp("runs"), calibrated=True)


@pytest.fixture(scope="module")
def run(path):
    return jne.open_run(path)


def test_maps_are_the_stored_arrays(run, path):
    stored = Run(path)
    for name, stage in [("jne", "dispersion"), ("r2_nonlinear", "scores"),
                        ("nonlinear_share", "calibration")]:  # fmt: skip
        np.testing.assert_array_equal(run.map(name), stored.stage(stage).read_array(name))
    assert set(run.maps.columns) == {"label", "unit", "kind", "explanation", "formula"}
    assert run.maps.loc["jne", "label"] == "JNE"
    table = run.to_dataframe()
    np.testing.assert_array_equal(table["jne"], run.map("jne"))
    assert table["simulated"].all()
    assert run.is_simulated
    with pytest.raises(jne.InputError, match="map: expected"):
        run.map("jnee")


def test_rois_and_significant_voxels(run, path):
    (rois,) = read_roi_sets(Run(path).stage("dataset")).values()
    assert list(run.rois.index) == list(ROI_NAMES)
    assert run.rois["n_voxels"].tolist() == [int(run.roi(n).sum()) for n in ROI_NAMES]
    np.testing.assert_array_equal(run.roi("V4"), rois.mask("V4"))
    q = Run(path).stage("scores").read_array("q_nonlinear")
    np.testing.assert_array_equal(run.significant, q < 0.05)


def test_jne_ss_of_a_stimulus_of_an_roi_and_of_both(run, path):
    whole = Run(path).stage("dispersion").read_array("jne_ss")
    mask, third = run.roi("PPA"), run.stimuli.index[3]
    np.testing.assert_array_equal(run.jne_ss(), whole)
    np.testing.assert_array_equal(run.jne_ss(stimulus=third), whole[3])
    np.testing.assert_array_equal(run.jne_ss(stimulus=3), whole[3])
    np.testing.assert_array_equal(run.jne_ss(roi="PPA"), whole[:, mask])
    np.testing.assert_array_equal(run.jne_ss(stimulus=3, roi="PPA"), whole[3, mask])
    for wrong in ("no such", len(whole), -1):
        with pytest.raises(jne.InputError, match="stimulus: expected"):
            run.jne_ss(stimulus=wrong)


def test_a_surface_image_holds_each_value_at_its_vertex(run, path):
    space = read_space(Run(path).stage("dataset"))
    image = run.to_surface_image("jne", shape="midthickness")
    assert isinstance(image, SurfaceImage)
    values = run.map("jne")
    for hemi in ("left", "right"):
        data = image.data.parts[hemi]
        expected = np.full(len(data), np.nan, dtype=np.float32)
        for vertex, value in zip(space.vertices(hemi), values[space.columns(hemi)], strict=True):
            expected[vertex] = value
        np.testing.assert_array_equal(data, expected)
        mesh = load_surf_mesh(image.mesh.parts[hemi])
        assert len(mesh.coordinates) == len(data) == 32492
    with pytest.raises(jne.InputError, match="shape: expected"):
        run.to_surface_image("jne", shape="sphere-of-mars")
    with pytest.raises(jne.InputError, match="a volume"):
        run.to_nifti("jne")


def test_a_nifti_holds_each_value_at_its_voxel(tmp_path):
    n = 288
    voxels = np.stack(np.unravel_index(np.arange(n), (8, 8, 8)), axis=1)
    space = VolumeSpace((8, 8, 8), np.diag([2.0, 2, 2, 1]), voxels)
    path = write_synthetic_run(tmp_path, space=space)
    run = jne.open_run(path)
    image = run.to_nifti("jne")
    assert isinstance(image, nib.Nifti1Image)
    np.testing.assert_array_equal(image.get_fdata(dtype=np.float32)[tuple(voxels.T)],
                                  run.map("jne"))  # fmt: skip
    labels = np.asarray(run.to_nifti("roi").dataobj)[tuple(voxels.T)]
    np.testing.assert_array_equal(labels, np.nan_to_num(run.map("roi") + 1).astype(int))
    with pytest.raises(jne.InputError, match="surface"):
        run.plot_brain()
    with pytest.raises(jne.InputError, match="surface"):
        run.to_surface_image("jne")


def test_a_volumes_map_goes_to_the_surface_as_its_run_says(tmp_path):
    n = 288
    run = jne.open_run(write_synthetic_run(tmp_path, **project_synthetic(n)))
    projection = project_synthetic(n)["projection"]
    for name, project in [("jne", projection.project), ("roi", projection.project_labels)]:
        image, expected = run.to_surface_image(name, shape="pial"), project(run.map(name))
        for hemi in ("left", "right"):
            where = projection.space.vertices(hemi)
            found = image.data.parts[hemi][where]
            np.testing.assert_array_equal(found, expected[projection.space.columns(hemi)])


def test_a_brain_shows_and_saves_itself(run, tmp_path):
    brain = run.plot_brain("r2_nonlinear", threshold=0.1, height=300)
    shown = brain._repr_html_()
    assert shown.startswith("<iframe")
    assert 'height="300"' in shown
    assert "SIMULATED" in repr(brain)
    saved = brain.save(tmp_path / "brain.html").read_text()
    assert saved == brain.html
    assert "SIMULATED" in saved
    assert brain._repr_mimebundle_(include=None)["text/html"] == shown
    with pytest.raises(jne.InputError, match="jnee"):
        run.plot_brain("jnee")


def test_the_hierarchy_is_the_figure_of_the_stored_values(run):
    figure = run.plot_hierarchy("jne", draw="box")
    assert figure.layout.title.text == "SIMULATED: JNE"
    shown = run.significant & np.isfinite(run.map("jne"))
    drawn = {trace.name or trace.x0: np.sort(np.asarray(trace.y)) for trace in figure.data}
    assert len(drawn) >= len(ROI_NAMES) or len(figure.data) == len(ROI_NAMES)
    first = np.sort(run.map("jne")[run.roi("V1") & shown])
    np.testing.assert_array_equal(np.sort(np.asarray(figure.data[0].y)), first)


def test_without_rois_the_hierarchy_says_so(tmp_path):
    run = jne.open_run(write_synthetic_run(tmp_path, with_rois=False))
    assert run.rois.empty
    assert isinstance(run.rois, pd.DataFrame)
    with pytest.raises(jne.InputError, match="at least one ROI"):
        run.plot_hierarchy()


def test_runs_are_listed_newest_first_where_the_variable_says(path, monkeypatch):
    monkeypatch.setenv("JNE_RUNS", str(path.parent))
    (listed,) = jne.list_runs()
    assert listed.path == path
    assert "SIMULATED" in repr(listed)
    with pytest.raises(jne.StoreError, match="a finished run"):
        jne.open_run(path / "nowhere")


def test_a_run_is_read_without_torch(path):
    code = (
        "import sys, jne_engine as jne; assert 'pandas' not in sys.modules;"
        f"run = jne.open_run({str(path)!r}); run.map('jne'); run.plot_brain()._repr_html_();"
        "print('torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
