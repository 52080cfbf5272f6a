"""Variants of a stored run start from its JNE, and refuse other features."""

import numpy as np
import pytest
import torch

from jne_engine.core.errors import InputError
from jne_engine.model.encoders import restore_encoder
from jne_engine.model.jacobian import compute_jacobian
from jne_engine.model.spec import RunSpec
from jne_engine.model.variants import VARIANTS, compute_variant
from jne_engine.runs.pipeline import compute_run
from jne_engine.runs.store import read_scaling
from jne_engine.simulations.run_variants import compute_run_variants
from tests.engine.datasets import make_dataset


@pytest.fixture(scope="module")
def dataset():
    whole = make_dataset()
    responses = whole.responses.copy()
    responses[:, 4] = 1
    return make_dataset(responses=responses)


@pytest.fixture(scope="module")
def run(dataset, tmp_path_factory):
    spec = RunSpec(n_hidden=16, batch_size=16, max_epochs=200)
    return compute_run(dataset, spec, tmp_path_factory.mktemp("runs"))


def test_maps_are_the_dense_variants_of_the_stored_encoder(run, dataset):
    features = dataset.features[dataset.splits.test]
    maps = compute_run_variants(run, features).tables["maps"]
    encoder = restore_encoder(run.stage("nonlinear").read_weights("encoder"), "relu")
    scaled = read_scaling(run.stage("dataset"), "feature").apply(features)
    jacobians = compute_jacobian(encoder, torch.from_numpy(scaled))
    valid = dataset.valid_voxels
    for variant in VARIANTS:
        expected = compute_variant(jacobians, variant)
        np.testing.assert_allclose(maps.loc[valid, variant], expected, rtol=1e-4)
        assert maps.loc[~valid, variant].isna().all()
    np.testing.assert_allclose(maps["jne"], run.stage("dispersion").read_array("jne"), rtol=1e-4)


def test_correlations_are_over_significant_voxels(run, dataset):
    result = compute_run_variants(run, dataset.features[dataset.splits.test])
    maps, table = result.tables["maps"], result.tables["correlations"]
    chosen = maps[maps["significant"]]
    row = table.query("first == 'jne' and second == 'jne_zscored_l2'").iloc[0]
    assert row["n"] == len(chosen) > 2
    assert row["r"] == pytest.approx(np.corrcoef(chosen["jne"], chosen["jne_zscored_l2"])[0, 1])
    assert len(table) == 16


def test_areas_are_counted_and_both_passes_report(run, dataset):
    seen = []
    features = dataset.features[dataset.splits.test]
    result = compute_run_variants(run, features, lambda *step: seen.append(step))
    areas = result.tables["areas"].set_index("place")["n_voxels"]
    assert areas.to_dict() == {"Whole brain": 29, "V1": 14, "FFA-1": 15}
    assert {total for _, total in seen} == {58}
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert {0, 29, 58} <= {done for done, _ in seen}


@pytest.mark.parametrize("part", [np.s_[:5], np.s_[:, :3]])
def test_another_number_of_stimuli_or_features_is_refused_at_once(run, dataset, part):
    seen = []
    features = dataset.features[dataset.splits.test][part]
    with pytest.raises(InputError, match=r"n_test, n_features of its test stimuli = 30, 8"):
        compute_run_variants(run, features, lambda *step: seen.append(step))
    assert not seen


def test_other_features_are_refused(run, dataset):
    with pytest.raises(InputError, match="test stimuli"):
        compute_run_variants(run, 2 + dataset.features[dataset.splits.train][:30])
