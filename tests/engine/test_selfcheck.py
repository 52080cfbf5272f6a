"""The self-check passes true data and catches scrambled images, swapped sides and stray masks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jne_engine.cortex.spaces import RoiSet, SurfaceSpace, VolumeSpace
from jne_engine.datasets.selfcheck import (
    HEMISPHERES_SET,
    check_dataset,
    check_hemispheres,
    check_pairing,
    check_responses,
    check_roi_masks,
)
from tests.engine.datasets import make_dataset

N_VOXELS = 30


def scramble(dataset, rows):
    """Return the dataset with the responses of some rows in another order."""
    responses = dataset.responses.copy()
    order = np.random.default_rng(7).permutation(rows)
    responses[rows] = responses[order]
    return replace(dataset, responses=responses)


@pytest.fixture(scope="module")
def dataset():
    return make_dataset(n_stimuli=300, n_voxels=N_VOXELS)


def in_a_volume(dataset, *, mirrored: bool = False):
    """Place the columns in a grid, the first half of them on the left."""
    voxels = np.stack([np.arange(N_VOXELS), np.zeros(N_VOXELS, int), np.zeros(N_VOXELS, int)], 1)
    affine = np.diag([-2.0 if mirrored else 2.0, 2, 2, 1])
    affine[0, 3] = N_VOXELS if mirrored else -N_VOXELS
    left = np.arange(N_VOXELS) < N_VOXELS // 2
    masks = np.stack([left, ~left])
    sides = RoiSet(HEMISPHERES_SET, "drawn", ("left", "right"), (None, None), masks)
    space = VolumeSpace((N_VOXELS, 1, 1), affine, voxels)
    return replace(dataset, space=space, roi_sets={**dataset.roi_sets, HEMISPHERES_SET: sides})


def test_true_data_pass(dataset):
    verdicts = check_dataset(in_a_volume(dataset))
    assert [v.ok for v in verdicts] == [True] * 5
    assert "means and scales" in {v.name for v in verdicts}
    assert all(str(v).startswith("ok ") and "\n" not in str(v) for v in verdicts)


@pytest.mark.parametrize("seed", range(5))
def test_a_scrambled_order_of_images_is_never_called_sound(dataset, seed):
    assert check_pairing(dataset, seed=seed).ok
    everything = scramble(dataset, np.arange(300))
    verdict = check_pairing(everything, seed=seed)
    assert verdict.ok is None
    assert str(verdict).startswith("cannot tell order of images: mean test R²")
    assert "too few data, or too little signal" in verdict.text

    ceiling = np.full(N_VOXELS, 0.8, dtype=np.float32)
    verdict = check_pairing(replace(everything, noise_ceiling=ceiling), seed=seed)
    assert verdict.ok is False
    assert str(verdict).startswith("WRONG")
    assert "their noise ceiling is 80%" in verdict.text


def test_responses_without_signal_leave_it_open(dataset):
    noise = np.random.default_rng(3).standard_normal(dataset.responses.shape).astype(np.float32)
    assert check_pairing(replace(dataset, responses=noise)).ok is None


def test_a_stretch_of_test_images_in_another_order_is_caught():
    wide = make_dataset(n_stimuli=1200, n_voxels=N_VOXELS)
    assert check_pairing(wide).ok
    last = wide.splits.test[-75:]
    verdict = check_pairing(scramble(wide, last))
    assert verdict.ok is False
    assert "the last is not predicted at all" in verdict.text


def test_an_order_that_is_wrong_only_in_the_test_images_is_caught(dataset):
    assert check_pairing(scramble(dataset, dataset.splits.test)).ok is False


def test_pairing_looks_at_v1_and_without_rois_at_the_best_ceiling(dataset):
    assert "15 columns of V1" in check_pairing(dataset).text
    bare = replace(dataset, roi_sets={})
    assert "30 columns is" in check_pairing(bare).text
    ceiling = np.linspace(0, 1, N_VOXELS).astype(np.float32)
    assert "best ceiling" in check_pairing(replace(bare, noise_ceiling=ceiling)).text


def test_swapped_hemispheres_are_caught(dataset):
    assert check_hemispheres(in_a_volume(dataset)).ok
    swapped = check_hemispheres(in_a_volume(dataset, mirrored=True))
    assert swapped.ok is False
    assert "lh. masks lie at x = 16.0 mm, rh. masks at -14.0 mm" in swapped.text


def test_surfaces_are_told_by_their_counts(dataset):
    assert check_hemispheres(dataset).ok
    lone = SurfaceSpace("fsaverage5", np.arange(N_VOXELS), np.arange(0))
    assert check_hemispheres(replace(dataset, space=lone)).ok is False
    assert check_hemispheres(replace(dataset, space=None)).ok is None


def test_masks_beside_the_responses_are_caught(dataset):
    responses = dataset.responses.copy()
    responses[:, : N_VOXELS // 2] = np.nan
    spoilt = replace(dataset, responses=responses)
    (verdict,) = check_roi_masks(spoilt)
    assert verdict.ok is False
    assert "few usable in V1" in verdict.text
    assert check_responses(spoilt).ok
    responses[:, : N_VOXELS - 5] = np.nan
    assert check_responses(replace(dataset, responses=responses)).ok is False
