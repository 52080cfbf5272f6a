"""Datasets are validated where they are made; unusable voxels are counted, not dropped."""

import numpy as np
import pandas as pd
import pytest

from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import RoiSet, SurfaceSpace, VolumeSpace
from jne_engine.datasets.dataset import Splits, StimulusTable
from tests.engine.datasets import make_dataset


def with_value(array, where, value):
    changed = array.copy()
    changed[where] = value
    return changed


def test_a_good_dataset_passes_with_every_voxel_valid():
    dataset = make_dataset()
    assert dataset.valid_voxels.all()
    assert (dataset.n_stimuli, dataset.n_features, dataset.n_voxels) == (120, 8, 30)


def test_nan_inf_and_constant_voxels_are_masked_and_kept():
    responses = make_dataset().responses
    responses[3, 0], responses[5, 1], responses[:, 2] = np.nan, np.inf, 7.0
    dataset = make_dataset(responses=responses)
    assert dataset.n_voxels == 30
    np.testing.assert_array_equal(np.flatnonzero(~dataset.valid_voxels), [0, 1, 2])


def test_a_voxel_that_is_constant_over_test_stimuli_is_invalid():
    base = make_dataset()
    responses = with_value(base.responses, (base.splits.test, 4), 1.0)
    assert np.flatnonzero(~make_dataset(responses=responses).valid_voxels).tolist() == [4]


BASE = make_dataset()
WRONG = {
    "mismatched counts": ({"responses": BASE.responses[:-1]}, "120 stimuli as features, found 119"),
    "one-dimensional responses": ({"responses": BASE.responses[:, 0]}, "(n_stimuli, n_voxels)"),
    "empty features": ({"features": BASE.features[:, :0]}, "no empty axis"),
    "text features": ({"features": BASE.features.astype(str)}, "real numbers"),
    "NaN features": (
        {"features": with_value(BASE.features, (2, 3), np.nan)},
        "1 NaN or Inf, the first at (2, 3)",
    ),
    "no usable voxel": ({"responses": np.full_like(BASE.responses, np.nan)}, "usable voxel"),
    "short stimulus table": ({"stimuli": BASE.stimuli.take(np.arange(5))}, "120 rows"),
    "overlapping splits": (
        {"splits": Splits(np.arange(50), np.arange(50, 70), np.arange(69, 100))},
        "1 shared, the first 69",
    ),
    "split out of range": (
        {"splits": Splits(np.arange(50), np.arange(50, 70), np.arange(100, 121))},
        "0..119",
    ),
    "empty split": (
        {"splits": Splits(np.arange(50), np.arange(0), np.arange(60, 70))},
        "validation split",
    ),
    "space of another size": (
        {"space": SurfaceSpace("fsaverage5", np.arange(3), np.arange(3))},
        "cortical space: expected 30 voxels, found 6",
    ),
    "repeats of another size": ({"test_repeats": np.zeros((3, 4, 30), np.float32)}, "n_repeats"),
    "ceiling of another size": ({"noise_ceiling": np.zeros(4, np.float32)}, "noise ceiling"),
}


@pytest.mark.parametrize(("changes", "told"), WRONG.values(), ids=WRONG)
def test_wrong_input_is_told_in_one_line(changes, told):
    with pytest.raises(InputError) as caught:
        make_dataset(**changes)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_repeated_ids_and_wrong_pictures_are_refused():
    with pytest.raises(InputError, match="'a' more than once"):
        StimulusTable(pd.DataFrame(index=["a", "b", "a"]))
    with pytest.raises(InputError, match="uint8 RGB"):
        StimulusTable(pd.DataFrame(index=["a"]), np.zeros((1, 4, 4, 3)))


def test_roi_sets_know_their_rois_and_tiers():
    rois = make_dataset().roi_sets["halves"]
    assert rois.mask("V1").sum() == 15
    np.testing.assert_array_equal(rois.tier_mask("higher"), rois.mask("FFA-1"))
    assert not rois.tier_mask("intermediate").any()
    with pytest.raises(InputError, match="'V9'"):
        rois.mask("V9")
    with pytest.raises(InputError, match="name of its own"):
        RoiSet("x", "s", ("V1", "V1"), (None, None), np.zeros((2, 3), dtype=bool))


def test_volume_voxels_must_lie_in_the_grid_once():
    with pytest.raises(InputError, match="inside"):
        VolumeSpace((2, 2, 2), np.eye(4), np.array([[0, 0, 2]]))
    with pytest.raises(InputError, match="each index once"):
        VolumeSpace((2, 2, 2), np.eye(4), np.array([[0, 0, 1], [0, 0, 1]]))


def test_content_hash_follows_every_part():
    reference = make_dataset().content_hash
    assert make_dataset().content_hash == reference
    changed = [
        make_dataset(features=with_value(BASE.features, (0, 0), 9)),
        make_dataset(responses=with_value(BASE.responses, (-1, -1), 9)),
        make_dataset(subject="T2"),
        make_dataset(layer=3),
        make_dataset(test_repeats=None),
        make_dataset(space=None),
        make_dataset(roi_sets={}),
        make_dataset(splits=Splits(BASE.splits.validation, BASE.splits.train, BASE.splits.test)),
    ]
    assert len({reference, *(d.content_hash for d in changed)}) == len(changed) + 1
