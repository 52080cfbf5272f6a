"""A purely linear subject passes for linear, by whatever door its data come in."""

from __future__ import annotations

import numpy as np
import pytest

from jne_engine.datasets.registry import list_layouts
from jne_engine.model.spec import RunSpec
from jne_engine.runs.pipeline import compute_run
from tests.engine.importers.doors import DOORS
from tests.engine.importers.trial_study import SPEC

BIG = {
    "described-npy": {"n_images": 600},
    "described-csv": {"n_images": 600},
    "single-trials": {"n_images": 600, "n_repeated": 200},
    "nsd": {"n_images": 1500},
    "algonauts": {},
}
"""Doors through which calibration is looked at, and the sizes that it takes."""
OFFSETS = {"centred": 0.0, "uncentred": 4.0}


CASES = [
    (name, how)
    for name, door in DOORS.items()
    for how in dict.fromkeys((door.normalisations[0], *({"none"} & {*door.normalisations})))
]
"""Each door as it stands open, and with betas taken as they are where that is a choice."""


def test_every_source_of_data_has_its_door():
    assert {door.kind for door in DOORS.values()} == {layout.kind for layout in list_layouts()}


@pytest.mark.parametrize(("name", "normalise"), CASES)
def test_an_offset_and_a_scale_of_linear_responses_change_no_score(name, normalise, tmp_path):
    scores = []
    for how, moved in (("centred", {}), ("moved", {"offset": 30.0, "scale": 7.0})):
        dataset = DOORS[name].open(DOORS[name].study(**moved), tmp_path / how, normalise)
        run = compute_run(dataset, SPEC, tmp_path / how / "runs")
        found = run.stage("scores").read_array("r2_linear")
        scores.append(found[np.isfinite(found)])
    assert scores[0].size == 12
    np.testing.assert_allclose(scores[1], scores[0], atol=0.01)
    assert scores[0].mean() > 0.5


@pytest.mark.parametrize("centred", OFFSETS)
@pytest.mark.parametrize("name", BIG)
def test_linear_voxels_pass_for_linear(name, centred, tmp_path):
    moved = {"offset": OFFSETS[centred], "feature_offset": OFFSETS[centred]}
    study = DOORS[name].study(n_voxels=900, n_features=10, noise=1.5, **moved, **BIG[name])
    dataset = DOORS[name].open(study, tmp_path)
    spec = RunSpec(n_hidden=32, max_epochs=12, patience=12, n_resamples=50)
    stage = compute_run(dataset, spec, tmp_path / "runs").stage("calibration")
    p, q = (stage.read_array(f"{which}_nonlinearity") for which in "pq")
    assert np.isfinite(p).sum() >= 800
    assert np.nanmean(p < 0.05) <= 0.06
    assert np.nanmean(q < 0.05) < 0.005
