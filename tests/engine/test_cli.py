"""The command line runs the whole path, tells mistakes in one line, and can be interrupted."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from jne_engine.cli.main import COMMANDS, main
from jne_engine.cli.running import _request_demos
from jne_engine.jobs.kinds.run import (
    DEMO_HIDDEN,
    SIMULATED_STUDY,
    SMALL_DEMO_HIDDEN,
    SMALL_DEMO_SIZES,
    request_demo,
)
from jne_engine.jobs.queue import open_jobs
from jne_engine.jobs.studies import tabulate_study
from jne_engine.model.spec import RunSpec
from jne_engine.runs.store import find_unfinished, open_run

SMALL_DEMO = ["--n-stimuli", "300", "--n-test", "60", "--n-vertices", "400", "--quiet"]
SMALL_FIT = ["--n-hidden", "32", "--max-epochs", "3", "--quiet"]
INLINE = [*SMALL_FIT, "--inline"]


def invoke(*arguments: object):
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def demo_root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    result = invoke("demo", "--out", root, *SMALL_DEMO, *SMALL_FIT, "--study", "demos")
    assert result.exit_code == 0, result.output
    assert Path(result.stdout.strip()).parent == root
    return root


@pytest.fixture
def folder(tmp_path) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path / "data"
    path.mkdir()
    np.save(path / "features.npy", rng.standard_normal((80, 6)))
    np.save(path / "responses.npy", rng.standard_normal((80, 9)))
    return path


def test_info_json_has_the_promised_keys(demo_root):
    printed = invoke("info", demo_root, "--json")
    summary = json.loads(printed.stdout)
    assert summary["simulated"] is True
    roi_keys = {
        "name", "tier", "n_voxels", "n_significant", "mean_r2_linear", "mean_r2_nonlinear",
        "mean_jne", "mean_deviation_mean", "mean_gain",
    }  # fmt: skip
    assert len(summary["rois"]) == 10
    assert all(roi_keys <= roi.keys() for roi in summary["rois"])
    assert set(summary["tiers"]) == {"primary", "intermediate", "higher"}
    assert all({"mean_jne", "n_significant"} <= tier.keys() for tier in summary["tiers"].values())
    assert "pearson_r_jne" in summary["truth"]
    assert "dispersion" in summary["timings_s"]
    assert "torch" in summary["versions"]


def test_info_and_list_say_simulated(demo_root):
    assert invoke("info", demo_root).stdout.startswith("SIMULATED ")
    assert "SIMULATED" in invoke("list", "--out", demo_root).stdout


def test_run_takes_a_folder_and_every_choice(folder, tmp_path):
    choices = ["--activation", "tanh", "--n-blocks", "1", "--bias", "--seed", "4", "--full-batch"]
    choices += ["--linear-first"]
    result = invoke("run", folder, "--out", tmp_path / "runs", *INLINE, *choices)
    assert result.exit_code == 0, result.output
    run = open_run(tmp_path / "runs")
    expected = RunSpec(
        n_hidden=32, max_epochs=3, activation="tanh", n_blocks=1, bias=True, seed=4,
        batch_size=None, linear_first=True,
    )  # fmt: skip
    assert RunSpec.from_dict(run.manifest.spec) == expected
    assert "warning: The nonlinear encoder was still improving after 3 epochs." in result.stderr
    described = invoke("info", run.path, "--json")
    assert json.loads(described.stdout)["truth"] is None


def test_export_writes_one_file_that_says_simulated(demo_root, tmp_path):
    file = tmp_path / "brain.html"
    result = invoke("export", demo_root, "--to", "html", "--file", file)
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(file)
    text = file.read_text()
    assert "SIMULATED" in text
    assert "http://" not in text.replace("http://www.w3.org/", "")
    assert "https://" not in text


def test_a_run_without_surface_is_not_exported(folder, tmp_path):
    invoke("run", folder, "--out", tmp_path / "runs", *INLINE)
    result = invoke("export", tmp_path / "runs")
    assert result.exit_code == 2
    assert "set `vertices` or `voxels` in dataset.toml" in result.stderr


def truncated_hdf5(folder: Path) -> None:
    import h5py

    (folder / "responses.npy").unlink()
    with h5py.File(folder / "responses.h5", "w") as file:
        file["data"] = np.zeros((80, 9))
    content = (folder / "responses.h5").read_bytes()
    (folder / "responses.h5").write_bytes(content[: len(content) // 2])


MISTAKES = {
    "mismatched counts": lambda f: np.save(f / "responses.npy", np.ones((70, 9))),
    "one column": lambda f: np.save(f / "responses.npy", np.ones(80)),
    "all NaN": lambda f: np.save(f / "responses.npy", np.full((80, 9), np.nan)),
    "NaN features": lambda f: np.save(f / "features.npy", np.full((80, 6), np.nan)),
    "missing file": lambda f: (f / "responses.npy").unlink(),
    "truncated HDF5": truncated_hdf5,
    "truncated npy": lambda f: (f / "features.npy").write_bytes(b"\x93NUMPY\x01\x00"),
    "overlapping splits": lambda f: np.savez(
        f / "splits.npz", train=np.arange(50), validation=np.arange(49, 60), test=np.arange(60, 80)
    ),
    "wrong key": lambda f: (
        (f / "dataset.toml").write_text(
            'features = "features.npy"\nresponses = "r.npz"\nresponses_key = "beta"\n'
        )
        and np.savez(f / "r.npz", betas=np.ones((80, 9)))
    ),
}


@pytest.mark.parametrize("spoil", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_and_no_run(folder, tmp_path, spoil):
    spoil(folder)
    result = invoke("run", folder, "--out", tmp_path / "runs", *INLINE)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert "expected" in result.stderr
    assert "found" in result.stderr
    assert not list((tmp_path / "runs").glob("*/run.json"))


def test_constant_and_nan_voxels_are_counted(folder, tmp_path):
    responses = np.load(folder / "responses.npy")
    responses[:, 2], responses[7, 5] = 3.0, np.nan
    np.save(folder / "responses.npy", responses)
    result = invoke("run", folder, "--out", tmp_path / "runs", *INLINE)
    assert "warning: 2 voxels are constant or not finite" in result.stderr
    assert open_run(tmp_path / "runs").manifest.counts["n_invalid"] == 2


@pytest.mark.parametrize("command", ["info"])
def test_a_run_that_is_not_there_says_how_to_make_one(tmp_path, command):
    result = invoke(command, tmp_path / "nowhere")
    assert result.exit_code == 2
    assert "python -m jne_engine demo" in result.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name):
    result = invoke(name, "--help")
    assert result.exit_code == 0, result.output
    assert f"{name} " in invoke("--help").stdout


def test_help_loads_click_alone():
    code = (
        "import sys; from jne_engine.cli.main import main; main(['--help'], standalone_mode=False);"
        "assert not {'torch', 'numpy', 'pandas', 'psutil', 'tqdm'} & set(sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(f"  {name} " in told.stdout for name in COMMANDS)


def test_a_run_and_a_mistake_go_through_the_worker_and_stay_in_its_table(demo_root, folder):
    table = open_jobs(demo_root)
    (done,) = table.list()
    assert done.state == "done"
    assert invoke("jobs", "study", "--out", demo_root).stdout == "demos\n"
    (line,) = invoke("jobs", "study", "demos", "--out", demo_root).stdout.splitlines()
    assert line.split() == ["done", "S1", "gabor", "layer", "0", done.place.name]
    shown = json.loads(invoke("jobs", "show", done.id, "--out", demo_root).stdout)
    assert shown["place"] == str(done.place)
    assert [loss["epoch"] for loss in shown["losses"]] == [1, 2, 3] * 2

    np.save(folder / "responses.npy", np.ones(80))
    result = invoke("run", folder, "--out", demo_root, *SMALL_FIT)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: responses.npy: expected")
    assert result.stderr.count("\n") == 1
    failed = table.list()[0]
    assert f"{failed.id}  failed" in invoke("jobs", "list", "--out", demo_root).stdout
    assert "queued" in invoke("jobs", "retry", failed.id, "--out", demo_root).stdout
    assert invoke("jobs", "cancel", failed.id, "--out", demo_root).exit_code == 0
    deleted = invoke("jobs", "delete", failed.id, "--yes", "--out", demo_root)
    assert deleted.exit_code == 0, deleted.output
    listed = json.loads(invoke("jobs", "list", "--json", "--out", demo_root).stdout)
    assert [job["id"] for job in listed] == [done.id]
    second = invoke("jobs", "worker", "--out", demo_root)
    assert "expected no other worker" in second.stderr


def test_a_study_of_subjects_and_layers_is_made_by_one_command(tmp_path):
    root = tmp_path / "runs"
    command = [sys.executable, "-m", "jne_engine", "demo", "--out", str(root), "--subjects", "2",
               "--layers", "2", *SMALL_DEMO, *SMALL_FIT[:-1]]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False,
                          cwd=Path(__file__).parents[2])  # fmt: skip
    assert done.returncode == 0, done.stderr
    runs = [open_run(Path(line)) for line in done.stdout.splitlines()]
    found = [(r.manifest.subject, r.manifest.layer) for r in runs]
    assert found == [("S1", 0), ("S1", 1), ("S2", 0), ("S2", 1)]
    rows = tabulate_study(open_jobs(root), SIMULATED_STUDY)
    assert [row.run_id for row in rows] == [run.run_id for run in runs]
    assert {row.state for row in rows} == {"done"}
    assert all(run.manifest.simulated for run in runs)
    pictures = [r.stage("dataset").read_array("thumbnails") for r in runs]
    assert all(np.array_equal(pictures[0], other) for other in pictures[1:])
    jne = [r.stage("dispersion").read_array("jne") for r in runs]
    assert all(not np.allclose(a, b) for i, a in enumerate(jne) for b in jne[:i])
    truths = [r.stage("dataset").has_array("truth_nonlinear_share") for r in runs]
    assert truths == [True, False, True, False]


@pytest.mark.parametrize("more", [("--subjects", "2"), ("--layers", "2")])
def test_one_subjects_name_is_not_given_to_several(tmp_path, more):
    result = invoke("demo", "--out", tmp_path, "--subject", "S9", *more)
    assert result.exit_code == 2
    assert "expected one subject and one layer" in result.stderr


def test_small_is_a_reduced_size_that_single_choices_override():
    options = {"small": True, "subjects": 1, "layers": 1, "subject": None, "subject_seed": None,
               "n_stimuli": None, "n_test": 50, "n_vertices": None, "full_batch": False,
               "paper": False, "change": None,
               **dict.fromkeys(f.name for f in fields(RunSpec))}  # fmt: skip
    (spec,) = _request_demos(dict(options))
    assert spec == request_demo(
        RunSpec(n_hidden=SMALL_DEMO_HIDDEN), **{**SMALL_DEMO_SIZES, "n_test": 50}
    )
    (plain,) = _request_demos({**options, "small": False, "n_test": None})
    assert plain == request_demo(RunSpec(n_hidden=DEMO_HIDDEN))


def take_interrupts() -> None:
    """Take Ctrl-C again where the tests themselves run in a background that ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupt_after_first_stage(command: list[str], root: Path) -> tuple[int, bytes]:
    """Run a command, press Ctrl-C once a stage stands, return its exit status and stderr."""
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2], preexec_fn=take_interrupts
    )
    try:
        deadline = time.monotonic() + 120
        while not list(root.glob("*/dataset")) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, stderr


def test_interrupting_leaves_a_run_that_resumes(tmp_path):
    root = tmp_path / "runs"
    command = [sys.executable, "-m", "jne_engine", "demo", "--out", str(root), *SMALL_DEMO[:-1],
               "--n-hidden", "32", "--max-epochs", "100000", "--patience", "100000"]  # fmt: skip
    status, stderr = interrupt_after_first_stage(command, root)
    assert status == 130
    assert b"run the same command to go on" in stderr
    assert b"Traceback" not in stderr
    assert len(find_unfinished(root)) == 1
    listed = invoke("list", "--out", root)
    assert listed.stdout == ""
    assert "unfinished" in listed.stderr
    assert [job.state for job in open_jobs(root).list()] == ["cancelled"]


def test_stability_puts_seeds_halves_and_shuffled_pairings_together(tmp_path, folder):
    made = []
    for more in (["--seed", 0], ["--seed", 1], ["--change", "first half"],
                 ["--change", "second half"], ["--change", "pairing shuffled"]):  # fmt: skip
        result = invoke("run", folder, "--out", tmp_path / "runs", *INLINE, *more)
        assert result.exit_code == 0, result.output
        made += ["--run", result.stdout.strip()]
    assert len(set(made[1::2])) == 5
    voxels = tmp_path / "voxels.csv"
    asked = ["stability", *made, "--measure", "jne", "--all", "--json", "--voxels", voxels]
    asked.append("--store")
    result = invoke(*asked)
    printed = json.loads(result.stdout)
    assert f"written to {tmp_path / 'runs' / 'stability' / 'jne-'}" in result.stderr
    (whole,) = printed["areas"]
    assert (whole["n_seeds"], whole["n"]) == (2, 9)
    assert None not in {whole[name] for name in ("mean", "icc", "half_reliability", "floor")}
    assert len(voxels.read_text().splitlines()) == 10
    text = invoke(*[word for word in asked if word != "--json"]).stdout
    assert "of 9 voxels above 95 % of shuffled pairings" in text
    refused = invoke("stability", "--out", tmp_path / "runs")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
