"""A purely linear subject passes for linear, by whatever door its data come in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jne_engine.datasets.registry import list_layouts
from jne_engine.model.spec import RunSpec
from jne_engine.runs.pipeline import compute_run
from tests.engine.importers.doors import DOORS
from tests.engine.importers.trial_study import SPEC

N_VOXELS, N_FEATURES = 900, 10
MIXED = {
    "offset": 4.0 * (np.arange(N_VOXELS) % 2),
    "feature_offset": 4.0 * (np.arange(N_FEATURES) % 2),
}
"""Every second voxel and every second feature is centred, the others are not."""
SIZES: dict[str, dict[str, int]] = {
    "nsd": {"n_images": 1500},
    "algonauts": {"n_images": 500},
    "mosaic": {"n_images": 220, "n_repeated": 60},
    **{name: {"n_images": 1000} for name in ("arrays", "described-npy", "described-csv")},
}
"""Stimuli for calibration where not 600: trees of fixed or of cheaper and dearer files."""


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
    spec = replace(SPEC, max_epochs=25, learning_rate=0.03)
    for how, moved in (("centred", {}), ("moved", {"offset": 30.0, "scale": 7.0})):
        dataset = DOORS[name].open(DOORS[name].study(**moved), tmp_path / how, normalise)
        run = compute_run(dataset, spec, tmp_path / how / "runs")
        found = run.stage("scores").read_array("r2_linear")
        scores.append(found[np.isfinite(found)])
    assert scores[0].size == 12
    np.testing.assert_allclose(scores[1], scores[0], atol=0.01)
    assert scores[0].mean() > 0.5


@pytest.mark.parametrize(
    ("name", "moved"), [*((name, MIXED) for name in DOORS), ("described-npy", {})]
)
def test_linear_voxels_pass_for_linear(name, moved, tmp_path):
    """One subject of all doors: rates of seven scattered by 0.8 points around 4.8 to 5.9 %."""
    size = {"n_images": 600, "n_repeated": 120, **SIZES.get(name, {})}
    shape = {"n_voxels": N_VOXELS, "n_features": N_FEATURES}
    study = DOORS[name].study(**shape, noise=1.5, seed=4, **moved, **size)
    dataset = DOORS[name].open(study, tmp_path)
    spec = RunSpec(n_hidden=32, max_epochs=12, patience=12, n_resamples=50)
    stage = compute_run(dataset, spec, tmp_path / "runs").stage("calibration")
    p, q = (stage.read_array(f"{which}_nonlinearity") for which in "pq")
    p, q = p[np.isfinite(p)], q[np.isfinite(p)]
    assert p.size == N_VOXELS
    assert np.mean(p < 0.05) <= 0.06
    assert np.mean(q < 0.05) < 0.005
