"""Maps and models: masks, several runs, a vertex's card, drawn areas; links restore each."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest

from jne_engine.analysis import across, comparisons, peaks, places, vertices
from jne_engine.analysis.maps import (
    OF_CEILING,
    choose_roi_set,
    count_above_ceiling,
    list_maps,
    read_map,
    read_significant,
)
from jne_engine.analysis.masks import Masks, select_masked, tabulate_masks
from jne_engine.analysis.stability import keep_stability
from jne_engine.runs.folder import VALIDATION
from jne_engine.runs.results import SimulationResult, write_result
from jne_engine.runs.store import Run
from jne_engine.viewer.payload import unpack
from pages.frame.plain import unmark
from pages.frame.state import declares
from pages.frame.widgets import format_number
from pages.maps import controls
from tests.browser.conftest import ROOT
from tests.synthetic_run import Recipe, plant, project_synthetic, write_synthetic_run

HOSTILE = "<script>alert(1)</script>, *a* `b`"


@pytest.fixture
def visit(monkeypatch):
    """Return a function that opens a page of a folder of runs by an address."""

    def visit(root, page, **address):
        monkeypatch.setenv("JNE_RUNS", str(root))
        monkeypatch.chdir(ROOT)
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in address.items():
            app.query_params[name] = value
        return healthy(app.switch_page(f"pages/{page}.py").run())

    return visit


@pytest.fixture(scope="module")
def subjects(tmp_path_factory):
    """Write three subjects on one surface, a second run of the first, and one nowhere."""
    root = tmp_path_factory.mktemp("subjects")
    made = {}
    for name, choices in {
        "a": {"subject": "a"},
        "b": {"subject": "b", "seed": 1, "n_per_roi": 20},
        "c": {"subject": "c", "seed": 2},
        "a2": {"subject": "a", "seed": 3},
        "nowhere": {"subject": "n", "seed": 4, "with_space": False},
        "own": {"subject": "o", "seed": 5, "surface": "my-own"},
    }.items():
        made[name] = Run(write_synthetic_run(root, **choices))
    return root, made


def healthy(app):
    assert not app.exception
    assert not app.error
    return app


def said(app) -> str:
    kinds = (app.caption, app.markdown, app.info, app.subheader)
    return "\n".join(str(e.value).replace("\\", "") for kind in kinds for e in kind)


def table_with(app, *columns):
    found = [t.value for t in app.dataframe if set(columns) <= set(t.value.columns)]
    assert found, f"no table with {columns}"
    return found[0]


def test_every_mask_of_the_address_is_applied_counted_and_shown(visit, synthetic_root):
    run = Run(next(synthetic_root.glob("[!.]*")))
    app = visit(synthetic_root, "maps", q="0.01", min_r2="0.3", min_ceiling="60",
                rois="V1,PPA", threshold="0.4")  # fmt: skip
    masks = Masks(q=0.01, min_r2=0.3, min_ceiling=60.0, rois=("V1", "PPA"), threshold=0.4)
    expected = tabulate_masks(run, "jne", masks)
    pd.testing.assert_frame_equal(table_with(app, "mask"), expected)
    mask = select_masked(run, "jne", masks)
    text = said(app)
    assert f"**{mask.sum():,}** of {mask.size:,} voxels shown" in text
    for name, n in zip(expected["mask"][:-1], expected["n_hidden_first"], strict=False):
        assert (f"{n:,} {controls._begin_small(name)}" in text) is bool(n)
    assert app.multiselect(key="choice.rois").value == ["V1", "PPA"]
    app.multiselect(key="choice.rois").unselect("PPA").run()
    assert app.query_params["rois"] == "V1"


def test_masks_of_a_link_that_are_no_numbers_fall_back_in_one_line(visit, synthetic_root):
    app = visit(synthetic_root, "maps", q="x", min_r2="nan", min_ceiling="1e999", rois="nope",
                vertices="up:1 left:a,-3,99999999 right:", outline="r2;1;x,y", panes="no,jne",
                compare="?", beside="../..")  # fmt: skip
    assert said(app).count("is not understood") == 3
    assert "Peaks of" in said(app)


def test_the_roi_set_can_be_chosen_where_there_are_several(visit, make_root):
    root = make_root(second_preset="other")
    run = Run(next(root.glob("[!.]*")))
    app = visit(root, "maps", preset="other", rois="V1")
    masks = Masks(rois=("V1",), preset="other")
    shown = select_masked(run, "jne", masks).sum()
    assert f"**{shown:,}** of " in said(app)
    assert app.selectbox(key="choice.preset").value == "other"


def test_an_roi_with_a_comma_in_its_name_can_be_chosen(visit, make_root):
    names = ("V1", HOSTILE, *(f"R{i}" for i in range(8)))
    root = make_root(roi_names=names)
    app = visit(root, "maps")
    app = healthy(app.multiselect(key="choice.rois").select(HOSTILE).run())
    assert app.multiselect(key="choice.rois").value == [HOSTILE]
    run = Run(next(root.glob("[!.]*")))
    shown = select_masked(run, "jne", Masks(rois=(HOSTILE,))).sum()
    assert f"**{shown:,}** of " in said(app)
    for element in (*app.markdown, *app.caption):
        assert "<script" not in element.value.replace("\\<", "")


@pytest.mark.parametrize("name", OF_CEILING)
def test_values_above_the_ceiling_are_counted_in_words(visit, synthetic_root, name):
    run = Run(next(synthetic_root.glob("[!.]*")))
    above, undefined = count_above_ceiling(run, name)
    text = said(visit(synthetic_root, "maps", map=name))
    assert f"**{above:,}** voxels lie **above 1**" in text
    assert f"**{undefined:,}** have an R²" in text


def test_variants_are_offered_once_they_are_computed(visit, make_root):
    root = make_root()
    run = Run(next(root.glob("[!.]*")))
    app = visit(root, "maps")
    assert "variants of JNE are not computed" in said(app)
    n = run.manifest.counts["n_voxels"]
    maps = pd.DataFrame(
        {v: np.ones(n, np.float32) for v in ("l1", "l2", "zscored_l1", "zscored_l2")}
    )
    result = SimulationResult("variants", {"run": run.run_id, "simulated": True}, {"maps": maps})
    write_result(result, root / VALIDATION)
    app = visit(root, "maps", map="jne_zscored_l1")
    assert shown_panes(app, run) == ["jne_zscored_l1"]
    assert "not computed" not in said(app)


def test_other_maps_and_runs_stand_beside_and_what_cannot_says_why(visit, subjects):
    root, runs = subjects
    first = runs["a"].run_id
    app = visit(root, "maps", run=first, panes="gain,delta_r2")
    assert shown_panes(app, runs["a"]) == ["jne", "gain", "delta_r2"]
    beside = ",".join(runs[n].run_id for n in ("b", "nowhere", "own"))
    text = said(visit(root, "maps", run=first, compare="runs", beside=beside))
    assert "does not lie on a surface" in text
    assert "they share no vertices" in text
    assert "One colour range for all runs" in text


def test_a_difference_says_how_it_is_computed_and_over_how_many_vertices(visit, subjects):
    root, runs = subjects
    made = across.subtract_runs(runs["a"], runs["b"], "gain")
    text = said(visit(root, "maps", run=runs["a"].run_id, map="gain", compare="difference",
                      beside=f"{runs['b'].run_id},{runs['c'].run_id}"))  # fmt: skip
    assert f"n = {int(made.shown.sum()):,} vertices significant in both runs" in text
    assert "value of" in text
    alone = said(visit(root, "maps", run=runs["a"].run_id, compare="difference"))
    assert "Pick a run to compare." in alone


def test_the_mean_takes_each_subject_once_and_says_n(visit, subjects):
    root, runs = subjects
    beside = ",".join(runs[n].run_id for n in ("b", "a2", "c"))
    text = said(visit(root, "maps", run=runs["a"].run_id, compare="subjects", beside=beside))
    made = across.average_subjects((runs["a"], runs["b"], runs["c"]), "jne")
    assert "over 3 subjects (a, b, c)" in text
    assert f"n = {int(made[0].shown.sum()):,} vertices shown" in text
    assert "Left out, for its subject is there already" in text
    alone = visit(root, "maps", run=runs["a"].run_id, compare="subjects")
    assert "needs runs of two or more subjects" in said(alone)


def test_runs_of_one_name_are_told_apart_where_one_is_chosen(visit, subjects):
    root, runs = subjects
    app = visit(root, "maps", run=runs["a2"].run_id, compare="runs")
    names = app.selectbox(key="choice.run").options
    assert len(set(names)) == len(runs)
    name, keys = "a · layer 0 · Synthetic subject", [runs[n].run_id[-12:] for n in ("a", "a2")]
    assert {f"{name} · {key}" for key in keys} <= set(names)
    beside = app.multiselect(key="choice.beside").options
    assert set(beside) == set(names) - {f"{name} · {keys[1]}"}


def test_labels_have_no_difference_and_no_mean(visit, subjects):
    root, runs = subjects
    app = visit(root, "maps", run=runs["a"].run_id, map="roi", compare="difference")
    assert app.selectbox(key="choice.compare").options == ["–", "Other runs"]


def test_a_link_restores_the_card_of_one_vertex(visit, synthetic_root):
    run = Run(next(synthetic_root.glob("[!.]*")))
    app = visit(synthetic_root, "maps", vertices="left:70")
    assert "left vertex 70" in said(app)
    assert "ROI: V1." in said(app)
    shown = app.table[0].value
    expected = vertices.tabulate_vertices(run, (10,))
    assert shown["Value"].tolist() == expected["text"].tolist()
    assert np.float32(shown.loc["JNE", "Value"]) == read_map(run, "jne")[10]
    ranking = vertices.rank_vertex_stimuli(run, (10,))
    pd.testing.assert_frame_equal(table_with(app, "stimulus"), ranking)
    app.button(key="clear").click().run()
    assert "vertices" not in app.query_params
    assert "Peaks of" in said(healthy(app))


def test_without_a_pick_peaks_lead_to_their_vertex_and_regions_have_means(visit, synthetic_root):
    run = Run(next(synthetic_root.glob("[!.]*")))
    app = visit(synthetic_root, "maps", threshold="0.4")
    masks = Masks(threshold=0.4)
    found = peaks.find_peaks(run, "jne", masks)
    buttons = [b for b in app.button if (b.key or "").startswith("peak.")]
    assert len(buttons) == len(found) > 1
    for button, peak in zip(buttons, found.itertuples(), strict=True):
        assert button.label.startswith(f"**{peak.value:.3g}** {peak.hemisphere[0].upper()} ")
        assert f": {read_map(run, 'jne')[peak.column]!s}. " in button.proto.help
    means = peaks.average_regions(run, "jne", masks)
    shown = next(t.value for t in app.table if t.value.index.name == "region")
    assert shown["n"].tolist() == means["n"].tolist()
    assert shown["mean"].tolist() == [format_number(mean) for mean in means["mean"]]
    app = healthy(buttons[0].click().run())
    assert app.query_params["vertices"] == f"{found['hemisphere'][0]}:{found['vertex'][0]}"
    assert f"{found['hemisphere'][0]} vertex {found['vertex'][0]}" in said(app)


def test_several_vertices_have_means_with_n_and_bare_ones_say_so(visit, synthetic_root):
    app = visit(synthetic_root, "maps", vertices="left:7-21;right:70")
    text = said(app)
    assert "16 vertices" in text
    assert "4 of them are voxels of this run" in text
    assert app.table[0].value["n"].tolist()[0] == 4
    bare = said(visit(synthetic_root, "maps", vertices="left:1"))
    assert "no voxel at the selected vertices" in bare


@pytest.mark.parametrize("lack", ["with_thumbnails", "with_categories", "with_rois"])
def test_a_card_holds_whatever_a_run_lacks(visit, make_root, lack):
    app = visit(make_root(**{lack: False}), "maps", vertices="left:7")
    assert "left vertex 7" in said(app)
    assert ("has no pictures" in said(app)) is (lack == "with_thumbnails")


@pytest.mark.parametrize("pair", ["r2", "ceiling", "delta"])
def test_a_drawn_area_restored_by_a_link_selects_its_voxels(visit, synthetic_root, pair):
    run = Run(next(synthetic_root.glob("[!.]*")))
    names = {"r2": ("r2_linear", "r2_nonlinear"), "ceiling": ("noise_ceiling", "r2_nonlinear"),
             "delta": ("delta_r2", "jne")}[pair]  # fmt: skip
    pairs = comparisons.tabulate_pairs(run, *names)
    x, y = (np.sort(pairs[name].to_numpy()) for name in names)
    low, high = (x[len(x) // 4], y[len(y) // 4]), (x[-20], y[-20])
    box = [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]
    corners = " ".join(f"{a:.6g},{b:.6g}" for a, b in box)
    app = visit(synthetic_root, "models", pair=pair, outline=f"{pair};{corners}")
    areas = [[tuple(map(float, c.split(","))) for c in corners.split()]]
    columns = comparisons.select_inside(pairs, areas)
    assert 0 < len(columns) < len(pairs)
    assert f"{len(columns):,} of {len(pairs):,} voxels of Whole brain" in said(app)
    regions = vertices.name_regions(run, columns)
    counts = ", ".join(f"{a} {k:,}" for a, k in zip(regions["name"], regions["n"], strict=True))
    assert f"In each ROI: {counts}." in said(app)


def test_delta_r2_is_said_not_to_be_jne(visit, synthetic_root):
    assert "ΔR² is not JNE." in said(visit(synthetic_root, "models", pair="delta"))


@pytest.fixture(scope="module")
def projected(tmp_path_factory):
    """Write a run of a volume that is drawn on a surface."""
    root = tmp_path_factory.mktemp("projected")
    choices = project_synthetic(plant(Recipe()).invalid.size)
    return root, Run(write_synthetic_run(root, **choices))


def test_a_vertex_of_a_projected_run_has_the_card_of_its_nearest_voxel(visit, projected):
    root, run = projected
    app = visit(root, "maps", vertices="left:12")
    stored = read_map(run, "jne")[3]  # vertex 12 shares the voxel of vertex 9
    x, y, z = places.find_voxels(run, (3,))[0]
    assert f"Nearest voxel: ({x}, {y}, {z}) of the volume" in said(app)
    values = next(t.value for t in app.table if "JNE" in t.value.index)
    assert np.float32(values.loc["JNE", "Value"]) == stored
    assert "2 voxels nearest to 3 vertices" in said(visit(root, "maps", vertices="left:9,12,15"))
    assert "no voxel at the selected vertices" in said(visit(root, "maps", vertices="left:1"))


def test_a_projected_run_ranks_stimuli_for_the_nearest_voxel(visit, projected):
    root, run = projected
    column = int(np.flatnonzero(read_significant(run))[0])
    vertex = int(places.find_marked(run, (column,))["left"][0])
    app = visit(root, "selectivity", vertices=f"left:{vertex}")
    assert f"the voxel nearest to left vertex {vertex}" in said(app)
    stored = run.stage("dispersion").read_array("jne_ss")[:, column]
    table = table_with(app, "row")
    np.testing.assert_allclose(table["mean_jne_ss"], stored[table["row"]], rtol=1e-6)


def go_back(monkeypatch, on=True):
    """Let the next run look like one that the browser's Back button asks for, or no longer."""
    context = SimpleNamespace(page_script_hash="", is_history_navigation=on)
    monkeypatch.setattr("pages.frame.state.get_script_run_ctx", lambda: context)


def show_map_box():
    """Show a choice that the address holds."""
    import streamlit as st

    from pages.frame.state import bind_choice

    st.selectbox("Map", ["jne", "gain", "tier"], **bind_choice("map", ["jne", "gain", "tier"]))


def test_only_a_new_page_or_the_back_button_brings_a_new_address(monkeypatch):
    app = AppTest.from_function(show_map_box)
    go_back(monkeypatch, on=False)
    app.query_params["map"] = "gain"  # a link
    app.run()
    assert app.selectbox[0].value == "gain"
    app.selectbox[0].set_value("tier").run()
    app.query_params["map"] = "gain"  # sent before the browser had heard of the choice
    app.run()
    assert app.selectbox[0].value == "tier"
    assert app.query_params["map"] == "tier"
    go_back(monkeypatch)
    app.query_params["map"] = "gain"
    app.run()
    assert app.selectbox[0].value == "gain"


def test_back_means_the_address_as_it_was(monkeypatch):
    app = AppTest.from_function(show_map_box)
    go_back(monkeypatch, on=False)
    app.run()
    app.selectbox[0].set_value("tier").run()
    del app.query_params["map"]
    go_back(monkeypatch)
    assert app.run().selectbox[0].value == "jne"
    assert "map" not in app.query_params


def show_steps():
    """Show two choices, and buttons that take the last one back and make it again."""
    import streamlit as st

    from pages.frame.state import bind_choice, bind_value, can_step, step

    st.selectbox("Map", ["jne", "gain", "tier"], **bind_choice("map", ["jne", "gain", "tier"]))
    st.toggle("Significant", **bind_value("significant"))
    for way in ("undo", "redo"):
        st.button(way, on_click=step, args=(way,), disabled=not can_step(way))


def test_choices_are_taken_back_and_made_again():
    app = AppTest.from_function(show_steps)
    app.query_params["map"] = "gain"  # a link is no choice that could be taken back
    undo, redo = (lambda i=i: app.button[i] for i in (0, 1))

    def state():
        return app.selectbox[0].value, app.toggle[0].value, undo().disabled, redo().disabled

    app.run()
    assert state() == ("gain", True, True, True)
    app.selectbox[0].set_value("tier").run()
    app.toggle[0].set_value(False).run()
    assert state() == ("tier", False, False, True)
    undo().click().run()
    assert state() == ("tier", True, False, False)
    undo().click().run()
    assert state() == ("gain", True, True, False)
    assert app.query_params["map"] == "gain"
    redo().click().run()
    assert state() == ("tier", True, False, False)
    app.selectbox[0].set_value("jne").run()
    assert state() == ("jne", True, False, True)
    undo().click().run()
    app.run()  # as any rerun
    assert state() == ("tier", True, False, False)


def show_jump():
    """Show a choice, and a button that leads to another one than the choice's own."""
    import streamlit as st

    from pages.frame.state import Selection, bind_choice, read, select

    options = ["data", "run", "queue"]
    st.segmented_control("Part", options, **bind_choice("part", options))
    st.button("Go", on_click=select, kwargs={"part": "queue"})
    st.text(read(Selection).part)


def test_a_widget_that_has_not_heard_of_a_jump_does_not_take_it_back():
    app = AppTest.from_function(show_jump).run()
    app.segmented_control[0].set_value("run").run()
    late = app.segmented_control[0].set_value("data")
    assert app.button[0].click().run().text[0].value == "queue"
    app._run(WidgetStates(widgets=[late._widget_state]))  # sent before the browser had heard of it
    assert app.text[0].value == "queue"
    assert app.query_params["part"] == "queue"
    app.segmented_control[0].set_value("data").run()
    assert app.text[0].value == "data"


def test_a_choice_belongs_to_one_page_and_has_a_default():
    assert controls.MapChoices.panes == ""

    @dataclass(frozen=True)
    class Other:
        panes: str = ""

    @dataclass(frozen=True)
    class Bare:
        unheard_of: str

    for kind in (Other, Bare):
        with pytest.raises(ValueError, match="expected a default, and a name of its own"):
            declares(kind)


def test_maps_open_on_the_share_masked_by_its_own_q_with_jne_one_click_away(visit, make_root):
    root = make_root(calibrated=True)
    run = Run(next(root.glob("[!.]*")))
    app = visit(root, "maps")
    assert shown_panes(app, run) == ["nonlinear_share"]
    masked = select_masked(run, "nonlinear_share", Masks(nonlinear="shares"))
    assert masked.sum() < select_masked(run, "nonlinear_share", Masks()).sum()
    assert f"**{masked.sum():,}** of " in said(app)
    assert "not nonlinear (q ≥ 0.05) or unknown" in said(app)
    app = healthy(app.button(key="turn").click().run())
    assert app.query_params["map"] == "jne"
    assert f"**{select_masked(run, 'jne', Masks()).sum():,}** of " in said(app)
    assert "not nonlinear" not in said(app)
    app = healthy(app.button(key="turn").click().run())
    assert shown_panes(app, run) == ["nonlinear_share"]


def shown_panes(app, run) -> list[str]:
    """Return the names of the maps that the page puts into the viewer's panes."""
    sent = [unpack(c.proto.bytes)[0] for c in app.get("bidi_component") if c.proto.bytes]
    (message,) = [header for header in sent if "scene" in header]
    names = [info.name for info in list_maps(run) if info.kind != "mask"]
    return [names[i] for i in message["view"]["panes"]]


def test_a_link_says_on_which_maps_voxels_that_are_not_nonlinear_are_hidden(visit, make_root):
    root = make_root(calibrated=True)
    run = Run(next(root.glob("[!.]*")))
    for word, name, masks in (
        ("all", "jne", Masks(nonlinear="all")),
        ("none", "nonlinear_share", Masks()),
    ):
        app = visit(root, "maps", map=name, nonlinear=word)
        assert f"**{select_masked(run, name, masks).sum():,}** of " in said(app)
    app.selectbox(key="choice.nonlinear").set_value("all").run()
    assert app.query_params["nonlinear"] == "all"


def test_an_older_run_opens_on_jne_and_offers_no_mask_of_nonlinearity(visit, synthetic_root):
    app = visit(synthetic_root, "maps")
    assert shown_panes(app, Run(next(synthetic_root.glob("[!.]*")))) == ["jne"]
    assert not [b for b in app.button if b.key == "turn"]
    assert not [b for b in app.selectbox if b.key == "choice.nonlinear"]


def test_stability_kept_beside_the_runs_is_a_map_and_a_mask(visit, tmp_path):
    named = (("Ours", 0), ("Ours", 1), ("Ours [pairing shuffled]", 2))
    runs = [
        Run(write_synthetic_run(tmp_path, name=n, seed=s, spec={"seed": s}, n_per_roi=12))
        for n, s in named
    ]
    address = {"run": runs[0].run_id, "map": "jne_over_seeds"}
    bare = visit(tmp_path, "maps", **address)
    assert shown_panes(bare, runs[0]) == ["jne"]
    assert not [b for b in bare.selectbox if b.key == "choice.floor"]
    keep_stability(runs, "jne", tmp_path)
    app = visit(tmp_path, "maps", **address)
    assert shown_panes(app, runs[0]) == ["jne_over_seeds"]
    assert "whole data (seeds 0, 1) and 1 with shuffled pairings." in unmark(said(app))
    box = app.selectbox(key="choice.floor")
    assert list(box.options) == ["Shown", "Hidden by JNE"]
    app = healthy(box.set_value("jne").run())
    assert app.query_params["floor"] == "jne"
    above = read_map(runs[0], "jne_above_floor") == 1
    shown = int((above & read_significant(runs[0])).sum())
    assert 0 < shown < above.size
    assert f"**{shown:,}** of {above.size:,} voxels shown" in said(app)


def test_models_hold_the_share_of_nonlinear_voxels_with_intervals(visit, make_root):
    root = make_root(calibrated=True)
    run = Run(next(root.glob("[!.]*")))
    app = visit(root, "models", pair="share", roi="V4")
    x, y = read_map(run, "delta_r2"), read_map(run, "nonlinear_share")
    q = run.stage("calibration").read_array("q_nonlinearity")
    inside = choose_roi_set(run).mask("V4") & read_significant(run) & (q < 0.05)
    inside &= np.isfinite(x) & np.isfinite(y)
    table = table_with(app, "column", "nonlinear_share")
    assert table["column"].tolist() == np.flatnonzero(inside).tolist()
    assert 1 < inside.sum() < (choose_roi_set(run).mask("V4") & read_significant(run)).sum()
    assert f"n = {inside.sum():,} nonlinear voxels (q < .05)" in said(app)
    mean = next(m.value for m in app.metric if m.label == "Mean nonlinear share")
    own = y[inside].astype(float)
    limits = stats.t.interval(0.95, own.size - 1, np.mean(own), stats.sem(own))
    expected = map(format_number, (np.mean(own), *limits))
    assert mean == "{} [{}, {}]".format(*expected)


def test_an_older_run_has_no_pair_of_the_share(visit, synthetic_root):
    app = visit(synthetic_root, "models")
    assert "ΔR² and JNE" in app.selectbox(key="choice.pair").options
    assert "ΔR² and nonlinear share" not in app.selectbox(key="choice.pair").options


def test_a_drawn_region_is_kept_found_on_every_page_renamed_and_deleted(visit, make_root):
    root = make_root()
    (path,) = (p.parent for p in root.glob("*/run.json"))
    app = visit(root, "maps", vertices="left:7-40")
    keep(app, "V1")
    (error,) = app.error
    assert "V1: expected a new name, found an ROI of the data of that name" in unmark(error.value)
    keep(app, HOSTILE)
    healthy(app)
    assert HOSTILE in said(app)
    assert choose_roi_set(Run(path)).names[-1] == HOSTILE
    for page, label in (("selectivity", "Region"), ("models", "Region"), ("maps", None)):
        other = visit(root, page)
        boxes = [*other.multiselect, *other.selectbox]
        assert any(HOSTILE in box.options for box in boxes if label in (None, box.label)), page
    assert HOSTILE in "".join(str(p.value) for p in visit(root, "hierarchy").dataframe)
    app = visit(root, "maps")
    app.button(f"select.{HOSTILE}").click()
    healthy(app.run())
    assert app.query_params["vertices"] == "left:7-40"
    app.text_input(f"name.{HOSTILE}").set_value("mine")
    app.button(f"rename.{HOSTILE}").click()
    healthy(app.run())
    assert choose_roi_set(Run(path)).names[-1] == "mine"
    app.button("delete.mine").click()
    healthy(app.run())
    assert "mine" not in choose_roi_set(Run(path)).names


def keep(app, name):
    app.text_input("keep_roi.name").set_value(name)
    next(b for b in app.button if b.label == "Keep").click()
    app.run()
