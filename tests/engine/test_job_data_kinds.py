"""Jobs that import, extract and simulate: what they leave, and what a second time does."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from jne_engine.analysis.validation import read_validation
from jne_engine.analysis.variant_maps import read_variants
from jne_engine.core.errors import CancelledError, InputError, UnsafeFileError
from jne_engine.datasets.description import read_dataset
from jne_engine.datasets.library import list_datasets, read_entry
from jne_engine.jobs.keys import compute_job_key
from jne_engine.jobs.kinds.features import do_features, request_features
from jne_engine.jobs.kinds.imports import do_import
from jne_engine.jobs.kinds.run import open_dataset, request_layers, request_run
from jne_engine.jobs.kinds.simulate import do_simulate, request_simulation
from jne_engine.model.spec import RunSpec
from jne_engine.runs.pipeline import compute_run
from jne_engine.simulations.catalogue import RESULTS, SIMULATIONS
from jne_engine.simulations.making import simulate_full_size
from jne_engine.simulations.sample_size import simulate_sample_size
from jne_engine.simulations.settings import SampleSizeSettings
from tests.engine.importers import nsd_tree
from tests.job_helpers import write_folder


class Report:
    """What a job's process gives the work; stops it at a stage."""

    def __init__(self, root, stop_at=None):
        self.root, self.stages, self.place, self._stop_at = root, [], None, stop_at

    def __call__(self, stage, done, total):
        self.stages.append(stage)
        if stage == self._stop_at:
            raise CancelledError("job", "to go on", "a request to stop", "retry it")

    def identify(self, place, **about):
        self.place = place


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def nsd(tmp_path_factory):
    tree = nsd_tree.write_nsd(tmp_path_factory.mktemp("kinds") / "nsd")
    nsd_tree.write_volume_betas(tree, 1)
    nsd_tree.write_volume_rois(tree, 1)
    nsd_tree.write_images(tree)
    return tree.root


def nsd_payload(root, name="one", **choices):
    source = {"kind": "nsd", "folder": str(root), "allowed_root": str(root),
              "choices": {"subject": 1, "voxels": ["nsdgeneral"], **choices}}  # fmt: skip
    return {"name": name, "source": source}


def array_payload(folder, allowed=None, kind="described", **choices):
    source = {"kind": kind, "folder": str(folder), "allowed_root": str(allowed or folder),
              "choices": choices}  # fmt: skip
    return {"name": "mine", "source": source}


def test_nsd_becomes_a_dataset_then_features_then_a_run_of_each_layer(nsd, tmp_path):
    report = Report(tmp_path)
    folder = do_import(nsd_payload(nsd), report, never)
    assert folder == report.place == tmp_path / "data" / "one"
    ((entry,), problems) = list_datasets(tmp_path)
    assert not problems
    assert (entry.subject, entry.space, entry.n_images) == ("subj01", "func1pt8mm", 24)
    assert entry.n_voxels == np.load(folder / "responses.npy", mmap_mode="r").shape[1]
    assert {c.name for c in entry.checks} >= {"responses", "order of images"}

    out = do_features(request_features(entry, "gabor").payload, Report(tmp_path), never)
    (features,) = read_entry(folder).features
    with h5py.File(out) as file:
        assert file["features"].shape == (24, 1, features.n_features)
        assert np.array_equal(file["image_ids"], np.load(folder / "image_ids.npy"))
    (spec,) = request_layers(entry, RunSpec(), features=features, layers=(0,), root=tmp_path)
    dataset = open_dataset(spec.payload, Report(tmp_path))
    assert (dataset.feature_set, dataset.layer) == ("gabor", 0)
    assert dataset.features.shape == (24, features.n_features)


def test_the_same_import_again_is_found_and_another_of_its_name_refused(nsd, tmp_path):
    folder = do_import(nsd_payload(nsd), Report(tmp_path), never)
    before = (folder / "responses.npy").stat().st_mtime_ns
    report = Report(tmp_path)
    assert do_import(nsd_payload(nsd), report, never) == folder
    assert (folder / "responses.npy").stat().st_mtime_ns == before
    assert report.stages == []
    with pytest.raises(InputError, match="choose another name"):
        do_import(nsd_payload(nsd, seed=1), Report(tmp_path), never)


@pytest.mark.parametrize("stage", ["look", "betas", "pictures", "self-check"])
def test_a_cancelled_import_is_no_dataset_and_goes_on(nsd, tmp_path, stage):
    with pytest.raises(CancelledError):
        do_import(nsd_payload(nsd), Report(tmp_path, stop_at=stage), never)
    assert list_datasets(tmp_path) == ((), ())
    assert not list((tmp_path / "data").glob(".*.partial"))
    do_import(nsd_payload(nsd), Report(tmp_path), never)
    assert [entry.name for entry in list_datasets(tmp_path)[0]] == ["one"]


def test_described_data_stay_where_they_are(tmp_path):
    source = write_folder(tmp_path / "lab")
    folder = do_import(array_payload(source), Report(tmp_path), never)
    entry = read_entry(folder)
    assert entry.path == entry.allowed_root == str(source)
    assert [p.name for p in folder.iterdir()] == ["entry.json"]
    (spec,) = request_layers(entry, RunSpec(), features=None, layers=(), root=tmp_path)
    found = open_dataset(spec.payload, Report(tmp_path))
    assert found.content_hash == read_dataset(source).content_hash


def test_nothing_outside_the_allowed_folder_is_imported(tmp_path):
    source = write_folder(tmp_path / "lab")
    (tmp_path / "other").mkdir()
    with pytest.raises(UnsafeFileError):
        do_import(array_payload(source, tmp_path / "other"), Report(tmp_path), never)
    names = {"features": "../lab/features.npy", "responses": "../lab/responses.npy"}
    payload = array_payload(tmp_path / "other", kind="arrays", **names)
    with pytest.raises(UnsafeFileError):
        do_import(payload, Report(tmp_path), never)


def test_arrays_of_any_name_get_a_description(tmp_path):
    source = write_folder(tmp_path / "lab")
    (source / "features.npy").rename(source / "clip.npy")
    names = {"features": "clip.npy", "responses": "responses.npy", "name": "lab"}
    folder = do_import(array_payload(source, kind="arrays", **names), Report(tmp_path), never)
    found = read_dataset(read_entry(folder).path)
    assert np.array_equal(found.features, np.load(source / "clip.npy"))


def test_a_simulation_is_stored_where_the_page_looks(tmp_path, monkeypatch):
    small = SampleSizeSettings.reduced(sample_sizes=(4, 10), n_features=5, n_points=21)
    monkeypatch.setitem(SIMULATIONS["sample-size"].results, "sample-size", small)
    report = Report(tmp_path)
    do_simulate({"name": "sample-size"}, report, never)
    found = read_validation(tmp_path, "sample-size")
    expected = simulate_sample_size(small)
    assert found.tables["summary"].equals(expected.tables["summary"])
    assert found.made["command"].startswith("python -m jne_engine simulate sample-size")
    assert set(report.stages) == {"simulate"}


def test_variants_are_stored_with_their_run_and_refused_where_its_data_are_gone(tmp_path):
    source = write_folder(tmp_path / "lab", n_stimuli=120, n_voxels=12)
    spec, report = RunSpec(n_hidden=4, max_epochs=3), Report(tmp_path / "runs")
    run = compute_run(read_dataset(source), spec, report.root)
    data = request_run(source, spec).payload
    request = request_simulation("variants", run=run.path, data=data)
    before = compute_job_key(request)
    folder = do_simulate(request.payload, report, never)
    assert folder == report.place
    assert str(folder) == request.payload["result"]
    found = read_variants(run)
    assert set(found.tables) == {"maps", "correlations", "areas", "bends", "directions", "ends"}
    assert compute_job_key(request) != before  # asked for again, it is another job
    (source / "features.npy").unlink()
    with pytest.raises(InputError) as caught:
        do_simulate(request.payload, Report(tmp_path / "runs"), never)
    assert "features.npy" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_stored_result_but_variants_can_be_computed():
    assert all(callable(simulation.find()) for simulation in RESULTS.values())
    with pytest.raises(InputError, match="simulation"):
        simulate_full_size("nothing", lambda done, total: None)
