"""Standardising within runs, means and scales that are told, and results in the data's unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from jne_engine.analysis.maps import list_maps, read_map
from jne_engine.cli.main import main
from jne_engine.datasets.description import read_dataset
from jne_engine.datasets.preview import preview_dataset
from jne_engine.datasets.selfcheck import check_dataset
from jne_engine.model.scaling import scale_runs
from jne_engine.model.spec import RunSpec
from jne_engine.report.export.methods import describe_methods, format_methods
from jne_engine.runs.pipeline import compute_key, compute_run
from jne_engine.runs.store import compute_run_key
from jne_engine.runs.version import ALGORITHM
from tests.engine.datasets import make_dataset
from tests.engine.readers.files import refused

SPEC = RunSpec(n_hidden=32, max_epochs=80, n_resamples=20, batch_size=32, learning_rate=3e-3)


def with_runs(seed: int = 0, n_runs: int = 4, **changes):
    """Return a linear dataset whose runs have offsets and scales of their own."""
    rng = np.random.default_rng(seed)
    dataset = make_dataset(n_stimuli=240, n_voxels=12, ground_truth=None, test_repeats=None)
    linear = dataset.features @ rng.standard_normal((8, 12)) + 0.3 * rng.standard_normal((240, 12))
    run = rng.integers(0, n_runs, 240)
    offset, scale = 30 * rng.standard_normal((n_runs, 12)), rng.uniform(0.5, 8, (n_runs, 12))
    responses = (linear * scale[run] + offset[run]).astype(np.float32)
    labels = tuple(f"run {r}" for r in run)
    return replace(dataset, responses=responses, runs=labels, **changes), linear


def test_each_run_is_scaled_by_its_own_training_stimuli_alone():
    dataset, _ = with_runs()
    train = set(dataset.splits.train.tolist())
    found = scale_runs(dataset.responses, dataset.runs, dataset.splits.train)
    for label in set(dataset.runs):
        rows = [i for i, own in enumerate(dataset.runs) if own == label]
        fitted = dataset.responses[[i for i in rows if i in train]].astype(np.float64)
        expected = (dataset.responses[rows] - fitted.mean(axis=0)) / fitted.std(axis=0)
        np.testing.assert_allclose(found[rows], expected, rtol=1e-5, atol=1e-5)
    changed = dataset.responses.copy()
    changed[dataset.splits.test] += 1000  # no test response may move a training value
    again = scale_runs(changed, dataset.runs, dataset.splits.train)
    np.testing.assert_array_equal(again[dataset.splits.train], found[dataset.splits.train])


def test_offsets_and_scales_of_runs_cost_nothing_within_runs(tmp_path):
    dataset, linear = with_runs()
    centred = replace(dataset, responses=linear.astype(np.float32), runs=None)
    plain = compute_run(centred, SPEC, tmp_path)
    within = compute_run(dataset, replace(SPEC, standardise="run"), tmp_path)
    across = compute_run(dataset, SPEC, tmp_path)
    r2 = [float(run.stage("scores").read_array("r2_linear").mean())
          for run in (plain, within, across)]  # fmt: skip
    assert r2[1] > r2[0] - 0.1
    assert r2[2] < r2[0] - 0.4  # which is what a person saw before
    assert any("within each of 4 runs" in note for note in within.manifest.notes)
    assert within.manifest.spec["standardise"] == "run"
    assert "within each run" in " ".join(format_methods(describe_methods(within)).split())


def test_runs_come_from_the_table_and_are_shown_in_the_preview(tmp_path):
    rng = np.random.default_rng(0)
    for name, shape in (("features", (60, 4)), ("responses", (60, 3))):
        np.save(tmp_path / f"{name}.npy", 5 + rng.normal(size=shape).astype("f4"))
    lines = "".join(f"i{i},face,{i % 2 + 1},{i // 20 + 1}\n" for i in range(60))
    (tmp_path / "stimuli.csv").write_text(f"id,category,session,run\n{lines}")
    dataset = read_dataset(tmp_path)
    assert dataset.runs[:2] == ("session 1, run 1", "session 2, run 1")
    assert dataset.stimuli.category_columns == ("category",)
    preview = preview_dataset(dataset)
    assert "6 runs of 10 stimuli: runs may standardise within each" in preview.notes
    assert any(note.startswith("responses: 3 of 3 columns are not stand") for note in preview.notes)
    (tmp_path / "stimuli.csv").write_text("id,group\n" + "".join(f"i{i},g{i // 10}\n"
                                                               for i in range(60)))  # fmt: skip
    grouped = read_dataset(tmp_path)  # a group lies in one split, so that no run can be scaled
    with refused("standardise run", "two training stimuli or more in every run, found 0"):
        compute_run(grouped, replace(SPEC, standardise="run"), tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
    with refused("standardise run", "column run, session or group"):
        compute_run(replace(grouped, runs=None), replace(SPEC, standardise="run"), tmp_path / "r")
    (tmp_path / "stimuli.csv").write_text("id,run\n" + "".join(f"i{i},{'' if i else 1}\n"
                                                             for i in range(60)))  # fmt: skip
    with refused("stimuli.csv", "a label in run, found 59 rows without"):
        read_dataset(tmp_path)


def test_check_tells_scales_that_a_run_without_standardising_would_take(tmp_path):
    dataset, _ = with_runs()
    by_choice = {
        how: {v.name: v for v in check_dataset(dataset, standardise=how)}
        for how in ("training", "run", "none")
    }
    assert by_choice["training"]["means and scales"].ok is True
    assert by_choice["run"]["means and scales"].ok is True
    told = by_choice["none"]["means and scales"]
    assert told.ok is False
    assert "responses: 12 of 12 columns" in told.text
    assert "offsets rather than nonlinearity" in told.text
    alone = {v.name: v for v in check_dataset(replace(dataset, runs=None), standardise="run")}
    assert alone["means and scales"].ok is False
    for name in ("features", "responses"):
        np.save(tmp_path / f"{name}.npy", 9 + getattr(dataset, name))
    result = CliRunner().invoke(main, ["check", str(tmp_path), "--standardise", "none"])
    assert result.exit_code == 1
    assert "WRONG       means and scales" in result.output


@pytest.mark.parametrize("unit", ["% signal change", ""])
def test_results_come_back_in_the_unit_of_the_responses(tmp_path, unit):
    dataset, _ = with_runs()
    run = compute_run(replace(dataset, unit=unit), SPEC, tmp_path)
    units = {m.name: m.unit for m in list_maps(run)}
    names = {"jne_own_unit", "deviation_mean_own_unit", "gain_own_unit", "response_mean_known",
             "response_sd"}  # fmt: skip
    if not unit:
        assert not names & units.keys()
        return
    assert units["jne_own_unit"] == "% signal change / SD of feature"
    assert units["response_mean_known"] == "% signal change"
    train = dataset.responses[dataset.splits.train].astype(np.float64)
    jne = run.stage("dispersion").read_array("jne")
    np.testing.assert_allclose(read_map(run, "jne_own_unit"), jne * train.std(axis=0), rtol=1e-5)
    np.testing.assert_allclose(
        read_map(run, "response_mean_known"), train.mean(axis=0), rtol=1e-5, atol=1e-5
    )


def test_the_preview_says_how_often_stimuli_were_shown():
    dataset = make_dataset()
    uneven = dataset.test_repeats.copy()
    uneven[2, :10] = np.nan
    told = preview_dataset(replace(dataset, test_repeats=uneven)).repeats
    n = dataset.splits.test.size
    average = (3 * n - 10) / n
    assert told == (
        "one row a stimulus, of how many presentations is not known; of test stimuli 2 to 3,"
        f" {average:.3g} on average single presentations"
    )
    features = dataset.features.copy()
    features[1] = features[2] = features[0]  # one stimulus shown three times
    told = preview_dataset(replace(dataset, features=features, test_repeats=None)).repeats
    assert told == f"1 to 3 a stimulus, {120 / 118:.3g} on average"
    assert "repeats: 1 to 3" in str(preview_dataset(replace(dataset, features=features)))


@pytest.mark.parametrize(
    ("n_runs", "blocks", "told"),
    [
        (30, "runs", "bootstrap interval over runs"),
        (12, "stimuli", "are of 12 runs, too few to take a run for one observation"),
    ],
)
def test_the_test_of_nonlinearity_takes_runs_for_observations_where_there_are_enough(
    n_runs, blocks, told, tmp_path
):
    plain = make_dataset(n_stimuli=240, n_voxels=12, ground_truth=None, test_repeats=None)
    dataset = replace(plain, runs=tuple(f"group {i % n_runs}" for i in range(240)))
    spec = replace(SPEC, max_epochs=4)
    run = compute_run(dataset, spec, tmp_path)
    own = len({dataset.runs[row] for row in dataset.splits.test})
    assert (own >= 24) == (blocks == "runs")
    record = run.stage("calibration").read_json("nonlinearity")
    assert (record["blocks"], record["n_runs"]) == (blocks, own)
    assert record["n_blocks"] == (own if blocks == "runs" else dataset.splits.test.size)
    assert told in describe_methods(run).paragraph
    p = run.stage("calibration").read_array("p_nonlinearity")
    alone = compute_run(plain, spec, tmp_path)
    assert "n_runs" not in alone.stage("calibration").read_json("nonlinearity")
    assert "too few to take" not in describe_methods(alone).paragraph
    same = np.array_equal(p, alone.stage("calibration").read_array("p_nonlinearity"))
    assert same == (blocks == "stimuli")


def test_only_runs_that_are_blocks_of_the_test_change_the_key_of_a_run():
    plain = make_dataset(n_stimuli=240, n_voxels=12, ground_truth=None, test_repeats=None)
    choices = {**SPEC.to_dict(), "fitted": {}}
    for n_runs, added in ((30, {"blocks": "runs"}), (12, {})):
        dataset = replace(plain, runs=tuple(f"group {i % n_runs}" for i in range(240)))
        expected = compute_run_key(dataset.content_hash, {**choices, **added}, ALGORITHM)
        assert compute_key(dataset, SPEC, {}) == expected
