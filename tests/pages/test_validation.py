"""The validation page shows stored results as they are, and live ones that follow the controls."""

import dataclasses
import time

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from jne_engine.model.measures import MEASURES
from jne_engine.model.variants import VARIANTS
from jne_engine.report.figures.calibration import plot_calibration
from jne_engine.runs.folder import VALIDATION
from jne_engine.runs.results import SimulationResult, write_result
from jne_engine.runs.store import open_run
from jne_engine.simulations.live import simulate_live
from jne_engine.simulations.recovery import simulate_recovery
from jne_engine.simulations.run_variants import correlate_variants
from jne_engine.simulations.settings import (
    NONLINEAR_FRACTIONS,
    RESULT_NAMES,
    CalibrationSettings,
    PowerSettings,
    RecoverySettings,
)
from pages.frame.plain import unmark
from pages.validation.checks import CHECKS
from tests.browser.conftest import ROOT
from tests.pages.test_pages import texts
from tests.synthetic_run import write_synthetic_run

SMALL = {"width": 8, "n_stimuli": 20, "n_repetitions": 5}
MADE = {"created": "2026-01-02T03:04:05+00:00", "versions": {"torch": "9.8.7"}}
TINY_RECOVERY = {"max_epochs": 2, "n_voxels": 12, "n_train": (64,), "n_resamples": 20}
RATES = ("p < .05 at share 0", "p < .05 at share 0.1", "p < .05 at share 0.3", "share is told")
WAIT_S = 90


@pytest.fixture(scope="module")
def stored_root(tmp_path_factory):
    """Write one run and a tiny stored result of every simulation."""
    root = tmp_path_factory.mktemp("validated")
    run = write_synthetic_run(root)
    results = [
        simulate_live("activations", {"step": 0.5, "n_points": 11}),
        *(simulate_live("networks", {**SMALL, "wiring": w}) for w in RESULT_NAMES),
        simulate_live("sample-size", {"sample_sizes": [4, 10], "n_features": 5, "n_points": 21}),
        simulate_live("input-scale", SMALL),
        simulate_recovery(RecoverySettings.reduced(**TINY_RECOVERY)),
        invent_variants(run),
        invent_calibration(),
        invent_power(),
    ]
    for result in results:
        write_result(dataclasses.replace(result, made=MADE), root / VALIDATION)
    return root


def invent_variants(run):
    rng = np.random.default_rng(0)
    n_voxels = open_run(run).manifest.counts["n_voxels"]
    maps = {name: rng.random(n_voxels) for name in VARIANTS}
    table = _frame({"significant": np.full(n_voxels, True), **maps})
    settings = {"run": run.name, "simulated": True}
    tables = {"maps": table, "correlations": correlate_variants(table)}
    return SimulationResult("variants", settings, tables)


def invent_calibration():
    rows = [(p, r, 0.05, 0.01) for p in ("v1-linear", "linear") for r in RATES]
    tests = _frame(dict(zip(("planting", "rate", "value", "value_half"), zip(*rows, strict=True),
                            strict=True)))  # fmt: skip
    measures = _frame({"planting": ["v1-linear"] * 2, "measure": ["nonlinear_share", "jne"],
                       "r": [0.97, 0.8], "r_half": [0.01, 0.02]})  # fmt: skip
    settings = CalibrationSettings.reduced().to_dict()
    return SimulationResult("calibration", settings, {"tests": tests, "measures": measures})


def invent_power():
    """Return a grid on which the power of a share is 0.5 + the share, and 0 by q."""
    rows = [
        (n, c, f, s, 0.5 + s if np.isnan(f) else 0.0)
        for n in (1000, 8000) for c in (0.1, 0.7)
        for f in (np.nan, *NONLINEAR_FRACTIONS) for s in (0.0, 0.1, 0.5)
    ]  # fmt: skip
    names = ("n_stimuli", "ceiling", "nonlinear_fraction", "share", "power")
    table = _frame(dict(zip(names, zip(*rows, strict=True), strict=True)))
    table = table.assign(n_voxels=9, n_found=0, low=table["power"], high=table["power"])
    settings = PowerSettings.reduced(n_hidden=1016).to_dict()
    return SimulationResult("power", settings, {"power": table.assign(n_features=77)})


def test_rates_and_correlations_are_drawn_as_they_are_stored():
    result = invent_calibration()
    figure = plot_calibration(result.tables["tests"], result.tables["measures"])
    false, power, r, other = figure.data[:4]
    assert (false.x, tuple(false.y)) == (("V1 linear",), (0.05,))
    assert (power.x, tuple(power.y)) == ((0.1, 0.3), (0.05, 0.05))
    assert r.x == tuple(MEASURES[m].label for m in ("nonlinear_share", "jne"))
    assert (tuple(r.y), tuple(r.error_y.array)) == ((0.97, 0.8), (0.01, 0.02))
    assert other.x == ("All linear",)


def _frame(columns):
    import pandas as pd

    return pd.DataFrame(columns)


@pytest.fixture
def show(monkeypatch):
    """Return a function that opens the page and waits for its live figure."""

    def show(root, **address):
        monkeypatch.setenv("JNE_RUNS", str(root))
        monkeypatch.chdir(ROOT)
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in address.items():
            app.query_params[name] = value
        return settle(app.switch_page("pages/validation.py").run())

    return show


def settle(app):
    """Run the page until nothing is computed any more."""
    deadline = time.monotonic() + WAIT_S
    while "computing" in texts(app) and time.monotonic() < deadline:
        app.run()
    assert "computing" not in texts(app)
    assert not app.exception
    assert app.header[0].value == "Can JNE be trusted?"
    assert "SIMULATED" in texts(app)
    return app


def figures(app):
    """Return the Plotly figures of the page as JSON, live one first."""
    return [chart.proto.spec for chart in app.get("plotly_chart")]


@pytest.mark.parametrize("check", CHECKS)
def test_without_stored_results_each_check_names_its_command(show, tmp_path, check):
    app = show(tmp_path / "nowhere", check=check)
    assert not app.error
    assert app.code[-1].value.startswith(f"python -m jne_engine simulate {check}")
    assert app.code[-1].value.endswith(f"--out {tmp_path / 'nowhere' / VALIDATION}")
    assert len(figures(app)) == (CHECKS[check].live is not None)


@pytest.mark.parametrize("check", CHECKS)
def test_stored_results_are_shown_with_date_versions_and_size(show, stored_root, check):
    app = show(stored_root, check=check)
    assert not app.error
    assert not app.code
    assert len(figures(app)) == 1 + (CHECKS[check].live is not None)
    assert "2026\\-01\\-02 03\\:04 UTC with torch 9\\.8\\.7" in texts(app)
    assert ("Not full size" in texts(app)) is (check != "variants")


@pytest.mark.parametrize("wiring", RESULT_NAMES)
def test_each_wiring_shows_its_own_result_and_command(show, stored_root, tmp_path, wiring):
    stored = show(stored_root, check="networks", wiring=wiring).dataframe[0].value
    expected = simulate_live("networks", {**SMALL, "wiring": wiring}).tables["order"]
    np.testing.assert_allclose(stored["median_difference"], expected["median_difference"])
    command = show(tmp_path / "nowhere", check="networks", wiring=wiring).code[-1].value
    assert (f"--wiring {wiring}" in command) is (wiring != "both")


def test_the_paper_stands_beside_ours(show, stored_root):
    table = show(stored_root, check="sample-size").dataframe[0].value
    assert dict(zip(table["n"], table["paper"], strict=True)) == {4: "–", 10: "0.87"}


@pytest.mark.parametrize(
    ("check", "control", "value"),
    [
        ("activations", "activation", "gelu"),
        ("activations", "window", "2"),
        ("activations", "n_inputs", "200"),
        ("networks", "wiring", "none"),
        ("networks", "input_scale", "1"),
        ("sample-size", "n_inputs", "500"),
        ("input-scale", "placement", "loc1"),
    ],
)
def test_the_live_figure_follows_the_controls(show, tmp_path, check, control, value):
    app = show(tmp_path, check=check)
    before = figures(app)[0]
    kinds = (app.selectbox, app.select_slider)
    widget = next(w for kind in kinds for w in kind if w.key == f"choice.{control}")
    app = settle(widget.set_value(value).run())
    assert figures(app)[0] != before
    assert app.query_params[control] == value


def test_the_power_of_a_design_is_told_and_drawn(show, stored_root):
    app = show(stored_root, check="power", repeats="4", ceiling="10")
    said = unmark(texts(app))
    assert "3,000 stimuli in all, each shown 4 times" in said
    assert "30.8 % for their mean, a nonlinear share of 0.3 [0.3, 0.3] or more is found" in said
    assert "(p < .05) in 80 % of voxels (simulated). Of exactly linear voxels 50 % are" in said
    assert "Simulated subjects: 77 features, 1,016 hidden units, 100 vertices each; 1 for" in said
    np.testing.assert_allclose(app.dataframe[0].value["power"], [0.6, 1.0])
    choice = next(w for w in app.selectbox if w.key == "choice.criterion")
    app = settle(choice.set_value("0.3").run())
    assert "a share of 0.5, the largest simulated, is found in 0 % only" in unmark(texts(app))
    beyond = show(stored_root, check="power", repeats="10", ceiling="70")
    assert "10 % to 70 % of the mean response were simulated, not 95.9 %" in unmark(texts(beyond))
    assert beyond.dataframe[0].value.empty


def test_variants_of_another_run_are_not_shown(show, stored_root, tmp_path):
    write_synthetic_run(tmp_path, seed=3, subject="other")
    (tmp_path / VALIDATION).symlink_to(stored_root / VALIDATION)
    app = show(tmp_path, check="variants")
    assert "Not stored yet for this run" in texts(app)
    assert not figures(app)


def test_damage_becomes_one_line_and_the_live_figure_stays(show, stored_root, tmp_path):
    result = simulate_live("networks", SMALL)
    folder = write_result(result, tmp_path / VALIDATION)
    (folder / "order.parquet").write_bytes(b"x")
    app = show(tmp_path, check="networks")
    assert len(app.error) == 1
    assert "SHA" in app.error[0].value
    assert len(figures(app)) == 1


def test_a_hostile_address_falls_back_in_one_line(show, tmp_path):
    app = show(tmp_path, check="<b>x</b>", window="1e999", n_inputs="-3", activation="nope")
    assert not app.error
    assert texts(app).count("that is not here") == 4
    assert "<b>" not in texts(app)


def test_the_page_runs_alone(monkeypatch, stored_root):
    monkeypatch.setenv("JNE_RUNS", str(stored_root))
    settle(AppTest.from_file(str(ROOT / "pages/validation.py"), default_timeout=60).run())
