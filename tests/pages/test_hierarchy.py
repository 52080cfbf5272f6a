"""The hierarchy page shows the tables' numbers for every choice, and says what is missing."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from jne_engine.analysis import hierarchy, listing, roi_groups, spins
from jne_engine.analysis.spins import SpinSettings
from jne_engine.jobs.kinds.spin import do_spin, request_spin
from jne_engine.runs.store import Run
from tests.browser.conftest import ROOT
from tests.engine.test_spin_queries import Report
from tests.pages.test_pages import texts
from tests.synthetic_run import write_synthetic_run


@pytest.fixture
def show(monkeypatch):
    """Return a function that runs the page on a folder of runs."""

    def show(root, **address):
        monkeypatch.setenv("JNE_RUNS", str(root))
        monkeypatch.chdir(ROOT)
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in address.items():
            app.query_params[name] = value
        app = app.switch_page("pages/hierarchy.py").run()
        assert not app.exception
        assert not app.error
        return app

    return show


def only_run(root):
    return Run(next(root.glob("run-*")))


def tables(app):
    return {tuple(d.value.columns): d.value for d in app.dataframe}


@pytest.mark.parametrize("draw", ["violin", "box", "histogram", "ecdf"])
@pytest.mark.parametrize("by", ["roi", "tier"])
def test_every_view_holds_and_shows_its_numbers(show, synthetic_root, draw, by):
    run = only_run(synthetic_root)
    app = show(synthetic_root, draw=draw, by=by, matched="yes", quantile="0.9")
    found = tables(app)
    means = roi_groups.tabulate_means(roi_groups.read_groups(run, by=by))
    assert found[tuple(means.columns)].equals(means)
    cutoff = roi_groups.compute_cutoff(run, quantile=0.9)
    shares = roi_groups.tabulate_high_shares(roi_groups.read_groups(run, by=by), cutoff)
    assert found[tuple(shares.columns)].equals(shares)
    trends = hierarchy.tabulate_trends(run)
    assert found[tuple(trends.columns)].equals(trends)
    for effect in trends["effect"]:
        assert f"probability **{effect:.3f}**" in texts(app)


def test_matching_is_shown_only_when_asked_for(show, synthetic_root):
    plain, matched = (show(synthetic_root, by="tier", matched=m) for m in ("no", "yes"))
    assert "Voxels of equal R²" not in texts(plain)
    assert "Voxels of equal R²" in texts(matched)
    assert len(matched.dataframe) == len(plain.dataframe) + 2  # its matrix, and what was matched


def test_subjects_appear_with_two_and_say_what_few_can_show(show, make_root, synthetic_root):
    assert "over subjects" not in texts(show(synthetic_root))
    for i, subject in enumerate(("S1", "S2")):
        root = make_root(subject=subject, seed=i)
    text = texts(show(root, by="tier"))
    assert "in 2 subjects" in text
    assert "no p can be below 1/4" in text
    assert "Mixed model" in text


def test_a_subject_is_chosen_beside_the_figure(show, make_root):
    for i, subject in enumerate(("S1", "S2")):
        root = make_root(subject=subject, seed=i)
    app = show(root)
    box = next(b for b in app.selectbox if b.label == "Subject")
    other = next(s for s in box.options if s != box.value)
    box.select(other).run()
    assert not app.exception
    wanted = next(r.run_id for r in listing.list_runs(root).runs if r.manifest.subject == other)
    assert app.query_params["run"] == wanted


def test_spins_are_offered_and_shown_once_stored(show, tmp_path):
    run = Run(write_synthetic_run(tmp_path, n_per_roi=60))
    app = show(tmp_path)
    assert any(b.label == "Compute the spin test" for b in app.button)
    settings = SpinSettings()
    do_spin(request_spin(run.path, settings).payload, Report(tmp_path), lambda: False)
    app = show(tmp_path)
    assert not any(b.label == "Compute the spin test" for b in app.button)
    stored = spins.read_spin(tmp_path, run, settings).tables["tests"]
    shown = [d.value for d in app.dataframe if "null_low" in d.value]
    assert sum(map(len, shown)) == len(stored)
    assert "of the sphere, so that a turned map overlaps" in texts(app)


def test_runs_off_the_sphere_say_why(show, make_root):
    app = show(make_root(with_space=False))
    assert "do not lie on a surface" in texts(app).replace("\\", "")
    assert not any(b.label == "Compute the spin test" for b in app.button)


def test_no_voxels_are_told(show, make_root):
    app = show(make_root(n_significant=0), matched="yes", draw="ecdf")
    assert "No voxel is significant (q < 0.05)" in app.warning[0].value
    text = texts(app)
    assert "no trend to test" in text
    assert "two groups with voxels are needed" in text


def test_areas_are_compared_by_the_share_and_in_an_older_run_by_jne(show, synthetic_root, tmp_path):
    old = show(synthetic_root)
    assert old.selectbox(key="choice.map").value == "jne"
    run = Run(write_synthetic_run(tmp_path, calibrated=True))
    app = show(tmp_path)
    assert app.selectbox(key="choice.map").value == "nonlinear_share"
    means = roi_groups.tabulate_means(roi_groups.read_groups(run, "nonlinear_share"))
    assert {"low", "high"} <= set(means)
    assert tables(app)[tuple(means.columns)].equals(means)
    jne = show(tmp_path, map="jne")
    assert jne.selectbox(key="choice.map").value == "jne"
