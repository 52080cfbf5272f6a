"""A study on the command line: the runs of its cells, bit for bit, and one table of them."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from jne_engine.cli.main import main
from jne_engine.datasets.description import read_dataset
from jne_engine.jobs.queue import open_jobs
from jne_engine.jobs.studies import tabulate_study
from jne_engine.jobs.study_costs import measure_costs
from jne_engine.jobs.study_plan import read_plan, request_plan
from jne_engine.model.spec import RunSpec
from jne_engine.runs.pipeline import compute_run
from jne_engine.runs.store import Run
from tests.engine.test_pipeline import assert_same_arrays

FIT = {"n_hidden": 12, "max_epochs": 3, "n_resamples": 20}
N_STIMULI, N_FEATURES, N_VOXELS = 90, 5, 7


def write_subject(path: Path, seed: int) -> Path:
    """Write arrays with two layers of features."""
    rng = np.random.default_rng(seed)
    path.mkdir()
    with h5py.File(path / "features.h5", "w") as file:
        file["features"] = rng.standard_normal((N_STIMULI, 2, N_FEATURES))
    np.save(path / "responses.npy", rng.standard_normal((N_STIMULI, N_VOXELS)))
    (path / "dataset.toml").write_text(
        f'features = "features.h5"\nresponses = "responses.npy"\nsubject = "S{seed}"\nlayer = 0\n'
    )
    return path


def write_plan(folder: Path, activations: tuple[str, ...] = ("relu",)) -> Path:
    for seed in (1, 2):
        write_subject(folder / f"s{seed}", seed)
    text = 'name = "tiny"\ndatasets = ["s1", "s2"]\nlayers = [0, 1]\nseeds = [0, 3]\n'
    for activation in activations:
        choices = {"activation": f'"{activation}"', **FIT}
        text += "[[encoders]]\n" + "".join(f"{k} = {v}\n" for k, v in choices.items())
    path = folder / "plan.toml"
    path.write_text(text)
    return path


def invoke(*arguments: object):
    return CliRunner().invoke(main, ["study", *map(str, arguments), "--quiet"])


def compute_one(folder: Path, root: Path, row: pd.Series) -> Run:
    """Compute what a row of the table names, as `run` does."""
    dataset = read_dataset(folder / row.subject.lower(), layer=row.layer)
    spec = RunSpec(seed=row.seed, activation=row.activation, **FIT)
    return compute_run(dataset, spec, root)


def test_a_study_is_its_single_runs_bit_for_bit(tmp_path):
    plan, root = write_plan(tmp_path), tmp_path / "runs"
    result = invoke(plan, "--inline", "--out", root, "--table", tmp_path / "table.csv")
    assert result.exit_code == 0, result.output
    table = pd.read_csv(tmp_path / "table.csv")
    cells = table[["subject", "layer", "seed", "activation"]].drop_duplicates()
    assert len(table) == len(cells) == 2 * 2 * 2
    assert set(table.state) == {"done"}
    for _, row in table.iloc[[0, 3, 6]].iterrows():
        single = compute_one(tmp_path, tmp_path / "single", row)
        assert single.run_id == row.run
        assert_same_arrays(single, Run(root / row.run))
        jne, q = single.stage("dispersion").read_array("jne"), single.stage("scores")
        significant = q.read_array("q_nonlinear") < single.manifest.spec["fdr_q"]
        assert row.n_significant == significant.sum()
        np.testing.assert_allclose(
            row.mean_jne, jne[significant].mean() if significant.any() else np.nan, rtol=1e-6
        )
    assert len(tabulate_study(open_jobs(root), "tiny")) == 8

    before = {p: p.stat().st_mtime_ns for p in root.rglob("*/run.json")}
    again = invoke(plan, "--inline", "--out", root)
    assert again.exit_code == 0, again.output
    assert before == {p: p.stat().st_mtime_ns for p in root.rglob("*/run.json")}
    assert again.stdout == result.stdout


def test_a_failed_run_is_told_and_the_others_go_on(tmp_path):
    for seed in (1, 2):
        write_subject(tmp_path / f"s{seed}", seed)
    np.save(tmp_path / "s1" / "responses.npy", np.zeros((N_STIMULI + 1, N_VOXELS)))
    flags = ["--data", tmp_path / "s1", "--data", tmp_path / "s2", "--layer", 1, "--n-hidden", 12]
    flags += ["--max-epochs", 2, "--seed", 4, "--activation", "gelu", "--n-resamples", 20]
    result = invoke(*flags, "--inline", "--out", tmp_path / "runs", "--table", tmp_path / "t.csv")
    assert result.exit_code == 2
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("error")]
    assert f"{N_STIMULI + 1}" in line
    table = pd.read_csv(tmp_path / "t.csv").set_index("state")
    assert table.loc["done", "subject"] == "S2"
    assert (table.loc["done", ["layer", "seed", "activation"]] == [1, 4, "gelu"]).all()
    assert line.endswith(table.loc["failed", "message"])


def test_a_dry_run_counts_and_stores_nothing(tmp_path):
    plan, root = write_plan(tmp_path, ("relu", "tanh")), tmp_path / "runs"
    result = invoke(plan, "--dry-run", "--out", root)
    assert result.exit_code == 0, result.output
    assert "tiny: 16 runs" in result.stderr
    assert "4 runs of at most" in result.stdout  # two subjects, two encoders
    assert not list(root.rglob("run.json"))


def test_costs_come_near_what_the_runs_take_and_grow_with_them(tmp_path):
    plan, root = write_plan(tmp_path), tmp_path / "runs"
    specs = request_plan(read_plan(plan), root)
    one, all_ = measure_costs(specs[:1]), measure_costs(specs)
    assert (all_.n_runs, all_.n_measured) == (8, 2)
    invoke(plan, "--inline", "--out", root)
    sizes = [
        sum(f.stat().st_size for f in p.parent.rglob("*") if f.is_file())
        for p in root.glob("*/run.json")
    ]
    assert all_.disk_bytes == pytest.approx(sum(sizes), rel=0.05)
    assert one.disk_bytes == pytest.approx(all_.disk_bytes / 8, rel=0.05)
    assert 0 < one.core_hours < all_.core_hours


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("colour = 1\n", "colour"),
        ("seeds = ['a']\n", "seeds"),
        ("datasets = ['nowhere']\n", "nowhere"),
        ("datasets = ['s1']\n[[encoders]]\nn_hiden = 3\n", "n_hiden"),
        ("datasets = ['s1']\n[[encoders]]\nn_hidden = 'many'\n", "n_hidden"),
        ("datasets = ['s1']\n[[encoders]]\nactivation = 'step'\n", "activation"),
        ("name = 'nothing'\n", "at least one run"),
        ("datasets = [", "plan of a study"),
    ],
)
def test_a_plan_that_is_none_is_told_in_one_line(tmp_path, change, told):
    write_subject(tmp_path / "s1", 1)
    plan = tmp_path / "plan.toml"
    plan.write_text(change)
    result = invoke(plan, "--out", tmp_path / "runs")
    assert result.exit_code == 2
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert told in line


def test_flags_beside_a_toml_are_refused(tmp_path):
    result = invoke(write_plan(tmp_path), "--seed", 7, "--out", tmp_path / "runs")
    assert result.exit_code == 2
    assert "also --seed" in result.stderr


def test_the_worker_computes_a_study_too(tmp_path):
    write_subject(tmp_path / "s1", 1)
    flags = ["--data", tmp_path / "s1", "--n-hidden", 12, "--max-epochs", 2, "--n-resamples", 20]
    result = invoke(*flags, "--name", "queue", "--seed", 0, "--seed", 1, "--out", tmp_path / "runs")
    assert result.exit_code == 0, result.output
    rows = tabulate_study(open_jobs(tmp_path / "runs"), "queue")
    assert [(row.state, row.spec["seed"]) for row in rows] == [("done", 0), ("done", 1)]
