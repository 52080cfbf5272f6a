"""Every list of measures is made of the one registry, and no run offers what it lacks."""

import json

import numpy as np
import pandas as pd
import pytest

from jne_engine.analysis import comparisons, maps, regions
from jne_engine.core.errors import InputError
from jne_engine.model import measures
from jne_engine.model.measures import MEASURES, RENAMED, Measure, find_measure, list_measures
from jne_engine.model.spec import RunSpec
from jne_engine.model.variants import VARIANTS
from jne_engine.report.export.content import gather_content
from jne_engine.report.export.methods import describe_methods, format_methods
from jne_engine.report.export.tables import describe_columns, tabulate_content
from jne_engine.runs.pipeline import compute_run
from jne_engine.runs.results import SimulationResult, read_result, write_result
from jne_engine.runs.store import Run, RunFolder
from tests.engine.datasets import make_dataset
from tests.synthetic_run import write_synthetic_run


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    spec = RunSpec(n_hidden=8, batch_size=16, max_epochs=3)
    return compute_run(make_dataset(), spec, tmp_path_factory.mktemp("runs"))


@pytest.fixture
def run(tmp_path):
    return Run(write_synthetic_run(tmp_path))


def add_measure(monkeypatch, measure):
    monkeypatch.setattr(measures, "MEASURES", {**MEASURES, measure.name: measure})
    monkeypatch.setattr(maps, "MEASURES", measures.MEASURES)


@pytest.mark.parametrize("stage", ["scores", "dispersion"])
def test_a_stage_stores_what_the_registry_says_and_nothing_else(computed, stage):
    expected = {m.name for m in MEASURES.values() if m.stage == stage}
    stored = computed.stage(stage).array_names()
    assert {name for name in stored if "-" not in name} == expected  # kept means have a hash


def test_lists_are_made_of_the_registry(tmp_path):
    run = Run(write_synthetic_run(tmp_path, calibrated=True))
    stored = [m for m in list_measures("map") if m.stage not in measures.BESIDE]
    names = [m.name for m in stored if measures.OWN_UNIT not in m.unit]  # its data have none
    assert [m.name for m in maps.list_maps(run)] == names
    for name in names:
        assert maps.read_map(run, name).shape == (run.manifest.counts["n_voxels"],)
    means = [m.mean_name for m in list_measures("region")]
    for table in (regions.tabulate_rois(run), regions.tabulate_tiers(run)):
        assert [c for c in table if c.startswith("mean_")] == means
    recovery = comparisons.tabulate_recovery(run)
    assert set(recovery["measure"]) == {m.name for m in list_measures("truth")}
    assert tuple(m.name for m in list_measures("variant")) == VARIANTS
    assert {name for m in MEASURES.values() for name in m.needs} <= set(MEASURES)
    assert set(RENAMED.values()) <= {*MEASURES, *(m.mean_name for m in MEASURES.values())}


def test_a_new_measure_is_in_every_list_by_its_entry_alone(run, monkeypatch):
    twice = Measure("twice_jne", "Twice JNE", "u", "sequential", "Two times JNE.", "jne + jne",
                    needs=("jne", "jne"), compute=np.add,
                    uses=frozenset({"map", "region", "truth", "recovery"}))  # fmt: skip
    add_measure(monkeypatch, twice)
    jne = maps.read_map(run, "jne")
    np.testing.assert_array_equal(maps.read_map(run, "twice_jne"), jne + jne)
    table = regions.tabulate_rois(run)
    np.testing.assert_allclose(table["mean_twice_jne"], 2 * table["mean_jne"], rtol=1e-6)
    assert "twice_jne" in set(comparisons.tabulate_recovery(run)["measure"])
    content = gather_content(run)
    assert "twice_jne" in tabulate_content(content)
    [entry] = describe_columns(content, ("twice_jne",))
    assert (entry["unit"], entry["formula"]) == ("u", "jne + jne")
    text = format_methods(describe_methods(run))
    assert "Twice JNE (u): jne + jne" in text
    assert "mean Twice JNE" in text


def test_what_an_older_run_lacks_is_not_offered_and_neither_is_what_needs_it(tmp_path, monkeypatch):
    run = Run(write_synthetic_run(tmp_path))
    late = Measure("late", "Late", "", "sequential", "Of a later stage.", stage="calibration",
                   uses=frozenset({"map", "region", "truth"}), optional=True)  # fmt: skip
    add_measure(monkeypatch, late)
    made = Measure("made", "Made", "", "sequential", "Of late.", needs=("late",),
                   compute=np.negative, uses=frozenset({"map"}))  # fmt: skip
    monkeypatch.setattr(measures, "MEASURES", {**measures.MEASURES, "made": made})
    monkeypatch.setattr(maps, "MEASURES", measures.MEASURES)

    def offered():
        return {m.name for m in maps.list_maps(run)} & {"late", "made"}

    assert offered() == set()
    assert "mean_late" not in regions.tabulate_rois(run)
    assert "late" not in set(comparisons.tabulate_recovery(run)["measure"])
    values = np.arange(run.manifest.counts["n_voxels"], dtype=np.float32)
    with RunFolder(run.path).write_stage("calibration") as writer:
        writer.write_array("late", values)
    assert offered() == {"late", "made"}
    np.testing.assert_array_equal(maps.read_map(run, "made"), -values)
    assert "mean_late" in regions.tabulate_rois(run)


def test_names_of_earlier_versions_still_open(tmp_path):
    summary = pd.DataFrame({"measure": ["jne", "l2", "jne_over_gain", "delta_r2"], "r": 0.5})
    table = pd.DataFrame({"l1": [1.0], "zscored_l2": [2.0], "mean_deviation": [3.0]})
    result = SimulationResult("recovery", {}, {"summary": summary, "maps": table})
    tables = read_result(write_result(result, tmp_path)).tables
    assert list(tables["summary"]["measure"]) == ["jne", "jne_l2", "jne_per_gain", "delta_r2"]
    assert list(tables["maps"]) == ["jne", "jne_zscored_l2", "mean_deviation_mean"]
    assert find_measure("jne_over_gain") is MEASURES["jne_per_gain"]
    with pytest.raises(InputError, match="measure"):
        find_measure("nope")


def test_the_dictionary_says_unit_and_formula_of_every_map(run):
    content = gather_content(run)
    names = tuple(item.name for item in content.maps)
    for entry in describe_columns(content, names):
        measure = MEASURES[entry["name"]]
        assert (entry["unit"], entry["formula"]) == (measure.unit, measure.formula)
        assert measure.explanation in entry["description"]
    assert json.dumps(describe_columns(content, names))
