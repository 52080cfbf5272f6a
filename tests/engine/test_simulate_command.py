"""Every simulation runs from the command line, prints JSON, and stores what it printed."""

import json

import pytest
from click.testing import CliRunner

from jne_engine.cli.simulate import simulate
from jne_engine.core.errors import InputError
from jne_engine.runs.results import read_result

TINY = {
    "activations": ["--step", "1"],
    "networks": ["--n-repetitions", "3", "--width", "8"],
    "sample-size": ["--sample-sizes", "5,7", "--n-points", "20"],
    "input-scale": ["--n-repetitions", "1", "--width", "8", "--normal-sds", "1,2.5"],
    "recovery": ["--max-epochs", "2", "--batch-sizes", "64,full"],
}


@pytest.mark.parametrize("name", TINY)
def test_every_simulation_prints_and_stores(name, tmp_path):
    options = [name, "--reduced", *TINY[name], "--json", "--quiet", "--out", str(tmp_path)]
    finished = CliRunner().invoke(simulate, options, catch_exceptions=False)
    assert finished.exit_code == 0
    printed = json.loads(finished.stdout)
    stored = read_result(tmp_path / name)
    assert printed["simulation"] == stored.simulation == name
    assert printed["settings"] == stored.settings
    assert printed["tables"] == stored.to_json()["tables"]
    assert stored.made["seconds"] >= 0


def test_options_reach_the_settings():
    options = ["recovery", "--reduced", *TINY["recovery"], "--json", "--quiet"]
    finished = CliRunner().invoke(simulate, options, catch_exceptions=False)
    settings = json.loads(finished.stdout)["settings"]
    assert settings["batch_sizes"] == [64, None]
    assert settings["max_epochs"] == 2


def test_tables_are_printed_without_json_and_say_simulated():
    options = ["networks", "--reduced", *TINY["networks"], "--wiring", "none"]
    finished = CliRunner().invoke(simulate, options, catch_exceptions=False)
    assert finished.stdout.startswith("networks-no-skip: SIMULATED")
    assert "repetitions" in finished.stdout.splitlines()[-3]


def test_wrong_options_are_told_by_name():
    refused = CliRunner().invoke(simulate, ["sample-size", "--sample-sizes", "a,b"])
    assert refused.exit_code == 2
    assert "not a list of int" in refused.stderr
    with pytest.raises(InputError, match="width"):
        CliRunner().invoke(simulate, ["networks", "--width", "0"], catch_exceptions=False)
