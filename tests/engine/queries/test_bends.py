"""What bends in an area: every number against dense Jacobians in float64, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from jne_engine.analysis import bending, maps, variant_maps
from jne_engine.model.encoders import restore_encoder
from jne_engine.model.jacobian import compute_jacobian
from jne_engine.model.spec import RunSpec
from jne_engine.runs.folder import VALIDATION, locate_results
from jne_engine.runs.pipeline import compute_run
from jne_engine.runs.results import write_result
from jne_engine.runs.store import Run, read_scaling
from jne_engine.simulations.run_variants import N_ENDS, compute_run_variants
from tests.engine.datasets import make_dataset
from tests.synthetic_run import write_synthetic_run

PLACES = {"Whole brain": slice(None), "V1": slice(0, 15), "FFA-1": slice(15, 30)}


@pytest.fixture(scope="module")
def dataset():
    responses = make_dataset(300).responses.copy()
    responses[:, 4] = 1
    return make_dataset(300, responses=responses)


@pytest.fixture(scope="module")
def run(dataset, tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    run = compute_run(dataset, RunSpec(n_hidden=6, batch_size=16, max_epochs=60), root)
    result = compute_run_variants(run, dataset.features[dataset.splits.test])
    write_result(result, locate_results(run.path))
    return run


@pytest.fixture(scope="module")
def dense(run, dataset):
    """Return the test stimuli as the encoder takes them, and the changes and J̄ of all voxels."""
    encoder = restore_encoder(run.stage("nonlinear").read_weights("encoder"), "relu").double()
    scaling = read_scaling(run.stage("dataset"), "feature")
    inputs = scaling.apply(dataset.features[dataset.splits.test]).astype(np.float64)
    valid = compute_jacobian(encoder, torch.from_numpy(inputs)).numpy().swapaxes(1, 2)
    jacobians = np.full((len(inputs), 30, 8), np.nan)
    jacobians[:, dataset.valid_voxels] = valid
    mean = jacobians.mean(axis=0)
    return inputs, jacobians - mean, mean


@pytest.mark.parametrize("place", PLACES)
def test_an_area_equals_its_dense_jacobians(run, dataset, dense, place):
    inputs, changes, mean = dense
    inside = [v for v in range(30)[PLACES[place]] if dataset.valid_voxels[v]]
    gain = shape = 0.0
    spread = np.zeros((8, 8))
    for v in inside:
        unit = mean[v] / np.linalg.norm(mean[v])
        for change in changes[:, v]:
            along = (change @ unit) * unit
            gain, shape = gain + along @ along, shape + ((change - along) ** 2).sum()
            spread += np.outer(change, change)
    values, vectors = np.linalg.eigh(spread)
    found = bending.read_bends(run, place)
    q = run.stage("calibration").read_array("q_nonlinearity")
    assert found.n_voxels == len(inside)
    assert found.n_nonlinear == sum(q[v] < 0.05 for v in inside)
    assert found.gain_share == pytest.approx(gain / (gain + shape), rel=1e-4)
    assert found.n_directions == pytest.approx(values.sum() ** 2 / (values**2).sum(), rel=1e-4)
    assert [d.number for d in found.directions] == [1, 2, 3]
    for direction, value, vector in zip(
        found.directions, values[::-1], vectors.T[::-1], strict=False
    ):
        vector = vector * np.sign(vector[np.abs(vector).argmax()])
        assert direction.share == pytest.approx(value / values.sum(), rel=1e-4)
        assert_ends(direction, inputs @ vector)
        expected = sorted(range(8), key=lambda f: -abs(vector[f]))[: bending.N_FEATURES]
        assert [feature for feature, _ in direction.weights] == expected
        np.testing.assert_allclose([w for _, w in direction.weights], vector[expected], atol=1e-4)


def assert_ends(direction, scores):
    """Compare both ends with the stimuli's places along the direction."""
    order = sorted(range(len(scores)), key=lambda row: scores[row])
    for found, expected in (
        (direction.low, order[:N_ENDS]),
        (direction.high, order[: -N_ENDS - 1 : -1]),
    ):
        assert [row for row, _ in found] == expected
        np.testing.assert_allclose([score for _, score in found], scores[expected], atol=1e-3)


def test_the_tables_name_the_stimuli_of_the_arrays(run, dataset, dense):
    _, changes, mean = dense
    ids = [str(name) for name in dataset.stimuli.table.index[dataset.splits.test]]
    ends, found = bending.tabulate_ends(run, "FFA-1"), bending.read_bends(run, "FFA-1")
    first = ends[(ends["direction"] == 1) & (ends["end"] == "high")]
    assert first["stimulus"].tolist() == [ids[row] for row, _ in found.directions[0].high]
    assert len(ends) == 3 * 2 * N_ENDS
    table = bending.tabulate_changes(run, "FFA-1")
    assert table["stimulus"].tolist() == ids
    for row in (0, 7):
        along = [(changes[row, v] @ mean[v]) ** 2 / (mean[v] @ mean[v]) for v in range(15, 30)]
        total = [changes[row, v] @ changes[row, v] for v in range(15, 30)]
        assert table["gain_ss"][row] == pytest.approx(np.mean(along), rel=1e-4)
        assert table["shape_ss"][row] == pytest.approx(np.mean(total) - np.mean(along), rel=1e-3)


def test_the_sentences_tell_the_numbers(run):
    found = bending.read_bends(run, "V1")
    sentence = bending.tell_bends(
        replace(found, n_directions=2.34, gain_share=0.4149, directions=found.directions[:1])
    )
    share = f"{found.directions[0].share:.0%}".replace("%", " %")
    assert sentence == (
        "V1 bends along 2.3 directions; 41 % of its change is gain, 59 % shape;"
        f" direction 1 holds {share}."
    )
    assert f"q < .05; {found.n_nonlinear} of the 14 valid voxels of V1" in bending.tell_caution(
        found
    )
    assert "did not measure which" in bending.tell_caution(replace(found, n_nonlinear=None))
    straight = replace(found, n_directions=float("nan"))
    assert "does not bend" in bending.tell_bends(straight)


def test_a_run_without_or_with_an_earlier_result_says_so(tmp_path, run, dataset):
    other = Run(write_synthetic_run(tmp_path))
    assert "not computed" in bending.explain_bends(other)
    stored = variant_maps.read_variants(run)
    early = {name: stored.tables[name] for name in ("maps", "correlations", "bends")}
    write_result(
        replace(stored, settings={"run": other.run_id}, tables=early), locate_results(other.path)
    )
    assert "did not keep all of it" in bending.explain_bends(other)
    (locate_results(other.path) / "variants" / "maps.parquet").write_bytes(b"x")
    assert "SHA-256" in bending.explain_bends(other)


def test_every_run_keeps_its_own_and_one_that_was_shared_is_still_found(tmp_path, run):
    stored, first = variant_maps.read_variants(run), Run(write_synthetic_run(tmp_path))
    second = Run(write_synthetic_run(tmp_path, seed=5, subject="S2"))
    for each in (first, second):
        write_result(replace(stored, settings={"run": each.run_id}), locate_results(each.path))
    assert all(bending.explain_bends(each) == "" for each in (first, second))
    third = Run(write_synthetic_run(tmp_path, seed=6, subject="S3"))
    write_result(replace(stored, settings={"run": third.run_id}), tmp_path / VALIDATION)
    assert variant_maps.read_variants(third).settings["run"] == third.run_id
    assert variant_maps.read_variants(first).settings["run"] == first.run_id


def test_a_place_without_valid_voxels_does_not_bend(run):
    assert bending.explain_bends(run) == ""
    assert bending.read_bends(run, "nowhere") is None


def test_how_voxels_bend_are_maps_of_the_run(run):
    names = {m.name for m in maps.list_maps(run)}
    assert {"bend_gain", "bend_shape", "bend_gain_share", "bend_directions"} <= names
    table = variant_maps.read_variants(run).tables["maps"]
    shown = maps.read_map(run, "bend_gain_share")
    np.testing.assert_array_equal(shown, table["bend_gain_share"].to_numpy(np.float32))
