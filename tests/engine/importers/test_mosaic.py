"""MOSAIC: one HDF5 dataset a trial, 91,282 grayordinates of which the cortex is taken."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from jne_engine.cli.main import main
from jne_engine.core.errors import InputError
from jne_engine.datasets.imported import CEILING_NAME, read_record, read_responses
from jne_engine.datasets.mosaic.plan import MosaicRequest, plan_mosaic
from jne_engine.datasets.registry import preview_source, recognise
from tests.engine.importers.test_trial_layouts import names_of
from tests.engine.importers.trial_layouts import GRAYORDINATES, write_mosaic
from tests.engine.importers.trial_study import Study, average_loop, ceiling_loop


@pytest.fixture
def study():
    return Study(n_images=40, n_repeated=8, offset=2.0, scale=3.0)


@pytest.mark.parametrize("ceiling", ["auto", "repeats"])
def test_trials_are_averaged_and_the_cortex_is_taken(study, tmp_path, ceiling):
    root = write_mosaic(study, tmp_path / "data")
    out, arguments = tmp_path / "out", ["--subject", "sub-03_GOD", "--ceiling", ceiling]
    done = CliRunner().invoke(
        main, ["import", "mosaic", str(root), *arguments, "--out", str(out), "--quiet"]
    )
    assert done.exit_code == 0, done.output
    expected = average_loop(study, "none")
    rows = [expected[name] for name in names_of(out)]
    responses = read_responses(out)
    assert responses.shape == (40, 59412)
    np.testing.assert_allclose(responses[:, GRAYORDINATES], rows, rtol=1e-6)
    assert np.isnan(np.delete(responses, GRAYORDINATES, axis=1)).all()
    test = {names_of(out)[i] for i in np.load(out / "splits.npz")["test"]}
    assert test == set(study.names[:8])
    shipped = np.arange(12) * 5 / 100
    loop = shipped if ceiling == "auto" else ceiling_loop(study, test, "none")
    np.testing.assert_allclose(np.load(out / CEILING_NAME)[GRAYORDINATES], loop, atol=1e-5)
    record, space = read_record(out), np.load(out / "space.npz")
    assert record.space.name == "fsLR32k"
    assert (space["left"].size, space["right"].size) == (29696, 29716)
    assert record.roi_sets[0].preset == "hcp-mmp"
    assert not (out / "trials.npz").exists()


def test_preview_and_page_say_what_is_known_and_what_is_not(study, tmp_path):
    root = write_mosaic(study, tmp_path / "data")
    assert recognise(root).subjects == ("sub-03_GOD",)
    source = {"kind": "mosaic", "folder": str(root), "allowed_root": str(tmp_path),
              "choices": {"subject": "sub-03_GOD"}}  # fmt: skip
    preview = preview_source(source)
    assert (preview.n_trials, preview.n_voxels, preview.n_test) == (64, 59412, 8)
    assert any("sessions and runs are not in the file" in note for note in preview.notes)
    printed = CliRunner().invoke(main, ["import", "mosaic", str(root), "--subject", "sub-03_GOD",
                                        "--preview", "--json"])  # fmt: skip
    assert json.loads(printed.stdout) == json.loads(json.dumps(preview.to_dict()))


def test_what_does_not_fit_is_refused(study, tmp_path):
    root = write_mosaic(study, tmp_path / "data")
    with pytest.raises(InputError, match="no runs are known"):
        MosaicRequest(root=root, subject="sub-03_GOD", normalise="run")
    with pytest.raises(InputError, match=r"one file sub-04_GOD.hdf5"):
        plan_mosaic(MosaicRequest(root=root, subject="sub-04_GOD"))
    with h5py.File(root / "sub-03_GOD_crc32-1a2b3c4d.hdf5", "r+") as file:
        key = next(iter(file["betas"]))
        file["betas"][key].attrs["phase"] = "other"
    with pytest.raises(InputError, match="the phase train or test"):
        plan_mosaic(MosaicRequest(root=root, subject="sub-03_GOD"))
    with h5py.File(root / "sub-03_GOD_crc32-1a2b3c4d.hdf5", "w") as file:
        file["sub-03_GOD/betas"] = np.zeros((4, 91282))
    with pytest.raises(InputError, match="a group betas with a dataset a trial"):
        plan_mosaic(MosaicRequest(root=root, subject="sub-03_GOD"))
