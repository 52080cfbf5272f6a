"""The page of layers and subjects: the engine's numbers, and what it says of too few runs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from jne_engine.analysis import listing, studies
from jne_engine.analysis.stability import measure_stability
from jne_engine.analysis.studies import LOW_R2
from jne_engine.core.areas import WHOLE_BRAIN
from jne_engine.jobs.kinds import find_kind
from jne_engine.jobs.queue import open_jobs
from jne_engine.jobs.studies import add_to_study
from pages.frame.plain import unmark
from tests.engine.queries.test_stability import Report
from tests.pages.test_pages import HOSTILE, TITLES, show, texts  # noqa: F401  (a fixture)
from tests.synthetic_run import write_synthetic_run, write_synthetic_study

STATES = {"one run": (1, 1), "layers": (1, 3), "subjects": (4, 1), "both": (4, 3)}
MISSING = {"one run": "Only one layer and one subject here", "layers": "Only one subject here",
           "subjects": "Only one layer here"}  # fmt: skip


def charts(app) -> int:
    return len(app.get("plotly_chart"))


def assert_healthy(app):
    assert not app.exception
    assert not app.error
    assert app.header[0].value == TITLES["layers"]


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """Write a folder of runs of each state."""
    return {
        state: write_synthetic_study(
            tmp_path_factory.mktemp("study"), n_subjects=n_subjects, n_layers=n_layers
        )
        for state, (n_subjects, n_layers) in STATES.items()
    }


@pytest.mark.parametrize("places", ["tier", "roi", "whole"])
@pytest.mark.parametrize("state", STATES)
def test_each_state_shows_what_there_is_and_says_what_is_missing(show, roots, state, places):  # noqa: F811
    app = show(roots[state], "layers", places=places)
    assert_healthy(app)
    n_subjects, n_layers = STATES[state]
    expected = 1 + 2 * (n_layers > 1) + 2 * (n_subjects > 1)
    assert charts(app) == expected
    infos = " ".join(i.value for i in app.info)
    assert ("Only one" in infos) is (state in MISSING)
    assert MISSING.get(state, "") in infos
    assert ("Start a study" in [b.label for b in app.button]) is (state in MISSING)
    captions = "\n".join(c.value for c in app.caption)
    over = "over the n subjects" if n_subjects > 1 else "of the one subject"
    assert over in captions


def test_the_figures_tables_are_the_engines(show, roots):  # noqa: F811
    runs = listing.list_runs(roots["both"]).runs
    app = show(roots["both"], "layers", places="roi", layer="1")
    tables = [frame.value for frame in app.dataframe]
    stacked = studies.stack_runs([
        (r.manifest.subject, r.manifest.layer, studies.average_places(r, "jne"))
        for r in sorted(runs, key=lambda r: (r.manifest.subject, r.manifest.layer))
    ])  # fmt: skip
    own = stacked[stacked["kind"] == "roi"]
    averages = studies.average_over_subjects(own)
    for name in ("layer", "place", "mean", "low", "high", "n", "r2"):
        assert tables[0][name].tolist() == averages[name].tolist()
    n_weak = sum(not row.r2 >= LOW_R2 for row in averages.itertuples())
    said = "\n".join(c.value for c in app.caption)
    assert (f"({n_weak} of {len(averages)})" in said) is bool(n_weak)
    assert f"mean R² below {LOW_R2}, a limit of ours" in said
    for table in tables[:4]:
        below = [not r2 >= LOW_R2 for r2 in table["r2"]]
        assert table[f"r2_below_{LOW_R2}"].tolist() == below
    best = studies.find_best_layers(averages)
    assert tables[2]["best_layer"].tolist() == best["best_layer"].tolist()
    one = own[own["layer"] == 1]
    assert tables[3]["mean"].tolist() == one["mean"].tolist()
    pairs = studies.correlate_subjects(stacked, 1)
    assert tables[4]["r"].tolist() == pairs["r"].tolist()
    described = [studies.describe_run(r)["mean_jne"] for r in runs]
    assert sorted(tables[-1]["mean_jne"]) == sorted(described)
    assert len(tables[5]) == len(runs)


def test_a_study_offers_its_own_runs_only_and_each_has_a_link(show, tmp_path):  # noqa: F811
    write_synthetic_study(tmp_path, n_subjects=2, n_layers=2)
    ids = [r.run_id for r in listing.list_runs(tmp_path).runs if r.manifest.subject == "S1"]
    add_to_study(open_jobs(tmp_path), "a & b", run_ids=ids)
    app = show(tmp_path, "layers", study="a & b")
    assert_healthy(app)
    shown = app.dataframe[-2].value
    assert sorted(shown["run_id"]) == sorted(ids)
    assert set(shown["open"]) == {f"./layers?study=a+%26+b&run={i}" for i in ids}
    assert "Only one subject here" in " ".join(i.value for i in app.info)


def test_runs_that_differ_otherwise_are_told_and_not_mixed(show, tmp_path):  # noqa: F811
    write_synthetic_study(tmp_path, n_subjects=2, n_layers=1)
    other = write_synthetic_run(tmp_path, subject="S3", spec={"n_hidden": 8})
    app = show(tmp_path, "layers", run=other.name)
    assert_healthy(app)
    assert "1 run with n hidden 8" in texts(app)
    assert "Of the others, 2 in all differ" in texts(app)
    assert app.dataframe[-2].value["run_id"].tolist() == [other.name]


def test_the_chosen_run_is_kept_where_another_has_its_subject_and_layer(show, tmp_path):  # noqa: F811
    paths = [write_synthetic_run(tmp_path, seed=seed) for seed in (1, 2)]
    for chosen, other in (paths, paths[::-1]):
        app = show(tmp_path, "layers", run=chosen.name)
        assert_healthy(app)
        assert app.dataframe[-2].value["run_id"].tolist() == [chosen.name]
        assert other.name.replace("-", "\\-") in texts(app)


def test_runs_without_rois_show_the_whole_brain(show, tmp_path):  # noqa: F811
    write_synthetic_study(tmp_path, n_subjects=3, n_layers=2, with_rois=False)
    app = show(tmp_path, "layers")
    assert_healthy(app)
    infos = " ".join(i.value for i in app.info)
    assert "no ROIs" in infos
    assert "cannot be correlated" in infos
    assert set(app.dataframe[0].value["place"]) == {WHOLE_BRAIN}


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_subjects_and_rois_are_inert(show, tmp_path, name):  # noqa: F811
    rois = ("V1", name, *(f"R{i}" for i in range(8)))
    for subject in (name, "S2"):
        for layer in (0, 1):
            write_synthetic_run(tmp_path, subject=subject, layer=layer, roi_names=rois, name=name)
    app = show(tmp_path, "layers", places="roi")
    assert_healthy(app)
    for element in (*app.markdown, *app.caption, *app.info):
        assert name not in element.value or not set(name) & set("<[*`$:")


def test_nothing_significant_leaves_the_page_whole(show, tmp_path):  # noqa: F811
    write_synthetic_study(tmp_path, n_subjects=2, n_layers=2, n_significant=0)
    assert_healthy(show(tmp_path, "layers", places="roi"))


def test_a_link_restores_measure_places_and_layer(show, roots):  # noqa: F811
    app = show(roots["both"], "layers", map="gain", places="roi", layer="2", significant="no")
    assert app.selectbox(key="choice.map").value == "gain"
    assert app.session_state["choice.places"] == "roi"
    assert app.session_state["choice.layer"] == "2"
    assert app.toggle(key="choice.significant").value is False


def test_runs_of_the_same_data_are_put_together(show, tmp_path):  # noqa: F811
    changes = (("Ours", 0), ("Ours", 1), ("Ours [pairing shuffled]", 2))
    for name, seed in changes:
        write_synthetic_run(tmp_path, name=name, seed=seed, spec={"seed": seed}, n_per_roi=12)
    app = show(tmp_path, "layers", map="jne")
    assert_healthy(app)
    runs = listing.list_runs(tmp_path).runs
    expected = measure_stability(runs, "jne").areas.dropna(axis="columns", how="all")
    tables = [t.value for t in app.dataframe if "icc" in t.value.columns]
    pd.testing.assert_frame_equal(tables[0], expected)
    button = next(b for b in app.button if b.label == "Keep as maps")
    app = button.click().run()
    (job,) = open_jobs(tmp_path).list()
    folder = find_kind("stability").do(job.spec.payload, Report(tmp_path), lambda: False)
    assert folder.is_dir()
    whole = {r.run_id: r.manifest.name for r in runs}[Path(job.spec.payload["runs"][0]).name]
    assert whole == "Ours"
    app = show(tmp_path, "layers", map="jne")
    assert "of 2 runs of the whole data (seeds 0, 1) and 1 with shuffled pairings" in unmark(
        texts(app)
    )
    offered = app.selectbox(key="choice.map").options
    assert "JNE" in offered
    assert not [label for label in offered if "over seeds" in label]


def test_layers_open_on_the_share_where_every_run_has_it(show, tmp_path):  # noqa: F811
    write_synthetic_run(tmp_path, layer=0, calibrated=True)
    app = show(tmp_path, "layers")
    assert_healthy(app)
    assert app.selectbox(key="choice.map").value == "nonlinear_share"
    write_synthetic_run(tmp_path, layer=1, seed=1)
    assert show(tmp_path, "layers").selectbox(key="choice.map").value == "jne"


def test_a_run_alone_says_how_to_get_it_again(show, roots):  # noqa: F811
    app = show(roots["one run"], "layers")
    assert "No other run of this data yet." in " ".join(i.value for i in app.info)
    assert any("--change" in c.value for c in app.code)
