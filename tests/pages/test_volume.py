"""Maps of runs without a surface: slices, ranked voxels, and the card of a voxel."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from jne_engine.analysis.maps import read_map
from jne_engine.analysis.masks import Masks
from jne_engine.analysis.slices import find_peak, read_slices
from jne_engine.cortex.spaces import VolumeSpace
from jne_engine.runs.store import Run
from tests.browser.conftest import ROOT
from tests.synthetic_run import project_synthetic, write_synthetic_run

N_VOXELS = 288


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Write a run of a volume, one that is projected to a surface too, and one nowhere."""
    root = tmp_path_factory.mktemp("volumes")
    voxels = np.stack(np.unravel_index(np.arange(N_VOXELS) * 3, (12, 10, 8)), axis=1)
    space = VolumeSpace((12, 10, 8), np.diag([2.0, 2, 2, 1]), voxels, "native")
    choices = {
        "volume": {"space": space},
        "both": project_synthetic(N_VOXELS),
        "nowhere": {"with_space": False, "with_rois": False},
    }
    return {
        name: Run(write_synthetic_run(root, subject=name, **own)) for name, own in choices.items()
    }


@pytest.fixture
def visit(monkeypatch):
    def visit(run, **address):
        monkeypatch.setenv("JNE_RUNS", str(run.path.parent))
        monkeypatch.chdir(ROOT)
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in {"run": run.run_id, "map": "jne", **address}.items():
            app.query_params[name] = value
        return healthy(app.switch_page("pages/maps.py").run())

    return visit


def healthy(app):
    assert not app.exception
    assert not app.error
    return app


def said(app) -> str:
    kinds = (app.caption, app.markdown, app.info, app.subheader)
    return "\n".join(str(e.value).replace("\\", "") for kind in kinds for e in kind)


def test_a_volume_opens_on_slices_through_the_peak_with_its_card(visit, runs):
    run = runs["volume"]
    app = visit(run)
    peak = read_slices(run, "jne", Masks())
    assert f"at voxel {peak.at}" in said(app)
    assert f"Voxel {peak.column:,}: " in said(app)
    assert f"{float(peak.value):.3g}" in said(app)
    values = app.table[0].value
    assert values.loc["JNE", "Value"] == str(read_map(run, "jne")[peak.column])


def test_steps_move_the_cross_and_the_peak_button_goes_back(visit, runs):
    run = runs["volume"]
    app = visit(run, at="3,0,0")
    assert app.number_input(key="slice.x.3").value == 3
    app = healthy(app.number_input(key="slice.x.3").set_value(6).run())
    assert app.query_params["at"] == "6,0,0"
    assert "at voxel (6, 0, 0) · (12.0, 0.0, 0.0) mm" in said(app)
    app = healthy(app.button(key="slice.peak").click().run())
    assert f"Voxel {find_peak(run, 'jne', Masks()):,}: " in said(app)


@pytest.mark.parametrize("at", ["x", "1,2", "-1,0,0", "1,2,3,4", "99999999999999999999,0,0"])
def test_a_link_to_no_voxel_shows_one_of_the_grid(visit, runs, at):
    assert "at voxel (" in said(visit(runs["volume"], at=at))


def test_a_voxel_without_a_response_says_so(visit, runs):
    assert "No response at this voxel." in said(visit(runs["volume"], at="0,0,1"))


def test_a_projected_volume_opens_on_its_surface_and_offers_slices(visit, runs):
    app = visit(runs["both"])
    assert "Peaks of" in said(app)
    assert "at voxel (" in said(visit(runs["both"], view="slices"))


def test_voxels_of_no_known_place_are_ranked_and_each_has_a_card(visit, runs):
    run = runs["nowhere"]
    app = visit(run)
    best = find_peak(run, "jne", Masks(significant=False))
    assert "Voxel positions unknown" in said(app)
    assert f"Voxel {best:,}: In no ROI" in said(app)
    assert "Click a vertex" not in said(app)
    other = int(np.flatnonzero(np.isfinite(read_map(run, "jne")))[7])
    assert f"Voxel {other:,}: In no ROI" in said(visit(run, column=str(other)))
