"""Every page shows the store's numbers, says what is missing, and lets no name run."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from scipy import stats
from streamlit.testing.v1 import AppTest

from jne_engine.analysis import comparisons, groupings, listing, maps, roi_groups, selectivity
from jne_engine.analysis.nonlinearity import LATER, summarise_nonlinearity, tell_nonlinearity
from jne_engine.analysis.summary import summarise_run
from jne_engine.runs.store import Run
from pages.frame.entry import freeze_imports
from pages.frame.widgets import plain
from tests.browser.conftest import ROOT
from tests.job_helpers import opened, wait_at_rest

TITLES = {
    "overview": "What does this run say?",
    "maps": "Where is cortex nonlinear?",
    "hierarchy": "Which areas are most nonlinear?",
    "selectivity": "Which images drive this area?",
    "models": "Does the encoder predict?",
    "layers": "How does nonlinearity change over layers and subjects?",
    "claims": "Do the paper's findings hold here?",
}
LACKS = {
    "nothing": {},
    "space": {"with_space": False},
    "thumbnails": {"with_thumbnails": False},
    "rois": {"with_rois": False},
    "categories": {"with_categories": False},
    "truth": {"simulated": False},
    "significant voxels": {"n_significant": 0},
    "all but a few voxels": {"n_significant": 2},
}
HOSTILE = (
    "<script>alert(1)</script>",
    "![x](http://x.invalid/x.png)",
    "=1+1|' $x$",
    "*a* `b` :red[c]",
)


@pytest.fixture
def show(monkeypatch):
    """Return a function that runs one page of the app on a folder of runs."""

    def show(root, page, **address):
        monkeypatch.setenv("JNE_RUNS", str(root))
        monkeypatch.chdir(ROOT)
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in address.items():
            app.query_params[name] = value
        return app.switch_page(f"pages/{page}.py").run()

    return show


def texts(app) -> str:
    """Return everything that a page says in words."""
    kinds = (app.caption, app.markdown, app.info, app.error, app.header, app.subheader, app.metric)
    return "\n".join(str(e.value) for kind in kinds for e in kind)


def metric(app, label) -> str:
    return next(m.value for m in app.metric if m.label == label)


def assert_healthy(app, page):
    assert not app.exception
    assert not app.error
    assert app.header[0].value == TITLES[page]


@pytest.mark.parametrize("page", TITLES)
@pytest.mark.parametrize("lack", LACKS)
def test_pages_hold_whatever_a_run_lacks(show, make_root, page, lack):
    assert_healthy(show(make_root(**LACKS[lack]), page), page)


@pytest.mark.parametrize("page", TITLES)
def test_pages_without_a_run_say_how_to_make_one(show, tmp_path, page):
    app = show(tmp_path / "nowhere", page)
    assert_healthy(app, page)
    assert app.code[0].value == "python -m jne_engine demo"
    assert not app.metric


@pytest.mark.parametrize("page", TITLES)
def test_unfinished_runs_are_named_as_resumable_and_show_no_numbers(show, make_root, page):
    root = make_root(complete=False, stages=("dataset", "linear"))
    app = show(root, page)
    assert_healthy(app, page)
    assert "dataset, linear done, 4 stages to go" in texts(app)
    assert not app.metric
    assert not app.dataframe


def test_a_broken_run_is_told_in_the_sidebar_and_hides_no_other(monkeypatch, make_root):
    root = make_root()
    (root / "broken").mkdir()
    (root / "broken" / "run.json").write_text("{")
    monkeypatch.setenv("JNE_RUNS", str(root))
    monkeypatch.chdir(ROOT)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert_healthy(app, "overview")
    assert app.sidebar.expander[0].label == "Unreadable runs (1)"
    assert "broken" in app.sidebar.expander[0].caption[0].value


@pytest.mark.parametrize("page", TITLES)
def test_damage_becomes_one_line_on_the_page(show, make_root, page):
    root = make_root()
    run = next(root.iterdir())
    (run / "dataset" / "description.json").write_text("{}")
    app = show(root, page)
    assert not app.exception
    assert len(app.error) == 1
    assert "SHA" in app.error[0].value
    assert "\n" not in app.error[0].value


@pytest.mark.parametrize("page", TITLES)
@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_data_say_so_on_every_page_and_real_data_never(show, make_root, page, simulated):
    app = show(make_root(simulated=simulated), page)
    assert ("SIMULATED" in texts(app)) is simulated


@pytest.mark.parametrize("page", TITLES)
@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_inert(show, make_root, page, name):
    rois = ("V1", name, *(f"R{i}" for i in range(8)))
    root = make_root(name=name, subject=name, roi_names=rois, categories=(name, "b", "c"))
    app = show(root, page, roi=name, category=name)
    assert_healthy(app, page)
    for element in (*app.markdown, *app.caption, *app.info):
        assert name not in element.value or not set(name) & set("<[*`$:")
        assert not getattr(element, "allow_html", False) or "<script" not in element.value
    for html in app.get("html"):
        assert "<script" not in html.proto.body


@pytest.mark.parametrize("page", TITLES)
def test_hostile_addresses_fall_back_in_one_line(show, synthetic_root, page):
    bad = {"run": "../../etc", "map": "<b>x</b>", "roi": "nope", "category": "nope"}
    app = show(synthetic_root, page, **bad, threshold="nan", significant="perhaps", scale="x")
    assert_healthy(app, page)
    assert "is not understood" in texts(app)
    assert "names a run that is not here" in texts(app)


def test_overview_shows_the_stores_numbers(show, synthetic_root):
    run = Run(next(synthetic_root.glob("[!.]*")))
    app = show(synthetic_root, "overview")
    summary = summarise_run(run)
    n_significant, n_voxels = (run.manifest.counts[k] for k in ("n_significant", "n_voxels"))
    assert metric(app, "Significant voxels") == f"{n_significant:,} of {n_voxels:,}"
    assert metric(app, "r (JNE, planted)") == f"{summary['truth']['pearson_r_jne']:.3g}"
    shown = app.dataframe[0].value.set_index("tier")
    for tier, values in summary["tiers"].items():
        assert shown.loc[tier, "mean_jne"] == values["mean_jne"]
        assert shown.loc[tier, "n_significant"] == values["n_significant"]


def test_the_overview_says_first_how_many_voxels_are_nonlinear(show, make_root, synthetic_root):
    root = make_root(calibrated=True)
    found = summarise_nonlinearity(Run(next(root.glob("[!.]*"))))
    app = show(root, "overview")
    assert_healthy(app, "overview")
    said = [m.value.replace("\\", "") for m in app.markdown]
    sentence = tell_nonlinearity(found)
    assert sentence.startswith("SIMULATED data: ")
    assert sentence in next(text for text in said if text.startswith("####"))
    older = show(synthetic_root, "overview")
    assert_healthy(older, "overview")
    assert LATER in "\n".join(i.value for i in older.info)


@pytest.mark.parametrize("page", ["hierarchy", "layers"])
def test_the_share_comes_first_and_jne_is_offered_beside_it(show, make_root, page):
    root = make_root(calibrated=True)
    boxes = [b for b in show(root, page).selectbox if b.label == "Measure"]
    assert [b.value for b in boxes] == ["nonlinear_share"]
    assert boxes[0].options[0] == "Nonlinear share"
    assert "JNE" in boxes[0].options
    app = show(root, page, map="jne")
    assert_healthy(app, page)
    assert [b.value for b in app.selectbox if b.label == "Measure"] == ["jne"]


def test_maps_count_what_they_show_and_hide(show, synthetic_root):
    run = Run(next(synthetic_root.glob("[!.]*")))
    jne, significant = maps.read_map(run, "jne"), maps.read_significant(run)
    n = len(jne)
    for address, shown in (
        ({}, significant.sum()),
        ({"significant": "no"}, np.isfinite(jne).sum()),
        ({"threshold": "1"}, (significant & (jne >= 1)).sum()),
    ):
        text = texts(show(synthetic_root, "maps", **address))
        assert f"**{shown:,}** of {n:,} voxels shown" in text


def test_maps_show_recovery_of_the_truth(show, synthetic_root):
    run = Run(next(synthetic_root.glob("[!.]*")))
    tables = [table.value for table in show(synthetic_root, "maps").dataframe]
    shown = next(table for table in tables if "measure" in table)
    np.testing.assert_array_equal(shown["r"], comparisons.tabulate_recovery(run)["r"])


def test_hierarchy_shows_the_means(show, synthetic_root):
    run = Run(next(synthetic_root.glob("[!.]*")))
    shown = show(synthetic_root, "hierarchy").dataframe[0].value
    expected = roi_groups.tabulate_means(roi_groups.read_groups(run))
    for column in expected.columns:
        assert shown[column].tolist() == expected[column].tolist()


def test_selectivity_shows_the_matrix_and_the_ranking(show, synthetic_root):
    run = Run(next(synthetic_root.glob("[!.]*")))
    address = {"roi": "PPA", "category": "indoor", "scale": "raw", "among": "shown"}
    app = show(synthetic_root, "selectivity", **address)
    means, grouping = (
        selectivity.average_jne_ss(run),
        groupings.read_grouping(run, "labels:category"),
    )
    ranking = next(d.value for d in app.dataframe if "row" in d.value.columns)
    matrix = next(d.value for d in app.dataframe if "EBA" in d.value.columns)
    expected = selectivity.average_by_category(means, grouping)
    np.testing.assert_array_equal(matrix.to_numpy(), expected.to_numpy())
    best = selectivity.rank_stimuli(means["PPA"], grouping, grouping.member("indoor"))
    assert ranking["stimulus"].tolist() == best["stimulus"].tolist()
    assert ranking["mean_jne_ss"].tolist() == best["mean_jne_ss"].tolist()


def test_models_show_r2_and_r_of_the_chosen_roi(show, synthetic_root):
    run = Run(next(synthetic_root.glob("[!.]*")))
    app = show(synthetic_root, "models", roi="V4")
    row = comparisons.compare_r2(run).set_index("name").loc["V4"]
    assert metric(app, "Pearson r") == f"{row['r']:.3g}"
    values = comparisons.tabulate_pairs(run, "r2_linear", "r2_nonlinear", "V4")["r2_linear"]
    own = values.to_numpy(dtype=np.float64)
    low, high = stats.t.interval(0.95, own.size - 1, own.mean(), stats.sem(own))
    expected = f"{row['mean_r2_linear']:.3g} [{low:.3g}, {high:.3g}]"
    assert metric(app, "Mean R², linear") == expected


def test_a_choice_goes_to_the_address_and_to_the_other_pages(show, synthetic_root):
    app = show(synthetic_root, "models")
    app.selectbox(key="choice.roi").select("RSC").run()
    assert app.query_params["roi"] == "RSC"
    app.switch_page("pages/selectivity.py").run()
    assert app.multiselect(key="choice.roi").value == ["RSC"]


def test_an_address_restores_the_view(show, synthetic_root):
    app = show(synthetic_root, "maps", map="gain", threshold="1.5", significant="no")
    assert "Mean Gain" in texts(app)
    assert "below the threshold 1.5" in texts(app).replace("\\", "")
    assert app.toggle(key="choice.significant").value is False


def test_what_imports_made_is_left_out_of_collections(show, synthetic_root):
    gc.unfreeze()
    assert not gc.get_freeze_count()
    freeze_imports.clear()
    try:
        assert_healthy(show(synthetic_root, "models"), "models")
        frozen, kept = gc.get_freeze_count(), len(gc.get_objects())
        assert frozen > 10 * kept, "nearly all objects live as long as the server"
        circle: list[object] = []
        circle.append(circle)
        del circle
        assert gc.collect() > 0, "what is made later is still collected"
        assert_healthy(show(synthetic_root, "models"), "models")
        assert gc.get_freeze_count() == pytest.approx(frozen, rel=0.01), "once a page"
    finally:
        gc.unfreeze()


def test_only_a_default_that_depends_on_the_run_stays_in_the_address(show, synthetic_root):
    app = show(synthetic_root, "maps", map="jne", threshold="1.5", significant="no")
    assert app.query_params["map"] == "jne"  # another run would open on another map
    assert app.query_params["threshold"] == "1.5"
    assert "significant" in app.query_params
    app.toggle(key="choice.significant").set_value(True).run()
    assert "significant" not in app.query_params
    assert app.query_params["map"] == "jne"


@pytest.mark.parametrize("page", TITLES)
def test_a_page_runs_alone(monkeypatch, synthetic_root, page):
    monkeypatch.setenv("JNE_RUNS", str(synthetic_root))
    assert_healthy(
        AppTest.from_file(str(ROOT / f"pages/{page}.py"), default_timeout=60).run(), page
    )


def test_two_runs_can_be_told_apart_and_chosen(show, make_root):
    make_root(subject="first")
    root = make_root(subject="second", seed=1)
    ids = [run.run_id for run in listing.list_runs(root).runs]
    for run_id in ids:
        app = show(root, "overview", run=run_id)
        expected = summarise_run(Run(root / run_id))["truth"]["pearson_r_jne"]
        assert metric(app, "r (JNE, planted)") == f"{expected:.3g}"


def test_the_overview_offers_exports_and_the_methods_text(show, make_root):
    root = make_root()
    app = show(root, "overview")
    assert_healthy(app, "overview")
    said = texts(app)
    assert {"Take it away", "Methods text"} <= {s.value for s in app.subheader}
    assert "bootstrap resamples" in "\n".join(c.value for c in app.code)
    assert "BOLD is not neural activity" in said
    formats = next(box for box in app.selectbox if box.label == "Format")
    assert len(formats.options) == 6
    assert "take \\-\\-to gifti" in said
    assert any(button.label == "Make the files" for button in app.button)


def test_an_export_is_asked_for_on_the_page_made_by_the_worker_and_offered(show, make_root):
    root = make_root()
    with opened(root) as table:
        app = show(root, "overview", export="csv")
        next(b for b in app.button if b.label == "Make the files").click()
        app.run()
        (record,) = table.list()
        assert record.spec.payload["form"] == "csv"
        record = wait_at_rest(table, record.id)
        assert record.state == "done", record.message
        app = show(root, "overview", export="csv")
        assert_healthy(app, "overview")
        assert f"One zip: {plain(record.place.name)}" in texts(app)
        assert not any(button.label == "Make the files" for button in app.button)
