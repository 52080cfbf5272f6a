"""The viewer's benchmark in a real Chromium: it moves what it says, and counts it."""

import json
import subprocess
import sys

import pytest

from jne_engine.bench.viewer import talks
from jne_engine.bench.viewer.brain_page import Studio
from jne_engine.bench.viewer.keeping import read_tabs
from jne_engine.bench.viewer.server import APPS
from jne_engine.bench.viewer.sizes import SMALL, ViewerSizes
from jne_engine.bench.viewer.watch import STAGE
from jne_engine.report.decks import read_deck
from tests.browser.conftest import ROOT
from tests.story_samples import tell_story


@pytest.fixture(scope="module")
def studio(browser, streamlit_app):
    return Studio(browser, streamlit_app(APPS / "bench_app.py").url)


def test_a_reader_s_moves_are_timed_and_counted(studio):
    with studio.open(SMALL) as page:
        assert page.run("return [v.stage.clientWidth, v.stage.clientHeight];") == list(STAGE)
        assert 0 < page.first.ready_s <= page.first.done_s
        before = page.run("return v.shownMaps()[0].name;")
        change = page.change_map()
        assert page.run("return v.shownMaps()[0].name;") != before
        assert 0 < change.ready_s <= change.done_s
        assert 4 * SMALL < change.n_bytes < 4 * SMALL + 20_000
        kept = page.choose_map(0)
        assert page.run("return v.shownMaps()[0].name;") == "map0"
        assert kept.n_bytes == 0
        assert 0 < kept.ready_s <= kept.done_s
        page.show_map(1)
        assert page.run("return v.shownMaps()[0].name;") == "map1"
        assert max(read_tabs()) > 20e6
        frames = page.drag_threshold(5)
        assert len(frames) == 5
        assert page.run("return v.look(v.shownMaps()[0]).threshold.mode;") == "value"
        assert len(page.hover(page.find_places(4))) == 4
        assert page.sent_by(lambda p: p.choose_view()) == 0
        assert page.run("return v.state.view;") == "dorsal"
        assert page.sent_by(lambda p: p.press("rerun")) > 0


def test_four_brains_count_once_all_are_painted(studio):
    with studio.open(SMALL, n_panes=4) as page:
        assert page.run("return v.shownMaps().map((m) => m.name);") == [f"map{i}" for i in range(4)]
        assert 0 < page.first.ready_s <= page.first.done_s


def test_plotly_s_frame_counts_once_its_mesh_is_uploaded(studio):
    with studio.open(SMALL, by="plotly") as page:
        change = page.change_map()
    assert 0 < change.ready_s <= change.done_s
    assert change.n_bytes > 12 * SMALL


def test_a_pin_and_a_deck_s_first_slide_are_timed(studio, monkeypatch, tmp_path):
    monkeypatch.setattr(talks, "VIEWS", talks.VIEWS[-1:])
    deck = read_deck(tmp_path, tell_story(tmp_path, 2).id)
    monkeypatch.setattr(talks, "build_deck", lambda: deck)
    sizes = ViewerSizes(n_visits=1)
    rows = [*talks.measure_pins(studio, sizes), *talks.measure_first_slide(studio, sizes)]
    assert {row.name: str(row.goal) for row in rows} == {
        "pin_dialog_s_figure_dark": "≤ 1",
        "pin_kept_s_figure_dark": "≤ 1",
        "deck_first_slide_s": "≤ 2",
    }
    assert all(row.value > 0 for row in rows)


def test_the_command_prints_rows_as_json():
    command = [sys.executable, "-m", "jne_engine", "bench", "viewer", "--quick", "--json"]
    done = subprocess.run(
        [*command, "--only", "viewer_hover"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    printed = json.loads(done.stdout)
    assert "SwiftShader" in printed["machine"]["renderer"]
    assert printed["machine"]["chromium"]
    (row,) = printed["rows"]
    assert row["name"] == f"viewer_hover_ms_{SMALL}"
    assert row["value"] > 0
    assert row["how"].endswith("median of 50 places on the brain")
