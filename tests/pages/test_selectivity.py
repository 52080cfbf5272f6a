"""The selectivity page: what stands before what, saved selections, empty states, links."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from jne_engine.analysis import (
    groupings,
    maps,
    places,
    selectivity,
    selectivity_index,
    stimulus_maps,
)
from jne_engine.features.gabor_pictures import draw_filter
from jne_engine.jobs.kinds.simulate import request_simulation
from jne_engine.jobs.queue import Jobs, open_jobs
from jne_engine.jobs.records import JobSpec
from jne_engine.report.figures.gallery import encode_picture
from jne_engine.runs.embedding import Embedding, EmbeddingSettings
from jne_engine.runs.embedding_store import find_embedding, write_embedding
from jne_engine.runs.folder import locate_results
from jne_engine.runs.results import SimulationResult, write_result
from jne_engine.runs.selections import SELECTIONS, StimulusSelection
from jne_engine.runs.stimulus_means import (
    STAGE,
    compute_maps,
    compute_place_means,
    keep_means,
    name_maps,
    name_places,
    stack_places,
)
from jne_engine.runs.store import Run
from pages.frame.ranges import format_vertices
from pages.selectivity import bends, figures
from tests.browser.conftest import ROOT
from tests.job_helpers import set_state
from tests.synthetic_run import write_synthetic_run

HOSTILE = "<b>x</b> *y* $z$"


@pytest.fixture
def run(tmp_path):
    return Run(write_synthetic_run(tmp_path))


@pytest.fixture
def embedded(run):
    """Return a run whose embedding is in three clusters."""
    rng = np.random.default_rng(0)
    points, line = rng.normal(size=(64, 2)).astype(np.float32), np.arange(64, dtype=np.float32)
    found = Embedding(points, line, np.arange(64) // 22, (2, 3), (0.2, 0.5))
    write_embedding(find_embedding(run), found, EmbeddingSettings(), {})
    return run


@pytest.fixture
def show(monkeypatch, tmp_path):
    def show(**address):
        monkeypatch.setenv("JNE_RUNS", str(tmp_path))
        monkeypatch.chdir(ROOT)
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in address.items():
            app.query_params[name] = value
        return healthy(app.switch_page("pages/selectivity.py").run())

    return show


def healthy(app):
    assert not app.exception
    assert not app.error
    return app


def texts(app):
    return "\n".join(str(e.value) for kind in (app.markdown, app.caption, app.info) for e in kind)


def ranking(app):
    """Return the table of all images, highest first."""
    return next(d.value for d in app.dataframe if "row" in d.value.columns)


def column_at(run, hemi, vertex):
    return int(places.find_columns(run, {hemi: (vertex,)})[0])


def find_vertex(run, *, significant):
    """Return a left vertex whose response is significant, or is not."""
    space, wanted = maps.read_surface(run), maps.read_significant(run)
    rows = np.flatnonzero(wanted[: len(space.left)] == significant)
    return int(space.left[rows[5]])


def test_a_stimulus_stands_before_the_category_and_a_choice_sets_it_aside(show, run):
    ids = list(selectivity.average_jne_ss(run).index)
    app = show(stimulus=ids[7], category="face")
    assert f"Mean JNE-SS of {ids[7]}" in texts(app)
    app.selectbox(key="choice.category").select("body").run()
    assert "Mean JNE-SS of body" in texts(healthy(app))
    assert "stimulus" not in app.query_params


def test_picked_stimuli_are_averaged_and_ranked_among_themselves(show, run):
    app = show(picked="3-5,40", among="shown")
    assert "Mean JNE-SS of picked stimuli** (n = 4)" in texts(app)
    assert set(ranking(app)["row"]) == {3, 4, 5, 40}
    app.button(key="back.stimuli").click().run()
    assert "picked" not in app.query_params
    assert "picked stimuli" not in texts(healthy(app))


def test_a_picked_vertex_ranks_by_its_own_column(show, run):
    vertex = find_vertex(run, significant=True)
    app = show(vertices=format_vertices({"left": (vertex,)}))
    stored = run.stage("dispersion").read_array("jne_ss")[:, column_at(run, "left", vertex)]
    table = ranking(app)
    np.testing.assert_allclose(table["mean_jne_ss"], stored[table["row"]], rtol=1e-6)
    assert table["mean_jne_ss"].is_monotonic_decreasing
    assert f"left vertex {vertex}" in texts(app)
    app.multiselect(key="choice.roi").select("V4").run()
    assert "vertices" not in app.query_params
    assert "Pictures by JNE-SS in V4" in texts(healthy(app))


@pytest.mark.parametrize("side", ["", "left", "right"])
def test_several_regions_of_a_side_are_ranked_by_their_own_columns(show, run, side):
    app = show(roi="V4,FFA-1", side=side) if side else show(roi="V4,FFA-1")
    assert app.multiselect(key="choice.roi").value == ["V4", "FFA-1"]
    place = f"V4 + FFA-1, {side}" if side else "V4 + FFA-1"
    assert f"Pictures by JNE-SS in {place}" in texts(app).replace("\\", "")
    rois, significant = maps.choose_roi_set(run), maps.read_significant(run)
    n_left = len(maps.read_surface(run).left)
    masks = [rois.masks[rois.names.index(name)] for name in ("V4", "FFA-1")]
    inside = [
        c
        for c in range(significant.size)
        if significant[c]
        and any(mask[c] for mask in masks)
        and (not side or (c < n_left) == (side == "left"))
    ]
    assert inside
    stored = run.stage("dispersion").read_array("jne_ss")
    table = ranking(app)
    for row, value in zip(table["row"], table["mean_jne_ss"], strict=True):
        expected = sum(float(stored[row, c]) for c in inside) / len(inside)
        assert value == pytest.approx(expected, rel=1e-9)


def test_a_cell_of_the_matrix_chooses_category_and_region(show, run):
    app = show()
    chart = next(c for c in app.get("plotly_chart") if "heatmap" in c.proto.spec)
    spec = json.loads(chart.proto.spec)
    heat, cells = spec["data"]
    assert cells["customdata"][0] == "0,0"
    assert len(cells["customdata"]) == len(heat["x"]) * len(heat["y"])
    take = figures._take_cell(["body", "face"], ["V1", "EBA"])
    chosen = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "select", lambda **changes: chosen.update(changes))
        take([{"customdata": "1,0"}])
        assert chosen == {"category": "face", "roi": "V1", "side": ""}


def test_other_pages_take_the_first_of_several_regions(show, run):
    app = show(roi="V4,PPA")
    app = healthy(app.switch_page("pages/models.py").run())
    assert app.selectbox(key="choice.roi").value == "V4"


def test_vertices_without_a_significant_response_say_so(show, run):
    vertex = find_vertex(run, significant=False)
    app = show(vertices=format_vertices({"left": (vertex,)}), roi="EBA")
    assert "None of the picked vertices has a significant response" in texts(app)
    assert "Pictures by JNE-SS in EBA" in texts(app)
    assert "none with a response" in texts(show(vertices="left:1"))


@pytest.mark.parametrize("address", [{"picked": "x"}, {"stimulus": "nobody"}, {"vertices": ";:"}])
def test_links_that_name_nothing_show_the_category(show, run, address):
    assert "Mean JNE-SS of" in texts(show(category="face", **address))


def test_without_an_embedding_a_button_asks_for_one(show, run):
    app = show()
    assert "not laid out yet" in texts(app)
    app.button(key="ask.embed")
    assert [s.label for s in app.selectbox if s.key == "choice.grouping"] == ["Categories by"]


def test_clusters_are_categories_in_their_order(show, embedded):
    app = show(grouping="clusters", scale="raw", category="Cluster 2")
    assert "Images by their features (n = 64)" in texts(app)
    assert list(app.selectbox(key="choice.category").options) == [f"Cluster {i}" for i in (1, 2, 3)]
    means = selectivity.average_jne_ss(embedded)
    expected = selectivity.average_by_category(means, groupings.read_grouping(embedded, "clusters"))
    matrix = next(d.value for d in app.dataframe if list(d.value.index) == list(expected.index))
    np.testing.assert_array_equal(matrix.to_numpy(), expected.to_numpy())


def test_the_index_is_shown_with_what_leads_each_region(show, run):
    app = show(scale="index")
    means, grouping = (
        selectivity.average_jne_ss(run),
        groupings.read_grouping(run, "labels:category"),
    )
    table = selectivity_index.compute_selectivity(means, grouping)
    leaders = selectivity_index.tabulate_leading_categories(table)
    shown = next(d.value for d in app.dataframe if "runner_up" in d.value.columns)
    assert shown["category"].tolist() == leaders["category"].tolist()
    assert shown["q"].tolist() == leaders["q"].tolist()


def test_picked_stimuli_are_saved_renamed_and_deleted(show, embedded, tmp_path):
    app = show(picked="0-3")
    app.text_input[0].input(HOSTILE)
    app.text_input[1].input("a, b")
    next(b for b in app.button if b.label == "Save").click().run()
    (saved,), _ = SELECTIONS.list(tmp_path)
    assert (saved.name, saved.tags, len(saved.stimuli)) == (HOSTILE, ("a", "b"), 4)
    assert "\\<b\\>x" in texts(healthy(app))
    app.text_input(key=f"name.{HOSTILE}").input("Other").run()
    app.button(key=f"rename.{HOSTILE}").click().run()
    assert [s.name for s in SELECTIONS.list(tmp_path)[0]] == ["Other"]
    app.button(key="delete.Other").click().run()
    assert SELECTIONS.list(tmp_path)[0] == ()
    healthy(app)


def test_a_name_that_is_taken_is_told_in_one_line(show, embedded, tmp_path):
    SELECTIONS.save(tmp_path, StimulusSelection("one", ("a",)))
    app = show(picked="0-3")
    app.text_input[0].input("one")
    next(b for b in app.button if b.label == "Save").click().run()
    assert not app.exception
    assert "a selection of that name" in app.error[0].value


def test_saved_selections_are_categories_and_can_be_shown_again(show, run, tmp_path):
    ids = list(selectivity.average_jne_ss(run).index)
    SELECTIONS.save(tmp_path, StimulusSelection(HOSTILE, (ids[1], ids[2]), ("t",)))
    app = show(grouping="tag:t")
    assert list(app.selectbox(key="choice.category").options) == [HOSTILE]
    app.button(key=f"show.{HOSTILE}").click().run()
    assert app.query_params["picked"] == "1-2"
    assert "picked stimuli** (n = 2)" in texts(healthy(app))


def test_without_pictures_a_stimulus_is_chosen_by_name(monkeypatch, show, tmp_path):
    bare = Run(write_synthetic_run(tmp_path, with_thumbnails=False))
    ids = list(selectivity.average_jne_ss(bare).index)
    app = show()
    app.selectbox(key="choice.stimulus").select(ids[3]).run()
    assert f"Mean JNE-SS of {ids[3]}" in texts(healthy(app))


def test_what_takes_long_to_read_is_a_job_and_then_shown(show, run, monkeypatch):
    monkeypatch.setattr("jne_engine.analysis.selectivity.QUICK_VALUES", 0)
    app = show()
    assert "stored before runs kept" in texts(app)
    app.button(key="ask.means")
    masks = stack_places(maps.read_significant(run), maps.choose_roi_set(run))
    means = compute_place_means(run.stage(STAGE), masks)
    keep_means(run, name_places(masks), means)
    monkeypatch.setattr("jne_engine.analysis.stimulus_maps.QUICK_VALUES", 0)
    app = show(category="face", picked="3,4")
    assert "The mean map of these stimuli is not there yet" in texts(app)
    app.button(key="ask.means")
    assert len(ranking(app)) == 64
    members = stimulus_maps.mark_stimuli(run, (3, 4))
    keep_means(run, name_maps(members), compute_maps(run.stage(STAGE), members))
    assert "not there yet" not in texts(show(category="face", picked="3,4"))


def invent_bends(run, places=("Whole brain", "V4", "FFA-1")):
    """Return a stored result with other numbers in every place."""
    rng = np.random.default_rng(1)
    n, areas, bends, directions, ends = 64, [], [], [], []
    for i, place in enumerate(places):
        areas.append({"place": place, "n_voxels": 11 + i, "n_directions": 2.3 + i})
        gain, shape = rng.random((2, n))
        bends.append(pd.DataFrame({"place": place, "stimulus": np.arange(n), "gain_ss": gain,
                                   "shape_ss": shape * (i + 1)}))  # fmt: skip
        for number, share in ((1, 0.48 - 0.1 * i), (2, 0.2)):
            about = {"place": place, "direction": number, "share": share}
            weights = rng.normal(size=4)
            directions.append(pd.DataFrame({**about, "feature": np.arange(4), "weight": weights}))
            order = rng.permutation(n)[:6]
            for end, rows in (("low", order[:3]), ("high", order[3:])):
                ends.append(pd.DataFrame({**about, "end": end, "rank": (1, 2, 3), "stimulus": rows,
                                          "score": rng.normal(size=3)}))  # fmt: skip
    maps = pd.DataFrame({"jne": np.ones(run.manifest.counts["n_voxels"])})
    parts = {"bends": bends, "directions": directions, "ends": ends}
    tables = {"maps": maps, "areas": pd.DataFrame(areas)}
    tables |= {name: pd.concat(part, ignore_index=True) for name, part in parts.items()}
    return SimulationResult("variants", {"run": run.run_id, "simulated": True}, tables)


def test_what_bends_is_told_of_the_chosen_region_with_its_stimuli(show, tmp_path):
    run = Run(write_synthetic_run(tmp_path, calibrated=True))
    stored = invent_bends(run)
    write_result(stored, locate_results(run.path))
    ids = list(selectivity.average_jne_ss(run).index)
    q = run.stage("calibration").read_array("q_nonlinearity")
    roi_set = maps.choose_roi_set(run)
    app = show(roi="V4,PPA")
    for place, n, count, share in (("V4", 12, "3.3", 38), ("FFA-1", 13, "4.3", 28)):
        part = stored.tables["bends"].query("place == @place")
        gain, shape = (float(part[name].astype(float).sum()) for name in ("gain_ss", "shape_ss"))
        percent = round(100 * gain / (gain + shape))
        said = texts(app).replace("\\", "")
        assert (
            f"{place} bends along {count} directions; {percent} % of its change is gain,"
            f" {100 - percent} % shape; direction 1 holds {share} %." in said
        )
        mask = roi_set.masks[roi_set.names.index(place)]
        nonlinear = sum(bool(q[c] < 0.05) for c in range(q.size) if mask[c])
        assert f"q < .05; {nonlinear} of the {n} valid voxels of {place}" in said
        bars = [element.proto for element in app.get("progress")]
        assert [bar.value for bar in bars] == [share, 20]
        ends = stored.tables["ends"].query("place == @place")
        shown = next(d.value for d in app.dataframe if "rank" in d.value.columns)
        assert shown["stimulus"].tolist() == [ids[row] for row in ends["stimulus"]]
        assert shown["score"].tolist() == ends["score"].tolist()
        changes = next(d.value for d in app.dataframe if "shape_ss" in d.value.columns)
        assert changes["shape_ss"].tolist() == part["shape_ss"].tolist()
        pictures = selectivity.read_pictures(run)
        for (number, end), rows in ends.groupby(["direction", "end"]):
            grid = read_grid(app, f"bends.{number}.{end}")
            assert [p["row"] for p in grid] == rows["stimulus"].tolist()
            assert [p["caption"] for p in grid] == [f"{score:.3g}" for score in rows["score"]]
            assert [p["source"] for p in grid] == [encode_picture(pictures[p["row"]]) for p in grid]
        assert ("For the whole of V4, not for V4 + PPA" in said) is (place == "V4")
        app = healthy(app.multiselect(key="choice.roi").set_value(["FFA-1"]).run())


def read_grid(app, key):
    """Return the pictures of a grid of buttons."""
    grids = (c.proto for c in app.get("bidi_component") if c.proto.id.endswith(f"-{key}"))
    return json.loads(next(grids).json)["pictures"]


def test_the_filters_of_the_largest_weights_are_drawn_where_the_features_are_gabor_energy(
    show, run, monkeypatch
):
    stored = invent_bends(run)
    write_result(stored, locate_results(run.path))
    monkeypatch.setattr(bends, "has_filters", lambda *about: about == ("gabor", 0, 4))
    app = show(roi="V4")
    shown = [e.proto.body for e in app.get("html") if "<figcaption>" in e.proto.body]
    assert len(shown) == 2
    weights = stored.tables["directions"].query("place == 'V4'")
    for html, (_, part) in zip(shown, weights.groupby("direction"), strict=True):
        order = sorted(part.itertuples(), key=lambda row: -abs(row.weight))
        places = [html.index(encode_picture(draw_filter(row.feature))) for row in order]
        assert places == sorted(places)
        assert all(f"{row.weight:+.2f} · 2c 0°" in html for row in order)


def test_filters_of_a_deeper_layer_are_not_drawn_and_it_says_so(show, tmp_path):
    deeper = Run(write_synthetic_run(tmp_path, layer=1))
    write_result(invent_bends(deeper), locate_results(deeper.path))
    app = show(roi="V4")
    assert "Filters are drawn of layer 0 only" in texts(app)
    assert not [e for e in app.get("html") if "<figcaption>" in e.proto.body]


def test_without_pictures_the_ends_are_told_by_name(show, tmp_path):
    bare = Run(write_synthetic_run(tmp_path, with_thumbnails=False))
    stored = invent_bends(bare)
    write_result(stored, locate_results(bare.path))
    ids = list(selectivity.average_jne_ss(bare).index)
    said = texts(show(roi="V4")).replace("\\", "")
    ends = stored.tables["ends"].query("place == 'V4'")
    for _, part in ends.groupby(["direction", "end"]):
        assert ", ".join(ids[row] for row in part["stimulus"]) in said
    assert "did not measure which of the 12 valid voxels of V4 have that" in said
    assert "has no valid voxel" in texts(show(roi="PPA"))


def test_what_bends_is_asked_for_with_the_data_of_the_run(show, run, monkeypatch, tmp_path):
    monkeypatch.setattr(Jobs, "ensure_worker", lambda self, **_: None)
    app = show()
    assert "What bends is not computed for this run" in texts(app)
    assert "computed without the queue" in texts(app)
    assert "simulate variants" in app.code[0].value
    data = {"dataset": str(tmp_path / "gone"), "weights": {}, "spec": {}}
    maker = open_jobs(tmp_path).submit(JobSpec("run", data, "a run"))
    set_state(tmp_path, maker.id, state="done", place=str(run.path))
    app = show()
    app.button(key="ask.simulate").click().run()
    record = next(r for r in open_jobs(tmp_path).list() if r.spec.kind == "simulate")
    assert record.spec == request_simulation("variants", run=run.path, data=data)
    set_state(tmp_path, record.id, state="running", stage="simulate", done=3, total=9, attempts=1)
    assert "3 of 9 steps" in texts(healthy(app.run()))
    app.button(key=f"cancel.{record.id}").click().run()
    assert open_jobs(tmp_path).read(record.id).state == "cancelling"
    set_state(tmp_path, record.id, state="failed", message="nothing there, check the path")
    assert "nothing there, check the path" in texts(healthy(app.run()))
    app.button(key="ask.simulate").click().run()
    assert open_jobs(tmp_path).read(record.id).state == "queued"
    write_result(invent_bends(run), locate_results(run.path))
    app = healthy(app.run())
    assert "bends along" in texts(app)
