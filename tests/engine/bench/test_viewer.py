"""The viewer's benchmark: its surfaces, its arithmetic, its rows, and what it lacks."""

import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from statistics import median

import numpy as np
import pytest
from click.testing import CliRunner

from jne_engine.bench.command import bench
from jne_engine.bench.viewer import changes, chromium, files, handling, keeping, server
from jne_engine.bench.viewer.command import GROUPS
from jne_engine.bench.viewer.rival import build_plotly_brain
from jne_engine.bench.viewer.scenes import (
    N_MAPS,
    N_REGIONS,
    REGION_MM,
    SUBDIVISIONS,
    build_scene,
    draw_map,
    draw_regions,
    draw_values,
    load_bench_surface,
    subdivide,
)
from jne_engine.bench.viewer.sizes import LARGE, MIDDLE, SMALL, ViewerSizes
from jne_engine.bench.viewer.watch import Change, Traffic, watch_script
from jne_engine.cli.main import main
from jne_engine.core.errors import InputError

OCTAHEDRON = np.array(
    [[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]]
)
CORNERS = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], float)


def subdivide_slowly(points, faces):
    """Return the corners' places of every finer triangle, one triangle at a time."""
    out = []
    for face in faces:
        a, b, c = points[face]
        ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
        out += [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return np.array(out)


def test_each_triangle_becomes_the_four_of_a_plain_loop():
    cut = subdivide(OCTAHEDRON, len(CORNERS))
    points = cut.refine(CORNERS)
    np.testing.assert_array_equal(points[cut.faces], subdivide_slowly(CORNERS, OCTAHEDRON))
    assert len(points) == len(CORNERS) + 12
    assert len(np.unique(points, axis=0)) == len(points)


def test_a_closed_surface_stays_closed_and_turns_the_same_way():
    faces = subdivide(OCTAHEDRON, len(CORNERS)).faces
    ways = Counter((f[i], f[(i + 1) % 3]) for f in faces.tolist() for i in range(3))
    assert set(ways.values()) == {1}
    assert all((b, a) in ways for a, b in ways)


def test_sizes_are_those_of_their_names():
    for n_vertices in (SMALL, MIDDLE):
        surface = load_bench_surface(n_vertices)
        assert sum(surface.n_vertices(h) for h in surface.hemispheres) == n_vertices
        assert {"pial", "inflated"} <= {s.name for s in surface.shapes}
    assert set(SUBDIVISIONS) == {SMALL, MIDDLE, LARGE}
    assert 4 * (MIDDLE // 2 - 2) + 2 == LARGE // 2  # Euler: faces are 2 (n - 2), each cut in four


def test_maps_are_smooth_plus_noise_and_differ():
    points = load_bench_surface(SMALL).shapes[0].points["left"]
    one, again, other = (draw_values(points, seed) for seed in (0, 0, 1))
    assert one.dtype == np.float32
    np.testing.assert_array_equal(one, again)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.9
    faces = load_bench_surface(SMALL).faces["left"]
    jump = np.diff(one[faces[:, :2]], axis=1)
    assert 0.2 < jump.std() / np.sqrt(2) / one.std() < 0.45


def test_regions_are_discs_of_both_hemispheres():
    surface = load_bench_surface(SMALL)
    labels = draw_regions(surface)
    for hemi, side in (("left", labels.left), ("right", labels.right)):
        points = surface.shapes[0].points[hemi]
        assert set(side) == set(range(N_REGIONS + 1))
        for region in range(1, N_REGIONS + 1):
            assert np.ptp(points[side == region], axis=0).max() < 2 * REGION_MM


def test_plotly_shows_the_same_surface_and_map():
    surface = load_bench_surface(SMALL)
    shown = draw_map(surface, 3)
    figure = build_plotly_brain(surface, shown, width=800, height=500)
    left, right = figure.data
    np.testing.assert_array_equal(left.intensity, shown.left)
    np.testing.assert_array_equal(right.intensity, shown.right)
    faces = np.stack([left.i, left.j, left.k], axis=1)
    np.testing.assert_array_equal(faces, surface.faces["left"])
    assert left.x.max() < right.x.min()


def test_medians_are_taken_number_by_number():
    rows = [Change(3.0, 9.0, 10), Change(1.0, 8.0, 30), Change(2.0, 7.0, 20)]
    assert changes.median_of(rows) == Change(2.0, 8.0, 20)


def test_traffic_counts_bytes_not_characters():
    traffic = Traffic()
    traffic.count("Δ ≤")
    traffic.count(b"\x00\x01")
    assert traffic.n_bytes == 2 + 1 + 3 + 2


def test_the_script_has_no_gap_left():
    script = watch_script(SMALL)
    assert "$" not in script
    assert f"size >= {4 * SMALL // 2}" in script
    assert f"uploaded < {4 * SMALL}" in script


class StillPage:
    """A page that does everything in known times."""

    def __init__(self, by, n_panes):
        slow = (10 if by == "plotly" else 1) * (1 + (n_panes - 1) / 10)
        self.first = Change(0.5 * slow, 1.0 * slow, 100 * slow)
        self.change = Change(0.1 * slow, 0.2 * slow, 80_000 * slow)
        self.shown = []
        self.shell_s = 0.4

    def change_map(self):
        return self.change

    def choose_map(self, number):
        assert number != (self.shown or [0])[-1], "a map that is shown is no change"
        self.shown.append(number)
        return Change(0.0, number / 100, 0)

    def show_map(self, number):
        self.shown.append(number)

    def drag_threshold(self, count):
        return [float(i) for i in range(count)]

    def find_places(self, count):
        return [(0.0, float(i)) for i in range(count)]

    def hover(self, places):
        return [float(y) for _, y in places]

    def sent_by(self, act):
        return 7


class StillStudio:
    """Opens pages without a browser."""

    @contextmanager
    def open(self, n_vertices, *, by="viewer", wire="float32", n_panes=1):
        yield StillPage(by, n_panes)


def small_scene():
    surface = load_bench_surface(SMALL)
    return build_scene(surface, draw_regions(surface))


@pytest.fixture(autouse=True)
def _two_tabs(monkeypatch):
    monkeypatch.setattr(keeping, "read_tabs", lambda: iter([20_000_000, 50_000_000]))


def rows_of(name, sizes):
    return {row.name: row for row in GROUPS[name](StillStudio(), sizes)}


@pytest.mark.parametrize("name", sorted(set(GROUPS) - {"viewer_html", "pin", "deck_first_slide"}))
def test_rows_begin_with_the_name_of_their_group(name):
    rows = rows_of(name, ViewerSizes())
    assert rows
    assert all(key.startswith(f"{name}_") for key in rows)
    assert all(row.how and isinstance(row.value, float) for row in rows.values())


def test_rows_carry_the_promised_goals_and_medians():
    sizes = ViewerSizes(n_frames=31, n_places=9)
    frames = rows_of("viewer_threshold", sizes)
    assert [str(r.goal) for r in frames.values()] == ["≤ 25", "≤ 64", "None"]
    assert frames[f"viewer_threshold_ms_{SMALL}"].value == median(range(31))
    assert rows_of("viewer_hover", sizes)[f"viewer_hover_ms_{SMALL}"].value == 4
    sent = rows_of("viewer_sent", sizes)
    assert sent["viewer_sent_threshold_bytes"].holds is False
    assert sent["viewer_sent_rerun_bytes"].holds
    assert len(sent) == len(handling.ACTIONS)


def test_swaps_and_first_brains_are_compared_with_plotly():
    rows = rows_of("viewer_map_swap", ViewerSizes()) | rows_of("viewer_first_brain", ViewerSizes())
    assert rows[f"viewer_map_swap_ready_s_{SMALL}"].value == 0.1
    assert str(rows[f"viewer_map_swap_ready_s_{SMALL}"].goal) == "≤ 0.13"
    assert str(rows[f"viewer_map_swap_ready_s_{LARGE}"].goal) == "≤ 0.2"
    assert rows[f"viewer_map_swap_bytes_{SMALL}"].holds
    assert rows[f"viewer_map_swap_bytes_float16_{SMALL}"].holds is False
    assert rows[f"viewer_first_brain_s_{SMALL}"].value == 1.0
    for key, row in rows.items():
        if "plotly_ratio" in key:
            assert row.value == pytest.approx(10)
            assert row.goal is None
    assert f"viewer_map_swap_bytes_plotly_ratio_{LARGE}" in rows
    quick = rows_of("viewer_map_swap", ViewerSizes.quick())
    assert not any(str(LARGE) in key for key in quick)


def test_what_a_tab_keeps_has_medians_and_goals():
    rows = rows_of("viewer_kept_map", ViewerSizes()) | rows_of("viewer_tab", ViewerSizes())
    rows |= rows_of("viewer_panes", ViewerSizes())
    assert {name: (row.value, str(row.goal)) for name, row in rows.items()} == {
        f"viewer_kept_map_ms_{SMALL}": (pytest.approx(45), "≤ 60"),
        f"viewer_kept_map_ms_{LARGE}": (pytest.approx(45), "≤ 120"),
        f"viewer_tab_mb_{SMALL}": (50, "≤ 400"),
        f"viewer_tab_mb_{LARGE}": (50, "≤ 400"),
        f"viewer_panes_of_one_{SMALL}": (pytest.approx(1.3), "≤ 1.3"),
    }


def test_the_file_is_measured_as_it_is_written(monkeypatch):
    monkeypatch.setattr(files, "build_fslr_scene", small_scene)
    monkeypatch.setattr(files, "offline_html", lambda scene: "ß" * 1000)
    rows = rows_of("viewer_html", ViewerSizes())
    assert {k: (r.value, str(r.goal)) for k, r in rows.items()} == {
        "viewer_html_mb_fslr32k": (0.002, "≤ 4"),
        "viewer_html_mb_fsaverage5": (0.002, "≤ 2"),
    }
    assert len(small_scene().maps) == N_MAPS


@pytest.mark.parametrize(
    ("missing", "said"),
    [("find_spec", "requirements-dev.txt"), ("find_chromium", "apt-get install chromium")],
)
def test_what_is_missing_is_said_in_one_line(monkeypatch, missing, said):
    if missing == "find_spec":
        monkeypatch.setattr(chromium, "find_spec", lambda name: None)
    else:
        monkeypatch.setattr(chromium.Path, "exists", lambda path: False)
    printed = CliRunner().invoke(main, ["bench", "viewer"])
    assert printed.exit_code == 2
    (line,) = printed.output.splitlines()
    assert line.startswith("error: Chromium: expected")
    assert said in line


def test_options_before_the_name_are_refused():
    printed = CliRunner().invoke(bench, ["--quick", "viewer"])
    assert printed.exit_code == 2
    assert "write the options after viewer" in printed.output


def test_a_server_that_cannot_start_says_why(tmp_path):
    with (
        pytest.raises(InputError, match="install the package again"),
        server.serve(tmp_path / "none.py", tmp_path / "log"),
    ):
        pass
    (tmp_path / "log").write_text("port taken")
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
        with pytest.raises(InputError, match="port taken"):
            server._wait_until_healthy("http://127.0.0.1:9", ended, tmp_path / "log")
