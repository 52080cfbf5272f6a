"""A purely linear subject passes for linear, by whatever door its data come in."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from jne_engine.cortex.icosahedron import FSAVERAGE
from jne_engine.datasets.algonauts import layout
from jne_engine.datasets.algonauts.importing import AlgonautsRequest, import_algonauts
from jne_engine.datasets.description import read_dataset
from jne_engine.datasets.feature_files import FeatureFile
from jne_engine.datasets.imported import ImportedFiles, build_imported_dataset
from jne_engine.datasets.nsd.importing import import_nsd
from jne_engine.datasets.nsd.plan import NsdRequest
from jne_engine.jobs.kinds.imports import do_import
from jne_engine.model.spec import RunSpec
from jne_engine.runs.pipeline import compute_run
from tests.engine.importers import algonauts_tree, nsd_tree
from tests.engine.test_job_data_kinds import Report, never

N_STIMULI, N_FEATURES = 600, 10
OFFSETS = {"centred": 0.0, "uncentred": 4.0}


def draw(n_stimuli, offset):
    """Return features of images by id; ``respond`` makes responses of them."""
    return np.random.default_rng(1).standard_normal((n_stimuli, N_FEATURES)) + offset


def respond(features, n_voxels, offset, seed=2):
    """Return responses that are linear in the features but for noise."""
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal((N_FEATURES, n_voxels)) / np.sqrt(N_FEATURES)
    return features @ weights + 1.5 * rng.standard_normal((len(features), n_voxels)) + offset


def from_arrays(folder, offset, extension):
    features = draw(N_STIMULI, offset)
    for name, values in (("features", features), ("responses", respond(features, 900, offset))):
        path = folder / f"{name}.{extension}"
        if extension == "npy":
            np.save(path, values)
        else:
            np.savetxt(path, values, delimiter=",", fmt="%.6g")
    return read_dataset(folder)


def join(folder, features):
    ids = np.load(folder / "image_ids.npy")
    files = ImportedFiles(folder=folder, name="Linear", subject="1", standardisation="none")
    return build_imported_dataset(files, FeatureFile(features[ids].astype(np.float32), "drawn"))


def from_single_trials(folder, offset):
    features, data = draw(N_STIMULI, offset), folder / "data" / "sub-01"
    data.mkdir(parents=True)
    shape = (10, 10, 9)
    mask = nibabel.Nifti1Image(np.ones(shape, np.uint8), np.diag([2.0, 2, 2, 1]))
    nibabel.save(mask, data / "mask.nii.gz")
    image = np.random.default_rng(0).permutation(np.arange(2 * N_STIMULI) % N_STIMULI)
    trials = np.stack([np.ones(image.size, int), np.arange(image.size) // 60 + 1, image], 1)
    header = "session\trun\timage"
    np.savetxt(data / "trials.tsv", trials, fmt="%d", delimiter="\t", header=header, comments="")
    np.save(data / "betas.npy", respond(features[image], 900, offset).astype(np.float32))
    source = {"kind": "single-trials", "folder": str(data), "allowed_root": str(data.parent),
              "choices": {"normalise": "run"}}  # fmt: skip
    return join(do_import({"name": "mine", "source": source}, Report(folder), never), features)


def from_nsd(folder, offset, monkeypatch):
    """Write sessions of 250 trials in runs of 63 and 62, as the real ones alternate."""
    sizes = {"RUNS": (63, 62, 63, 62), "PER_SESSION": 250, "N_TRIALS_IN_PATTERN": 75,
             "N_ALL": 1500, "N_OF_SUBJECT": 500, "N_SHARED": 80, "GRID": (10, 10, 9)}  # fmt: skip
    for name, value in sizes.items():
        monkeypatch.setattr(nsd_tree, name, value)
    features = draw(1500, offset)

    def draw_betas(nsd, subject, n_positions, seed=0):
        responses = respond(features[nsd.images[subject]], n_positions, offset, seed)
        return np.round(300 * responses).astype(np.int16)

    monkeypatch.setattr(nsd_tree, "draw_betas", draw_betas)
    nsd = nsd_tree.write_nsd(folder / "nsd", subjects=(1,), n_sessions=6)
    nsd_tree.write_volume_betas(nsd, 1)
    request = NsdRequest(root=nsd.root, subject=1, voxels=("all",), ceiling="none", pictures=False)
    return join(import_nsd(request, folder / "out"), features)


def from_algonauts(folder, offset, monkeypatch):
    monkeypatch.setattr(algonauts_tree, "N_IMAGES", 480)
    monkeypatch.setattr(algonauts_tree, "N_FSAVERAGE", 1000)
    monkeypatch.setattr(algonauts_tree, "N_CHALLENGE", {"lh": 440, "rh": 460})
    monkeypatch.setattr(layout, "N_FSAVERAGE", 1000)
    monkeypatch.setattr("jne_engine.datasets.algonauts.plan.N_FSAVERAGE", 1000)
    assert FSAVERAGE["fsaverage"] > 1000
    subject = algonauts_tree.write_subject(folder, n_fsaverage=1000)
    features = draw(500, offset)
    for seed, (hemi, n) in enumerate(algonauts_tree.N_CHALLENGE.items()):
        path = subject.root / f"training_split/training_fmri/{hemi}_training_fmri.npy"
        np.save(path, respond(features[subject.ids], n, offset, seed).astype(np.float32))
    return join(import_algonauts(AlgonautsRequest(root=subject.root), folder / "out"), features)


DOORS = {
    "npy": lambda folder, offset, _: from_arrays(folder, offset, "npy"),
    "csv": lambda folder, offset, _: from_arrays(folder, offset, "csv"),
    "single trials": lambda folder, offset, _: from_single_trials(folder, offset),
    "NSD": from_nsd,
    "Algonauts": from_algonauts,
}


@pytest.mark.parametrize("centred", OFFSETS)
@pytest.mark.parametrize("door", DOORS)
def test_linear_voxels_pass_for_linear(door, centred, tmp_path, monkeypatch):
    dataset = DOORS[door](tmp_path, OFFSETS[centred], monkeypatch)
    spec = RunSpec(n_hidden=32, max_epochs=12, patience=12, n_resamples=50)
    stage = compute_run(dataset, spec, tmp_path / "runs").stage("calibration")
    p, q = (stage.read_array(f"{which}_nonlinearity") for which in "pq")
    assert np.isfinite(p).sum() >= 800
    assert np.nanmean(p < 0.05) <= 0.06
    assert np.nanmean(q < 0.05) < 0.005
