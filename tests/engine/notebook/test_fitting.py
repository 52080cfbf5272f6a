"""Arrays in memory to a run: the very numbers of the same arrays from files."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

import jne_engine as jne
from jne_engine.datasets.arrays.memory import ArrayPlaces, build_dataset
from jne_engine.datasets.description import read_dataset
from jne_engine.model.spec import RunSpec
from jne_engine.runs.pipeline import compute_run

CHOICES = {"n_hidden": 16, "n_blocks": 1, "max_epochs": 3, "n_resamples": 20}


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((120, 6)).astype(np.float32)
    y = np.tanh(x @ rng.standard_normal((6, 9))) + 0.3 * rng.standard_normal((120, 9))
    return x, (5 + y).astype(np.float32)


def test_a_fit_equals_the_run_of_the_same_files(arrays, tmp_path):
    x, y = arrays
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data" / "features.npy", x)
    np.save(tmp_path / "data" / "responses.npy", y)
    files = read_dataset(tmp_path / "data")
    by_files = compute_run(files, RunSpec(**CHOICES), tmp_path / "files")
    by_arrays = jne.fit(x, y, out=tmp_path / "arrays", progress=False, **CHOICES)
    other = jne.open_run(by_files.path)
    assert list(by_arrays.maps.index) == list(other.maps.index)
    for name in by_arrays.maps.index:
        np.testing.assert_array_equal(by_arrays.map(name), other.map(name))
    np.testing.assert_array_equal(by_arrays.jne_ss(), other.jne_ss())
    assert "96, 12 and 12 stimuli" in " ".join(by_arrays.notes)
    again = jne.fit(x, y, out=tmp_path / "arrays", progress=False, **CHOICES)
    assert again.path == by_arrays.path


def test_progress_names_each_stage(arrays, tmp_path, capsys):
    jne.fit(*arrays, out=tmp_path, **CHOICES)
    shown = capsys.readouterr().err
    assert all(stage in shown for stage in ("linear", "dispersion", "calibration"))


def test_places_splits_rois_and_stimuli_are_taken_as_given(arrays):
    x, y = arrays
    rows = {
        "train": np.arange(100),
        "validation": np.arange(100, 110),
        "test": np.arange(120) >= 110,
    }
    table = pd.DataFrame({"kind": ["a", "b"] * 60}, index=[f"p{i}" for i in range(120)])
    vertices = {"left": [3, 1, 7, 9], "right": [0, 2, 4, 6, 8]}
    mask = np.zeros(9, bool)
    mask[[0, 5]] = True
    places = ArrayPlaces(surface="fsaverage5", vertices=vertices, rois={"V1": mask, "V2": [1, 2]},
                         tiers={"V1": "primary"})  # fmt: skip
    found = build_dataset(x, y, splits=rows, stimuli=table, places=places, groups=[1] * 120)
    np.testing.assert_array_equal(found.splits.test, np.arange(110, 120))
    np.testing.assert_array_equal(found.space.left, [3, 1, 7, 9])
    (rois,) = found.roi_sets.values()
    np.testing.assert_array_equal(rois.mask("V1"), mask)
    assert rois.tiers == ("primary", None)
    assert found.runs == ("1",) * 120
    assert list(found.stimuli.table.index[:2]) == ["p0", "p1"]


def test_a_masks_voxels_are_in_the_order_of_nilearns_masker(arrays):
    from nilearn.maskers import NiftiMasker

    x, y = arrays
    mask = np.zeros((4, 5, 3), dtype=np.int8)
    mask.flat[[2, 7, 11, 20, 33, 34, 40, 51, 59]] = 1
    image = nib.Nifti1Image(mask, np.diag([2.0, 2, 2, 1]))
    found = build_dataset(x, y, places=ArrayPlaces(mask_img=image))
    back = NiftiMasker(image).fit().inverse_transform(y[0]).get_fdata(dtype=np.float32)
    np.testing.assert_array_equal(back[tuple(found.space.voxels.T)], y[0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"places": ArrayPlaces(vertices={"left": [1], "right": []})}, "surface: expected"),
        ({"places": ArrayPlaces(surface="fsaverage5")}, "one column a vertex"),
        ({"places": ArrayPlaces(surface="fsaverage5", vertices={"left": [1, 2]})},
         "left and right"),
        ({"places": ArrayPlaces(surface="fsaverage5", vertices={"left": [1], "right": []})},
         "places: expected 9 columns"),
        ({"places": ArrayPlaces(rois={"V1": np.ones(4, bool)})}, "ROI V1: expected 9 columns"),
        ({"places": ArrayPlaces(tiers={"V9": "primary"})}, "a tier for 'V9'"),
        ({"splits": {"train": [0], "test": [1]}}, "splits: expected train, validation, test"),
        ({"splits": {"train": [0, 1], "validation": [1], "test": [2]}}, "no stimulus in both"),
        ({"splits": {"train": np.ones(4, bool), "validation": [1], "test": [2]}}, "120 rows"),
        ({"groups": ["a"] * 3}, "groups: expected 120 rows"),
        ({"stimuli": pd.DataFrame(index=["a", "b"])}, "stimulus table: expected 120 rows"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_in_one_line(arrays, change, said):
    with pytest.raises(jne.InputError) as caught:
        build_dataset(*arrays, **change)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_arrays_that_are_transposed_or_of_other_lengths_are_refused(arrays):
    x, y = arrays
    for features, responses in ((x, y[:50]), (x.T, y), (x, y[:, 0]), (x * np.nan, y)):
        with pytest.raises(jne.InputError):
            build_dataset(features, responses)


def test_repeats_across_given_splits_are_told(arrays):
    x, y = (np.concatenate([a, a[:5]]) for a in arrays)
    rows = {"train": np.arange(100), "validation": np.arange(100, 110), "test": np.arange(110, 125)}
    told = build_dataset(x, y, splits=rows).provenance.notes
    assert any("5 of 15 test rows" in note for note in told)
    drawn = build_dataset(x, y).splits
    assert all(np.isin([i, 120 + i], getattr(drawn, s)).sum() in (0, 2)
               for i in range(5) for s in ("train", "validation", "test"))  # fmt: skip
