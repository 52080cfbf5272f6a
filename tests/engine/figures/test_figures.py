"""Figures draw the numbers that they are given, name units and counts, and let no name run."""

from __future__ import annotations

import base64
import io

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from PIL import Image

from jne_engine.analysis import (
    comparisons,
    estimates,
    groupings,
    regions,
    roi_groups,
    selectivity,
    summary,
)
from jne_engine.analysis.maps import choose_roi_set, list_maps, read_map, read_surface
from jne_engine.analysis.masks import Masks, select_masked
from jne_engine.analysis.roi_groups import Groups
from jne_engine.core.palettes import TIER_COLOURS
from jne_engine.report.figures.comparisons import MANY, plot_correlations, plot_pairs
from jne_engine.report.figures.curves import plot_learning_curves
from jne_engine.report.figures.distributions import DRAWINGS, plot_distribution, plot_tiers
from jne_engine.report.figures.gallery import encode_picture
from jne_engine.report.figures.selectivity import (
    plot_category_matrix,
    plot_category_means,
    plot_embedding,
    plot_silhouettes,
)
from jne_engine.report.figures.tables import write_csv
from jne_engine.report.figures.template import choose_ink, escape_label, name_download, name_file
from jne_engine.runs.store import Run
from jne_engine.viewer.scenes.run import build_run_scene, build_variant_scene
from jne_engine.viewer.scenes.surface import RunMap, build_scene
from jne_engine.viewer.surfaces import choose_display
from tests.engine.figures.inks import check_inks
from tests.synthetic_run import ROI_NAMES, ROI_TIERS

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def run(synthetic_root):
    return Run(next(synthetic_root.glob("[!.]*")))


def draw_points():
    """Return six stimuli of two categories as a table of points."""
    names = pd.Categorical(["b", "a", "b", "a", "a", "b"], categories=["b", "a"])
    columns = {"x": np.arange(6.0), "y": -np.arange(6.0), "category": names, "row": np.arange(6)}
    return pd.DataFrame({"stimulus": [f"s{i}" for i in range(6)], **columns})


@pytest.fixture(scope="module")
def figures(run):
    """Draw every kind of figure, light and dark."""
    means, grouping = (
        selectivity.average_jne_ss(run),
        groupings.read_grouping(run, "labels:category"),
    )
    matrix = selectivity.average_by_category(means, grouping)
    pairs = comparisons.tabulate_pairs(run, "r2_linear", "r2_nonlinear")
    x, y = pairs["r2_linear"], pairs["r2_nonlinear"]
    groups = roi_groups.read_groups(run)
    ppa = selectivity.tabulate_category_means(means["PPA"], grouping)
    scores = pd.DataFrame({"n_clusters": [2, 3], "silhouette": [0.1, 0.2], "chosen": [False, True]})
    return [
        figure
        for dark in (False, True)
        for figure in (
            plot_distribution(groups, label="JNE", unit="u", dark=dark),
            plot_tiers(regions.tabulate_tiers(run), unit="u", dark=dark),
            plot_category_matrix(matrix, label="m", unit="u", chosen=("face", "PPA"), dark=dark),
            plot_category_means(ppa, unit="u", dark=dark),
            plot_embedding(draw_points(), chosen=(1, 2), dark=dark),
            plot_silhouettes(scores, dark=dark),
            plot_pairs(x, y, estimates.correlate(x, y), labels=("a", "b"), dark=dark),
            plot_correlations(comparisons.compare_r2(run), dark=dark),
            plot_learning_curves(summary.read_learning_curves(run), dark=dark),
        )
    ]


def test_every_figure_has_the_one_template_and_says_its_height(figures):
    inks = {choose_ink(False).text, choose_ink(True).text}
    for figure in figures:
        assert figure.layout.height >= 200
        assert figure.layout.template.layout.font.color in inks
        assert figure.layout.paper_bgcolor is None


def test_a_dark_figure_is_the_light_one_in_other_inks(figures):
    half = len(figures) // 2
    for light, dark in zip(figures[:half], figures[half:], strict=True):
        check_inks(light, dark)


def test_violins_stand_in_hierarchical_order_in_their_tiers_colour_with_counts(run):
    groups = roi_groups.read_groups(run)
    figure = plot_distribution(groups, label="JNE", unit="u")
    assert figure.layout.yaxis.title.text == "JNE (u)"
    parts = zip(figure.data, ROI_NAMES, ROI_TIERS, groups.values, strict=True)
    for trace, name, tier, values in parts:
        np.testing.assert_array_equal(trace.y, values)
        assert trace.x0 == f"{name}<br>n = {len(values)}"
        assert trace.line.color == TIER_COLOURS[tier]


def test_tier_intervals_are_the_tables(run):
    tiers = regions.tabulate_tiers(run)
    trace = plot_tiers(tiers, unit="u").data[0]
    np.testing.assert_array_equal(trace.y, tiers["mean_jne"])
    np.testing.assert_allclose(trace.y + trace.error_y.array, tiers["jne_high"])
    np.testing.assert_allclose(trace.y - trace.error_y.arrayminus, tiers["jne_low"])


def test_matrix_shows_its_cells_and_frames_the_chosen_one():
    matrix = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], index=["a", "b"], columns=["V1", "V2"])
    figure = plot_category_matrix(matrix, label="m", unit="u", chosen=("b", "V1"))
    np.testing.assert_array_equal(figure.data[0].z, matrix.to_numpy())
    frame = figure.layout.shapes[0]
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (-0.5, 0.5, 0.5, 1.5)


def test_matrix_of_an_index_is_centred_and_wears_its_stars():
    matrix = pd.DataFrame([[-0.2, 0.5], [0.1, np.nan]], index=["a", "b"], columns=["V1", "V2"])
    starred = pd.DataFrame([[False, True], [False, False]])
    figure = plot_category_matrix(matrix, label="m", unit="", starred=starred, centred=True)
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-0.5, 0.5)
    assert np.asarray(figure.data[0].text).tolist() == [["", "★"], ["", ""]]
    assert figure.data[0].colorbar.title.text == "m"


def test_embedding_has_a_colour_a_category_and_points_that_name_their_row():
    figure = plot_embedding(draw_points(), chosen=(0, 3))
    by_name = {trace.name: trace for trace in figure.data}
    assert set(by_name) == {"a", "b"}
    assert list(by_name["a"].customdata) == [1, 3, 4]
    assert list(by_name["b"].x) == [0.0, 2.0, 5.0]
    assert list(by_name["a"].marker.opacity) == [0.15, 1.0, 0.15]
    assert by_name["a"].marker.color != by_name["b"].marker.color


def test_silhouettes_mark_the_number_that_was_chosen():
    scores = pd.DataFrame({"n_clusters": [2, 3], "silhouette": [0.3, 0.2], "chosen": [True, False]})
    assert list(plot_silhouettes(scores).data[1].x) == [2]


def test_few_pairs_are_points_and_many_a_density_that_counts_each_once():
    rng = np.random.default_rng(0)
    for n in (40, MANY + 1):
        x, y = rng.normal(size=(2, n))
        found = estimates.correlate(x, y)
        figure = plot_pairs(x, y, found, labels=("a (u)", "b (v)"), identity=True)
        assert figure.layout.xaxis.title.text == "a (u)"
        assert f"r = {found.r:.2f}, n = {n:,}" in figure.layout.annotations[0].text
        assert figure.layout.xaxis.range == figure.layout.yaxis.range
        if n > MANY:
            assert figure.data[0].customdata.sum() == n
        else:
            np.testing.assert_array_equal(figure.data[0].x, x)


def test_pairs_without_a_correlation_say_so():
    nothing = np.array([])
    figure = plot_pairs(nothing, nothing, estimates.correlate(nothing, nothing), labels=("a", "b"))
    assert figure.layout.annotations[0].text == "r undefined, n = 0"


def test_curves_mark_the_epoch_of_the_kept_weights(run):
    curves = summary.read_learning_curves(run)
    marks = [t for t in plot_learning_curves(curves).data if t.mode == "markers"]
    assert [list(t.x) for t in marks] == [[10], [10]]


def test_names_are_shown_as_written():
    values = (np.arange(9, dtype=np.float32),)
    groups = Groups("roi", (SCRIPT,), (None,), values, values)
    matrix = pd.DataFrame([[1.0]], index=[SCRIPT], columns=[SCRIPT])
    for figure in (
        *(plot_distribution(groups, label="JNE", unit="u", draw=draw) for draw in DRAWINGS),
        plot_category_matrix(matrix, label="m", unit="u"),
        plot_embedding(draw_points().assign(category=SCRIPT, stimulus=SCRIPT)),
    ):
        assert isinstance(figure, go.Figure)
        assert "<script" not in figure.to_json()
        assert "&lt;script&gt;" in str(figure.to_dict())
    assert escape_label("V1 & <V2>") == "V1 &amp; &lt;V2&gt;"


def test_pictures_stay_whole_as_data_addresses():
    picture = np.random.default_rng(0).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    start, _, text = encode_picture(picture).partition(",")
    assert start == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(text))) as image:
        np.testing.assert_array_equal(np.asarray(image), picture)


def test_csv_gives_the_floats_back_and_no_formula():
    table = pd.DataFrame({"name": ["=1+1", "@a", "V1"], "x": [0.1, 1 / 3, -2.5]})
    text = write_csv(table)
    back = pd.read_csv(io.StringIO(text))
    assert back["x"].tolist() == table["x"].tolist()
    assert back["name"].tolist() == ["'=1+1", "'@a", "V1"]


def test_download_names_are_harmless():
    assert name_file("../../etc", "a b/<x>") == "jne_etc_a-b-x"
    assert name_download("r2", "V1")["toImageButtonOptions"]["filename"] == "jne_r2_V1"


def test_scene_holds_each_maps_floats_and_masks_at_their_vertices(run):
    space, jne = read_surface(run), read_map(run, "jne")
    info = next(i for i in list_maps(run) if i.name == "jne")
    shown = select_masked(run, "jne", Masks())
    scene = build_scene(
        space, choose_display(space), [RunMap(info, jne, shown)], [choose_roi_set(run)],
        panes=("jne",), title="t", provenance="p", simulated=True,
    )  # fmt: skip
    drawn = scene.maps[0]
    for hemi in ("left", "right"):
        vertices, columns = space.vertices(hemi), space.columns(hemi)
        np.testing.assert_array_equal(drawn.values(hemi)[vertices], jne[columns])
        assert np.isfinite(drawn.values(hemi)).sum() == np.isfinite(jne[columns]).sum()
        np.testing.assert_array_equal(np.flatnonzero(drawn.mask(hemi)), vertices[shown[columns]])
        labels = scene.labels[0].left if hemi == "left" else scene.labels[0].right
        roi = read_map(run, "roi")[columns]
        np.testing.assert_array_equal(labels[vertices], np.nan_to_num(roi + 1))
    assert scene.simulated
    assert scene.labels[0].title == "hcp-mmp (approximate)"


def test_variants_stand_side_by_side_at_significant_voxels(run):
    space, n_voxels = read_surface(run), run.manifest.counts["n_voxels"]
    names = ("jne", "jne_l2", "jne_zscored_l1", "jne_zscored_l2")
    rng = np.random.default_rng(0)
    table = pd.DataFrame({name: rng.random(n_voxels).astype(np.float32) for name in names})
    table.loc[3, "jne_l2"] = np.nan
    table["significant"] = np.arange(n_voxels) % 2 == 1
    scene = build_variant_scene(run, table)
    assert scene.panes == names == tuple(m.name for m in scene.maps)
    for viewer_map in scene.maps:
        values = table[viewer_map.name].to_numpy()
        shown = table["significant"].to_numpy() & np.isfinite(values)
        for hemi in ("left", "right"):
            vertices, columns = space.vertices(hemi), space.columns(hemi)
            np.testing.assert_array_equal(viewer_map.values(hemi)[vertices], values[columns])
            masked = np.flatnonzero(viewer_map.mask(hemi))
            np.testing.assert_array_equal(masked, vertices[shown[columns]])


def test_every_map_of_a_run_fits_the_viewer(run):
    space = read_surface(run)
    maps = [i for i in list_maps(run) if i.kind != "mask"]
    layers = [RunMap(i, read_map(run, i.name), select_masked(run, i.name, Masks())) for i in maps]
    scene = build_scene(
        space,
        choose_display(space),
        layers,
        (),
        panes=("gain",),
        title="t",
        provenance="p",
        simulated=False,
    )
    assert [m.name for m in scene.maps] == [i.name for i in maps]
    assert scene.panes == ("gain",)
    tiers = next(m for m in scene.maps if m.name == "tier")
    assert dict(tiers.categories) == dict(TIER_COLOURS)


def test_a_mask_says_which_voxels_it_shows(run):
    def masks(**choice):
        scene = build_run_scene(run, "delta_r2", **choice)
        return {m.name: m.mask_label for m in scene.maps}

    assert masks()["jne"] == masks()["delta_r2"] == "significant voxels"
    assert masks()["tier"] == "voxels with a value"
    cut = masks(threshold=0.02)
    assert cut["delta_r2"] == "significant voxels, |value| ≥ 0.02"
    assert cut["jne"] == "significant voxels"
    assert masks(significant=False)["jne"] == "voxels with a value"
