"""The benchmark prints every promised row with true verdicts, at toy sizes."""

import json
import time

import pytest
from click.testing import CliRunner

from jne_engine.bench import (
    calibration,
    catalogue,
    command,
    extraction,
    fits,
    imports,
    memory,
    scaling,
    selectivity,
    sizes,
    streams,
)
from jne_engine.bench.rows import Goal, Row, describe_machine
from jne_engine.bench.scaling import fit_exponent
from jne_engine.bench.sizes import Sizes
from jne_engine.bench.timing import compare

PROMISED = {
    "stream_float32_of_gemm", "stream_bfloat16_of_gemm", "speedup_over_backward_float32",
    "speedup_over_backward_bfloat16", "speedup_over_jacrev", "peak_rss_gb_20484",
    "peak_rss_gb_327684", "bootstrap_speedup", "epoch_of_gemm", "exponent_stimuli",
    "exponent_voxels", "features_of_forward", "spin_1000",
    "read_stimulus_map", "read_voxel_profile",
    "category_map_first", "category_maps_pass_s", "embed_10000",
    "calibration_of_run", "calibrated_jne_of_run", "exponent_calibration",
    "growth_gb_calibration_327684", "linear_path_of_run",
}  # fmt: skip
TOY = Sizes(n_features=6, n_hidden=8, n_voxels=70, n_stimuli=3, n_test=9, n_checked=9, rounds=1)


def test_every_promised_row_is_there():
    assert set(catalogue.FIGURES) >= PROMISED


@pytest.mark.parametrize(
    ("goal", "value", "text", "holds"),
    [
        (Goal(at_least=0.85), 0.85, "≥ 0.85", True),
        (Goal(at_least=0.85), 0.84, "≥ 0.85", False),
        (Goal(at_most=1.5), 1.6, "≤ 1.5", False),
        (Goal(at_least=0.95, at_most=1.05), 1.0, "0.95 to 1.05", True),
        (Goal(at_least=0.95, at_most=1.05), 1.06, "0.95 to 1.05", False),
    ],
)
def test_goals_say_what_they_check(goal, value, text, holds):
    row = Row("name", value, goal, "how")
    assert (str(goal), row.holds, row.to_dict()["goal"]) == (text, holds, text)
    assert ("MISSED" in str(row)) is not holds


def test_a_row_without_value_or_goal_claims_nothing():
    assert Row("name", None, Goal(at_most=1), "how").holds is None
    assert Row("name", 1.0, None, "how").holds is None


@pytest.mark.parametrize("name", sorted(set(catalogue.FIGURES) - set(memory.TASKS)))
def test_each_figure_runs_at_toy_sizes(name, monkeypatch):
    monkeypatch.setattr(fits, "EPOCH_STIMULI", 8)
    monkeypatch.setattr(fits, "EPOCH_BATCH", 4)
    monkeypatch.setattr(calibration, "CALIBRATED", TOY)
    monkeypatch.setattr(calibration, "N_TRAIN", 20)
    monkeypatch.setattr(calibration, "N_EPOCHS", 1)
    monkeypatch.setattr(streams, "JACREV_CHUNK", 5)
    monkeypatch.setattr(imports, "SCAN", imports.Scan((6, 5, 4), 40, 50, (5, 4)))
    monkeypatch.setattr(sizes, "FSAVERAGE_VOXELS", 90)
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    small |= {"num_attention_heads": 2, "image_size": 16, "patch_size": 8}
    monkeypatch.setattr(extraction, "ARCHITECTURE", small)
    monkeypatch.setattr(extraction, "BATCHES_A_ROUND", 1)
    monkeypatch.setattr(extraction, "IMAGE_PIXELS", 20)
    monkeypatch.setattr(selectivity, "STORED", (40, 50))
    monkeypatch.setattr(selectivity, "EMBEDDED", (40, 6))
    monkeypatch.setattr(scaling, "STEPS", dict.fromkeys(scaling.STEPS, (2, 4)))
    row = catalogue.FIGURES[name](name, TOY)
    assert row.name == name
    assert isinstance(row.value, float)


def test_exponents_are_slopes():
    assert fit_exponent([1, 2, 4], [3, 12, 48]) == pytest.approx(2)


def test_compare_is_a_ratio_of_the_two_in_turn(monkeypatch):
    clock = iter([0.0, 4.0, 4.0, 6.0, 6.0, 14.0, 14.0, 16.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    assert compare(lambda: None, lambda: None, rounds=2) == pytest.approx((4 / 2 + 8 / 2) / 2)


def test_json_names_machine_and_rows(monkeypatch):
    monkeypatch.setattr(command, "Sizes", lambda: TOY)
    printed = CliRunner().invoke(command.bench, ["--json", "--only", "bootstrap_speedup"])
    assert printed.exit_code == 0
    report = json.loads(printed.output)
    assert report["machine"].keys() == describe_machine().keys()
    (row,) = report["rows"]
    assert row.keys() == {"name", "value", "goal", "holds", "how"}
    assert row["name"] == "bootstrap_speedup"
