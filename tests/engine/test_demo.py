"""The simulated subject: reproducible, marked SIMULATED, and honest about its truth."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from jne_engine.core.errors import InputError
from jne_engine.cortex.rois import ROI_ORDER, build_surface_roi_set
from jne_engine.cortex.spaces import HEMISPHERES, TIERS
from jne_engine.cortex.surfaces import load_hcp_mmp, load_surface
from jne_engine.features.gabor import describe_gabor_features
from jne_engine.model.scoring import compute_noise_ceiling
from jne_engine.simulations.pictures import CATEGORIES
from jne_engine.simulations.subject import simulate_stimuli, simulate_subject
from jne_engine.simulations.subject.cortex import Cortex, choose_vertices
from jne_engine.simulations.subject.recipe import GATED_CATEGORIES, PREFERENCES, SHARES, draw_recipe
from jne_engine.simulations.subject.signal import build_signal_bank, mix_signal

SIZES = {"n_stimuli": 160, "n_test": 40}


@lru_cache(maxsize=1)
def small_stimuli():
    return simulate_stimuli(0, **SIZES)


@lru_cache(maxsize=4)
def small_subject(seed: int = 0):
    return simulate_subject(seed, stimuli=small_stimuli(), n_vertices=600)


@lru_cache(maxsize=1)
def full_recipe():
    """Draw the recipe of every vertex, from random features instead of pictures."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((800, 60)).astype(np.float32)
    categories = tuple(CATEGORIES[i % len(CATEGORIES)] for i in range(800))
    bank = build_signal_bank(features, categories, GATED_CATEGORIES, np.arange(700), rng)
    atlas = load_hcp_mmp()
    space = choose_vertices(atlas, None)
    rois = build_surface_roi_set("hcp-mmp", space, atlas)
    return features, bank, rois, draw_recipe(bank, rois, Cortex(space), rng, n_repeats=3)


def test_same_seed_same_bits():
    again = simulate_subject(0, **SIZES, n_vertices=600)
    assert again.content_hash == small_subject().content_hash


def test_subjects_see_the_same_pictures_and_answer_differently():
    first, second = small_subject(0), small_subject(1)
    assert first.stimuli is second.stimuli
    assert first.features is second.features
    assert not np.allclose(first.responses, second.responses)
    assert not np.allclose(first.ground_truth.nonlinear_share, second.ground_truth.nonlinear_share)


def test_layers_are_other_features_of_the_same_pictures_and_responses():
    first = small_subject()
    for layer, n_features in ((1, 108), (2, 98)):
        data = simulate_subject(0, stimuli=small_stimuli(), n_vertices=600, layer=layer)
        assert (data.layer, data.feature_set, data.n_features) == (layer, "gabor", n_features)
        np.testing.assert_array_equal(data.responses, first.responses)
        assert data.stimuli is first.stimuli
        fitted = data.features[data.splits.train]
        np.testing.assert_allclose(fitted.mean(axis=0), 0, atol=1e-4)
        assert data.content_hash != first.content_hash
        assert data.ground_truth is None
        assert "no truth about other layers" in " ".join(data.provenance.notes)


def test_the_plain_subject_is_layer_0_and_keeps_its_truth():
    data = small_subject()
    assert (data.layer, data.n_features) == (0, 492)
    assert data.ground_truth is not None
    with pytest.raises(InputError, match="layer"):
        simulate_subject(0, stimuli=small_stimuli(), n_vertices=600, layer=3)


def test_other_stimuli_have_other_pictures_and_splits():
    other = simulate_stimuli(1, **SIZES)
    assert not np.array_equal(other.stimuli.thumbnails, small_stimuli().stimuli.thumbnails)
    assert not np.array_equal(other.splits.test, small_stimuli().splits.test)


def test_everything_says_simulated():
    provenance = small_subject().provenance
    assert provenance.simulated
    assert "SIMULATED" in provenance.source
    assert small_subject().name == "Simulated subject"


def test_parts_fit_and_are_scaled_by_training_stimuli():
    data = small_subject()
    assert data.valid_voxels.all()
    assert data.n_features == len(describe_gabor_features())
    assert data.stimuli.category_columns == ("category",)
    assert set(data.stimuli.table["category"]) == set(CATEGORIES)
    sizes = [getattr(data.splits, name).size for name in ("train", "validation", "test")]
    assert sizes == [104, 16, 40]
    for values in (data.features, data.responses):
        fitted = values[data.splits.train]
        np.testing.assert_allclose(fitted.mean(axis=0), 0, atol=1e-4)
        np.testing.assert_allclose(fitted.std(axis=0), 1, atol=1e-3)
    np.testing.assert_allclose(data.test_repeats.std(axis=1), 1, atol=1e-3)


def test_responses_of_the_test_stimuli_are_means_of_the_repeats():
    data = small_subject()
    mean = data.test_repeats.mean(axis=0)
    kept = data.responses[data.splits.test]
    r = [np.corrcoef(a, b)[0, 1] for a, b in zip(mean.T, kept.T, strict=True)]
    assert min(r) > 0.95


def test_the_full_cortex_is_large_and_on_both_hemispheres():
    space = choose_vertices(load_hcp_mmp(), None)
    assert space.n_voxels >= 6000
    assert min(space.left.size, space.right.size) > 2500


def test_thinning_keeps_every_roi_on_both_hemispheres():
    data = small_subject()
    rois = data.roi_sets["hcp-mmp"]
    assert rois.names == ROI_ORDER
    assert 500 <= data.n_voxels <= 700
    for hemi in HEMISPHERES:
        assert rois.masks[:, data.space.columns(hemi)].any(axis=1).all()


def test_the_planted_share_is_what_no_linear_map_explains():
    """The oracle: least squares on all features, one regression a voxel."""
    features, bank, _, recipe = full_recipe()
    voxels = np.arange(0, recipe.share.size, 97)
    share = recipe.share[voxels]
    signal = mix_signal(bank, recipe.linear[:, voxels], recipe.units[:, voxels], share)
    np.testing.assert_allclose(signal.var(axis=0), 1, rtol=1e-3)
    design = np.column_stack([features, np.ones(len(features))]).astype(np.float64)
    fit = np.linalg.lstsq(design, signal.astype(np.float64), rcond=None)[0]
    unexplained = (signal - design @ fit).var(axis=0) / signal.var(axis=0)
    assert bank.n_directions == features.shape[1]
    np.testing.assert_allclose(unexplained, share, atol=2e-3)


def test_shares_rise_along_the_hierarchy_and_spread_within_an_area():
    _, _, rois, recipe = full_recipe()
    means = [recipe.share[rois.tier_mask(tier)].mean() for tier in TIERS]
    assert means == sorted(means)
    areas = [recipe.share[rois.mask(name)].mean() for name in ("V1", "V2", "V3", "V4")]
    assert areas == sorted(areas)
    others = recipe.share[~rois.masks.any(axis=0)].mean()
    assert means[0] < others < means[2]
    assert recipe.share.min() >= 0
    assert recipe.share.max() <= 0.9
    assert all(recipe.share[rois.mask(name)].std() > 0.05 for name in SHARES)


def test_noise_has_nothing_to_do_with_nonlinearity():
    *_, recipe = full_recipe()
    assert abs(np.corrcoef(recipe.signal_to_noise, recipe.share)[0, 1]) < 0.1
    assert 0.2 <= recipe.ceiling.min() < 0.35 < 0.6 < recipe.ceiling.max() <= 0.7


def test_noise_ceilings_come_back_from_the_repeats():
    truth = small_subject().ground_truth.signal_to_noise
    ceiling = 100 * 3 * truth / (3 * truth + 1)
    measured = compute_noise_ceiling(small_subject().test_repeats)
    assert np.mean(measured - ceiling) == pytest.approx(0, abs=5)


def test_gates_open_for_their_own_category():
    data, stimuli = small_subject(), small_stimuli()
    rng = np.random.default_rng((stimuli.seed, 2))
    bank = build_signal_bank(
        stimuli.features, stimuli.categories, GATED_CATEGORIES, data.splits.train, rng
    )
    labels = np.array(stimuli.categories)
    for category in GATED_CATEGORIES:
        size = np.abs(bank.units[:, bank.unit_columns(category)]).mean(axis=1)
        mean = {c: size[labels == c].mean() for c in CATEGORIES}
        assert max(mean, key=mean.get) == category


def test_preferred_categories_are_those_of_the_area():
    data = small_subject()
    preferred = np.array(data.ground_truth.preferred_category)
    rois = data.roi_sets["hcp-mmp"]
    assert set(preferred[rois.mask("FFA-1")]) == {"face"}
    assert set(preferred[rois.mask("EBA")]) == {"body"}
    assert set(preferred[rois.mask("PPA")]) == {"outdoor"}
    selective = np.any([rois.mask(name) for name in PREFERENCES], axis=0)
    assert set(preferred[~selective]) == {""}


def test_sizes_that_do_not_fit_are_told():
    with pytest.raises(InputError, match="n_test"):
        simulate_stimuli(n_stimuli=20, n_test=19)
    with pytest.raises(InputError, match="simulated stimuli"):
        simulate_subject(n_stimuli=40, n_test=10)


def test_a_small_subject_keeps_the_middle_of_every_area_in_one_piece():
    atlas = load_hcp_mmp()
    whole, small = choose_vertices(atlas, None), choose_vertices(atlas, 2000)
    assert small.n_voxels == pytest.approx(2000, rel=0.03)
    for hemi in HEMISPHERES:
        index = atlas.index[hemi]
        faces = load_surface(atlas.surface, "midthickness")[hemi].faces
        assert set(small.vertices(hemi)) <= set(whole.vertices(hemi))
        assert set(index[small.vertices(hemi)]) == set(index[whole.vertices(hemi)])
        kept = set(small.vertices(hemi).tolist())
        touching = {v for face in faces.tolist() if sum(u in kept for u in face) > 1 for v in face}
        assert len(kept & touching) > 0.98 * len(kept)
