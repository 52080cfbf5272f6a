"""A region that is drawn and named is an ROI like others, its means those of its vertices."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from jne_engine.analysis import drawn_rois
from jne_engine.analysis.claims.evidence import gather_encoders, gather_rois
from jne_engine.analysis.drawn_rois import keep_roi, list_drawn, rename_roi, stamp_drawn
from jne_engine.analysis.maps import choose_roi_set, list_presets, read_map, read_significant
from jne_engine.analysis.maps import read_surface as read_space
from jne_engine.analysis.places import find_region_columns
from jne_engine.analysis.regions import tabulate_rois
from jne_engine.analysis.selectivity import average_jne_ss, has_place_means
from jne_engine.analysis.summary import list_places
from jne_engine.core.errors import InputError
from jne_engine.report.export.content import gather_content
from jne_engine.report.export.tables import tabulate_members
from jne_engine.runs.drawn_rois import DRAWN_ROIS
from jne_engine.runs.store import Run
from jne_engine.viewer.scenes.run import build_run_scene
from tests.synthetic_run import ROI_NAMES, project_synthetic, write_synthetic_run


@pytest.fixture
def runs(tmp_path):
    return [
        Run(write_synthetic_run(tmp_path, subject=subject, seed=seed))
        for seed, subject in enumerate(("first", "second"))
    ]


@pytest.fixture
def run(runs):
    return runs[0]


def some_vertices(run, seed=0):
    """Return vertices of both sides, some bare, and the columns at them by a plain loop."""
    space, rng = read_space(run), np.random.default_rng(seed)
    chosen = {
        "left": sorted({*rng.choice(space.left, 20, replace=False).tolist(), 32_000}),
        "right": sorted({*rng.choice(space.right, 9, replace=False).tolist()}),
    }
    columns = [
        c
        for c in range(space.n_voxels)
        for hemi, offset in (("left", 0), ("right", space.left.size))
        if 0 <= c - offset < getattr(space, hemi).size
        and int(getattr(space, hemi)[c - offset]) in chosen[hemi]
    ]
    return chosen, sorted(columns)


def test_its_means_are_numpys_over_its_vertices(run):
    vertices, columns = some_vertices(run)
    before, key = tabulate_rois(run), run.manifest.key
    stamped = stamp_drawn(run)
    keep_roi(run, "Mine", vertices, shown="jne", by="a@b.org")
    assert stamp_drawn(run) != stamped
    inside = [c for c in columns if read_significant(run)[c]]
    assert 5 < len(inside) < len(columns)
    after = tabulate_rois(run)
    pd.testing.assert_frame_equal(after.iloc[:-1], before)
    row = after.iloc[-1]
    assert (row["name"], row["n_voxels"], row["n_significant"]) == (
        "Mine", len(columns), len(inside),
    )  # fmt: skip
    for name in ("jne", "r2_nonlinear", "gain"):
        values = read_map(run, name)[inside].astype(np.float64)
        assert row[f"mean_{name}"] == pytest.approx(sum(values) / len(values), rel=1e-12)
    assert find_region_columns(run, ["Mine"]).tolist() == columns
    assert Run(run.path).manifest.key == key


def test_stimuli_are_averaged_in_it_and_the_runs_own_means_stay_as_stored(run):
    vertices, columns = some_vertices(run)
    before = average_jne_ss(run)
    keep_roi(run, "Mine", vertices, shown="jne")
    after = average_jne_ss(run)
    pd.testing.assert_frame_equal(after[before.columns], before)
    inside = [c for c in columns if read_significant(run)[c]]
    jne_ss = run.stage("dispersion").read_array("jne_ss").astype(np.float64)
    np.testing.assert_allclose(after["Mine"], jne_ss[:, inside].mean(axis=1), rtol=1e-6)
    assert has_place_means(run)


def test_it_holds_in_every_run_of_the_template_and_for_its_subject_elsewhere(runs, tmp_path):
    first, second = runs
    vertices, _ = some_vertices(first)
    roi = keep_roi(first, "Mine", vertices, shown="jne", by="a@b.org")
    assert list_places(second)[-1] == "Mine"
    (kept,) = list_drawn(second)
    assert (kept.run, kept.map, kept.by, kept.vertices) == (
        first.run_id, "jne", "a@b.org", roi.vertices,
    )  # fmt: skip
    assert kept.created
    (path,) = (tmp_path / "rois").glob("*.json")
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "surface": "native"}))
    assert list_drawn(first) == ()


def test_menus_exports_and_the_viewer_have_it_once_and_the_claims_do_not(run):
    vertices, columns = some_vertices(run)
    claims = {**gather_rois(run), **gather_encoders(run)}
    keep_roi(run, "Mine", vertices, shown="jne")
    assert list_places(run) == ("Whole brain", *ROI_NAMES, "Mine")
    assert list_presets(run)[-1] == "drawn"
    assert choose_roi_set(run, "drawn").names == ("Mine",)
    assert choose_roi_set(run, drawn=False).names == ROI_NAMES
    content = gather_content(run)
    members = tabulate_members(content)
    mine = members[members["roi"] == "Mine"]
    assert (mine["column"].tolist(), set(mine["preset"])) == (columns, {"drawn"})
    assert "roi-drawn" in {labels.name for labels in content.labels}
    own, drawn = build_run_scene(run, chosen="jne").labels
    assert (own.names, drawn.names) == (ROI_NAMES, ("Mine",))
    space = read_space(run)
    known = {h: sorted(set(vertices[h]) & set(getattr(space, h).tolist())) for h in vertices}
    assert np.flatnonzero(drawn.left).tolist() == known["left"]
    assert np.flatnonzero(drawn.right).tolist() == known["right"]
    assert {**gather_rois(run), **gather_encoders(run)} == claims


@pytest.mark.parametrize("name", ["V1", "v1", "Whole brain", "higher", "", "a\nb", "x" * 81])
def test_a_name_that_is_taken_or_none_is_refused_in_one_line(run, name):
    with pytest.raises(InputError) as told:
        keep_roi(run, name, some_vertices(run)[0], shown="jne")
    assert "\n" not in str(told.value)
    assert DRAWN_ROIS.list(run.path.parent) == ((), ())


def test_it_is_renamed_and_deleted_and_bare_cortex_is_none(run):
    vertices, _ = some_vertices(run)
    keep_roi(run, "Mine", vertices, shown="jne")
    keep_roi(run, "Other", vertices, shown="jne")
    for taken in ("V4", "OTHER"):
        with pytest.raises(InputError, match="new name"):
            rename_roi(run, "Mine", taken)
    rename_roi(run, "Mine", "mine")
    assert [roi.name for roi in list_drawn(run)] == ["mine", "Other"]
    DRAWN_ROIS.delete(run.path.parent, "mine")
    DRAWN_ROIS.delete(run.path.parent, "Other")
    assert list_places(run) == ("Whole brain", *ROI_NAMES)
    with pytest.raises(InputError, match="bare cortex"):
        keep_roi(run, "Bare", {"left": (32_000,)}, shown="jne")


def test_a_name_that_another_runs_data_has_is_told_apart(run, tmp_path):
    names = ("Mine", *ROI_NAMES[1:])
    other = Run(write_synthetic_run(tmp_path, subject="third", roi_names=names))
    keep_roi(run, "Mine", some_vertices(run)[0], shown="jne")
    assert choose_roi_set(other).names == (*names, "Mine (drawn)")


@pytest.mark.parametrize("vertices", [[], {"left": "1"}, {"left": [-1]}, {"left": []}])
def test_a_file_that_another_hand_has_changed_is_told_and_hides_no_other(run, tmp_path, vertices):
    keep_roi(run, "Mine", some_vertices(run)[0], shown="jne")
    (path,) = (tmp_path / "rois").glob("*.json")
    record = json.loads(path.read_text()) | {"vertices": vertices}
    path.with_name("broken.json").write_text(json.dumps(record))
    found, problems = DRAWN_ROIS.list(tmp_path)
    assert [roi.name for roi in found] == ["Mine"]
    assert "broken.json" in problems[0]


def test_without_a_drawn_roi_no_projection_is_read(tmp_path, monkeypatch):
    """It takes seconds of a large surface, and every list of maps asks for ROIs."""
    run = Run(write_synthetic_run(tmp_path, **project_synthetic(288)))
    monkeypatch.setattr(drawn_rois, "read_projection", None)
    assert drawn_rois.read_drawn_set(run) is None
    assert drawn_rois.list_drawn(run) == ()
