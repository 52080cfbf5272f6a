"""A run's numbers are those of its parts; a killed run resumes to the same arrays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from jne_engine.analysis import summary
from jne_engine.core.errors import CancelledError, InputError, StoreError
from jne_engine.datasets.dataset import InputRecord
from jne_engine.model.deviations import Deviator
from jne_engine.model.dispersion import stream_dispersion
from jne_engine.model.encoders import build_encoder, restore_encoder
from jne_engine.model.scoring import (
    compute_bootstrap_pvalues,
    compute_noise_ceiling,
    compute_r2,
    correct_fdr,
)
from jne_engine.model.spec import RunSpec
from jne_engine.report.figures.curves import plot_learning_curves
from jne_engine.runs.pipeline import compute_run
from jne_engine.runs.stages import FittedEncoder
from jne_engine.runs.store import Run, find_runs, find_unfinished, read_scaling
from tests.engine.datasets import make_dataset

SPEC = RunSpec(n_hidden=16, batch_size=16, max_epochs=12)
MAPS = ("r2_linear", "r2_nonlinear", "p_nonlinear", "q_nonlinear", "noise_ceiling")


def arrays_of(run: Run) -> dict[str, np.ndarray]:
    """Read every array of a run."""
    return {
        f"{name}/{array}": run.stage(name).read_array(array)
        for name in Run.STAGES
        for array in run.stage(name).array_names()
    }


def assert_same_arrays(first: Run, second: Run) -> None:
    a, b = arrays_of(first), arrays_of(second)
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Run:
    return compute_run(make_dataset(), SPEC, tmp_path_factory.mktemp("runs"))


def encoder_of(run: Run, name: str):
    stage = run.stage(name)
    return restore_encoder(stage.read_weights("encoder"), stage.read_json("fit")["activation"])


def scale_features(run, features):
    return torch.from_numpy(read_scaling(run.stage("dataset"), "feature").apply(features))


def test_scores_are_those_of_the_stored_encoders(finished):
    dataset, test = make_dataset(), make_dataset().splits.test
    features = scale_features(finished, dataset.features[test])
    predicted = encoder_of(finished, "nonlinear")(features).detach().numpy()
    measured = read_scaling(finished.stage("dataset"), "response").apply(dataset.responses[test])
    p = compute_bootstrap_pvalues(measured, predicted, 200, 0)
    expected = {
        "r2_nonlinear": compute_r2(measured, predicted),
        "p_nonlinear": p,
        "q_nonlinear": correct_fdr(p),
        "noise_ceiling": compute_noise_ceiling(dataset.test_repeats, scaled=False),
    }
    for name, values in expected.items():
        stored = finished.stage("scores").read_array(name)
        np.testing.assert_allclose(stored, values, rtol=1e-5, atol=1e-6, err_msg=name)


def test_dispersion_is_that_of_the_stored_encoder(finished):
    dataset = make_dataset()
    features = scale_features(finished, dataset.features[dataset.splits.test])
    expected = stream_dispersion(encoder_of(finished, "nonlinear"), features)
    stage = finished.stage("dispersion")
    for name in ("jne", "deviation_mean", "gain", "jne_ss"):
        np.testing.assert_array_equal(stage.read_array(name), getattr(expected, name))


def test_a_known_ceiling_is_stored_in_percent(tmp_path):
    known = np.linspace(0, 0.8, 30, dtype=np.float32)
    run = compute_run(make_dataset(noise_ceiling=known), SPEC, tmp_path)
    np.testing.assert_allclose(run.stage("scores").read_array("noise_ceiling"), 100 * known)


def test_linear_twin_is_linear_and_curves_are_kept(finished):
    assert encoder_of(finished, "linear").activation == "identity"
    for name in ("linear", "nonlinear"):
        curve = finished.stage(name).read_table("curve")
        assert list(curve["epoch"]) == list(range(1, len(curve) + 1))
        assert np.isfinite(curve["validation_loss"]).all()


def test_the_kept_epoch_has_the_lowest_validation_loss(finished):
    curves = summary.read_learning_curves(finished)
    for encoder in ("linear", "nonlinear"):
        curve = finished.stage(encoder).read_table("curve")
        lowest = int(curve["epoch"][curve["validation_loss"].argmin()])
        assert set(curves["best_epoch"][curves["encoder"] == encoder]) == {lowest}
        assert summary.read_fits(finished)[encoder]["best_epoch"] == lowest
    marks = [t for t in plot_learning_curves(curves).data if t.mode == "markers"]
    lows = [c["loss"].min() for _, c in curves[curves["split"] == "validation"].groupby("encoder")]
    assert [list(mark.y) for mark in marks] == [[low] for low in lows]


def test_manifest_tells_what_was_done(finished):
    manifest = finished.manifest
    assert manifest.simulated
    assert RunSpec.from_dict(manifest.spec) == SPEC
    assert manifest.counts["n_train"] == 60
    assert manifest.counts["n_test"] == 30
    assert set(manifest.timings_s) == set(Run.STAGES)
    assert {"jne_engine", "torch", "numpy", "python"} <= manifest.versions.keys()
    assert any("still improving after 12 epochs" in w for w in manifest.warnings)


def test_a_finished_run_is_returned_and_not_computed_again(finished):
    before = (finished.path / "run.json").stat().st_mtime_ns
    again = compute_run(make_dataset(), SPEC, finished.path.parent)
    assert again.path == finished.path
    assert (again.path / "run.json").stat().st_mtime_ns == before


def test_another_choice_or_another_datum_is_another_run(finished):
    root = finished.path.parent
    other_spec = compute_run(make_dataset(), RunSpec(n_hidden=16, max_epochs=1), root)
    other_data = compute_run(make_dataset(seed=1), SPEC, root)
    assert len({finished.path, other_spec.path, other_data.path}) == 3


def test_invalid_voxels_are_nan_in_every_map_and_change_no_other(tmp_path, finished):
    dataset = make_dataset()
    responses = np.concatenate([dataset.responses, dataset.responses[:, :2]], axis=1)
    responses[4, 30], responses[:, 31] = np.nan, 1.0
    wider = make_dataset(
        responses=responses, space=None, roi_sets={}, test_repeats=None, ground_truth=None
    )
    run = compute_run(wider, SPEC, tmp_path)
    assert run.manifest.counts["n_invalid"] == 2
    assert any("2 voxels are constant or not finite" in w for w in run.manifest.warnings)
    narrow = arrays_of(finished)
    for name in ("scores/r2_nonlinear", "dispersion/jne", "dispersion/jne_ss"):
        wide = arrays_of(run)[name]
        assert np.isnan(wide[..., 30:]).all()
        np.testing.assert_array_equal(wide[..., :30], narrow[name], err_msg=name)


def test_encoders_fitted_elsewhere_are_taken_as_they_are(tmp_path):
    dataset = make_dataset()
    dataset.responses[:, 3] = 1.0  # an invalid column, which their readout still has
    brought = build_encoder(8, 30, n_hidden=6, seed=9)
    record = InputRecord("theirs.pth", "1" * 64)
    run = compute_run(
        make_dataset(responses=dataset.responses),
        SPEC,
        tmp_path,
        fitted={"nonlinear": FittedEncoder(brought, record)},
    )
    features = torch.from_numpy(dataset.features[dataset.splits.test])
    expected = stream_dispersion(brought, features).jne.numpy()
    jne = run.stage("dispersion").read_array("jne")
    keep = np.arange(30) != 3
    np.testing.assert_allclose(jne[keep], expected[keep], rtol=1e-5)
    assert np.isnan(jne[3])
    assert {"name": "theirs.pth", "sha256": "1" * 64} in run.manifest.inputs


def test_an_encoder_of_other_responses_is_refused(tmp_path):
    brought = FittedEncoder(build_encoder(8, 12, n_hidden=6), InputRecord("theirs.pth", "1" * 64))
    with pytest.raises(InputError, match=r"theirs.pth: expected 30 voxels, found 12"):
        compute_run(make_dataset(), SPEC, tmp_path, fitted={"nonlinear": brought})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "sizes", "activation", "match"),
    [
        ("linear", (8, 30), "relu", "activation identity, found relu"),
        ("nonlinear", (8, 30), "identity", "activation relu, found identity"),
        ("nonlinear", (9, 30), "relu", "8 features, found 9"),
        ("linear", (8, 31), "identity", "30 voxels, found 31"),
    ],
)
def test_weights_that_do_not_fit_are_refused_before_anything_is_made(
    tmp_path, name, sizes, activation, match
):
    encoder = build_encoder(*sizes, n_hidden=6, activation=activation)
    brought = FittedEncoder(encoder, InputRecord("theirs.pth", "1" * 64))
    with pytest.raises(InputError, match=match):
        compute_run(make_dataset(), SPEC, tmp_path, fitted={name: brought})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stage", ["linear", "nonlinear", "scores", "dispersion", "calibration"])
def test_cancelling_leaves_a_folder_that_resumes_to_the_same_arrays(tmp_path, finished, stage):
    def cancel(name: str, done: int, total: int) -> None:
        if name == stage and done > 0:
            raise CancelledError("run", "to go on", "a request to stop", "run it again")

    dataset = make_dataset(240)
    undisturbed = compute_run(dataset, SPEC, tmp_path / "undisturbed")
    with pytest.raises(CancelledError):
        compute_run(dataset, SPEC, tmp_path / "cut", report=cancel)
    assert find_runs(tmp_path / "cut") == []
    (folder,) = find_unfinished(tmp_path / "cut")
    with pytest.raises(StoreError, match="run the same command to resume"):
        Run(folder)
    assert_same_arrays(compute_run(dataset, SPEC, tmp_path / "cut"), undisturbed)


def test_finished_blocks_are_not_computed_again(tmp_path, monkeypatch):
    dataset = make_dataset(400)  # 100 test stimuli, four blocks
    seen: list[int] = []

    def cancel(name: str, done: int, total: int) -> None:
        if name == "dispersion" and done >= 64:
            raise CancelledError("run", "to go on", "a request to stop", "run it again")

    with pytest.raises(CancelledError):
        compute_run(dataset, SPEC, tmp_path, report=cancel)
    original = Deviator.__call__

    def count(self, stimulus):
        seen.append(stimulus)
        return original(self, stimulus)

    monkeypatch.setattr(Deviator, "__call__", count)
    compute_run(dataset, SPEC, tmp_path)
    assert seen == [*range(64, 100), *range(100)]  # the rest of JNE, then calibrated JNE


VICTIM = """
import sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)
from jne_engine.runs.pipeline import compute_run
from tests.engine.datasets import make_dataset
from tests.engine.test_pipeline import SPEC

def report(stage, done, total):
    print(stage, done, flush=True)
    time.sleep(0.02)

compute_run(make_dataset(400), SPEC, Path(sys.argv[1]), report=report)
"""


def kill_when(root: Path, line: str) -> None:
    """Start a run in another process and kill -9 it at its first report of ``line``."""
    here = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(here)}
    with subprocess.Popen(
        [sys.executable, "-c", VICTIM, str(root)],
        stdout=subprocess.PIPE, text=True, cwd=here, env=environment,
    ) as process:  # fmt: skip
        for seen in process.stdout:
            if seen.strip() == line:
                time.sleep(0.005)
                os.kill(process.pid, signal.SIGKILL)
                return
    pytest.fail(f"the run ended without reporting {line!r}")


@pytest.mark.parametrize("line", ["linear 3", "nonlinear 5", "dispersion 32", "dispersion 96"])
def test_a_killed_run_is_never_listed_and_resumes_to_the_same_arrays(tmp_path, line):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums depend on the number of threads
    try:
        undisturbed = compute_run(make_dataset(400), SPEC, tmp_path / "undisturbed")
        kill_when(tmp_path / "killed", line)
        assert find_runs(tmp_path / "killed") == []
        assert len(find_unfinished(tmp_path / "killed")) == 1
        resumed = compute_run(make_dataset(400), SPEC, tmp_path / "killed")
    finally:
        torch.set_num_threads(threads)
    assert_same_arrays(resumed, undisturbed)
    assert not list(resumed.path.glob(".*"))
