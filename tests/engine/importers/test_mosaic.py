"""MOSAIC: one HDF5 dataset a trial, 91,282 grayordinates of which the cortex is taken."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from jne_engine.cli.main import main
from jne_engine.core.errors import InputError
from jne_engine.datasets.attach import attach_features
from jne_engine.datasets.description import read_dataset
from jne_engine.datasets.imported import CEILING_NAME, read_record, read_responses
from jne_engine.datasets.mosaic.plan import MosaicRequest, plan_mosaic
from jne_engine.datasets.registry import preview_source, recognise
from jne_engine.runs.pipeline import compute_run
from tests.engine.importers.test_trial_layouts import names_of
from tests.engine.importers.trial_study import SPEC, Study, average_loop, ceiling_loop

AT = np.arange(12) * 4000
"""Grayordinates that have responses."""


def write(study, root):
    """Write a subject as create_hdf5_pkl.py does."""
    root.mkdir(parents=True, exist_ok=True)
    seen: dict[str, int] = {}
    with h5py.File(root / "sub-03_GOD_crc32-1a2b3c4d.hdf5", "w") as file:
        file.attrs["subjectID"] = "sub-03"
        betas = file.create_group("betas", track_order=True)
        for trial, name in enumerate(study.shown):
            phase = "test" if study.image[trial] < study.n_repeated else "train"
            rep = seen[name] = seen.get(name, -1) + 1
            values = np.full(91282, np.nan, np.float32)
            values[AT], values[60_000] = study.betas[trial], 7
            stem = name.removesuffix(".png")
            key = f"sub-03_GOD_stimulus-{stem}_phase-{phase}_rep-{rep}"
            item = betas.create_dataset(key, data=values, track_order=True)
            item.attrs.update(phase=phase, repetition=rep, presented_stimulus_filename=name)
        ceilings = file.create_group("noiseceilings")
        for n, phase in (("avg", "test"), ("1", "test"), ("avg", "train")):
            values = np.full(91282, np.nan, np.float32)
            values[AT] = np.arange(12) * 5 + (n == "1")
            item = ceilings.create_dataset(f"sub-03_GOD_phase-{phase}_n-{n}_split", data=values)
            item.attrs.update(n=n, phase=phase)
    return root


@pytest.fixture
def study():
    return Study(n_images=40, n_repeated=8, offset=2.0, scale=3.0)


@pytest.mark.parametrize("ceiling", ["auto", "repeats"])
def test_trials_are_averaged_and_the_cortex_is_taken(study, tmp_path, ceiling):
    root = write(study, tmp_path / "data")
    out, arguments = tmp_path / "out", ["--subject", "sub-03_GOD", "--ceiling", ceiling]
    done = CliRunner().invoke(
        main, ["import", "mosaic", str(root), *arguments, "--out", str(out), "--quiet"]
    )
    assert done.exit_code == 0, done.output
    expected = average_loop(study, "none")
    rows = [expected[name] for name in names_of(out)]
    responses = read_responses(out)
    assert responses.shape == (40, 59412)
    np.testing.assert_allclose(responses[:, AT], rows, rtol=1e-6)
    assert np.isnan(np.delete(responses, AT, axis=1)).all()
    test = {names_of(out)[i] for i in np.load(out / "splits.npz")["test"]}
    assert test == set(study.names[:8])
    shipped = np.arange(12) * 5 / 100
    loop = shipped if ceiling == "auto" else ceiling_loop(study, test, "none")
    np.testing.assert_allclose(np.load(out / CEILING_NAME)[AT], loop, atol=1e-5)
    record, space = read_record(out), np.load(out / "space.npz")
    assert record.space.name == "fsLR32k"
    assert (space["left"].size, space["right"].size) == (29696, 29716)
    assert record.roi_sets[0].preset == "hcp-mmp"
    assert not (out / "trials.npz").exists()


def test_preview_and_page_say_what_is_known_and_what_is_not(study, tmp_path):
    root = write(study, tmp_path / "data")
    assert recognise(root).subjects == ("sub-03_GOD",)
    source = {"kind": "mosaic", "folder": str(root), "allowed_root": str(tmp_path),
              "choices": {"subject": "sub-03_GOD"}}  # fmt: skip
    preview = preview_source(source)
    assert (preview.n_trials, preview.n_voxels, preview.n_test) == (64, 59412, 8)
    assert any("sessions and runs are not in the file" in note for note in preview.notes)
    printed = CliRunner().invoke(main, ["import", "mosaic", str(root), "--subject", "sub-03_GOD",
                                        "--preview", "--json"])  # fmt: skip
    assert json.loads(printed.stdout) == json.loads(json.dumps(preview.to_dict()))


def test_an_offset_and_a_scale_of_linear_responses_change_no_score(tmp_path):
    scores = []
    for moved in (False, True):
        study = Study(n_images=200, offset=2.0 * moved, scale=7.0 if moved else 1.0)
        place = tmp_path / str(moved)
        root, out = write(study, place / "data"), place / "out"
        arguments = ["import", "mosaic", str(root), "--subject", "sub-03_GOD"]
        CliRunner().invoke(main, [*arguments, "--out", str(out), "--quiet"])
        attach_features(out, study.write_features(place / "features.h5"), layer=0)
        run = compute_run(read_dataset(out), SPEC, place / "runs")
        scores.append(run.stage("scores").read_array("r2_linear")[AT])
    np.testing.assert_allclose(scores[1], scores[0], atol=0.01)
    assert scores[0].mean() > 0.6


def test_what_does_not_fit_is_refused(study, tmp_path):
    root = write(study, tmp_path / "data")
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
