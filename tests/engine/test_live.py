"""The live worker computes what a direct call does, drops what is stale, and comes back."""

import os
import signal
import subprocess
import sys
from concurrent.futures import CancelledError

import pandas as pd
import pytest

from jne_engine.core.errors import InputError
from jne_engine.simulations.live import LiveSimulator, simulate_live

SMALL = {"width": 8, "n_stimuli": 20, "n_repetitions": 3}
WAIT_S = 90


@pytest.fixture(scope="module")
def live():
    simulator = LiveSimulator()
    yield simulator
    simulator.close()


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("activations", {"activations": ["gelu"], "n_points": 11}),
        ("networks", {**SMALL, "activations": ["relu"], "wiring": "second"}),
        ("sample-size", {"sample_sizes": [4, 8], "n_features": 5, "n_points": 21}),
        ("input-scale", {**SMALL, "activations": ["tanh"]}),
    ],
)
def test_the_worker_answers_as_a_direct_call(live, name, settings):
    found = live.submit(name, settings).result(WAIT_S)
    expected = simulate_live(name, settings)
    assert found.settings == expected.settings
    assert list(found.tables) == list(expected.tables)
    for table, values in expected.tables.items():
        pd.testing.assert_frame_equal(found.tables[table], values, rtol=1e-5)


def test_an_answer_is_kept_by_its_settings(live):
    settings = {**SMALL, "seed": 11}
    first = live.submit("networks", settings).result(WAIT_S)
    again = live.submit("networks", dict(reversed(settings.items())))
    assert again.done()
    assert again.result() is first


def test_the_newest_request_wins(live):
    slow = live.submit("networks", {**SMALL, "n_repetitions": 100, "seed": 1}, owner="a")
    requests = [live.submit("networks", {**SMALL, "seed": seed}, owner="b") for seed in (2, 3, 4)]
    assert requests[-1].result(WAIT_S).settings["seed"] == 4
    assert slow.result(WAIT_S).settings["seed"] == 1  # another reader's request stays
    assert requests[0].cancelled() or requests[0].done()
    assert requests[1].cancelled()
    with pytest.raises(CancelledError):
        requests[1].result()


@pytest.mark.parametrize(
    ("name", "settings", "what"),
    [
        ("networks", {"width": 0}, "width"),
        ("networks", {"colour": "red"}, "simulation setting"),
        ("weather", {}, "live simulation"),
    ],
)
def test_an_error_of_the_worker_comes_back_and_the_worker_stays(live, name, settings, what):
    live.submit("networks", SMALL).result(WAIT_S)
    worker = live.worker_id
    with pytest.raises(InputError, match=what):
        live.submit(name, settings).result(WAIT_S)
    assert live.worker_id == worker


def test_a_killed_worker_is_replaced(live):
    live.submit("networks", SMALL).result(WAIT_S)
    killed = live.worker_id
    os.kill(killed, signal.SIGKILL)
    assert live.submit("networks", {**SMALL, "seed": 21}).result(WAIT_S).settings["seed"] == 21
    assert live.worker_id != killed


def test_closing_cancels_what_waits():
    simulator = LiveSimulator()
    running = simulator.submit("networks", SMALL, owner="a")
    waiting = simulator.submit("networks", SMALL, owner="b")
    simulator.close()
    assert running.cancelled() or not running.cancel()
    assert waiting.cancelled()


def test_importing_the_module_leaves_torch_alone():
    code = "import sys, jne_engine.simulations.live; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
