"""THINGS-fMRI: what its tables say of voxels and trials."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from jne_engine.core.errors import InputError
from jne_engine.datasets.imported import CEILING_NAME, read_record, read_responses
from jne_engine.datasets.registry import find_layout, recognise
from jne_engine.datasets.things.plan import ThingsRequest, plan_things
from tests.engine.importers.test_trial_layouts import bring, names_of
from tests.engine.importers.trial_layouts import write_things
from tests.engine.importers.trial_study import AFFINE, Study


@pytest.fixture
def root(tmp_path):
    return write_things(Study(n_images=60, n_repeated=10), tmp_path / "things")


def test_voxels_rois_ceiling_and_test_images_are_those_of_the_tables(tmp_path):
    study = Study(n_images=60, n_repeated=10)
    out = bring("things", study, tmp_path, pictures=False)
    np.testing.assert_allclose(np.load(out / CEILING_NAME), np.arange(12) * 5 / 100, rtol=1e-6)
    space = np.load(out / "space.npz")
    expected = np.argwhere(study.mask())[study.columns]
    np.testing.assert_array_equal(space["voxels"], expected)
    np.testing.assert_array_equal(space["affine"], AFFINE)
    record, rois = read_record(out), np.load(out / "rois.npz")
    assert [(r.preset, r.names) for r in record.roi_sets] == [
        ("things-rois", ("V1", "lFFA")), ("glasser", ("V1",))]  # fmt: skip
    np.testing.assert_array_equal(rois["things-rois"], [np.arange(12) < 4, np.arange(12) > 8])
    test = {names_of(out)[i] for i in np.load(out / "splits.npz")["test"]}
    assert test == set(study.names[:10])
    assert (out / "stimuli.tsv").read_text().splitlines()[1] == "picture0.png\tpicture0"


def test_only_voxels_of_rois_are_taken_where_they_are_asked_for(tmp_path):
    study = Study(n_images=60, n_repeated=10)
    every = bring("things", study, tmp_path, pictures=False)
    kept = np.r_[0:4, 9:12]
    source = find_layout("things")
    some = source.bring(
        ThingsRequest(root=tmp_path / "data" / "sub-01", subject="02", voxels="rois"),
        tmp_path / "some", report=lambda *_: None,
    )  # fmt: skip
    np.testing.assert_array_equal(read_responses(some), read_responses(every)[:, kept])
    assert recognise(tmp_path / "data" / "sub-01").subjects == ("02",)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ("mask", "a brain mask"),
        ("ids", "the voxels of sub-02_VoxelMetadata.csv in its order"),
        ("shape", r"a table of pandas \(fixed format\) of \(12, 90\)"),
        ("outside", "all voxels of the table inside"),
    ],
)
def test_what_does_not_fit_is_refused(root, change, match):
    table = root / "betas_csv" / "sub-02_VoxelMetadata.csv"
    with h5py.File(root / "betas_csv" / "sub-02_ResponseData.h5", "r+") as file:
        if change == "ids":
            file["ResponseData/block1_values"][:2] = [[1], [0]]
        if change == "shape":
            values = file["ResponseData/block0_values"][:, :-1]
            del file["ResponseData/block0_values"]
            file["ResponseData/block0_values"] = values
    if change == "mask":
        (root / "brainmasks" / "sub-02_space-T1w_brainmask.nii.gz").unlink()
    if change == "outside":
        lines = table.read_text().splitlines()
        lines[1] = lines[1].replace(",".join(lines[1].split(",")[2:5]), "0,0,0", 1)
        table.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match=match):
        plan_things(ThingsRequest(root=root, subject="02"))
