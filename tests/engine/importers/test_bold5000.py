"""BOLD5000 2.0: sessions, repeated images, masks, and arrays of ROIs without places."""

from __future__ import annotations

import numpy as np
import pytest

from jne_engine.core.errors import InputError
from jne_engine.datasets.bold5000.plan import Bold5000Request, plan_bold5000
from jne_engine.datasets.imported import read_record, read_responses
from jne_engine.datasets.registry import find_layout, recognise
from tests.engine.importers.test_trial_layouts import bring, names_of
from tests.engine.importers.trial_layouts import write_bold5000
from tests.engine.importers.trial_study import AFFINE, Study, average_loop

STEM = "CSI3_GLMbetas-TYPED-FITHRF-GLMDENOISE-RR"


def small():
    return Study(n_images=120, n_repeated=20)


def test_repeated_images_test_and_masks_become_rois(tmp_path):
    study = small()
    out = bring("bold5000", study, tmp_path, pictures=False)
    test = {names_of(out)[i] for i in np.load(out / "splits.npz")["test"]}
    assert test == set(study.names[:20])
    record, rois = read_record(out), np.load(out / "rois.npz")
    assert [r.names for r in record.roi_sets] == [("LOC", "PPA"), ("left", "right")]
    at = np.arange(12)
    np.testing.assert_array_equal(rois["bold5000-rois"], [(at >= 5) & (at < 9), at < 5])
    np.testing.assert_array_equal(np.load(out / "space.npz")["affine"], AFFINE)


def test_arrays_of_rois_have_no_places_and_say_so(tmp_path):
    study = small()
    root = write_bold5000(study, tmp_path / "data")
    for path in root.glob("*_ses-*"):
        path.unlink()
    parts = {"LHPPA": slice(0, 3), "RHPPA": slice(3, 5), "LHRRSC": slice(5, 12)}
    for name, part in parts.items():
        np.save(root / f"{STEM}_allses_{name}.npy", study.betas[:, part].astype(np.float32))
    assert recognise(root).subjects == ("CSI3",)
    request = Bold5000Request(root=root, subject="CSI3", normalise="session", pictures=False)
    out = find_layout("bold5000").bring(request, tmp_path / "out", report=lambda *_: None)
    study.session[:] = 1
    study.columns = [0, 1, 2, 5, 6, 7, 8, 9, 10, 11, 3, 4]
    expected = average_loop(study, "session")
    rows = [expected[name] for name in names_of(out)]
    np.testing.assert_allclose(read_responses(out), rows, atol=2e-5)
    record = read_record(out)
    assert record.space.name == ""
    assert record.roi_sets[0].names == ("PPA", "RSC")
    assert any("do not say where their voxels lie" in note for note in record.notes)


@pytest.mark.parametrize(
    ("name", "match"),
    [("CSI3_imgnames.txt", "a list of image names"), ("CSI3_brainmask.nii.gz", "a brain mask"),
     (f"{STEM}_ses-02.nii.gz", "names as trials")],
)  # fmt: skip
def test_what_is_missing_is_named(tmp_path, name, match):
    root = write_bold5000(small(), tmp_path / "data")
    (root / name).unlink()
    with pytest.raises(InputError, match=match):
        plan_bold5000(Bold5000Request(root=root, subject="CSI3"))
