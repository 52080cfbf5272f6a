"""Settings survive JSON, refuse what cannot be, and list every condition once."""

import json

import pytest

from jne_engine.core.errors import InputError
from jne_engine.simulations.settings import (
    ActivationSettings,
    CalibrationSettings,
    InputScaleSettings,
    NetworkSettings,
    PowerSettings,
    RecoverySettings,
    SampleSizeSettings,
)

ALL = [
    ActivationSettings,
    NetworkSettings,
    SampleSizeSettings,
    InputScaleSettings,
    RecoverySettings,
    CalibrationSettings,
    PowerSettings,
]


@pytest.mark.parametrize("settings", ALL)
@pytest.mark.parametrize("size", ["full", "reduced"])
def test_settings_survive_json(settings, size):
    chosen = settings() if size == "full" else settings.reduced()
    assert settings.from_dict(json.loads(json.dumps(chosen.to_dict()))) == chosen


def test_unknown_names_are_refused():
    with pytest.raises(InputError, match="simulation setting"):
        NetworkSettings.from_dict({"widht": 3})


def test_recovery_runs_the_whole_grid_and_other_plantings_at_the_base():
    conditions = RecoverySettings().conditions()
    assert len(conditions) == len(set(conditions)) == 3 * 2 * 2 * 3 + 2 * 3
    others = {c[:4] for c in conditions if c.planting != "thresholds"}
    assert others == {("gains", 0.3, 4000, 256), ("symmetric", 0.3, 4000, 256)}


@pytest.mark.parametrize(
    ("settings", "changes"),
    [
        (ActivationSettings, {"step": 0}),
        (ActivationSettings, {"n_points": 1}),
        (SampleSizeSettings, {"sample_sizes": (1,)}),
        (SampleSizeSettings, {"sample_sizes": ()}),
        (InputScaleSettings, {"normal_sds": (-1.0,)}),
        (RecoverySettings, {"n_units": 3}),
        (RecoverySettings, {"plantings": ("other",)}),
        (RecoverySettings, {"signal_to_noise": (0.0,)}),
        (CalibrationSettings, {"plantings": ()}),
        (CalibrationSettings, {"n_test": 50}),
        (CalibrationSettings, {"block": 0}),
        (CalibrationSettings, {"autocorrelation": 1.0}),
    ],
)
def test_impossible_settings_are_refused(settings, changes):
    with pytest.raises(InputError):
        settings(**changes)
